-- name: ensure!
-- Make the configured merchants known.
INSERT INTO merchant (merchant)
SELECT unnest(:merchants::text[])
    ON CONFLICT DO NOTHING;

-- name: report!
-- This daemon is alive. Leases are timed by the database's clock, the only one that all daemons share.
INSERT INTO daemon (owner, session_pid, session_started, alive_until)
SELECT :owner, a.pid, a.backend_start, clock_timestamp() + make_interval(secs => :lease_seconds)
  FROM pg_stat_activity AS a
 WHERE a.pid = pg_backend_pid()
    ON CONFLICT (owner) DO UPDATE
   SET session_pid = EXCLUDED.session_pid, session_started = EXCLUDED.session_started,
       alive_until = EXCLUDED.alive_until;

-- name: forget!
-- This daemon is gone, and with it whatever is long dead.
DELETE FROM daemon
 WHERE owner = :owner
    OR alive_until < clock_timestamp() - interval '1 day';

-- name: alive
-- How many daemons share the work: those that reported in time and whose session still stands.
SELECT count(*)
  FROM daemon AS d
 WHERE d.alive_until > clock_timestamp()
   AND EXISTS (SELECT FROM pg_stat_activity AS a
                WHERE a.pid = d.session_pid AND a.backend_start = d.session_started);

-- name: doubt
-- Another life of the database, after a promotion or a restore: every lease of the last one is void, and what that one
-- began may be forgotten here. Merchants that were never worked only learn which life it is.
UPDATE merchant
   SET epoch = database_epoch(),
       fence = CASE WHEN epoch IS NULL THEN fence ELSE fence + 1 END,
       lease_owner = CASE WHEN epoch IS NULL THEN lease_owner END,
       lease_until = CASE WHEN epoch IS NULL THEN lease_until END,
       doubted_until = CASE WHEN epoch IS NOT NULL THEN clock_timestamp() + make_interval(secs => :doubt_seconds) END
 WHERE merchant = ANY(:merchants::text[])
   AND epoch IS DISTINCT FROM database_epoch()
RETURNING merchant, doubted_until IS NOT NULL AS is_doubted;

-- name: say_restored
-- The database forgot, and its life does not show it: the next look for leases doubts as after a promotion.
UPDATE merchant
   SET epoch = 'restored'
RETURNING merchant;

-- name: renew
-- Keep what is ours. Takes no lock that hold_fence would wait for.
UPDATE merchant
   SET lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
 WHERE lease_owner = :owner
RETURNING merchant, fence, held_since IS NOT NULL AS is_held,
          coalesce(extract(epoch FROM doubted_until - clock_timestamp())::float8, 0) AS doubt_seconds;

-- name: take
-- Take leases that are free, lapsed, or held by a daemon whose session is gone; each gets a new fence. Waits for
-- transactions of the old holder that are past their fence check.
WITH free AS (
    SELECT m.merchant
      FROM merchant AS m
     WHERE m.merchant = ANY(:merchants::text[])
       AND m.lease_owner IS DISTINCT FROM :owner
       AND (m.lease_owner IS NULL
            OR m.lease_until <= clock_timestamp()
            OR NOT EXISTS (SELECT FROM daemon AS d
                             JOIN pg_stat_activity AS a
                               ON a.pid = d.session_pid AND a.backend_start = d.session_started
                            WHERE d.owner = m.lease_owner))
     ORDER BY m.merchant
     LIMIT :room
       FOR UPDATE
)
UPDATE merchant AS m
   SET fence = m.fence + 1,
       lease_owner = :owner,
       lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
  FROM free
 WHERE m.merchant = free.merchant
RETURNING m.merchant, m.fence, m.held_since IS NOT NULL AS is_held,
          coalesce(extract(epoch FROM m.doubted_until - clock_timestamp())::float8, 0) AS doubt_seconds;

-- name: release!
-- Give leases back at once, so that another daemon need not wait for them to lapse.
UPDATE merchant
   SET lease_owner = NULL, lease_until = NULL
 WHERE lease_owner = :owner
   AND merchant = ANY(:merchants::text[]);

-- name: hold_fence
-- Whether the fence is still ours, in this life of the database; locks the row against a change of holder until the
-- transaction ends. is_held: nothing may be sent to the vendors.
SELECT held_since IS NOT NULL AS is_held
  FROM merchant
 WHERE merchant = :merchant
   AND fence = :fence
   AND split_part(epoch, ':', 2) = left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
   FOR KEY SHARE;

-- name: hold
-- Send nothing to this merchant's vendors until somebody says so; null when it is held already.
UPDATE merchant
   SET held_since = :now, held_by = :actor, held_why = :why
 WHERE merchant = :merchant
   AND held_since IS NULL
RETURNING merchant;

-- name: release_observed!
-- Somebody has said that what a daemon only observed may be done.
UPDATE cursor
   SET value = value || '{"released": true}'
 WHERE merchant = :merchant
   AND name = :name;

-- name: go_live
-- Writes may leave again.
UPDATE merchant
   SET held_since = NULL, held_by = NULL, held_why = NULL
 WHERE merchant = :merchant
   AND held_since IS NOT NULL
RETURNING merchant;

-- name: awake
-- Of these merchants, those for whom something is due: one look for all, at the cost of what is due. Each probe is one
-- row in the order of its index: an EXISTS may be planned as a hash over, or a walk through, the whole table.
SELECT m.merchant
  FROM unnest(:merchants::text[]) AS m(merchant)
 WHERE (SELECT true FROM inbox AS i WHERE i.merchant = m.merchant AND i.state = 'waiting' ORDER BY i.id LIMIT 1)
    OR (SELECT true FROM outbox AS o
         WHERE o.merchant = m.merchant
           AND o.kind = ANY(:kinds::text[])
           AND o.due_at <= :now
           AND o.state IN ('ready', 'leased')
           AND (o.state = 'ready' OR o.lease_until <= :now)
         LIMIT 1)
    OR (SELECT true FROM message AS t
         WHERE t.merchant = m.merchant AND t.state = 'ready' AND t.due_at <= :now
         ORDER BY t.due_at
         LIMIT 1)
    OR (SELECT true FROM batch AS b WHERE b.merchant = m.merchant AND b.state = 'running' ORDER BY b.id LIMIT 1)
    OR (SELECT true FROM deadline AS d
         WHERE d.merchant = m.merchant AND d.due_at <= :now
         ORDER BY d.due_at
         LIMIT 1)
    OR (SELECT true FROM watch AS w
         WHERE w.merchant = m.merchant
           AND w.next_poll_at <= :now
           AND (w.lease_until IS NULL OR w.lease_until <= :now)
         ORDER BY w.next_poll_at
         LIMIT 1);

-- name: everyone
-- Every merchant with who holds it; a lease that ran out is nobody's.
SELECT m.merchant, m.lease_owner, m.lease_until, m.fence, coalesce(m.lease_until > clock_timestamp(), false) AS is_held,
       CASE WHEN m.held_since IS NOT NULL THEN 'held'
            WHEN c.value IS NOT NULL AND (c.value->>'observes')::boolean THEN 'observed'
            ELSE 'live' END AS writes,
       m.held_since AS writes_held_since, m.held_by AS writes_held_by, m.held_why AS writes_held_why,
       CASE WHEN m.doubted_until > clock_timestamp() THEN m.doubted_until END AS doubted_until
  FROM merchant AS m
  LEFT JOIN cursor AS c ON c.merchant = m.merchant AND c.name = 'observing'
 ORDER BY m.merchant
 LIMIT 10000;

-- name: read_cursor
SELECT value
  FROM cursor
 WHERE merchant = :merchant AND name = :name;

-- name: keep_cursor
-- As write_cursor after hold_fence, in one statement: nothing is written, and no row comes back, when the fence is not ours.
WITH ours AS (
    SELECT held_since IS NOT NULL AS is_held
      FROM merchant
     WHERE merchant = :merchant
       AND fence = :fence
       AND split_part(epoch, ':', 2) = left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
       FOR KEY SHARE
), kept AS (
    INSERT INTO cursor (merchant, name, value)
    SELECT :merchant, :name, :value
      FROM ours
        ON CONFLICT (merchant, name) DO UPDATE SET value = EXCLUDED.value
)
SELECT is_held
  FROM ours;

-- name: write_cursor!
INSERT INTO cursor (merchant, name, value)
VALUES (:merchant, :name, :value)
    ON CONFLICT (merchant, name) DO UPDATE SET value = EXCLUDED.value;
