-- name: add
INSERT INTO account (name, role, merchants, password_hash, created_by, created_at, updated_at)
VALUES (:name, :role, :merchants::text[], :password_hash, :created_by, :now, :now)
    ON CONFLICT (name) DO NOTHING
RETURNING name;

-- name: read
SELECT name, role, merchants, has_password, locked_until, disabled_at, created_by, created_at, updated_at
  FROM account
 WHERE name = :name;

-- name: listing
SELECT a.name, a.role, a.merchants, a.has_password, a.locked_until, a.disabled_at, a.created_by, a.created_at,
       a.updated_at, a.seen_at, f.confirmed_at IS NOT NULL AS has_factor,
       (SELECT count(*) FROM web_session AS s WHERE s.account = a.name AND s.expires_at > :now) AS sessions
  FROM account AS a
  LEFT JOIN second_factor AS f ON f.account = a.name
 ORDER BY a.name
 LIMIT :rows_max;

-- name: change
-- What is null stays as it is; merchants are set where sets_merchants says so. An account that rests is freed.
UPDATE account
   SET role = coalesce(:role, role),
       merchants = CASE WHEN :sets_merchants::boolean THEN :merchants::text[] ELSE merchants END,
       disabled_at = CASE WHEN :disabled::boolean IS NULL THEN disabled_at
                          WHEN :disabled THEN coalesce(disabled_at, :now::timestamptz) END,
       failures = 0, locked_until = NULL, updated_at = :now
 WHERE name = :name
RETURNING name;

-- name: set_password
UPDATE account
   SET password_hash = :password_hash, failures = 0, locked_until = NULL, updated_at = :now
 WHERE name = :name
RETURNING name;

-- name: set_own_password!
SELECT set_own_password(:password_hash, :now);

-- name: administrators_of
-- Locked until the transaction ends: two who give up their role at once do so one after the other.
SELECT administrators_of(:merchants::text[]);

-- name: assignable
SELECT name
  FROM assignable(:merchants::text[]) AS able(name)
 ORDER BY name;

-- name: count_attempt
SELECT password_hash, is_allowed, has_account, rests_until, has_factor
  FROM count_attempt(:name, :now, :failures_max, :rest);

-- name: forgive_attempt!
SELECT forgive_attempt(:name, :rest_began);

-- name: forget_attempts!
SELECT forget_attempts(:name, :fresh_hash);

-- name: begin_session!
SELECT begin_session(:token_hash, :account, :csrf, :way, :now, :expires_at);

-- name: session
-- A session that is in force, with its account.
SELECT id, account, csrf, way, seen_at, expires_at, role, merchants, has_factor
  FROM session_of(:token_hash, :now, :idle_since);

-- name: touch_session!
SELECT touch_session(:token_hash, :now);

-- name: end_session!
SELECT end_session(:token_hash);

-- name: end_sessions!
DELETE FROM web_session
 WHERE account = :account
   AND id IS DISTINCT FROM :but::bigint;

-- name: begin_step!
SELECT begin_step(:token_hash, :account, :goes_to, :now, :expires_at);

-- name: step
SELECT account, goes_to
  FROM step_of(:token_hash, :now);

-- name: end_step
SELECT end_step(:token_hash);

-- name: begin_openid!
SELECT begin_openid(:token_hash, :nonce, :verifier, :goes_to, :now, :expires_at);

-- name: end_openid
SELECT nonce, verifier, goes_to
  FROM end_openid(:token_hash, :now);

-- name: at_the_door
SELECT role, merchants, is_open
  FROM account_at_the_door(:name);

-- name: admit!
SELECT admit(:name, :role, :merchants::text[], :gives_merchants, :now);

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
