-- name: find
-- The returns an identifier may mean: our id, Happy Returns' id or express code, order number, credit id, references.
SELECT merchant, id
  FROM returns
 WHERE (:merchant::text IS NULL OR merchant = :merchant)
   AND :text <> ''
   AND (id::text = :text OR happy_return_id = :text OR upper(express_code) = upper(:text) OR order_key = :order_key
        OR credit_id::text = :text OR credit_ref = :text OR rma_id = :text OR invoice_reference = :text)
 ORDER BY (id::text = :text) DESC, merchant, happy_return_id, order_key, part
 LIMIT 50;

-- name: journal
SELECT version, event, from_state, to_state, actor, facts, at, trace
  FROM journal
 WHERE merchant = :merchant
   AND return_id = :return_id
 ORDER BY version;

-- name: passport
SELECT r.merchant, r.id, r.happy_return_id, r.express_code, r.rma_id, r.order_number, r.part, r.state, r.version,
       r.entered_at, r.escalation, r.order_id, r.credit_ref, r.credit_external_ref, r.credit_id, r.credit_net,
       r.credit_tax, r.credit_currency, r.credit_rows, r.credit_adopted, r.invoice_reference, r.refund_due, r.close_due,
       r.payment_id, r.payment_ref, r.payment_amount, r.payment_currency, r.payment_method, r.waits_for, r.cause,
       r.owner, r.explanation, r.evidence, r.resume_state, r.close_reason, r.trace, r.created_at, r.updated_at, d.due_at,
       r.wait_cause, r.watches, r.accepted, r.map_version, r.fingerprint, r.assignee, r.snoozed_until, r.adopts
  FROM returns AS r
  LEFT JOIN deadline AS d ON d.merchant = r.merchant AND d.return_id = r.id
 WHERE r.merchant = :merchant
   AND r.id = :return_id;

-- name: units
SELECT facts
  FROM unit
 WHERE merchant = :merchant
   AND return_id = :return_id
 ORDER BY unit_key;

-- name: goods_in
SELECT key, result, settled_at
  FROM outbox
 WHERE merchant = :merchant
   AND return_id = :return_id
   AND kind = 'receive-stock'
   AND state = 'done'
 ORDER BY id;

-- name: causes
-- What stops returns, as one piece of work a cause.
SELECT cause, owner, count(*) AS returns, min(entered_at) AS oldest
  FROM returns
 WHERE state = 'exception'
   AND (:merchant::text IS NULL OR merchant = :merchant)
 GROUP BY cause, owner
 ORDER BY returns DESC, cause;

-- name: open_states
-- What is not over, by state, at the cost of what is not over.
SELECT state, count(*) AS returns, min(entered_at) AS oldest
  FROM returns
 WHERE merchant = :merchant
   AND state IN ('initiated', 'scanned', 'credit-pending', 'credited', 'exception')
 GROUP BY state;

-- name: states
SELECT merchant, state, count(*) AS returns
  FROM returns
 WHERE (:merchant::text IS NULL OR merchant = :merchant)
 GROUP BY merchant, state
 ORDER BY merchant, state;
