-- name: of
SELECT sealed, last_step, confirmed_at, codes_left
  FROM factor_of(:account);

-- name: begin
-- Instead of one that was begun and never confirmed; one that is confirmed stays.
INSERT INTO second_factor (account, sealed, last_step, created_at)
VALUES (:account, :sealed, 0, :now)
    ON CONFLICT (account) DO NOTHING
RETURNING account;

-- name: forget_unconfirmed!
DELETE FROM second_factor
 WHERE account = :account
   AND confirmed_at IS NULL;

-- name: confirm
UPDATE second_factor
   SET confirmed_at = :now
 WHERE account = :account
   AND confirmed_at IS NULL
RETURNING account;

-- name: take_step
SELECT take_factor_step(:account, :step, :sealed);

-- name: take_recovery_code
SELECT take_recovery_code(:account, :code_hash, :now);

-- name: forget_codes!
DELETE FROM recovery_code
 WHERE account = :account;

-- name: put_codes!
INSERT INTO recovery_code (account, code_hash)
SELECT :account, unnest(:code_hashes::bytea[]);

-- name: remove
-- With every code of it.
DELETE FROM second_factor
 WHERE account = :account
RETURNING account;
