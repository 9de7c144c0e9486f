-- name: put!
INSERT INTO notice (merchant, return_id, version, topic, team, severity, level, at)
SELECT :merchant, return_id, version, topic, team, severity, level, :now
  FROM jsonb_to_recordset(:rows) AS r(return_id bigint, version integer, topic text, team text, severity text,
       level integer)
    ON CONFLICT (merchant, return_id, version) DO NOTHING;

-- name: clear!
-- What a return is no longer stuck for.
UPDATE notice AS n
   SET cleared_at = :now
  FROM jsonb_to_recordset(:rows) AS r(return_id bigint, topic text)
 WHERE n.merchant = :merchant
   AND n.return_id = r.return_id
   AND n.topic <> r.topic
   AND n.cleared_at IS NULL;

-- name: is_due
SELECT (SELECT true
          FROM notice
         WHERE merchant = :merchant AND told_at IS NULL AND cleared_at IS NULL
         ORDER BY team, at
         LIMIT 1) IS NOT NULL
    OR (SELECT true FROM message WHERE merchant = :merchant AND state = 'ready' AND due_at <= :now
         ORDER BY due_at
         LIMIT 1) IS NOT NULL;

-- name: untold
-- Teams with something new to be told: how much, how bad, and since when it waits.
SELECT team, count(*) AS notices, min(at) AS since, bool_or(severity = 'urgent') AS is_urgent
  FROM notice
 WHERE merchant = :merchant
   AND told_at IS NULL
   AND cleared_at IS NULL
 GROUP BY team;

-- name: tell
-- Put everything untold of a team into one digest; whatever comes a moment later is in the next.
UPDATE notice
   SET told_at = :now, digest_id = :digest_id
 WHERE merchant = :merchant
   AND team = :team
   AND told_at IS NULL
   AND cleared_at IS NULL
RETURNING topic, return_id, severity;

-- name: open_topics
-- How many returns are open for each of a team's topics, and since when.
SELECT topic, count(DISTINCT return_id) AS open, min(at) AS oldest_at
  FROM notice
 WHERE merchant = :merchant
   AND team = :team
   AND topic = ANY(:topics::text[])
   AND cleared_at IS NULL
 GROUP BY topic;

-- name: over_since
-- Topics of which a team was told and that nothing is open for any more, since then.
SELECT topic, count(DISTINCT return_id) AS returns
  FROM notice AS n
 WHERE merchant = :merchant
   AND team = :team
   AND told_at IS NOT NULL
   AND cleared_at > :since
   AND NOT EXISTS (SELECT FROM notice AS o
                    WHERE o.merchant = n.merchant AND o.team = n.team AND o.topic = n.topic AND o.cleared_at IS NULL)
 GROUP BY topic
 ORDER BY topic;

-- name: names
-- The copyable ids of some returns.
SELECT id, happy_return_id, express_code, order_number, part
  FROM returns
 WHERE merchant = :merchant
   AND id = ANY(:ids::bigint[])
 ORDER BY id;

-- name: listing
-- Open alerts: one line a merchant, team and topic.
SELECT merchant, team, topic, max(level) AS level,
       CASE WHEN bool_or(severity = 'urgent') THEN 'urgent' WHEN bool_or(severity = 'warning') THEN 'warning'
            ELSE 'notice' END AS severity,
       count(DISTINCT return_id) AS returns, min(at) AS since, max(told_at) AS told_at
  FROM notice
 WHERE cleared_at IS NULL
   AND merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
   AND (:team::text IS NULL OR team = :team)
 GROUP BY merchant, team, topic
 ORDER BY bool_or(severity = 'urgent') DESC, min(at)
 LIMIT :rows_max;

-- name: put_message!
INSERT INTO message (merchant, id, team, channel, content, due_at, created_at)
VALUES (:merchant, :id, :team, :channel, :content, :now, :now)
    ON CONFLICT (merchant, id) DO NOTHING;

-- name: due_messages
SELECT id, team, channel, content, attempts, created_at
  FROM message
 WHERE merchant = :merchant
   AND state = 'ready'
   AND due_at <= :now
 ORDER BY due_at
 LIMIT :batch_max;

-- name: settle_message!
UPDATE message
   SET state = :state, attempts = attempts + 1, due_at = :due_at, last_error = :error,
       settled_at = CASE WHEN :state = 'done' THEN :now::timestamptz END
 WHERE merchant = :merchant
   AND id = :id;

-- name: messages
SELECT merchant, id, team, channel, state, attempts, due_at, last_error, created_at, settled_at
  FROM message
 WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
 ORDER BY created_at DESC
 LIMIT :rows_max;

-- name: bring_near!
-- Messages that a clock which was wrong put off for longer than anything is put off: due now.
UPDATE message
   SET due_at = :now
 WHERE merchant = :merchant
   AND state = 'ready'
   AND due_at > :at_most;
