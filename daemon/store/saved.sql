-- name: put!
INSERT INTO saved_view (account, name, page, filter, is_shared, created_at)
VALUES (:account, :name, :page, :filter, :is_shared, :now)
    ON CONFLICT (account, page, name) DO UPDATE SET filter = EXCLUDED.filter, is_shared = EXCLUDED.is_shared;

-- name: listing
-- One's own and everybody's.
SELECT id, account, name, page, filter, is_shared
  FROM saved_view
 WHERE page = :page
   AND (account = :account OR is_shared)
 ORDER BY name, account
 LIMIT 200;

-- name: remove!
DELETE FROM saved_view
 WHERE id = :id
   AND account = :account;
