-- name: returns
-- Returns, newest change first, by any of the filters.
SELECT r.merchant, r.id, r.happy_return_id, r.express_code, r.order_number, r.part, r.state, r.entered_at,
       r.cause, r.owner, r.explanation, r.waits_for, r.credit_id, r.credit_external_ref, r.credit_net, r.credit_tax,
       r.credit_currency, r.invoice_reference, r.payment_id, r.close_reason, r.created_at, r.updated_at, r.escalation,
       r.fingerprint, r.wait_cause,
       (SELECT count(*) FROM unit AS u WHERE u.merchant = r.merchant AND u.return_id = r.id) AS units,
       d.due_at
  FROM returns AS r
  LEFT JOIN deadline AS d ON d.merchant = r.merchant AND d.return_id = r.id
 WHERE (:merchant::text IS NULL OR r.merchant = :merchant)
   AND (:state::text IS NULL OR r.state = :state)
   AND (:cause::text IS NULL OR r.cause = :cause OR r.wait_cause = :cause)
   AND (:owner::text IS NULL OR r.owner = :owner OR r.wait_cause = ANY(:owned::text[]))
   AND (:order_key::text IS NULL OR r.order_key = :order_key)
   AND (:fingerprint::text IS NULL OR r.fingerprint = :fingerprint)
   AND (:after::bigint IS NULL OR r.id < :after)
 ORDER BY r.id DESC
 LIMIT :rows_max;

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
       r.wait_cause, r.watches, r.accepted, r.map_version, r.fingerprint
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
   AND (:cause::text IS NULL OR cause = :cause)
   AND (:owner::text IS NULL OR owner = :owner)
   AND (:fingerprint::text IS NULL OR fingerprint = :fingerprint)
 GROUP BY cause, owner
 ORDER BY returns DESC, cause;

-- name: fingerprints
-- What stops returns, as one piece of work for each thing that must be mended.
SELECT fingerprint, cause, owner, count(*) AS returns, min(entered_at) AS oldest, min(id) AS example
  FROM returns
 WHERE state = 'exception'
   AND (:merchant::text IS NULL OR merchant = :merchant)
   AND (:cause::text IS NULL OR cause = :cause)
   AND (:owner::text IS NULL OR owner = :owner)
   AND (:fingerprint::text IS NULL OR fingerprint = :fingerprint)
 GROUP BY fingerprint, cause, owner
 ORDER BY returns DESC, fingerprint;

-- name: states
SELECT merchant, state, count(*) AS returns
  FROM returns
 WHERE (:merchant::text IS NULL OR merchant = :merchant)
 GROUP BY merchant, state
 ORDER BY merchant, state;
