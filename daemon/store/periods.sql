-- name: put
INSERT INTO period_event (merchant, period, action, actor, reason, pack_sha256, figures, at)
VALUES (:merchant, :period, :action, :actor, :reason, :pack_sha256, :figures, :at)
RETURNING id;

-- name: events
SELECT id, period, action, actor, reason, pack_sha256, figures, at
  FROM period_event
 WHERE merchant = :merchant
   AND (:at::timestamptz IS NULL OR at <= :at)
   AND (:period::text IS NULL OR period = :period)
 ORDER BY id;

-- name: closed_until
-- The newest month that is closed, so that nothing new is dated into it.
SELECT max(period) AS period
  FROM (SELECT DISTINCT ON (period) period, action
          FROM period_event
         WHERE merchant = :merchant
         ORDER BY period, id DESC) AS last
 WHERE action = 'closed';

-- name: put_check!
INSERT INTO books_check (merchant, name, violations, detail, actor, at)
VALUES (:merchant, :name, :violations, :detail, :actor, :at);

-- name: checks
-- The newest result of each check at a moment.
SELECT DISTINCT ON (name) name, violations, detail, actor, at
  FROM books_check
 WHERE merchant = :merchant
   AND (:at::timestamptz IS NULL OR at <= :at)
 ORDER BY name, id DESC;
