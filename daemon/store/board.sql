-- Lists are read a merchant at a time and then put together, so that each follows its merchant's index and stops early.
-- 'filter' = 'filter' is where a filter's condition on return_board goes (daemon/filters.py).

-- name: listing
-- Newest first.
SELECT merchant, id, happy_return_id, express_code, rma_id, order_number, part, state, version, since, escalation, cause,
       wait_cause, owner, explanation, fingerprint, waits_for, assignee, snoozed_until, credit_id, credit_external_ref,
       credit_net, credit_tax, credit_currency, invoice_reference, payment_id, close_reason, created_at, updated_at,
       due_at, units, value, currency
  FROM unnest(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant))) AS m(name)
 CROSS JOIN LATERAL (
       SELECT merchant, id, happy_return_id, express_code, rma_id, order_number, part, state, version, since, escalation, cause,
              wait_cause, owner, explanation, fingerprint, waits_for, assignee, snoozed_until, credit_id, credit_external_ref,
              credit_net, credit_tax, credit_currency, invoice_reference, payment_id, close_reason, created_at, updated_at,
              due_at, units, value, currency
         FROM return_board
        WHERE merchant = m.name
          AND (:after::bigint IS NULL OR id < :after)
          AND 'filter' = 'filter'
        ORDER BY id DESC
        LIMIT :rows_max) AS found
 ORDER BY id DESC
 LIMIT :rows_max;

-- name: by_clock
-- What runs out of time first; only what has a clock.
SELECT merchant, id, happy_return_id, express_code, rma_id, order_number, part, state, version, since, escalation, cause,
       wait_cause, owner, explanation, fingerprint, waits_for, assignee, snoozed_until, credit_id, credit_external_ref,
       credit_net, credit_tax, credit_currency, invoice_reference, payment_id, close_reason, created_at, updated_at,
       due_at, units, value, currency
  FROM unnest(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant))) AS m(name)
 CROSS JOIN LATERAL (
       SELECT merchant, id, happy_return_id, express_code, rma_id, order_number, part, state, version, since, escalation, cause,
              wait_cause, owner, explanation, fingerprint, waits_for, assignee, snoozed_until, credit_id, credit_external_ref,
              credit_net, credit_tax, credit_currency, invoice_reference, payment_id, close_reason, created_at, updated_at,
              due_at, units, value, currency
         FROM (SELECT merchant AS clock_of, return_id, due_at AS rings_at FROM deadline) AS d
         JOIN return_board ON merchant = clock_of AND id = return_id
        WHERE clock_of = m.name
          AND (:after_at::timestamptz IS NULL OR (rings_at, return_id) > (:after_at, :after::bigint))
          AND 'filter' = 'filter'
        ORDER BY rings_at, return_id
        LIMIT :rows_max) AS found
 ORDER BY due_at, id
 LIMIT :rows_max;

-- name: by_ids
SELECT merchant, id, happy_return_id, express_code, rma_id, order_number, part, state, version, since, escalation, cause,
       wait_cause, owner, explanation, fingerprint, waits_for, assignee, snoozed_until, credit_id, credit_external_ref,
       credit_net, credit_tax, credit_currency, invoice_reference, payment_id, close_reason, created_at, updated_at,
       due_at, units, value, currency
  FROM return_board
 WHERE merchant = ANY(:merchants::text[])
   AND id = ANY(:ids::bigint[])
 ORDER BY happy_return_id, order_key, part
 LIMIT 1000;

-- name: legs
-- Which legs of these returns exist and which are due.
SELECT b.id, r.refund_due, r.close_due, b.arrived, r.invoice_reference <> '' AS is_invoiced
  FROM return_board AS b
  JOIN returns AS r ON r.merchant = b.merchant AND r.id = b.id
 WHERE b.merchant = ANY(:merchants::text[])
   AND b.id = ANY(:ids::bigint[])
 LIMIT 1000;

-- name: late_without_clock
-- What was told to every rung and still stands: nobody will be reminded of it again. The longest there first.
SELECT merchant, id, happy_return_id, express_code, rma_id, order_number, part, state, version, since, escalation, cause,
       wait_cause, owner, explanation, fingerprint, waits_for, assignee, snoozed_until, credit_id, credit_external_ref,
       credit_net, credit_tax, credit_currency, invoice_reference, payment_id, close_reason, created_at, updated_at,
       due_at, units, value, currency
  FROM unnest(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant))) AS m(name)
 CROSS JOIN LATERAL (
       SELECT merchant, id, happy_return_id, express_code, rma_id, order_number, part, state, version, since, escalation, cause,
              wait_cause, owner, explanation, fingerprint, waits_for, assignee, snoozed_until, credit_id, credit_external_ref,
              credit_net, credit_tax, credit_currency, invoice_reference, payment_id, close_reason, created_at, updated_at,
              due_at, units, value, currency
         FROM return_board
        WHERE merchant = m.name
          AND escalation > 0 AND state NOT IN ('restocked', 'closed')
          AND (:after_at::timestamptz IS NULL OR (since, id) > (:after_at, :after::bigint))
          AND NOT EXISTS (SELECT FROM deadline AS d WHERE d.merchant = m.name AND d.return_id = id)
          AND 'filter' = 'filter'
        ORDER BY since, id
        LIMIT :rows_max) AS found
 ORDER BY since, id
 LIMIT :rows_max;

-- name: without_clock
-- What has no clock and never ran out of one, newest first.
SELECT merchant, id, happy_return_id, express_code, rma_id, order_number, part, state, version, since, escalation, cause,
       wait_cause, owner, explanation, fingerprint, waits_for, assignee, snoozed_until, credit_id, credit_external_ref,
       credit_net, credit_tax, credit_currency, invoice_reference, payment_id, close_reason, created_at, updated_at,
       due_at, units, value, currency
  FROM unnest(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant))) AS m(name)
 CROSS JOIN LATERAL (
       SELECT merchant, id, happy_return_id, express_code, rma_id, order_number, part, state, version, since, escalation, cause,
              wait_cause, owner, explanation, fingerprint, waits_for, assignee, snoozed_until, credit_id, credit_external_ref,
              credit_net, credit_tax, credit_currency, invoice_reference, payment_id, close_reason, created_at, updated_at,
              due_at, units, value, currency
         FROM return_board
        WHERE merchant = m.name
          AND (escalation = 0 OR state IN ('restocked', 'closed'))
          AND (:after::bigint IS NULL OR id < :after)
          AND NOT EXISTS (SELECT FROM deadline AS d WHERE d.merchant = m.name AND d.return_id = id)
          AND 'filter' = 'filter'
        ORDER BY id DESC
        LIMIT :rows_max) AS found
 ORDER BY id DESC
 LIMIT :rows_max;

-- name: chosen
SELECT merchant, id
  FROM return_board
 WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
   AND 'filter' = 'filter'
 ORDER BY created_at, id
 LIMIT :rows_max;

-- name: counted
-- Not further than rows_max: a page wants to know whether there are many, not how many exactly.
SELECT count(*) AS returns
  FROM (SELECT
          FROM return_board
         WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
           AND 'filter' = 'filter'
         LIMIT :rows_max) AS found;

-- name: by_cause
SELECT cause, owner, count(*) AS returns, min(since) AS oldest, min(id) AS example,
       CASE WHEN count(DISTINCT currency) = 1 THEN sum(value) END AS value,
       CASE WHEN count(DISTINCT currency) = 1 THEN max(currency) END AS currency
  FROM return_board
 WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
   AND 'filter' = 'filter'
 GROUP BY cause, owner
 ORDER BY returns DESC, cause, owner
 LIMIT :rows_max;

-- name: by_fingerprint
SELECT fingerprint, cause, owner, count(*) AS returns, min(since) AS oldest, min(id) AS example,
       CASE WHEN count(DISTINCT currency) = 1 THEN sum(value) END AS value,
       CASE WHEN count(DISTINCT currency) = 1 THEN max(currency) END AS currency
  FROM return_board
 WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
   AND 'filter' = 'filter'
 GROUP BY fingerprint, cause, owner
 ORDER BY returns DESC, fingerprint, cause, owner
 LIMIT :rows_max;

-- name: by_state
SELECT state, count(*) AS returns, min(since) AS oldest, min(id) AS example,
       CASE WHEN count(DISTINCT currency) = 1 THEN sum(value) END AS value,
       CASE WHEN count(DISTINCT currency) = 1 THEN max(currency) END AS currency
  FROM return_board
 WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
   AND 'filter' = 'filter'
 GROUP BY state
 ORDER BY returns DESC, state
 LIMIT :rows_max;

-- name: by_team
SELECT owner AS team, count(*) AS returns, min(since) AS oldest, min(id) AS example,
       CASE WHEN count(DISTINCT currency) = 1 THEN sum(value) END AS value,
       CASE WHEN count(DISTINCT currency) = 1 THEN max(currency) END AS currency
  FROM return_board
 WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
   AND 'filter' = 'filter'
 GROUP BY owner
 ORDER BY returns DESC, owner
 LIMIT :rows_max;

-- name: by_assignee
SELECT assignee, count(*) AS returns, min(since) AS oldest, min(id) AS example,
       CASE WHEN count(DISTINCT currency) = 1 THEN sum(value) END AS value,
       CASE WHEN count(DISTINCT currency) = 1 THEN max(currency) END AS currency
  FROM return_board
 WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
   AND 'filter' = 'filter'
 GROUP BY assignee
 ORDER BY returns DESC, assignee
 LIMIT :rows_max;

-- name: by_merchant
SELECT merchant, count(*) AS returns, min(since) AS oldest, min(id) AS example,
       CASE WHEN count(DISTINCT currency) = 1 THEN sum(value) END AS value,
       CASE WHEN count(DISTINCT currency) = 1 THEN max(currency) END AS currency
  FROM return_board
 WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
   AND 'filter' = 'filter'
 GROUP BY merchant
 ORDER BY returns DESC, merchant
 LIMIT :rows_max;
