-- name: read
SELECT sealed, seed_sha256
  FROM sealed_secret
 WHERE merchant = :merchant
   AND name = :name;

-- name: take_turn
-- Waits until nobody else renews the tokens of this merchant; ends with the connection. 0x6F61 is "oa".
SELECT pg_advisory_lock(x'6F61'::int, hashtext(:merchant));

-- name: write!
INSERT INTO sealed_secret (merchant, name, sealed, seed_sha256, updated_at)
VALUES (:merchant, :name, :sealed, :seed_sha256, :now)
    ON CONFLICT (merchant, name) DO UPDATE
   SET sealed = EXCLUDED.sealed, seed_sha256 = EXCLUDED.seed_sha256, updated_at = EXCLUDED.updated_at;
