-- name: add
INSERT INTO api_token (name, token_hash, scope, merchants, created_by, created_at, expires_at)
VALUES (:name, :token_hash, :scope, :merchants::text[], :created_by, :now, :expires_at)
    ON CONFLICT (name) DO NOTHING
RETURNING id;

-- name: in_force
SELECT id, name, scope, merchants, created_by, used_at
  FROM token_of(:token_hash, :now);

-- name: touch!
SELECT touch_token(:id, :now);

-- name: revoke
UPDATE api_token
   SET revoked_at = :now
 WHERE name = :name
   AND revoked_at IS NULL
RETURNING id;

-- name: listing
SELECT id, name, scope, merchants, created_by, created_at, expires_at, used_at, revoked_at
  FROM api_token
 ORDER BY revoked_at IS NOT NULL, name
 LIMIT :rows_max;

-- name: answered
SELECT asked, status, body
  FROM api_answer
 WHERE token_id = :token_id
   AND key = :key;

-- name: answer!
INSERT INTO api_answer (token_id, key, asked, status, body, at)
VALUES (:token_id, :key, :asked, :status, :body, :now)
    ON CONFLICT (token_id, key) DO NOTHING;
