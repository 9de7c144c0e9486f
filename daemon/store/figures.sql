-- name: states
SELECT state, count(*) AS returns, min(entered_at) AS oldest
  FROM returns
 WHERE merchant = :merchant
 GROUP BY state;

-- name: stuck
-- What stops returns: overdue once its owner's time has run out, and what runs out before the day ends.
SELECT r.cause, r.owner, count(*) AS returns, min(r.entered_at) AS oldest,
       count(*) FILTER (WHERE r.escalation > 0) AS overdue,
       count(*) FILTER (WHERE r.escalation = 0 AND d.due_at < :day_ends) AS due_today,
       count(*) FILTER (WHERE r.assignee = '') AS unassigned
  FROM returns AS r
  LEFT JOIN deadline AS d ON d.merchant = r.merchant AND d.return_id = r.id
 WHERE r.merchant = :merchant
   AND r.state = 'exception'
 GROUP BY r.cause, r.owner
 ORDER BY returns DESC, r.cause;

-- name: waits
-- What credits wait for by themselves.
SELECT wait_cause AS cause, count(*) AS returns, min(entered_at) AS oldest
  FROM returns
 WHERE merchant = :merchant
   AND state = 'credit-pending'
   AND wait_cause <> ''
 GROUP BY wait_cause
 ORDER BY returns DESC, wait_cause;

-- name: by_day
-- Returns by the day they became known and where they are now.
SELECT (created_at AT TIME ZONE :zone)::date AS day, state, count(*) AS returns
  FROM returns
 WHERE merchant = :merchant
   AND created_at >= :since
 GROUP BY 1, 2
 ORDER BY 1, 2;

-- name: lead_times
-- Hours from the first drop-off of a credit's units to the credit, by the day the credit was made.
SELECT day, count(*) AS credits, percentile_cont(0.5) WITHIN GROUP (ORDER BY hours) AS median,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY hours) AS p95
  FROM (SELECT (o.settled_at AT TIME ZONE :zone)::date AS day,
               extract(epoch FROM o.settled_at - min((u.facts->>'dropped_off_at')::timestamptz)) / 3600 AS hours
          FROM outbox AS o
          JOIN unit AS u ON u.merchant = o.merchant AND u.return_id = o.return_id
         WHERE o.merchant = :merchant
           AND o.kind = 'create-sales-credit'
           AND o.state = 'done'
           AND o.settled_at >= :since
         GROUP BY o.id, o.settled_at) AS each
 WHERE hours IS NOT NULL
 GROUP BY day
 ORDER BY day;

-- name: first_pass
-- Credits made, and those of them whose return never needed a person.
SELECT count(*) AS credits,
       count(*) FILTER (WHERE NOT EXISTS (SELECT FROM journal AS j
                                           WHERE j.merchant = o.merchant AND j.return_id = o.return_id
                                             AND j.to_state = 'exception')) AS untouched
  FROM outbox AS o
 WHERE o.merchant = :merchant
   AND o.kind = 'create-sales-credit'
   AND o.state = 'done'
   AND o.settled_at >= :since;

-- name: ages
-- What is not over, by how long it has been where it is.
SELECT state, CASE WHEN entered_at > :now::timestamptz - interval '1 day' THEN 0
                   WHEN entered_at > :now - interval '3 days' THEN 1
                   WHEN entered_at > :now - interval '7 days' THEN 2
                   WHEN entered_at > :now - interval '14 days' THEN 3
                   WHEN entered_at > :now - interval '30 days' THEN 4
                   ELSE 5 END AS bucket, count(*) AS returns
  FROM returns
 WHERE merchant = :merchant
   AND state IN ('initiated', 'scanned', 'credit-pending', 'credited', 'exception')
 GROUP BY 1, 2
 ORDER BY 1, 2;

-- name: exposure
-- Credited while the goods are not here yet.
SELECT r.credit_currency AS currency, count(*) AS returns, sum(r.credit_net + r.credit_tax) AS value,
       min(r.entered_at) AS oldest
  FROM returns AS r
 WHERE r.merchant = :merchant
   AND r.state IN ('credited', 'exception')
   AND r.credit_id IS NOT NULL
   AND EXISTS (SELECT FROM unit AS u
                WHERE u.merchant = r.merchant AND u.return_id = r.id AND u.received_at IS NULL
                  AND u.goods_in_id IS NULL)
 GROUP BY r.credit_currency
 ORDER BY r.credit_currency;

-- name: money_open
-- Credits whose refund record or invoice is still due.
SELECT credit_currency AS currency, count(*) AS returns, sum(credit_net + credit_tax) AS value,
       count(*) FILTER (WHERE refund_due AND payment_id IS NULL) AS unpaid,
       count(*) FILTER (WHERE close_due AND invoice_reference = '') AS uninvoiced, min(entered_at) AS oldest
  FROM returns
 WHERE merchant = :merchant
   AND credit_id IS NOT NULL AND state <> 'closed'
   AND ((refund_due AND payment_id IS NULL) OR (close_due AND invoice_reference = ''))
 GROUP BY credit_currency
 ORDER BY credit_currency;

-- name: months
-- Credits by the month they were made in, with what of them is refunded and restocked by now.
SELECT date_trunc('month', o.settled_at AT TIME ZONE :zone)::date AS month, r.credit_currency AS currency,
       count(*) AS credits, sum(r.credit_net) AS net, sum(r.credit_tax) AS tax,
       count(*) FILTER (WHERE r.payment_id IS NOT NULL) AS refunded, sum(r.payment_amount) AS refunds,
       count(*) FILTER (WHERE r.state = 'restocked') AS restocked
  FROM outbox AS o
  JOIN returns AS r ON r.merchant = o.merchant AND r.id = o.return_id
 WHERE o.merchant = :merchant
   AND o.kind = 'create-sales-credit'
   AND o.state = 'done'
   AND o.settled_at >= :since
   AND r.credit_id IS NOT NULL
 GROUP BY 1, 2
 ORDER BY 1 DESC, 2;

-- name: goods
-- Units on their way and here, each counted through an index of its own.
SELECT (SELECT count(*) FROM unit WHERE merchant = :merchant AND departed_at IS NOT NULL AND received_at IS NULL)
           AS on_the_way,
       (SELECT count(*) FROM unit WHERE merchant = :merchant AND departed_at <= :expected_by AND received_at IS NULL)
           AS expected,
       (SELECT count(DISTINCT return_id) FROM unit WHERE merchant = :merchant AND received_at >= :day_begins)
           AS received_today,
       (SELECT count(*) FROM unit WHERE merchant = :merchant AND received_at >= :since AND condition = 'damaged')
           AS damaged,
       (SELECT count(*) FROM unit WHERE merchant = :merchant AND condition = 'missing') AS missing,
       (SELECT count(*) FROM returns AS r
         WHERE r.merchant = :merchant AND r.state IN ('scanned', 'credit-pending', 'credited', 'exception')
           AND NOT EXISTS (SELECT FROM unit AS u WHERE u.merchant = r.merchant AND u.return_id = r.id
                              AND u.departed_at IS NOT NULL)
           AND EXISTS (SELECT FROM unit AS u WHERE u.merchant = r.merchant AND u.return_id = r.id
                          AND u.received_at IS NULL AND u.goods_in_id IS NULL)) AS handed_over,
       (SELECT count(*) FROM inbox WHERE merchant = :merchant AND state = 'parked' AND event = 'units-received')
           AS unexpected;

-- name: transit
-- Days from departure to receipt, as they were lately; nothing while there are too few to say.
SELECT CASE WHEN count(*) >= 20 THEN
            percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - departed_at) / 86400) END AS days
  FROM unit
 WHERE merchant = :merchant
   AND received_at >= :since
   AND departed_at IS NOT NULL;

-- name: heard
-- When each vendor was last heard of: the newest body pushed to us, the end of the last window of shipments, the quota.
SELECT (SELECT received_at FROM delivery WHERE merchant = :merchant ORDER BY id DESC LIMIT 1) AS pushed_at,
       (SELECT max(polled_at) FROM (SELECT polled_at FROM watch WHERE merchant = :merchant AND next_poll_at IS NOT NULL
                                     ORDER BY next_poll_at DESC LIMIT 50) AS late) AS polled_at,
       (SELECT value FROM cursor WHERE merchant = :merchant AND name = 'shipments')->>'until' AS shipments_until,
       (SELECT value FROM cursor WHERE merchant = :merchant AND name = 'brightpearl-quota') AS quota,
       (SELECT coalesce(lease_until > clock_timestamp(), false) FROM merchant WHERE merchant = :merchant) AS is_worked,
       coalesce((SELECT held_by || ': ' || held_why FROM merchant WHERE merchant = :merchant),
                (SELECT 'the daemon only observes' FROM cursor
                  WHERE merchant = :merchant AND name = 'observing' AND (value->>'observes')::boolean)) AS held,
       (SELECT coalesce(doubted_until > clock_timestamp(), false) FROM merchant WHERE merchant = :merchant) AS is_doubted;
