-- name: listing
SELECT merchant, id, happy_return_id, express_code, rma_id, order_number, part, state, version, since, escalation, cause,
       wait_cause, owner, explanation, fingerprint, waits_for, assignee, snoozed_until, credit_id, credit_external_ref,
       credit_net, credit_tax, credit_currency, invoice_reference, payment_id, close_reason, created_at, updated_at,
       due_at, units, value, currency
  FROM return_board
 WHERE (:merchant::text IS NULL OR merchant = :merchant)
   AND (:after::bigint IS NULL OR id < :after)
   AND 'filter' = 'filter'
 ORDER BY id DESC
 LIMIT :rows_max;

-- name: chosen
SELECT merchant, id
  FROM return_board
 WHERE (:merchant::text IS NULL OR merchant = :merchant)
   AND 'filter' = 'filter'
 ORDER BY created_at, id
 LIMIT :rows_max;

-- name: counted
SELECT count(*) AS returns
  FROM return_board
 WHERE (:merchant::text IS NULL OR merchant = :merchant)
   AND 'filter' = 'filter';

-- name: by_cause
SELECT cause, owner, count(*) AS returns, min(since) AS oldest, min(id) AS example, CASE WHEN count(DISTINCT currency) = 1 THEN sum(value) END AS value,
       CASE WHEN count(DISTINCT currency) = 1 THEN max(currency) END AS currency
  FROM return_board
 WHERE (:merchant::text IS NULL OR merchant = :merchant)
   AND 'filter' = 'filter'
 GROUP BY cause, owner
 ORDER BY returns DESC, cause, owner
 LIMIT :rows_max;

-- name: by_fingerprint
SELECT fingerprint, cause, owner, count(*) AS returns, min(since) AS oldest, min(id) AS example, CASE WHEN count(DISTINCT currency) = 1 THEN sum(value) END AS value,
       CASE WHEN count(DISTINCT currency) = 1 THEN max(currency) END AS currency
  FROM return_board
 WHERE (:merchant::text IS NULL OR merchant = :merchant)
   AND 'filter' = 'filter'
 GROUP BY fingerprint, cause, owner
 ORDER BY returns DESC, fingerprint, cause, owner
 LIMIT :rows_max;

-- name: by_state
SELECT state, count(*) AS returns, min(since) AS oldest, min(id) AS example, CASE WHEN count(DISTINCT currency) = 1 THEN sum(value) END AS value,
       CASE WHEN count(DISTINCT currency) = 1 THEN max(currency) END AS currency
  FROM return_board
 WHERE (:merchant::text IS NULL OR merchant = :merchant)
   AND 'filter' = 'filter'
 GROUP BY state
 ORDER BY returns DESC, state
 LIMIT :rows_max;

-- name: by_team
SELECT owner AS team, count(*) AS returns, min(since) AS oldest, min(id) AS example, CASE WHEN count(DISTINCT currency) = 1 THEN sum(value) END AS value,
       CASE WHEN count(DISTINCT currency) = 1 THEN max(currency) END AS currency
  FROM return_board
 WHERE (:merchant::text IS NULL OR merchant = :merchant)
   AND 'filter' = 'filter'
 GROUP BY owner
 ORDER BY returns DESC, owner
 LIMIT :rows_max;

-- name: by_assignee
SELECT assignee, count(*) AS returns, min(since) AS oldest, min(id) AS example, CASE WHEN count(DISTINCT currency) = 1 THEN sum(value) END AS value,
       CASE WHEN count(DISTINCT currency) = 1 THEN max(currency) END AS currency
  FROM return_board
 WHERE (:merchant::text IS NULL OR merchant = :merchant)
   AND 'filter' = 'filter'
 GROUP BY assignee
 ORDER BY returns DESC, assignee
 LIMIT :rows_max;

-- name: by_merchant
SELECT merchant, count(*) AS returns, min(since) AS oldest, min(id) AS example, CASE WHEN count(DISTINCT currency) = 1 THEN sum(value) END AS value,
       CASE WHEN count(DISTINCT currency) = 1 THEN max(currency) END AS currency
  FROM return_board
 WHERE (:merchant::text IS NULL OR merchant = :merchant)
   AND 'filter' = 'filter'
 GROUP BY merchant
 ORDER BY returns DESC, merchant
 LIMIT :rows_max;
