-- name: read
-- How everything stands that these merchants' work depends on; with an empty name, what concerns all.
SELECT merchant, subject, status, since, why, setting, file, good_at, looked_at
  FROM health
 WHERE merchant = ANY(:merchants::text[])
 ORDER BY merchant, subject;

-- name: told
-- The same, with what somebody was told of it.
SELECT merchant, subject, status, since, why, setting, file, good_at, looked_at, told_steps, told_since, told_status
  FROM health
 WHERE merchant = ANY(:merchants::text[])
   AND (status NOT IN ('well', 'unknown') OR told_steps > 0)
 ORDER BY since, merchant, subject;

-- name: put!
-- How these stand now. A trouble that turns into another is told anew.
INSERT INTO health AS known (merchant, subject, status, since, why, setting, file, good_at, looked_at)
SELECT merchant, subject, status, since, why, setting, file, good_at, :now
  FROM jsonb_to_recordset(:rows) AS r(merchant text, subject text, status text, since timestamptz, why text, setting text,
       file text, good_at timestamptz)
    ON CONFLICT (merchant, subject) DO UPDATE
   SET status = EXCLUDED.status, since = EXCLUDED.since, why = EXCLUDED.why, setting = EXCLUDED.setting,
       file = EXCLUDED.file, good_at = coalesce(EXCLUDED.good_at, known.good_at), looked_at = EXCLUDED.looked_at,
       told_steps = CASE WHEN EXCLUDED.status NOT IN ('well', 'unknown', known.told_status) THEN 0 ELSE known.told_steps END,
       told_since = CASE WHEN EXCLUDED.status NOT IN ('well', 'unknown', known.told_status) THEN NULL
                         ELSE known.told_since END;

-- name: step
-- Somebody is told of a trouble for the :steps-th time, or of its end (0). No row when another daemon was sooner.
UPDATE health
   SET told_steps = :steps, told_since = :since, told_status = :status
 WHERE merchant = :merchant
   AND subject = :subject
   AND told_steps = :before
RETURNING subject;

-- name: put_alerts!
INSERT INTO health_alert (merchant, subject, began_at, step, team, channel, id, content, due_at, created_at)
SELECT merchant, subject, began_at, step, team, channel, id, content, :now, :now
  FROM jsonb_to_recordset(:rows) AS r(merchant text, subject text, began_at timestamptz, step integer, team text,
       channel text, id uuid, content jsonb)
    ON CONFLICT (merchant, subject, began_at, step, team, channel) DO NOTHING;

-- name: take_alerts
-- Those that are due, kept from other daemons until :again_at.
UPDATE health_alert AS a
   SET due_at = :again_at, attempts = a.attempts + 1
  FROM (SELECT id
          FROM health_alert
         WHERE settled_at IS NULL
           AND due_at <= :now
         ORDER BY due_at
         LIMIT :rows_max
           FOR UPDATE SKIP LOCKED) AS due
 WHERE a.id = due.id
RETURNING a.id, a.merchant, a.subject, a.team, a.channel, a.content, a.attempts, a.created_at;

-- name: settle_alert!
-- Sent when there is no error; else tried again at :due_at.
UPDATE health_alert
   SET last_error = :error, due_at = :due_at, settled_at = CASE WHEN :error::text IS NULL THEN :now::timestamptz END
 WHERE id = :id;

-- name: unheard
-- Alerts of which nothing has arrived by any way since :before: whoever was meant does not know.
SELECT merchant, subject, began_at, step, min(content::text)::jsonb AS content, array_agg(DISTINCT team) AS teams
  FROM health_alert
 WHERE created_at > :since
 GROUP BY merchant, subject, began_at, step
HAVING bool_and(settled_at IS NULL)
   AND min(created_at) <= :before
 ORDER BY min(created_at)
 LIMIT 50;

-- name: listing
SELECT merchant, id, team, channel, CASE WHEN settled_at IS NULL THEN 'ready' ELSE 'done' END AS state, attempts, due_at,
       last_error, created_at, settled_at
  FROM health_alert
 WHERE merchant = ANY(:merchants::text[])
 ORDER BY created_at DESC
 LIMIT :rows_max;

-- name: forget_alerts!
DELETE FROM health_alert
 WHERE created_at < :before
   AND settled_at IS NOT NULL;

-- name: undelivered
-- Teams and ways whose messages have not arrived for a while: since when, how many, and what was answered last.
SELECT team, channel, min(created_at) AS since, count(*) AS messages, max(last_error) AS why
  FROM (SELECT team, channel, created_at, last_error
          FROM message
         WHERE state = 'ready' AND attempts > 0 AND last_error IS NOT NULL AND created_at <= :before AND team <> 'customer'
         UNION ALL
        SELECT team, channel, created_at, last_error
          FROM health_alert
         WHERE settled_at IS NULL AND attempts > 0 AND last_error IS NOT NULL AND created_at <= :before) AS waiting
 GROUP BY team, channel
 ORDER BY team, channel;

-- name: webhooks
-- When the newest webhook came, and of how many returns Happy Returns told hand-overs since, when it was asked: a webhook
-- of each should have come.
SELECT (SELECT d.received_at FROM delivery AS d
         WHERE d.merchant = :merchant AND d.source = 'webhook'
         ORDER BY d.id DESC
         LIMIT 1) AS webhook_at,
       count(DISTINCT n.happy_return_id) AS news, min(n.received_at) AS first_at
  FROM (SELECT i.received_at, i.source, i.happy_return_id
          FROM inbox AS i
         WHERE i.merchant = :merchant
           AND i.event IN ('dropped-off', 'approved')
           AND i.state = 'applied'
         ORDER BY i.id DESC
         LIMIT :rows_max) AS n
 WHERE n.source = 'poll'
   AND n.received_at > coalesce((SELECT d.received_at FROM delivery AS d
                                  WHERE d.merchant = :merchant AND d.source = 'webhook'
                                  ORDER BY d.id DESC
                                  LIMIT 1), '-infinity');

-- name: waiting
-- Returns whose credit is due, and that wait for nothing but a vendor that is out.
SELECT r.id, r.version, r.happy_return_id, r.order_number, r.part, r.trace
  FROM returns AS r
  JOIN outbox AS o ON o.merchant = r.merchant AND o.return_id = r.id AND o.kind = 'create-sales-credit'
 WHERE r.merchant = :merchant
   AND r.state = 'credit-pending'
   AND r.wait_cause = ''
   AND o.state = 'ready'
   AND o.due_at <= :now
 ORDER BY r.id
 LIMIT :rows_max;

-- name: database
-- What the database says of itself.
SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS is_read_only,
       pg_database_size(current_database()) AS bytes, clock_timestamp() AS at,
       current_setting('archive_mode') <> 'off' AS archives, a.last_archived_time AS archived_at,
       a.last_failed_time AS archive_failed_at
  FROM pg_stat_archiver AS a;
