-- name: add
INSERT INTO account (name, role, merchants, password_hash, created_by, created_at, updated_at)
VALUES (:name, :role, :merchants::text[], :password_hash, :created_by, :now, :now)
    ON CONFLICT (name) DO NOTHING
RETURNING name;

-- name: read
SELECT name, role, merchants, password_hash, failures, locked_until, disabled_at, created_by, created_at, updated_at
  FROM account
 WHERE name = :name;

-- name: listing
SELECT a.name, a.role, a.merchants, a.password_hash IS NOT NULL AS has_password, a.locked_until, a.disabled_at,
       a.created_by, a.created_at, a.updated_at, a.seen_at
  FROM account AS a
 ORDER BY a.name
 LIMIT :rows_max;

-- name: change
-- What is null stays as it is; merchants are set where sets_merchants says so.
UPDATE account
   SET role = coalesce(:role, role),
       merchants = CASE WHEN :sets_merchants::boolean THEN :merchants::text[] ELSE merchants END,
       password_hash = coalesce(:password_hash, password_hash),
       disabled_at = CASE WHEN :disabled::boolean IS NULL THEN disabled_at
                          WHEN :disabled THEN coalesce(disabled_at, :now::timestamptz) END,
       failures = 0, locked_until = NULL, updated_at = :now
 WHERE name = :name
RETURNING name;

-- name: administrators
-- Locked until the transaction ends: two who give up their role at once do so one after the other.
SELECT name
  FROM account
 WHERE role = 'administrator'
   AND disabled_at IS NULL
 ORDER BY name
 LIMIT 1000
   FOR UPDATE;

-- name: count_failure
-- Counted before a password is looked at, so that many at once are not more than one after the other; from the limit on the
-- account rests, longer with each. Nothing while it rests.
UPDATE account
   SET failures = failures + 1,
       locked_until = CASE WHEN failures + 1 >= :failures_max::integer
                           THEN :now::timestamptz + least(power(2, failures + 1 - :failures_max), 16) * :rest::interval END
 WHERE name = :name
   AND (locked_until IS NULL OR locked_until <= :now)
RETURNING failures, locked_until;

-- name: forget_failures!
UPDATE account
   SET failures = 0, locked_until = NULL
 WHERE name = :name
   AND (failures > 0 OR locked_until IS NOT NULL);

-- name: replace_hash!
UPDATE account
   SET password_hash = :password_hash
 WHERE name = :name;

-- name: begin_session!
INSERT INTO web_session (token_hash, account, csrf, way, created_at, seen_at, expires_at)
VALUES (:token_hash, :account, :csrf, :way, :now, :now, :expires_at);

-- name: session
-- A session that is in force, with its account.
SELECT s.account, s.csrf, s.way, s.seen_at, s.expires_at, a.role, a.merchants
  FROM web_session AS s
  JOIN account AS a ON a.name = s.account
 WHERE s.token_hash = :token_hash
   AND s.expires_at > :now
   AND s.seen_at > :idle_since
   AND a.disabled_at IS NULL;

-- name: touch_session!
WITH touched AS (UPDATE web_session SET seen_at = :now WHERE token_hash = :token_hash RETURNING account)
UPDATE account
   SET seen_at = :now
  FROM touched
 WHERE name = touched.account;

-- name: seen!
UPDATE account
   SET seen_at = :now
 WHERE name = :name;

-- name: end_session!
DELETE FROM web_session
 WHERE token_hash = :token_hash;

-- name: end_sessions!
DELETE FROM web_session
 WHERE account = :account;

-- name: forget_old!
DELETE FROM web_session
 WHERE expires_at <= :now;

-- name: begin_openid!
INSERT INTO openid_attempt (token_hash, nonce, verifier, goes_to, expires_at)
VALUES (:token_hash, :nonce, :verifier, :goes_to, :expires_at);

-- name: end_openid
-- An attempt is good for one answer.
DELETE FROM openid_attempt
 WHERE token_hash = :token_hash
RETURNING nonce, verifier, goes_to, expires_at;

-- name: forget_openid!
DELETE FROM openid_attempt
 WHERE expires_at <= :now;

-- name: log!
INSERT INTO access_log (at, actor, action, subject, merchant, address, detail)
VALUES (:now, :actor, :action, :subject, :merchant, :address, :detail);

-- name: logged
SELECT id, at, actor, action, subject, merchant, address, detail
  FROM access_log
 WHERE (:action::text IS NULL OR action = :action)
   AND (:after::bigint IS NULL OR id < :after)
 ORDER BY id DESC
 LIMIT :rows_max;
