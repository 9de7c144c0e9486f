-- name: put!
INSERT INTO saved_view (account, name, page, filter, is_shared, merchant, created_at)
VALUES (:account, :name, :page, :filter, :is_shared, :merchant, :now)
    ON CONFLICT (account, page, name) DO UPDATE
   SET filter = EXCLUDED.filter, is_shared = EXCLUDED.is_shared, merchant = EXCLUDED.merchant;

-- name: listing
-- One's own, and what is shared with those who see these merchants, or every merchant.
SELECT id, account, name, page, filter, is_shared, merchant
  FROM saved_view
 WHERE page = :page
   AND (account = :account
        OR (is_shared AND CASE WHEN merchant IS NULL THEN :is_global::boolean ELSE merchant = ANY(:merchants::text[]) END))
 ORDER BY name, account
 LIMIT 200;

-- name: remove!
DELETE FROM saved_view
 WHERE id = :id
   AND account = :account;
