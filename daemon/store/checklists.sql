-- name: figures
-- What the rounds of customer service and finance look at, for one merchant, at the cost of what is open.
SELECT (SELECT count(*) FROM returns AS r WHERE r.merchant = :merchant AND r.state = 'exception' AND r.escalation > 0) AS overdue,
       (SELECT count(*) FROM returns AS r
         WHERE r.merchant = :merchant AND r.state = 'exception' AND r.assignee = '') AS unassigned,
       (SELECT count(*) FROM returns AS r
         WHERE r.merchant = :merchant AND r.state = 'scanned' AND r.entered_at < :day_ago) AS without_credit,
       (SELECT count(*) FROM returns AS r
         WHERE r.merchant = :merchant AND r.state <> 'closed' AND r.credit_id IS NOT NULL AND r.refund_due
           AND r.payment_id IS NULL) AS unpaid,
       (SELECT count(*) FROM returns AS r
         WHERE r.merchant = :merchant AND r.snoozed_until > :now AND r.snoozed_until < :day_ahead) AS waking,
       (SELECT count(*) FROM inbox AS i
         WHERE i.merchant = :merchant AND i.state = 'parked' AND i.event = 'units-received') AS parked_receipts,
       (SELECT count(*) FROM inbox AS i WHERE i.merchant = :merchant AND i.state = 'refused') AS refused,
       (SELECT count(*) FROM outbox AS o
         WHERE o.merchant = :merchant AND o.state = 'ready' AND o.attempts > 0 AND o.due_at < :day_ago) AS old_effects,
       (SELECT count(*)
          FROM (SELECT DISTINCT ON (key) event FROM orphan_event AS e
                 WHERE e.merchant = :merchant ORDER BY key, id DESC) AS last
         WHERE last.event <> 'closed') AS orphans,
       (SELECT coalesce(sum(violations), 0)
          FROM (SELECT DISTINCT ON (name) violations FROM books_check AS b
                 WHERE b.merchant = :merchant ORDER BY name, id DESC) AS last) AS violations,
       (SELECT count(*) FROM match_group AS g
         WHERE g.merchant = :merchant AND g.until_run IS NULL AND g.status IN ('suggested', 'disputed')) AS to_decide,
       (SELECT count(*) FROM match_group AS g
         WHERE g.merchant = :merchant AND g.until_run IS NULL AND NOT g.is_return AND g.status IN ('unmatched', 'partial')) AS open_money,
       (SELECT count(*) FROM leg AS l
         WHERE l.merchant = :merchant AND l.known_until IS NULL AND l.kind = 'fee' AND l.business_on > :month_ago) AS fees;

-- name: done
INSERT INTO checklist_item (merchant, checklist, period, item, found, note, actor, at)
VALUES (:merchant, :checklist, :period, :item, :found, :note, :actor, :now)
RETURNING id;

-- name: history
SELECT id, merchant, checklist, period, item, found, note, actor, at
  FROM checklist_item
 WHERE merchant = :merchant
   AND (:checklist::text IS NULL OR checklist = :checklist)
   AND period >= :since
 ORDER BY id DESC
 LIMIT :rows_max;
