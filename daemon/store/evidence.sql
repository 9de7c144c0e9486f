-- name: access_log
SELECT id, at, actor, action, subject, merchant, address, detail
  FROM access_log
 WHERE at >= :since AND at < :until
 ORDER BY id;

-- name: accounts
SELECT name, role, merchants, password_hash IS NOT NULL AS has_password, failures, locked_until, disabled_at, seen_at, created_by,
       created_at, updated_at
  FROM account
 ORDER BY name;

-- name: tokens
SELECT name, scope, merchants, created_by, created_at, expires_at, used_at, revoked_at
  FROM api_token
 ORDER BY name;

-- name: database_roles
-- Which role of the database may do what to which table.
SELECT grantee, table_name, string_agg(privilege_type, ', ' ORDER BY privilege_type) AS may
  FROM information_schema.role_table_grants
 WHERE table_schema = current_schema()
 GROUP BY grantee, table_name
 ORDER BY grantee, table_name;

-- name: policies
SELECT tablename, policyname, roles::text AS roles, qual
  FROM pg_policies
 WHERE schemaname = current_schema()
 ORDER BY policyname, tablename;

-- name: schema
SELECT version, recorded_at
  FROM schema_version
 ORDER BY version;

-- name: maps
SELECT merchant, id, version, accepted_by, reason, accepted_at
  FROM credit_map
 WHERE accepted_at >= :since AND accepted_at < :until
 ORDER BY merchant, id;

-- name: overrides
-- What people did to returns against, or in place of, the machine.
SELECT merchant, seq, at, return_id, version, event, from_state, to_state, actor, facts
  FROM journal
 WHERE at >= :since AND at < :until
   AND event IN ('forced', 'held', 'resumed')
   AND actor LIKE 'user:%'
 ORDER BY merchant, seq;

-- name: batches
SELECT merchant, id, verb, filter, reason, actor, state, items, decided_by, created_at, finished_at
  FROM batch
 WHERE created_at >= :since AND created_at < :until
 ORDER BY merchant, id;

-- name: periods
SELECT merchant, id, period, action, actor, reason, encode(pack_sha256, 'hex') AS pack_sha256, at
  FROM period_event
 WHERE at >= :since AND at < :until
 ORDER BY merchant, id;

-- name: books_checks
SELECT merchant, id, name, violations, actor, at
  FROM books_check
 WHERE at >= :since AND at < :until
 ORDER BY merchant, id;

-- name: erasures
SELECT merchant, id, subject, actor, reason, erased, at
  FROM erasure
 WHERE at >= :since AND at < :until
 ORDER BY merchant, id;

-- name: checklists
SELECT merchant, id, checklist, period, item, found, note, actor, at
  FROM checklist_item
 WHERE at >= :since AND at < :until
 ORDER BY merchant, id;

-- name: notices
-- Who was alerted of how much, how long until it was told and cleared.
SELECT merchant, team, topic, severity, count(*) AS notices, avg(told_at - at) AS until_told, avg(cleared_at - at) AS until_cleared
  FROM notice
 WHERE at >= :since AND at < :until
 GROUP BY merchant, team, topic, severity
 ORDER BY merchant, team, topic, severity;
