-- name: put!
-- Ask for effects. One that was parked or done is looked at again: what exists is found, never repeated. One that waits is
-- due at once: looking sooner never repeats it sooner.
INSERT INTO outbox AS known (merchant, return_id, kind, key, payload, due_at, trace, created_at)
SELECT :merchant, return_id, kind, key, payload, :now, trace, :now
  FROM jsonb_to_recordset(:rows) AS r(return_id bigint, kind text, key text, payload jsonb, trace text)
    ON CONFLICT (merchant, kind, key) DO UPDATE
   SET state = 'ready', due_at = :now, settled_at = NULL
 WHERE known.state IN ('parked', 'done', 'withheld', 'ready');

-- name: abandon!
-- A person gave up for lost what was sent under these returns' keys of this kind: it is not looked for any more. One that
-- a dispatcher has in hand just now is given up when it comes back without a find.
UPDATE outbox
   SET state = CASE WHEN state = 'leased' THEN state ELSE 'abandoned' END,
       last_error = CASE WHEN state = 'leased' THEN last_error ELSE 'given up for lost by a person: made anew' END,
       result = coalesce(result, '{}') || '{"abandoned": true}',
       settled_at = :now
 WHERE merchant = :merchant
   AND return_id = :return_id
   AND kind = :kind
   AND key <> ALL(:keys::text[])
   AND state <> 'abandoned';

-- name: abandon_legs!
-- A person gave the credit itself up for lost: what was to follow from it and was not begun is asked for anew with the next.
UPDATE outbox
   SET state = 'abandoned', last_error = 'its credit was given up for lost by a person: asked for anew', settled_at = :now
 WHERE merchant = :merchant
   AND return_id = :return_id
   AND kind = ANY(:legs::text[])
   AND state IN ('ready', 'parked', 'withheld')
   AND intent IS NULL;

-- name: sent_beside
-- Which of these effects would do again what another effect of the same return may have done: it was sent, and nobody knows
-- yet what became of it. Of goods only where both name the same units.
SELECT e.id, min(o.key) AS key, bool_and(o.state = 'parked') AS is_resting
  FROM outbox AS e
  JOIN outbox AS o ON o.merchant = e.merchant AND o.return_id = e.return_id AND o.kind = e.kind AND o.id <> e.id
 WHERE e.merchant = :merchant
   AND e.id = ANY(:ids::bigint[])
   AND o.intent IS NOT NULL
   AND o.state NOT IN ('done', 'abandoned')
   AND (NOT e.payload ? 'unit_keys'
        OR e.payload->'unit_keys' ?| ARRAY(SELECT jsonb_array_elements_text(o.payload->'unit_keys')))
 GROUP BY e.id;

-- name: want_again!
-- What is in a dispatcher's hands just now is looked at once more afterwards, should it park.
UPDATE outbox AS o
   SET result = coalesce(o.result, '{}') || '{"wanted": true}'
  FROM jsonb_to_recordset(:rows) AS r(kind text, key text)
 WHERE o.merchant = :merchant
   AND o.kind = r.kind
   AND o.key = r.key
   AND o.state = 'leased';

-- name: withhold!
-- A person stopped these returns: what was not sent is not begun. What was sent keeps being looked up.
UPDATE outbox
   SET state = 'withheld', last_error = 'a person stopped the return'
 WHERE merchant = :merchant
   AND return_id = ANY(:return_ids::bigint[])
   AND state = 'ready'
   AND intent IS NULL;

-- name: let_go!
-- These returns go on: what was withheld is due now.
UPDATE outbox
   SET state = 'ready', due_at = :now, last_error = NULL
 WHERE merchant = :merchant
   AND return_id = ANY(:return_ids::bigint[])
   AND state = 'withheld';

-- name: not_begun
SELECT return_id, array_agg(kind ORDER BY kind) AS kinds
  FROM outbox
 WHERE merchant = :merchant
   AND return_id = ANY(:return_ids::bigint[])
   AND state = 'ready'
   AND intent IS NULL
 GROUP BY return_id;

-- name: due_by_kind
-- How many effects of each kind are due, counted up to a full wave.
SELECT k.kind, d.due
  FROM unnest(:kinds::text[]) AS k(kind)
 CROSS JOIN LATERAL (
       SELECT count(*) AS due
         FROM (SELECT 1
                 FROM outbox
                WHERE merchant = :merchant
                  AND kind = k.kind
                  AND due_at <= :now
                  AND state IN ('ready', 'leased')
                  AND (state = 'ready' OR lease_until <= :now)
                LIMIT :batch_max) AS first) AS d
 WHERE d.due > 0;

-- name: lease_ready
-- Lease due effects of one kind; held rows are skipped, lapsed leases taken over. What was sent and may have been done
-- goes first, since it only has to be looked up, but takes no more than half of a wave. What a clock that was ahead says was
-- sent later than now counts as sent now: patience begins at the first look.
WITH asked AS (
    SELECT id
      FROM outbox
     WHERE merchant = :merchant
       AND kind = :kind
       AND due_at <= :now
       AND intent IS NOT NULL
       AND state IN ('ready', 'leased')
       AND (state = 'ready' OR lease_until <= :now)
     ORDER BY due_at, id
     LIMIT (:batch_max + 1) / 2
       FOR UPDATE SKIP LOCKED
), oldest AS (
    SELECT id
      FROM outbox
     WHERE merchant = :merchant
       AND kind = :kind
       AND due_at <= :now
       AND state IN ('ready', 'leased')
       AND (state = 'ready' OR lease_until <= :now)
     ORDER BY due_at, id
     LIMIT :batch_max
       FOR UPDATE SKIP LOCKED
), due AS (
    SELECT id
      FROM (SELECT id, 1 AS turn FROM asked
             UNION ALL
            SELECT id, 2 FROM oldest WHERE id NOT IN (SELECT id FROM asked)) AS either
     ORDER BY turn
     LIMIT :batch_max
)
UPDATE outbox
   SET state = 'leased', lease_until = :lease_until, attempts = attempts + 1,
       sent_at = CASE WHEN sent_at > :now THEN :now ELSE sent_at END
  FROM due
 WHERE outbox.merchant = :merchant
   AND outbox.id = due.id
RETURNING outbox.id, outbox.return_id, outbox.kind, outbox.key, outbox.payload, outbox.intent, outbox.sent_at,
          outbox.attempts, outbox.result, outbox.trace, outbox.created_at;

-- name: free_leases!
-- A new holder of the merchant takes over what the old one held: its fence no longer lets it settle.
UPDATE outbox
   SET lease_until = :now
 WHERE merchant = :merchant
   AND state = 'leased'
   AND lease_until > :now;

-- name: give_back!
-- What was just leased and is more than one wave can hold: as it was before, due as it was.
UPDATE outbox
   SET state = 'ready', lease_until = NULL, attempts = attempts - 1
 WHERE merchant = :merchant
   AND id = ANY(:ids::bigint[])
   AND state = 'leased';

-- name: store_intents
-- What is about to be sent, before it is sent; not where its return has moved since it was judged.
UPDATE outbox AS o
   SET intent = CASE WHEN t.version = r.version THEN r.intent ELSE o.intent END,
       sent_at = CASE WHEN t.version = r.version THEN :now ELSE o.sent_at END
  FROM jsonb_to_recordset(:rows) AS r(id bigint, attempts integer, version integer, intent jsonb), returns AS t
 WHERE o.merchant = :merchant
   AND o.id = r.id
   AND o.state = 'leased'
   AND o.attempts = r.attempts
   AND t.merchant = o.merchant
   AND t.id = o.return_id
RETURNING o.id, t.version = r.version AS is_as_judged;

-- name: settle
-- Record how attempts ended, fenced by the lease's attempt number; one that does not count gives its number back.
UPDATE outbox AS o
   SET attempts = o.attempts - 1 + r.counts,
       state = CASE WHEN r.state <> 'done' AND o.result ? 'abandoned' THEN 'abandoned'
                    WHEN r.state = 'parked' AND o.result ? 'wanted' THEN 'ready'
                    ELSE r.state END,
       due_at = coalesce(r.due_at, o.due_at), lease_until = NULL, last_error = r.error,
       intent = CASE WHEN r.forget_intent THEN NULL ELSE o.intent END,
       sent_at = CASE WHEN r.forget_intent THEN NULL ELSE o.sent_at END,
       result = CASE WHEN r.forget_intent THEN r.result
                     ELSE (coalesce(o.result, '{}') || coalesce(r.result, '{}')) - 'wanted' END,
       settled_at = CASE WHEN r.state IN ('done', 'parked') THEN :now ELSE o.settled_at END
  FROM jsonb_to_recordset(:rows) AS r(id bigint, attempts integer, state text, due_at timestamptz, error text,
       forget_intent boolean, result jsonb, counts integer)
 WHERE o.merchant = :merchant
   AND o.id = r.id
   AND o.state = 'leased'
   AND o.attempts = r.attempts
RETURNING o.id;

-- name: count_observed
SELECT count(*)
  FROM outbox
 WHERE merchant = :merchant
   AND state = 'ready'
   AND last_error LIKE 'observed: %';

-- name: observe_no_more!
-- Writes are not held any more: what was only observed is judged again now, and its return has this long before it is late.
WITH observed AS (
    UPDATE outbox
       SET due_at = :now
     WHERE merchant = :merchant
       AND state = 'ready'
       AND due_at > :now
       AND last_error LIKE 'observed: %'
    RETURNING return_id
)
UPDATE deadline
   SET due_at = :late_from
 WHERE merchant = :merchant
   AND due_at < :late_from
   AND return_id IN (SELECT return_id FROM observed);

-- name: keep_attempts!
INSERT INTO attempt (merchant, effect_id, attempt, outcome, detail, at)
SELECT :merchant, effect_id, attempt, outcome, detail, :now
  FROM jsonb_to_recordset(:rows) AS r(effect_id bigint, attempt integer, outcome text, detail jsonb);

-- name: listing
-- Effects with their state, newest first.
SELECT o.id, o.merchant, o.return_id, r.express_code, r.order_number, o.kind, o.key, o.state, o.attempts, o.due_at, o.sent_at,
       o.last_error, o.created_at, o.settled_at
  FROM outbox AS o
  JOIN returns AS r ON r.merchant = o.merchant AND r.id = o.return_id
 WHERE o.merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
   AND (:state::text IS NULL OR o.state = :state)
   AND (:return_id::bigint IS NULL OR o.return_id = :return_id)
   AND (:kind::text IS NULL OR o.kind = :kind)
   AND (NOT :observed::boolean OR (o.state = 'ready' AND o.last_error LIKE 'observed: %'))
 ORDER BY o.id DESC
 LIMIT :rows_max;

-- name: attempts_of
SELECT a.effect_id, a.attempt, a.outcome, a.detail, a.at, o.kind, o.key
  FROM attempt AS a
  JOIN outbox AS o ON o.merchant = a.merchant AND o.id = a.effect_id
 WHERE a.merchant = :merchant
   AND o.return_id = :return_id
 ORDER BY a.at, a.effect_id, a.attempt
 LIMIT 1000;

-- name: backlog
SELECT count(*) FILTER (WHERE due_at <= :now) AS due, count(*) AS open, min(due_at) AS next_due
  FROM outbox
 WHERE merchant = :merchant
   AND state IN ('ready', 'leased');

-- name: bring_near!
-- The clock was set back by this much: what it put off is due that much sooner, and what was put off for longer than anything
-- is, or is leased for longer, is due now. What was put off by a right clock is looked at sooner than need be.
UPDATE outbox
   SET due_at = CASE WHEN due_at > :at_most THEN least(due_at, :now)
                     WHEN due_at > :now THEN greatest(due_at + :by::interval, :now)
                     ELSE due_at END,
       lease_until = CASE WHEN lease_until > :at_most THEN least(lease_until, :now) ELSE lease_until END
 WHERE merchant = :merchant
   AND state IN ('ready', 'leased')
   AND (due_at > :now OR lease_until > :at_most);
