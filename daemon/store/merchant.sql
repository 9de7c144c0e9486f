-- name: ensure!
-- Make the configured merchants known.
INSERT INTO merchant (merchant)
SELECT unnest(:merchants::text[])
    ON CONFLICT DO NOTHING;

-- name: renew
-- Keep what is ours. Takes no lock that hold_fence would wait for.
UPDATE merchant
   SET lease_until = :lease_until,
       owner_pid = pg_backend_pid(),
       owner_started = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())
 WHERE lease_owner = :owner
RETURNING merchant, fence;

-- name: take
-- Take leases that are free, lapsed, or held by a database session that is gone; each gets a new fence. Waits for
-- transactions of the old holder that are past their fence check.
WITH free AS (
    SELECT m.merchant
      FROM merchant AS m
     WHERE m.merchant = ANY(:merchants::text[])
       AND m.lease_owner IS DISTINCT FROM :owner
       AND (m.lease_owner IS NULL
            OR m.lease_until <= :now
            OR NOT EXISTS (SELECT FROM pg_stat_activity AS a
                            WHERE a.pid = m.owner_pid AND a.backend_start = m.owner_started))
     ORDER BY m.merchant
       FOR UPDATE
)
UPDATE merchant AS m
   SET fence = m.fence + 1,
       lease_owner = :owner,
       lease_until = :lease_until,
       owner_pid = pg_backend_pid(),
       owner_started = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())
  FROM free
 WHERE m.merchant = free.merchant
RETURNING m.merchant, m.fence;

-- name: release!
-- Give our leases back at once, so that another daemon need not wait for them to lapse.
UPDATE merchant
   SET lease_owner = NULL, lease_until = NULL, owner_pid = NULL, owner_started = NULL
 WHERE lease_owner = :owner;

-- name: hold_fence
-- Whether the fence is still ours; locks the row against a change of holder until the transaction ends.
SELECT 1
  FROM merchant
 WHERE merchant = :merchant
   AND fence = :fence
   FOR KEY SHARE;

-- name: everyone
-- Every merchant with who holds it.
SELECT merchant, lease_owner, lease_until, fence
  FROM merchant
 ORDER BY merchant
 LIMIT 10000;

-- name: read_cursor
SELECT value
  FROM cursor
 WHERE merchant = :merchant AND name = :name;

-- name: write_cursor!
INSERT INTO cursor (merchant, name, value)
VALUES (:merchant, :name, :value)
    ON CONFLICT (merchant, name) DO UPDATE SET value = EXCLUDED.value;
