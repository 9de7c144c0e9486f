-- name: over_page
-- Returns over since before, oldest first, page by page; may_go: the whole family is over and nothing is still to be done.
SELECT r.id, r.updated_at, r.happy_return_id, r.order_key,
       NOT EXISTS (SELECT FROM returns AS o
                    WHERE o.merchant = r.merchant
                      AND o.happy_return_id = r.happy_return_id
                      AND o.order_key = r.order_key
                      AND (o.state NOT IN ('restocked', 'closed') OR o.updated_at >= :before))
       AND NOT EXISTS (SELECT FROM inbox AS i
                        WHERE i.merchant = r.merchant
                          AND i.happy_return_id = r.happy_return_id
                          AND i.order_key = r.order_key
                          AND i.state = 'waiting')
       AND NOT EXISTS (SELECT FROM outbox AS e
                        WHERE e.merchant = r.merchant
                          AND e.return_id = r.id
                          AND e.state IN ('ready', 'leased')) AS may_go
  FROM returns AS r
 WHERE r.merchant = :merchant
   AND r.state IN ('restocked', 'closed')
   AND r.updated_at < :before
   AND (r.updated_at, r.id) > (:after_at, :after_id)
 ORDER BY r.updated_at, r.id
 LIMIT :batch_max;

-- name: lock_families
-- Every part of these families, locked against a late event while they go.
SELECT r.id
  FROM returns AS r
  JOIN unnest(:happy_return_ids::text[], :order_keys::text[]) AS f(happy_return_id, order_key)
    ON r.happy_return_id = f.happy_return_id AND r.order_key = f.order_key
 WHERE r.merchant = :merchant
 ORDER BY r.happy_return_id, r.order_key, r.part
   FOR UPDATE OF r;

-- name: going
-- Everything that goes with these returns but bodies as received and messages, as it stands: for an archive.
SELECT 'returns' AS kind, to_jsonb(r) AS row FROM returns AS r
 WHERE r.merchant = :merchant AND r.id = ANY(:ids::bigint[])
UNION ALL
SELECT 'unit', to_jsonb(u) FROM unit AS u
 WHERE u.merchant = :merchant AND u.return_id = ANY(:ids::bigint[])
UNION ALL
SELECT 'journal', to_jsonb(j) FROM journal AS j
 WHERE j.merchant = :merchant AND j.return_id = ANY(:ids::bigint[])
UNION ALL
SELECT 'outbox', to_jsonb(o) FROM outbox AS o
 WHERE o.merchant = :merchant AND o.return_id = ANY(:ids::bigint[])
UNION ALL
SELECT 'attempt', to_jsonb(a) FROM attempt AS a
  JOIN outbox AS o ON o.merchant = a.merchant AND o.id = a.effect_id
 WHERE a.merchant = :merchant AND o.return_id = ANY(:ids::bigint[])
UNION ALL
SELECT 'deadline', to_jsonb(d) FROM deadline AS d
 WHERE d.merchant = :merchant AND d.return_id = ANY(:ids::bigint[])
UNION ALL
SELECT 'notice', to_jsonb(n) FROM notice AS n
 WHERE n.merchant = :merchant AND n.return_id = ANY(:ids::bigint[])
UNION ALL
SELECT 'batch_item', to_jsonb(b) FROM batch_item AS b
 WHERE b.merchant = :merchant AND b.return_id = ANY(:ids::bigint[])
UNION ALL
SELECT 'inbox', to_jsonb(i) FROM inbox AS i
  JOIN unnest(:happy_return_ids::text[], :order_keys::text[]) AS f(happy_return_id, order_key)
    ON i.happy_return_id = f.happy_return_id AND i.order_key = f.order_key
 WHERE i.merchant = :merchant AND i.state <> 'waiting'
UNION ALL
SELECT 'watch', to_jsonb(w) FROM watch AS w
 WHERE w.merchant = :merchant AND w.happy_return_id = ANY(:happy_return_ids::text[]) AND w.next_poll_at IS NULL;

-- name: drop_attempts!
DELETE FROM attempt AS a
 USING outbox AS o
 WHERE a.merchant = :merchant
   AND o.merchant = a.merchant
   AND o.id = a.effect_id
   AND o.return_id = ANY(:ids::bigint[]);

-- name: drop_effects!
DELETE FROM outbox WHERE merchant = :merchant AND return_id = ANY(:ids::bigint[]);

-- name: drop_deadlines!
DELETE FROM deadline WHERE merchant = :merchant AND return_id = ANY(:ids::bigint[]);

-- name: drop_notices!
DELETE FROM notice WHERE merchant = :merchant AND return_id = ANY(:ids::bigint[]);

-- name: drop_batch_items!
DELETE FROM batch_item WHERE merchant = :merchant AND return_id = ANY(:ids::bigint[]);

-- name: drop_units!
DELETE FROM unit WHERE merchant = :merchant AND return_id = ANY(:ids::bigint[]);

-- name: drop_returns!
DELETE FROM returns WHERE merchant = :merchant AND id = ANY(:ids::bigint[]);

-- name: drop_journal!
-- Only after their returns: the journal of a return that is kept cannot be shortened.
DELETE FROM journal WHERE merchant = :merchant AND return_id = ANY(:ids::bigint[]);

-- name: drop_events!
DELETE FROM inbox AS i
 USING unnest(:happy_return_ids::text[], :order_keys::text[]) AS f(happy_return_id, order_key)
 WHERE i.merchant = :merchant
   AND i.happy_return_id = f.happy_return_id
   AND i.order_key = f.order_key
   AND i.state <> 'waiting';

-- name: drop_watches!
DELETE FROM watch
 WHERE merchant = :merchant
   AND happy_return_id = ANY(:happy_return_ids::text[])
   AND next_poll_at IS NULL;

-- name: count_over
-- How many returns would go.
SELECT count(*)
  FROM returns
 WHERE merchant = :merchant
   AND state IN ('restocked', 'closed')
   AND updated_at < :before;
