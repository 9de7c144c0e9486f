-- name: bags
-- What is on its way, a bag or parcel a line, the longest under way first.
SELECT u.bag, u.tracking, count(*) AS units, min(u.departed_at) AS departed_at, min(u.return_id) AS return_id,
       count(DISTINCT u.return_id) AS returns, array_agg(DISTINCT u.sku) AS skus
  FROM unit AS u
 WHERE u.merchant = :merchant
   AND u.departed_at IS NOT NULL
   AND u.received_at IS NULL
 GROUP BY u.bag, u.tracking
 ORDER BY departed_at, u.bag, u.tracking
 LIMIT :rows_max;

-- name: odd
-- Units that came damaged, wrong or not at all, the newest first.
SELECT u.return_id, r.express_code, r.order_number, u.unit_key, u.sku, u.facts->>'name' AS name, u.condition, u.received_at,
       u.goods_in_id, r.state
  FROM unit AS u
  JOIN returns AS r ON r.merchant = u.merchant AND r.id = u.return_id
 WHERE u.merchant = :merchant
   AND u.condition IN ('damaged', 'missing', 'wrong-item')
   AND u.received_at >= :since
 ORDER BY u.received_at DESC, u.return_id, u.unit_key
 LIMIT :rows_max;

-- name: received
-- What arrived, the newest first.
SELECT u.return_id, r.express_code, r.order_number, u.unit_key, u.sku, u.facts->>'name' AS name, u.condition, u.received_at,
       u.goods_in_id, r.state
  FROM unit AS u
  JOIN returns AS r ON r.merchant = u.merchant AND r.id = u.return_id
 WHERE u.merchant = :merchant
   AND u.received_at >= :since
 ORDER BY u.received_at DESC, u.return_id, u.unit_key
 LIMIT :rows_max;

-- name: lock_family
-- Whoever receives units of one return does so after the other. Held until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended(:merchant || '/' || :happy_return_id, 0)) IS NULL AS is_held;

-- name: of_returns
-- Every unit of these returns, with what a scanner may read of it. Goods of a return that ended because they are another's
-- are shown under that one.
WITH meant AS (
    SELECT u.happy_return_id, u.order_key, u.unit_key
      FROM unit AS u
      JOIN returns AS r ON r.merchant = u.merchant AND r.id = u.return_id
     WHERE u.merchant = :merchant
       AND u.return_id = ANY(:ids::bigint[])
       AND (u.stands_for IS NULL OR r.close_reason IS DISTINCT FROM 'same-goods')
     UNION
    SELECT u.stands_for->>'happy_return_id', u.stands_for->>'order_key', u.stands_for->>'unit_key'
      FROM unit AS u
      JOIN returns AS r ON r.merchant = u.merchant AND r.id = u.return_id
     WHERE u.merchant = :merchant
       AND u.return_id = ANY(:ids::bigint[])
       AND u.stands_for IS NOT NULL
       AND r.close_reason = 'same-goods'
)
SELECT u.return_id, r.happy_return_id, r.order_number, r.express_code, r.part, r.state, u.unit_key, u.happy_item_id, u.sku,
       u.bag, u.tracking, u.received_at, u.condition, u.goods_in_id, u.facts->>'name' AS name,
       u.facts->>'barcode' AS barcode
  FROM meant AS m
  JOIN unit AS u ON u.merchant = :merchant AND u.happy_return_id = m.happy_return_id AND u.order_key = m.order_key
       AND u.unit_key = m.unit_key
  JOIN returns AS r ON r.merchant = u.merchant AND r.id = u.return_id
 ORDER BY r.order_key, r.part, u.unit_key
 LIMIT 2000;

-- name: to_report
-- Units of bags that are here and that Happy Returns was not told of.
SELECT happy_return_id, order_key, unit_key, happy_item_id, bag, received_at, condition
  FROM unit
 WHERE merchant = :merchant
   AND received_at IS NOT NULL
   AND reported_at IS NULL
   AND bag <> ''
   AND happy_item_id <> ''
 ORDER BY received_at
 LIMIT :rows_max;

-- name: mark_reported!
UPDATE unit AS u
   SET reported_at = :now
  FROM jsonb_to_recordset(:rows) AS r(happy_return_id text, order_key text, unit_key text)
 WHERE u.merchant = :merchant
   AND u.happy_return_id = r.happy_return_id
   AND u.order_key = r.order_key
   AND u.unit_key = r.unit_key;
