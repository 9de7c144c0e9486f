-- name: find
-- The returns an identifier may mean, the likeliest first. Each kind of name is a branch with an index of its own.
SELECT f.merchant, f.id, min(f.rank) AS rank
  FROM (
    SELECT merchant, id, 1 AS rank
      FROM returns
     WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
       AND id = CASE WHEN :text ~ '^[0-9]{1,18}$' THEN :text::bigint END
     UNION ALL
    SELECT merchant, id, 3 AS rank
      FROM returns
     WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
       AND happy_return_id = :folded_id
     UNION ALL
    SELECT merchant, id, 2 AS rank
      FROM returns
     WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
       AND express_code = :code AND express_code <> ''
     UNION ALL
    SELECT merchant, id, 4 AS rank
      FROM returns
     WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
       AND order_key = :order_key
     UNION ALL
    SELECT merchant, id, 5 AS rank
      FROM returns
     WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
       AND credit_id = CASE WHEN :text ~ '^[0-9]{1,18}$' THEN :text::bigint END
     UNION ALL
    SELECT merchant, id, 6 AS rank
      FROM returns
     WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
       AND credit_ref = :text
     UNION ALL
    SELECT merchant, id, 7 AS rank
      FROM returns
     WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
       AND rma_id = :code AND rma_id <> ''
     UNION ALL
    SELECT merchant, id, 8 AS rank
      FROM returns
     WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
       AND invoice_reference = :text AND invoice_reference <> ''
     UNION ALL
    SELECT merchant, return_id, 9
      FROM unit
     WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
       AND tracking = ANY(:trackings::text[]) AND tracking <> ''
     UNION ALL
    SELECT merchant, return_id, 10
      FROM unit
     WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
       AND bag = :code AND bag <> ''
     UNION ALL
    SELECT merchant, return_id, 11
      FROM unit
     WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
       AND happy_item_id = :folded_id AND happy_item_id <> ''
     UNION ALL
    SELECT merchant, return_id, 12
      FROM unit
     WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
       AND goods_in_id = CASE WHEN :text ~ '^[0-9]{1,18}$' THEN :text::bigint END
       ) AS f
  JOIN returns AS r ON r.merchant = f.merchant AND r.id = f.id
 WHERE :text <> ''
 GROUP BY f.merchant, f.id, r.happy_return_id, r.order_key, r.part
 ORDER BY rank, f.merchant, r.happy_return_id, r.order_key, r.part
 LIMIT 500;

-- name: of_id
SELECT merchant
  FROM returns
 WHERE merchant = ANY(:merchants::text[])
   AND id = :id;

-- name: siblings
-- The other parts of the same return, and other returns of the same order.
SELECT s.id, s.part, s.state, s.express_code, s.happy_return_id = r.happy_return_id AS is_part
  FROM returns AS r
  JOIN returns AS s ON s.merchant = r.merchant AND s.order_key = r.order_key AND s.id <> r.id
 WHERE r.merchant = :merchant
   AND r.id = :id
 ORDER BY is_part DESC, s.part, s.id
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
   AND merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
 GROUP BY cause, owner
 ORDER BY returns DESC, cause;

-- name: open_states
-- What is not over, by state, at the cost of what is not over.
SELECT state, count(*) AS returns, min(entered_at) AS oldest
  FROM returns
 WHERE merchant = :merchant
   AND state IN ('initiated', 'scanned', 'credit-pending', 'credited', 'exception')
 GROUP BY state;

-- name: watched
-- What metrics tell of one merchant beside its states, at the cost of what is not settled.
SELECT m.held_since IS NOT NULL AS is_held, coalesce(m.doubted_until > clock_timestamp(), false) AS is_doubted,
       (SELECT count(*) FROM inbox AS i WHERE i.merchant = m.merchant AND i.state = 'refused') AS refused,
       (SELECT count(*) FROM inbox AS i WHERE i.merchant = m.merchant AND i.state = 'parked') AS parked,
       (SELECT count(*) FROM delivery AS d WHERE d.merchant = m.merchant AND d.state = 'quarantined') AS quarantined,
       (SELECT sum(violations)
          FROM (SELECT DISTINCT ON (name) violations
                  FROM books_check AS b WHERE b.merchant = m.merchant ORDER BY name, id DESC) AS last) AS violations,
       (SELECT max(at) FROM books_check AS b WHERE b.merchant = m.merchant) AS checked_at,
       (SELECT last_archived_time FROM pg_stat_archiver) AS archived_at
  FROM merchant AS m
 WHERE m.merchant = :merchant;

-- name: exceptions_by_team
SELECT owner AS team, count(*) AS returns, count(*) FILTER (WHERE escalation > 0) AS overdue
  FROM returns
 WHERE merchant = :merchant
   AND state = 'exception'
 GROUP BY owner;

-- name: states
SELECT merchant, state, count(*) AS returns
  FROM returns
 WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
 GROUP BY merchant, state
 ORDER BY merchant, state;

-- name: states_of_codes
SELECT express_code, array_agg(state) AS states
  FROM returns
 WHERE merchant = :merchant
   AND express_code = ANY(:codes::text[])
   AND express_code <> ''
 GROUP BY express_code;
