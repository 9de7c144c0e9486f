-- name: put_run
INSERT INTO match_run (merchant, at, actor, terms, journal_seq, legs, figures)
VALUES (:merchant, :at, :actor, :terms,
        coalesce((SELECT seq FROM journal_head WHERE merchant = :merchant), 0), :legs, :figures)
RETURNING id;

-- name: current_digests
SELECT key, digest, status, cleared_on
  FROM match_group
 WHERE merchant = :merchant
   AND until_run IS NULL;

-- name: old_legs
-- Legs of matches that stood settled at a run, and had been so before a day: they are not matched again.
SELECT DISTINCT unnest(legs) AS key
  FROM match_group
 WHERE merchant = :merchant
   AND from_run <= :run_id
   AND (until_run IS NULL OR until_run > :run_id)
   AND status IN ('matched', 'within-tolerance', 'written-off', 'out-of-scope')
   AND cleared_on < :since;

-- name: end_groups!
UPDATE match_group
   SET until_run = :run_id
 WHERE merchant = :merchant
   AND until_run IS NULL
   AND key = ANY(:keys::text[]);

-- name: put_groups!
INSERT INTO match_group (merchant, key, status, reason, currency, value, exact_value, opened_on, cleared_on, order_key,
                         is_return, legs, content, digest, from_run)
SELECT :merchant, told.key, told.status, told.reason, told.currency,
       least(greatest(told.value, -999999999999.99), 999999999999.99), told.value, told.opened_on, told.cleared_on, told.order_key, told.is_return, string_to_array(told.legs, chr(31)), told.content, told.digest, :run_id
  FROM unnest(:keys::text[], :statuses::text[], :reasons::text[], :currencies::text[], :values::numeric[],
              :opened::date[], :cleared::date[], :order_keys::text[], :is_returns::boolean[], :legs::text[],
              :contents::jsonb[], :digests::bytea[])
       AS told (key, status, reason, currency, value, opened_on, cleared_on, order_key, is_return, legs, content, digest);

-- name: runs
-- Without what only the newest run is asked for: it may be long.
SELECT id, at, actor, legs,
       figures - ARRAY['periods', 'ageing', 'exposure', 'accrual', 'fees', 'fee_lines', 'fee_journal'] AS figures
  FROM match_run
 WHERE merchant = :merchant
 ORDER BY id DESC
 LIMIT :rows_max;

-- name: run_at
-- The newest run at a moment.
SELECT id, at, actor, terms, journal_seq, legs, figures
  FROM match_run
 WHERE merchant = :merchant
   AND (:at::timestamptz IS NULL OR at <= :at)
 ORDER BY id DESC
 LIMIT 1;

-- name: run_of_id
SELECT id, at, actor, terms, journal_seq, legs, figures
  FROM match_run
 WHERE merchant = :merchant
   AND id = :id;

-- name: differences
-- How matches stood at one run and at another, where that differs. A match that is new or gone has no status on one side.
WITH stood AS (
    SELECT key, max(status) FILTER (WHERE from_run <= :first AND (until_run IS NULL OR until_run > :first)) AS before,
           max(status) FILTER (WHERE from_run <= :last AND (until_run IS NULL OR until_run > :last)) AS after,
           max(reason) FILTER (WHERE from_run <= :last AND (until_run IS NULL OR until_run > :last)) AS reason,
           max(currency) AS currency, max(coalesce(exact_value, value)) AS value, max(order_key) AS order_key
      FROM match_group
     WHERE merchant = :merchant
       AND from_run <= :last
       AND (from_run > :first OR until_run > :first)
       AND (until_run IS NULL OR until_run > :first)
     GROUP BY key
)
SELECT key, before, after, reason, currency, value, order_key
  FROM stood
 WHERE before IS DISTINCT FROM after
 ORDER BY key
 LIMIT :rows_max;

-- name: listing
-- Matches as they stand, the dearest first; null asks for every one.
SELECT key, status, reason, currency, coalesce(exact_value, value) AS value, opened_on, cleared_on, order_key, is_return,
       legs, content
  FROM match_group AS g
 WHERE merchant = :merchant
   AND until_run IS NULL
   AND (:statuses::text[] IS NULL OR status = ANY(:statuses::text[]))
   AND (:currency::text IS NULL OR currency = :currency)
   AND (:order_key::text IS NULL OR order_key = :order_key)
   AND (:from_on::date IS NULL OR opened_on >= :from_on)
   AND (:until_on::date IS NULL OR opened_on <= :until_on)
   AND (:is_return::boolean IS NULL OR is_return = :is_return)
 ORDER BY g.value DESC, key
OFFSET :skip
 LIMIT :rows_max;

-- name: counts
SELECT status, currency, is_return, count(*) AS matches, sum(coalesce(exact_value, value)) AS value
  FROM match_group
 WHERE merchant = :merchant
   AND until_run IS NULL
 GROUP BY status, currency, is_return
 ORDER BY is_return DESC, status, currency;

-- name: of_key
SELECT key, status, reason, currency, coalesce(exact_value, value) AS value, opened_on, cleared_on, order_key, is_return,
       legs, content, from_run
  FROM match_group
 WHERE merchant = :merchant
   AND until_run IS NULL
   AND id IN (SELECT id FROM match_group WHERE merchant = :merchant AND until_run IS NULL AND key = :key
              UNION ALL
              SELECT number FROM match_groups_with(:merchant, :key) AS held (number));

-- name: history
SELECT g.key, g.status, g.reason, coalesce(g.exact_value, g.value) AS value, g.legs, r.at, r.actor
  FROM match_group AS g
  JOIN match_run AS r ON r.merchant = g.merchant AND r.id = g.from_run
 WHERE g.merchant = :merchant
   AND g.key = :key
 ORDER BY g.id DESC
 LIMIT 100;

-- name: put_decision
INSERT INTO match_decision (merchant, action, legs, decided_on, actor, reason, note, at)
VALUES (:merchant, :action, :legs, :decided_on, :actor, :reason, :note, :at)
RETURNING id;

-- name: decisions
SELECT id, action, legs, decided_on, actor, reason, note, at
  FROM match_decision
 WHERE merchant = :merchant
   AND (:at::timestamptz IS NULL OR at <= :at)
 ORDER BY id;

-- name: put_orphans!
INSERT INTO orphan_event (merchant, key, event, class, match_key, value, currency, since, due_on, content, run_id, at)
SELECT :merchant, told.key, told.event, told.class, told.match_key, told.value, told.currency, told.since, told.due_on,
       told.content, :run_id, :at
  FROM unnest(:keys::text[], :events::text[], :classes::text[], :match_keys::text[], :values::numeric[],
              :currencies::text[], :since::date[], :due::date[], :contents::jsonb[])
       AS told (key, event, class, match_key, value, currency, since, due_on, content);

-- name: orphans
-- Orphans that were open at a moment, the dearest first.
SELECT key, class, match_key, value, currency, since, due_on, content, at
  FROM (SELECT DISTINCT ON (key) key, event, class, match_key, value, currency, since, due_on, content, at
          FROM orphan_event
         WHERE merchant = :merchant
           AND (:at::timestamptz IS NULL OR at <= :at)
         ORDER BY key, id DESC) AS last
 WHERE event <> 'closed'
   AND (:orphan_class::text IS NULL OR class = :orphan_class)
 ORDER BY value DESC, key;

-- name: orphan_history
SELECT event, value, currency, at, content
  FROM orphan_event
 WHERE merchant = :merchant
   AND key = :key
 ORDER BY id;

-- name: overrides
-- What people forced, accepted or ended by hand, up to a place in the journal, in a span of time.
SELECT j.seq, j.return_id, r.express_code, r.order_number, j.event, j.from_state, j.to_state, j.actor, j.at,
       coalesce(i.reason, '') AS reason, coalesce(i.note, '') AS note
  FROM journal AS j
  JOIN returns AS r ON r.merchant = j.merchant AND r.id = j.return_id
  LEFT JOIN inbox AS i ON i.merchant = j.merchant AND i.id = j.inbox_id
 WHERE j.merchant = :merchant
   AND j.seq <= :seq
   AND j.at >= :from_at
   AND j.at < :until_at
   AND j.event IN ('forced', 'resumed', 'held')
   AND j.actor LIKE 'user:%'
 ORDER BY j.seq;

-- name: effects_without_result
-- Done, and nobody read back what it made. A mark and an approval make nothing that has a number.
SELECT id, kind, key
  FROM outbox
 WHERE merchant = :merchant
   AND state = 'done'
   AND kind IN ('create-sales-credit', 'record-refund', 'receive-stock', 'close-credit')
   AND (result IS NULL OR result = '{}')
 ORDER BY id
 LIMIT 1000;

-- name: not_read_back
-- Credits and payments we hold that the last whole reading of Brightpearl's books did not find.
SELECT r.id, told.what, told.thing
  FROM returns AS r
 CROSS JOIN LATERAL (VALUES ('credit', r.credit_id), ('payment', r.payment_id)) AS told (what, thing)
 WHERE r.merchant = :merchant
   AND told.thing IS NOT NULL
   AND r.updated_at < :collected_at
   AND NOT EXISTS (SELECT
                     FROM leg AS l
                    WHERE l.merchant = r.merchant
                      AND l.known_until IS NULL
                      AND l.scope = 'credit:' || r.credit_id
                      AND ((told.what = 'credit' AND l.kind = 'credit')
                           OR (told.what = 'payment' AND l.key = 'payment:' || told.thing)))
 ORDER BY r.id
 LIMIT 1000;

-- name: without_owner
SELECT id, cause, owner
  FROM returns
 WHERE merchant = :merchant
   AND state = 'exception'
   AND (owner IS NULL OR NOT owner = ANY(:teams::text[]))
 ORDER BY id
 LIMIT 1000;

-- name: payout_lines
-- The refund lines of one payout, each with the match it is in.
SELECT l.key, l.business_on, l.order_key, l.currency, l.amount, g.key AS match_key, g.status, g.reason
  FROM leg AS l
  LEFT JOIN LATERAL match_groups_with(l.merchant, l.key) AS held (number) ON true
  LEFT JOIN match_group AS g ON g.merchant = l.merchant AND g.id = held.number
 WHERE l.merchant = :merchant
   AND l.known_until IS NULL
   AND l.kind = 'payout'
   AND l.facts->>'provider' = :provider
   AND l.facts->>'payout_id' = :payout_id
 ORDER BY l.business_on, l.key
 LIMIT :rows_max;

-- name: counted
SELECT count(*) AS matches
  FROM match_group
 WHERE merchant = :merchant
   AND until_run IS NULL
   AND (:statuses::text[] IS NULL OR status = ANY(:statuses::text[]))
   AND (:currency::text IS NULL OR currency = :currency)
   AND (:order_key::text IS NULL OR order_key = :order_key)
   AND (:from_on::date IS NULL OR opened_on >= :from_on)
   AND (:until_on::date IS NULL OR opened_on <= :until_on)
   AND (:is_return::boolean IS NULL OR is_return = :is_return);
