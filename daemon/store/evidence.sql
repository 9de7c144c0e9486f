-- name: access_log
-- Of one merchant: what belongs to it alone.
SELECT id, at, actor, action, subject, merchant, address, detail
  FROM access_log
 WHERE at >= :since AND at < :until
   AND (:merchant::text IS NULL OR (merchants <> '{}' AND merchants <@ ARRAY[:merchant]))
 ORDER BY id;

-- name: accounts
-- Of one merchant: everybody who may see it, and of whose else no name.
SELECT a.name, a.role,
       CASE WHEN :merchant::text IS NULL OR a.merchants <@ ARRAY[:merchant] THEN a.merchants
            WHEN a.merchants IS NOT NULL THEN ARRAY[:merchant, 'others'] END AS merchants,
       a.has_password, f.confirmed_at IS NOT NULL AS has_second_factor, a.failures, a.locked_until, a.disabled_at, a.seen_at,
       a.created_by, a.created_at, a.updated_at
  FROM account AS a
  LEFT JOIN second_factor AS f ON f.account = a.name
 WHERE :merchant::text IS NULL OR a.merchants IS NULL OR :merchant = ANY(a.merchants)
 ORDER BY a.name;

-- name: tokens
SELECT name, scope,
       CASE WHEN :merchant::text IS NULL OR merchants <@ ARRAY[:merchant] THEN merchants
            WHEN merchants IS NOT NULL THEN ARRAY[:merchant, 'others'] END AS merchants,
       created_by, created_at, expires_at, used_at, revoked_at
  FROM api_token
 WHERE :merchant::text IS NULL OR merchants IS NULL OR :merchant = ANY(merchants)
 ORDER BY name;

-- name: database_roles
-- Which role of the database may do what to which table.
SELECT grantee, table_name, string_agg(privilege_type, ', ' ORDER BY privilege_type) AS may
  FROM information_schema.role_table_grants
 WHERE table_schema = current_schema()
 GROUP BY grantee, table_name
 ORDER BY grantee, table_name;

-- name: policies
SELECT tablename, policyname, roles::text AS roles, cmd, qual, with_check
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
   AND (:merchant::text IS NULL OR merchant = :merchant)
 ORDER BY merchant, id;

-- name: overrides
-- What people did to returns against, or in place of, the machine.
SELECT merchant, seq, at, return_id, version, event, from_state, to_state, actor, facts
  FROM journal
 WHERE at >= :since AND at < :until
   AND (:merchant::text IS NULL OR merchant = :merchant)
   AND event IN ('forced', 'held', 'resumed')
   AND actor LIKE 'user:%'
 ORDER BY merchant, seq;

-- name: batches
SELECT merchant, id, verb, filter, reason, actor, state, items, decided_by, created_at, finished_at
  FROM batch
 WHERE created_at >= :since AND created_at < :until
   AND (:merchant::text IS NULL OR merchant = :merchant)
 ORDER BY merchant, id;

-- name: periods
SELECT merchant, id, period, action, actor, reason, encode(pack_sha256, 'hex') AS pack_sha256, at
  FROM period_event
 WHERE at >= :since AND at < :until
   AND (:merchant::text IS NULL OR merchant = :merchant)
 ORDER BY merchant, id;

-- name: books_checks
SELECT merchant, id, name, violations, actor, at
  FROM books_check
 WHERE at >= :since AND at < :until
   AND (:merchant::text IS NULL OR merchant = :merchant)
 ORDER BY merchant, id;

-- name: erasures
SELECT merchant, id, subject, actor, reason, erased, at
  FROM erasure
 WHERE at >= :since AND at < :until
   AND (:merchant::text IS NULL OR merchant = :merchant)
 ORDER BY merchant, id;

-- name: checklists
SELECT merchant, id, checklist, period, item, found, note, actor, at
  FROM checklist_item
 WHERE at >= :since AND at < :until
   AND (:merchant::text IS NULL OR merchant = :merchant)
 ORDER BY merchant, id;

-- name: notices
-- Who was alerted of how much, how long until it was told and cleared.
SELECT merchant, team, topic, severity, count(*) AS notices, avg(told_at - at) AS until_told, avg(cleared_at - at) AS until_cleared
  FROM notice
 WHERE at >= :since AND at < :until
   AND (:merchant::text IS NULL OR merchant = :merchant)
 GROUP BY merchant, team, topic, severity
 ORDER BY merchant, team, topic, severity;
