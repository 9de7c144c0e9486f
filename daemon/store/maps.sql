-- name: latest
-- The maps in force: the newest that somebody accepted.
SELECT id, version, content, accepted_by, reason, accepted_at
  FROM credit_map
 WHERE merchant = :merchant
 ORDER BY id DESC
 LIMIT 1;

-- name: latest_version
SELECT version
  FROM credit_map
 WHERE merchant = :merchant
 ORDER BY id DESC
 LIMIT 1;

-- name: versions
-- The content of versions, each once.
SELECT DISTINCT ON (version) version, content
  FROM credit_map
 WHERE merchant = :merchant
   AND version = ANY(:versions::text[])
 ORDER BY version, id DESC;

-- name: history
-- Who accepted which version, newest first, and how many credits each decided.
SELECT m.id, m.version, m.accepted_by, m.reason, m.accepted_at,
       (SELECT count(*) FROM returns AS r
         WHERE r.merchant = m.merchant AND r.map_version = m.version AND r.credit_id IS NOT NULL) AS credits
  FROM credit_map AS m
 WHERE m.merchant = :merchant
 ORDER BY m.id DESC
 LIMIT :rows_max;

-- name: accept!
INSERT INTO credit_map (merchant, version, content, accepted_by, reason, accepted_at)
VALUES (:merchant, :version, :content, :accepted_by, :reason, :now);

-- name: reasons_seen
-- Every return reason really seen since, with how many units gave it.
SELECT coalesce(nullif(u.facts->>'reason_id', ''), u.facts->>'reason', '') AS reason, count(*) AS units
  FROM unit AS u
  JOIN returns AS r ON r.merchant = u.merchant AND r.id = u.return_id
 WHERE u.merchant = :merchant
   AND r.created_at >= :since
 GROUP BY 1
 ORDER BY units DESC, reason
 LIMIT 10000;

-- name: skus_without_a_row
-- SKUs of units that stopped their return because no order row is certainly theirs, with how many units.
SELECT u.sku, count(*) AS units
  FROM unit AS u
  JOIN returns AS r ON r.merchant = u.merchant AND r.id = u.return_id
 WHERE u.merchant = :merchant
   AND r.state = 'exception'
   AND r.cause IN ('sku-unknown-to-order', 'substitution-suspected')
   AND u.sku <> ''
 GROUP BY u.sku
 ORDER BY units DESC, u.sku
 LIMIT 10000;

-- name: bundles_in_parts
-- Bundles of which parts came back that nobody has given a share, with how many returns are stuck.
SELECT split_part(fingerprint, 'bundle=', 2) AS bundle, count(*) AS returns
  FROM returns
 WHERE merchant = :merchant
   AND state = 'exception'
   AND cause = 'bundle-incomplete'
   AND fingerprint LIKE '%bundle=%'
 GROUP BY 1
 ORDER BY returns DESC, bundle
 LIMIT 10000;

-- name: destinations_seen
-- Where Happy Returns sent goods since, with how many units.
SELECT u.facts->>'destination' AS destination, count(*) AS units
  FROM unit AS u
  JOIN returns AS r ON r.merchant = u.merchant AND r.id = u.return_id
 WHERE u.merchant = :merchant
   AND r.created_at >= :since
   AND coalesce(u.facts->>'destination', '') <> ''
 GROUP BY 1
 ORDER BY units DESC, destination
 LIMIT 10000;

-- name: decided_since
-- Returns whose credit was decided, or is stuck before it, since a moment: what a changed map would be tried on.
SELECT id
  FROM returns
 WHERE merchant = :merchant
   AND updated_at >= :since
   AND (credit_id IS NOT NULL OR resume_state = 'credit-pending' OR state = 'credit-pending')
   AND id > :after
 ORDER BY id
 LIMIT :batch_max;
