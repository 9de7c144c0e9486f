-- name: moments
-- What is due at :now, by the loop that does it, and when something next comes due by itself. Written from the schema; a test
-- names every column that holds such a moment.
SELECT EXISTS (SELECT FROM inbox WHERE state = 'waiting') AS advance,
       EXISTS (SELECT FROM outbox
                WHERE state IN ('ready', 'leased') AND due_at <= :now
                  AND (state = 'ready' OR lease_until <= :now)) AS dispatch,
       EXISTS (SELECT FROM deadline WHERE due_at <= :now) AS expire,
       EXISTS (SELECT FROM watch
                WHERE next_poll_at <= :now AND (lease_until IS NULL OR lease_until <= :now)) AS intake,
       EXISTS (SELECT FROM message WHERE state = 'ready' AND due_at <= :now) AS notify,
       EXISTS (SELECT FROM batch WHERE state = 'running') AS batches,
       (SELECT min(at)
          FROM (SELECT due_at FROM outbox WHERE state = 'ready'
                UNION ALL SELECT lease_until FROM outbox WHERE state = 'leased'
                UNION ALL SELECT due_at FROM deadline
                UNION ALL SELECT lease_until FROM watch
                UNION ALL SELECT due_at FROM message WHERE state = 'ready'
                UNION ALL SELECT snoozed_until FROM returns
                UNION ALL SELECT at + w.wait
                            FROM notice, unnest(:waits::interval[]) AS w(wait)
                           WHERE told_at IS NULL AND cleared_at IS NULL) AS ahead(at)
         WHERE at > :now) AS next_at,
       (SELECT min(next_poll_at) FROM watch WHERE next_poll_at > :now) AS next_poll_at,
       (SELECT min(due_at) FROM outbox WHERE state = 'ready' AND due_at > :now) AS next_effect_at,
       (SELECT coalesce(jsonb_object_agg(name, value), '{}') FROM cursor) AS cursors,
       (SELECT count(*) FROM journal) AS moves,
       (SELECT count(*) FROM attempt) AS attempts;
