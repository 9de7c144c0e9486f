-- name: elsewhere
-- Units under which goods are held, by item id, express code, order line, or under the same return's id, each way by its own
-- index; and the claims of returns that are kept no more.
WITH line AS (
    SELECT l.order_key, l.line_item_id
      FROM unnest(:order_keys::text[], :line_item_ids::text[]) AS l(order_key, line_item_id)
), named AS (
    SELECT u.happy_return_id, u.order_key, u.unit_key
      FROM unit AS u
     WHERE u.merchant = :merchant
       AND u.happy_item_id = ANY(:happy_item_ids::text[])
       AND u.happy_item_id <> ''
     UNION
    SELECT u.happy_return_id, u.order_key, u.unit_key
      FROM returns AS r
      JOIN unit AS u ON u.merchant = r.merchant AND u.return_id = r.id
     WHERE r.merchant = :merchant
       AND r.express_code = ANY(:express_codes::text[])
       AND r.express_code <> ''
     UNION
    SELECT u.happy_return_id, u.order_key, u.unit_key
      FROM line AS l
      JOIN returns AS r ON r.merchant = :merchant AND r.order_key = l.order_key
      JOIN unit AS u ON u.merchant = r.merchant AND u.return_id = r.id AND u.line_item_id = l.line_item_id
     UNION
    SELECT u.happy_return_id, u.order_key, u.unit_key
      FROM unit AS u
     WHERE u.merchant = :merchant
       AND u.happy_return_id = ANY(:happy_return_ids::text[])
       AND u.line_item_id = ANY(:line_item_ids::text[])
), kept_no_more AS (
    SELECT c.identity, c.occurrence
      FROM goods_claim AS c
     WHERE c.merchant = :merchant
       AND c.identity = ANY(:identities::text[])
     UNION
    SELECT c.identity, c.occurrence
      FROM goods_claim AS c
     WHERE c.merchant = :merchant
       AND c.express_code = ANY(:express_codes::text[])
       AND c.express_code <> ''
     UNION
    SELECT c.identity, c.occurrence
      FROM line AS l
      JOIN goods_claim AS c ON c.merchant = :merchant AND c.order_key = l.order_key AND c.line_item_id = l.line_item_id
)
SELECT u.happy_return_id, r.order_number, u.order_key, u.unit_key, r.part, r.id AS return_id, r.state, u.happy_item_id,
       u.line_item_id, u.sku, r.express_code, r.credit_id, r.credit_ref, u.occurrence,
       (SELECT min(f.id)
          FROM returns AS f
         WHERE f.merchant = r.merchant AND f.happy_return_id = r.happy_return_id AND f.order_key = r.order_key) AS began,
       r.credit_id IS NOT NULL OR EXISTS (
           SELECT FROM outbox AS o
            WHERE o.merchant = r.merchant AND o.return_id = r.id AND o.kind = 'create-sales-credit') AS has_asked,
       r.credit_id IS NOT NULL OR EXISTS (
           SELECT FROM outbox AS o
            WHERE o.merchant = r.merchant AND o.return_id = r.id AND o.kind = 'create-sales-credit'
              AND (o.intent IS NOT NULL OR o.result ? 'credit_id')) AS has_sent,
       u.stands_for IS NOT NULL AND r.state = 'closed' AS is_stand_in,
       r.state = 'closed' AND r.close_reason IN ('expired', 'cancelled') AS ended_by_silence,
       (SELECT count(*) FROM unit AS o WHERE o.merchant = r.merchant AND o.return_id = r.id) AS units
  FROM named AS n
  JOIN unit AS u ON u.merchant = :merchant AND u.happy_return_id = n.happy_return_id AND u.order_key = n.order_key
       AND u.unit_key = n.unit_key
  JOIN returns AS r ON r.merchant = u.merchant AND r.id = u.return_id
 UNION ALL
SELECT c.happy_return_id, c.order_number, c.order_key, c.unit_key, 0, c.return_id, '', c.happy_item_id, c.line_item_id, c.sku,
       c.express_code, NULL, c.credit_ref, c.occurrence, c.return_id, true, true, false, false, 1
  FROM kept_no_more AS k
  JOIN goods_claim AS c ON c.merchant = :merchant AND c.identity = k.identity AND c.occurrence = k.occurrence
 WHERE NOT EXISTS (SELECT FROM returns AS r WHERE r.merchant = c.merchant AND r.id = c.return_id)
 ORDER BY 6, 4
 LIMIT 20000;

-- name: of_ours
-- What returns of ours have claimed, and whether their credit was sent, or is known.
SELECT r.id, EXISTS (SELECT FROM goods_claim AS c WHERE c.merchant = r.merchant AND c.return_id = r.id) AS has_claimed,
       r.credit_id IS NOT NULL OR EXISTS (
           SELECT FROM outbox AS o
            WHERE o.merchant = r.merchant AND o.return_id = r.id AND o.kind = 'create-sales-credit'
              AND (o.intent IS NOT NULL OR o.result ? 'credit_id')) AS has_sent
  FROM returns AS r
 WHERE r.merchant = :merchant
   AND r.id = ANY(:ids::bigint[]);

-- name: kept
-- Which of these families are still kept.
SELECT DISTINCT r.happy_return_id, r.order_key
  FROM returns AS r
  JOIN unnest(:happy_return_ids::text[], :order_keys::text[]) AS f(happy_return_id, order_key)
    ON r.happy_return_id = f.happy_return_id AND r.order_key = f.order_key
 WHERE r.merchant = :merchant;

-- name: give_up!
-- Returns that ended for another return of the same goods, before anything was sent: the goods are free for that one.
DELETE FROM goods_claim AS c
 WHERE c.merchant = :merchant
   AND c.return_id = ANY(:return_ids::bigint[])
   AND NOT EXISTS (SELECT FROM outbox AS o
                    WHERE o.merchant = c.merchant AND o.return_id = c.return_id AND o.kind = 'create-sales-credit'
                      AND (o.intent IS NOT NULL OR o.result ? 'credit_id'));
