-- name: open
-- The same command again joins the batch it began.
INSERT INTO batch (merchant, batch_key, verb, options, filter, reason, note, actor, account, token_id, stands_for, state,
                   items, rate_per_minute, stop_after_errors, created_at, updated_at)
VALUES (:merchant, :batch_key, :verb, :options, :filter, :reason, :note, :actor, :account, :token_id, :stands_for, :state,
        :items, :rate_per_minute, :stop_after_errors, :now, :now)
    ON CONFLICT (merchant, batch_key) DO NOTHING
RETURNING id;

-- name: by_key
SELECT id, verb, options, reason, note, state
  FROM batch
 WHERE merchant = :merchant
   AND batch_key = :batch_key;

-- name: same_command
-- A batch of the very same command that is not over yet.
SELECT id
  FROM batch
 WHERE merchant = :merchant
   AND state IN ('awaits-approval', 'running', 'paused')
   AND verb = :verb
   AND options = :options
   AND filter = :filter
   AND filter NOT LIKE 'ids:%'
   AND actor = :actor
 ORDER BY id DESC
 LIMIT 1;

-- name: put_items!
INSERT INTO batch_item (merchant, batch_id, position, return_id, order_key, version, event, payload)
SELECT :merchant, :batch_id, position, return_id, order_key, version, event, payload
  FROM jsonb_to_recordset(:rows) AS r(position integer, return_id bigint, order_key text, version integer, event text,
       payload jsonb);

-- name: running
SELECT id, rate_per_minute, stop_after_errors, actor, reason, note
  FROM batch
 WHERE merchant = :merchant
   AND state = 'running'
 ORDER BY id
 LIMIT 20;

-- name: hold_batch
-- Lock one batch against pause, stop and other daemons, with what whoever asked may now; nothing when it no longer runs.
SELECT b.id, b.verb, b.actor, b.account, b.token_id, a.role, t.scope,
       coalesce(a.disabled_at IS NOT NULL OR t.revoked_at IS NOT NULL OR t.expires_at <= :now, false) AS is_closed,
       (b.account IS NULL OR a.merchants IS NULL OR b.merchant = ANY(a.merchants))
       AND (b.token_id IS NULL OR t.merchants IS NULL OR b.merchant = ANY(t.merchants)) AS sees_merchant
  FROM batch AS b
  LEFT JOIN account AS a ON a.name = b.account
  LEFT JOIN api_token AS t ON t.id = b.token_id
 WHERE b.merchant = :merchant
   AND b.id = :batch_id
   AND b.state = 'running'
   FOR UPDATE OF b;

-- name: behind
-- Who wants this batch: whoever asked, and who made the token it was asked with.
SELECT actor, stands_for
  FROM batch
 WHERE merchant = :merchant
   AND id = :batch_id;

-- name: told_of_said
-- What became of the events that were said.
SELECT s.position, CASE i.state WHEN 'parked' THEN 'refused' ELSE i.state END AS state, coalesce(i.outcome, '') AS outcome
  FROM (SELECT position, return_id
          FROM batch_item
         WHERE merchant = :merchant
           AND batch_id = :batch_id
           AND state = 'said'
         ORDER BY position
         LIMIT :items_max) AS s
 CROSS JOIN LATERAL (
       SELECT state, outcome
         FROM inbox
        WHERE merchant = :merchant
          AND natural_key = 'batch:' || (:batch_id)::text || ':' || s.return_id::text
        LIMIT 1) AS i
 WHERE i.state <> 'waiting';

-- name: settle!
UPDATE batch_item AS b
   SET state = r.state, outcome = r.outcome, settled_at = :now
  FROM jsonb_to_recordset(:rows) AS r(position integer, state text, outcome text)
 WHERE b.merchant = :merchant
   AND b.batch_id = :batch_id
   AND b.position = r.position;

-- name: said_since
SELECT count(*)
  FROM batch_item
 WHERE merchant = :merchant
   AND batch_id = :batch_id
   AND said_at > :since;

-- name: next_items
-- What may be said now: of each order its first, and only when nothing earlier of that order is still on its way.
SELECT b.position, b.return_id, b.version AS previewed, b.event, b.payload, r.version, r.happy_return_id,
       r.order_number, r.part, r.trace
  FROM (SELECT position, return_id, order_key, version, event, payload, state,
               row_number() OVER (PARTITION BY order_key ORDER BY position) AS turn
          FROM (SELECT position, return_id, order_key, version, event, payload, state
                  FROM batch_item
                 WHERE merchant = :merchant
                   AND batch_id = :batch_id
                   AND state IN ('waiting', 'said')
                 ORDER BY position
                 LIMIT :window) AS first) AS b
  JOIN returns AS r ON r.merchant = :merchant AND r.id = b.return_id
 WHERE b.turn = 1
   AND b.state = 'waiting'
 ORDER BY b.position
 LIMIT :items_max;

-- name: mark!
UPDATE batch_item AS b
   SET state = r.state, outcome = r.outcome, said_at = :now,
       settled_at = CASE WHEN r.state = 'skipped' THEN (:now)::timestamptz END
  FROM jsonb_to_recordset(:rows) AS r(position integer, state text, outcome text)
 WHERE b.merchant = :merchant
   AND b.batch_id = :batch_id
   AND b.position = r.position;

-- name: counts
SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'said') AS said,
       count(*) FILTER (WHERE state = 'applied') AS applied, count(*) FILTER (WHERE state = 'ignored') AS ignored,
       count(*) FILTER (WHERE state = 'refused') AS refused, count(*) FILTER (WHERE state = 'skipped') AS skipped
  FROM batch_item
 WHERE merchant = :merchant
   AND batch_id = :batch_id;

-- name: finish!
UPDATE batch
   SET state = :state, why_stopped = :why, updated_at = :now, finished_at = :now
 WHERE merchant = :merchant
   AND id = :batch_id
   AND state = 'running';

-- name: move
-- Change what a batch does, only from where it may.
UPDATE batch
   SET state = :state, decided_by = coalesce(:decided_by, decided_by), why_stopped = :why, updated_at = :now,
       finished_at = CASE WHEN :state = 'stopped' THEN (:now)::timestamptz END
 WHERE merchant = :merchant
   AND id = :batch_id
   AND state = ANY(:froms::text[])
RETURNING id, state;

-- name: listing
SELECT b.merchant, b.id, b.verb, b.options, b.filter, b.reason, b.note, b.actor, b.state, b.items, b.rate_per_minute,
       b.stop_after_errors, b.decided_by, b.why_stopped, b.created_at, b.updated_at, b.finished_at, c.waiting, c.said,
       c.applied, c.ignored, c.refused, c.skipped
  FROM batch AS b
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE i.state = 'waiting') AS waiting, count(*) FILTER (WHERE i.state = 'said') AS said,
              count(*) FILTER (WHERE i.state = 'applied') AS applied,
              count(*) FILTER (WHERE i.state = 'ignored') AS ignored,
              count(*) FILTER (WHERE i.state = 'refused') AS refused,
              count(*) FILTER (WHERE i.state = 'skipped') AS skipped
         FROM batch_item AS i
        WHERE i.merchant = b.merchant AND i.batch_id = b.id) AS c
 WHERE b.merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
   AND (:batch_id::bigint IS NULL OR b.id = :batch_id)
   AND (:state::text IS NULL OR b.state = :state)
 ORDER BY b.id DESC
 LIMIT :rows_max;

-- name: items
-- The result, one row a return.
SELECT i.position, i.return_id, r.express_code, r.order_number, i.state, i.outcome, i.said_at, i.settled_at,
       r.state AS return_state, coalesce(r.cause, nullif(r.wait_cause, '')) AS cause
  FROM batch_item AS i
  JOIN returns AS r ON r.merchant = i.merchant AND r.id = i.return_id
 WHERE i.merchant = :merchant
   AND i.batch_id = :batch_id
   AND (:state::text IS NULL OR i.state = :state)
   AND i.position > :after
 ORDER BY i.position
 LIMIT :rows_max;
