-- name: open!
-- Watch for something at Happy Returns; one that is watched already is only asked sooner.
INSERT INTO watch AS known (merchant, key, tier, happy_return_id, express_code, order_number, claimed, claimed_at, opened_at,
                            next_poll_at)
SELECT :merchant, key, tier, happy_return_id, express_code, order_number, claimed,
       CASE WHEN claimed <> '' THEN (:now)::timestamptz END, :now, next_poll_at
  FROM jsonb_to_recordset(:rows) AS r(key text, tier text, happy_return_id text, express_code text, order_number text,
       claimed text, next_poll_at timestamptz)
    ON CONFLICT (merchant, key) DO UPDATE
   SET express_code = CASE WHEN known.express_code = '' THEN EXCLUDED.express_code ELSE known.express_code END,
       order_number = CASE WHEN known.order_number = '' THEN EXCLUDED.order_number ELSE known.order_number END,
       claimed = CASE WHEN EXCLUDED.claimed <> '' THEN EXCLUDED.claimed ELSE known.claimed END,
       claimed_at = CASE WHEN EXCLUDED.claimed <> '' AND EXCLUDED.claimed <> known.claimed THEN :now ELSE known.claimed_at END,
       next_poll_at = least(known.next_poll_at, EXCLUDED.next_poll_at);

-- name: open_quietly!
-- Discovery: watch orders we have not met; what is known keeps its own pace.
INSERT INTO watch (merchant, key, tier, order_number, opened_at, next_poll_at)
SELECT :merchant, key, 'order', order_number, :now, :now
  FROM jsonb_to_recordset(:rows) AS r(key text, order_number text)
    ON CONFLICT (merchant, key) DO NOTHING;

-- name: orders_of
-- The orders under which returns are watched.
SELECT happy_return_id, order_number
  FROM watch
 WHERE merchant = :merchant
   AND happy_return_id = ANY(:happy_return_ids::text[])
   AND order_number <> '';

-- name: ask_soon!
-- A return must be read again now.
UPDATE watch
   SET next_poll_at = :now, misses = 0
 WHERE merchant = :merchant
   AND happy_return_id = ANY(:happy_return_ids::text[]);

-- name: lease_due
-- The next to ask: returns and codes before discovery, freshest first.
WITH due AS (
    SELECT key, (SELECT r.trace
                   FROM returns AS r
                  WHERE r.merchant = watch.merchant AND r.happy_return_id = watch.happy_return_id
                  ORDER BY r.id
                  LIMIT 1) AS trace
      FROM watch
     WHERE merchant = :merchant
       AND next_poll_at <= :now
       AND (lease_until IS NULL OR lease_until <= :now)
     ORDER BY (tier = 'order'), (claimed = ''), polled_at NULLS FIRST, opened_at DESC, key
     LIMIT :batch_max
       FOR UPDATE SKIP LOCKED
)
UPDATE watch
   SET lease_until = :lease_until
  FROM due
 WHERE watch.merchant = :merchant
   AND watch.key = due.key
RETURNING watch.key, watch.tier, watch.happy_return_id, watch.express_code, watch.order_number, watch.claimed,
          watch.claimed_at, watch.opened_at, watch.misses, watch.digest, watch.polled_at, watch.next_poll_at, due.trace;

-- name: is_due
-- In the order of its index: without one the planner may think the first row due is soon met, and read the whole table.
SELECT (SELECT true
          FROM watch
         WHERE merchant = :merchant
           AND next_poll_at <= :now
           AND (lease_until IS NULL OR lease_until <= :now)
         ORDER BY next_poll_at
         LIMIT 1) IS NOT NULL;

-- name: free_leases!
UPDATE watch
   SET lease_until = NULL
 WHERE merchant = :merchant
   AND lease_until IS NOT NULL;

-- name: polled!
-- Asked and answered. Nothing more is asked of a return whose parts all have their credit or are over.
UPDATE watch AS w
   SET polled_at = :now, misses = p.misses, digest = p.digest, lease_until = NULL,
       claimed = CASE WHEN p.keep_claim OR w.claimed <> p.leased_claim THEN w.claimed ELSE '' END,
       next_poll_at = CASE
           WHEN w.claimed <> p.leased_claim OR w.next_poll_at IS DISTINCT FROM p.leased_next
               THEN least(w.next_poll_at, p.next_poll_at)  -- something new was told while we asked
           WHEN p.keep_claim THEN p.next_poll_at
           WHEN w.tier = 'return' AND w.express_code = '' AND EXISTS (
                    SELECT FROM watch AS o
                     WHERE o.merchant = w.merchant AND o.happy_return_id = w.happy_return_id AND o.express_code <> '')
               THEN NULL  -- its code is known by now: that reads all its orders at once
           WHEN w.tier = 'code' AND p.misses = 0 THEN NULL
           WHEN w.tier = 'return' AND NOT EXISTS (
                    SELECT FROM returns AS r
                     WHERE r.merchant = w.merchant
                       AND r.happy_return_id = w.happy_return_id
                       AND r.state IN ('initiated', 'scanned', 'credit-pending', 'exception'))
                AND EXISTS (SELECT FROM returns AS r
                             WHERE r.merchant = w.merchant AND r.happy_return_id = w.happy_return_id)
               THEN NULL
           ELSE p.next_poll_at
       END
  FROM jsonb_to_recordset(:rows) AS p(key text, misses integer, digest text, keep_claim boolean, leased_claim text,
       leased_next timestamptz, next_poll_at timestamptz)
 WHERE w.merchant = :merchant
   AND w.key = p.key;

-- name: put_off!
-- Not asked after all (throttled, unreachable): again at the given time.
UPDATE watch
   SET lease_until = NULL, next_poll_at = :next_poll_at
 WHERE merchant = :merchant
   AND key = ANY(:keys::text[]);

-- name: forget_orders!
-- Orders that left the return window need not be asked about any more.
UPDATE watch
   SET next_poll_at = NULL
 WHERE merchant = :merchant
   AND tier = 'order'
   AND next_poll_at IS NOT NULL
   AND opened_at < :opened_before;

-- name: backlog
SELECT count(*) FILTER (WHERE next_poll_at <= :now AND tier <> 'order') AS due,
       count(*) FILTER (WHERE next_poll_at <= :now AND tier = 'order') AS due_orders,
       count(*) FILTER (WHERE misses >= 3) AS missing,
       min(next_poll_at) AS next_due
  FROM watch
 WHERE merchant = :merchant
   AND next_poll_at IS NOT NULL;

-- name: look_again!
-- Ask again, soon: what is known of the younger returns may be older than it seems, and of orders that had no return too.
UPDATE watch
   SET next_poll_at = :now
 WHERE merchant = :merchant
   AND next_poll_at > :now
   AND opened_at > :since;

-- name: bring_near!
-- What a clock that was wrong put off for longer than anything is put off, or keeps leased: asked now.
UPDATE watch
   SET next_poll_at = least(next_poll_at, :now), lease_until = NULL
 WHERE merchant = :merchant
   AND (next_poll_at > :at_most OR lease_until > :at_most);
