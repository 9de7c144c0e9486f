-- name: lock_families
-- Lock every part of the families; a family somebody else is changing is skipped. Read the inbox only after this.
SELECT r.merchant, r.id, r.happy_return_id, r.order_number, r.order_key, r.part, r.state, r.version, r.entered_at,
       r.escalation, r.express_code, r.rma_id, r.order_id, r.credit_ref, r.credit_external_ref, r.credit_id, r.credit_net, r.credit_tax,
       r.credit_currency, r.credit_rows, r.credit_adopted, r.invoice_reference, r.refund_due, r.close_due, r.payment_id,
       r.payment_ref, r.payment_amount, r.payment_currency, r.payment_method, r.waits_for, r.cause, r.owner,
       r.explanation, r.evidence, r.resume_state, r.close_reason, r.wait_cause, r.watches, r.accepted, r.adopts,
       r.assignee, r.snoozed_until, r.map_version,
       r.order_digest, r.marks, r.is_marked, r.credits_anew, r.refunds_anew, r.goods_in_anew, r.former_credits, r.fingerprint,
       r.trace, r.created_at
  FROM returns AS r
  JOIN unnest(:happy_return_ids::text[], :order_keys::text[]) AS f(happy_return_id, order_key)
    ON r.happy_return_id = f.happy_return_id AND r.order_key = f.order_key
 WHERE r.merchant = :merchant
 ORDER BY r.happy_return_id, r.order_key, r.part
   FOR UPDATE OF r;

-- name: read_returns
-- Returns by id, unlocked: what a dispatcher needs to know.
SELECT merchant, id, happy_return_id, order_number, order_key, part, state, version, entered_at,
       escalation, express_code, rma_id, order_id, credit_ref, credit_external_ref, credit_id, credit_net, credit_tax,
       credit_currency, credit_rows, credit_adopted, invoice_reference, refund_due, close_due, payment_id,
       payment_ref, payment_amount, payment_currency, payment_method, waits_for, cause, owner,
       explanation, evidence, resume_state, close_reason, wait_cause, watches, accepted, adopts,
       assignee, snoozed_until, map_version, order_digest, marks, is_marked, credits_anew, refunds_anew,
       goods_in_anew, former_credits, fingerprint, trace, created_at
  FROM returns
 WHERE merchant = :merchant
   AND id = ANY(:ids::bigint[]);

-- name: read_units
SELECT return_id, facts || jsonb_build_object('occurrence', occurrence, 'stands_for', stands_for) AS facts
  FROM unit
 WHERE merchant = :merchant
   AND return_id = ANY(:ids::bigint[])
 ORDER BY return_id, unit_key;

-- name: unit_counts
SELECT return_id, count(*) AS units
  FROM unit
 WHERE merchant = :merchant
   AND return_id = ANY(:ids::bigint[])
 GROUP BY return_id;

-- name: units_of_families
SELECT f.place, count(u.unit_key) AS units
  FROM unnest(:happy_return_ids::text[], :order_keys::text[]) WITH ORDINALITY AS f(happy_return_id, order_key, place)
  LEFT JOIN unit AS u
    ON u.merchant = :merchant
   AND u.happy_return_id = f.happy_return_id
   AND u.order_key = f.order_key
 GROUP BY f.place
 ORDER BY f.place;

-- name: next_ids
SELECT nextval('return_id') AS id
  FROM generate_series(1, :count::integer);

-- name: write_returns!
-- Store the returns as they are now; the version grows with every journal row, so an older copy can never win.
INSERT INTO returns AS known (merchant, id, happy_return_id, order_number, order_key, part, state, version, entered_at,
       escalation, express_code, rma_id, order_id, credit_ref, credit_external_ref, credit_id, credit_net, credit_tax,
       credit_currency,
       credit_rows, credit_adopted, invoice_reference, refund_due, close_due, payment_id, payment_ref, payment_amount,
       payment_currency, payment_method, waits_for, cause, owner, explanation, evidence, resume_state, close_reason,
       wait_cause, watches, accepted, adopts, assignee, snoozed_until, map_version, order_digest, marks, is_marked,
       credits_anew, refunds_anew, goods_in_anew, former_credits, fingerprint, trace, created_at, updated_at)
SELECT :merchant, id, happy_return_id, order_number, order_key, part, state, version, entered_at,
       escalation, express_code, rma_id, order_id, credit_ref, credit_external_ref, credit_id, credit_net, credit_tax,
       credit_currency,
       credit_rows, credit_adopted, invoice_reference, refund_due, close_due, payment_id, payment_ref, payment_amount,
       payment_currency, payment_method, waits_for, cause, owner, explanation, evidence, resume_state, close_reason,
       wait_cause, watches, accepted, adopts, assignee, snoozed_until, map_version, order_digest, marks, is_marked,
       credits_anew, refunds_anew, goods_in_anew, former_credits, fingerprint, trace, :now, :now
  FROM jsonb_to_recordset(:rows) AS r(id bigint, happy_return_id text, order_number text, order_key text, part integer,
       state text, version integer, entered_at timestamptz, escalation integer, express_code text, rma_id text,
       order_id bigint, credit_ref text, credit_external_ref text, credit_id bigint, credit_net numeric, credit_tax numeric,
       credit_currency text, credit_rows jsonb, credit_adopted boolean, invoice_reference text, refund_due boolean,
       close_due boolean, payment_id bigint, payment_ref text, payment_amount numeric, payment_currency text,
       payment_method text, waits_for text, cause text, owner text, explanation text, evidence jsonb,
       resume_state text, close_reason text, wait_cause text, watches text[], accepted text[], adopts bigint,
       assignee text, snoozed_until timestamptz, map_version text,
       order_digest text, marks jsonb, is_marked boolean, credits_anew integer, refunds_anew integer,
       goods_in_anew integer, former_credits jsonb, fingerprint text, trace text)
    ON CONFLICT (merchant, id) DO UPDATE
   SET state = EXCLUDED.state, version = EXCLUDED.version, entered_at = EXCLUDED.entered_at,
       escalation = EXCLUDED.escalation, express_code = EXCLUDED.express_code, rma_id = EXCLUDED.rma_id,
       order_id = EXCLUDED.order_id, credit_external_ref = EXCLUDED.credit_external_ref, credit_id = EXCLUDED.credit_id, credit_net = EXCLUDED.credit_net,
       credit_tax = EXCLUDED.credit_tax, credit_currency = EXCLUDED.credit_currency,
       credit_rows = EXCLUDED.credit_rows, credit_adopted = EXCLUDED.credit_adopted,
       invoice_reference = EXCLUDED.invoice_reference, refund_due = EXCLUDED.refund_due,
       close_due = EXCLUDED.close_due, payment_id = EXCLUDED.payment_id, payment_ref = EXCLUDED.payment_ref,
       payment_amount = EXCLUDED.payment_amount, payment_currency = EXCLUDED.payment_currency,
       payment_method = EXCLUDED.payment_method, waits_for = EXCLUDED.waits_for, cause = EXCLUDED.cause,
       owner = EXCLUDED.owner, explanation = EXCLUDED.explanation, evidence = EXCLUDED.evidence,
       resume_state = EXCLUDED.resume_state, close_reason = EXCLUDED.close_reason, wait_cause = EXCLUDED.wait_cause,
       watches = EXCLUDED.watches, accepted = EXCLUDED.accepted, adopts = EXCLUDED.adopts,
       assignee = EXCLUDED.assignee, snoozed_until = EXCLUDED.snoozed_until, map_version = EXCLUDED.map_version,
       order_digest = EXCLUDED.order_digest, marks = EXCLUDED.marks, is_marked = EXCLUDED.is_marked,
       credits_anew = EXCLUDED.credits_anew, refunds_anew = EXCLUDED.refunds_anew,
       goods_in_anew = EXCLUDED.goods_in_anew, former_credits = EXCLUDED.former_credits, credit_ref = EXCLUDED.credit_ref,
       fingerprint = EXCLUDED.fingerprint, updated_at = EXCLUDED.updated_at
 WHERE known.version < EXCLUDED.version;

-- name: write_units!
INSERT INTO unit (merchant, happy_return_id, order_key, unit_key, return_id, happy_item_id, line_item_id, sku,
                  bag, tracking, departed_at, received_at, condition, goods_in_id, facts, occurrence, stands_for)
SELECT :merchant, happy_return_id, order_key, unit_key, return_id, happy_item_id, line_item_id, sku,
       bag, tracking, departed_at, received_at, condition, goods_in_id, facts, occurrence, nullif(stands_for, 'null')
  FROM jsonb_to_recordset(:rows) AS r(happy_return_id text, order_key text, unit_key text, return_id bigint,
       happy_item_id text, line_item_id text, sku text, bag text, tracking text, departed_at timestamptz,
       received_at timestamptz, condition text, goods_in_id bigint, facts jsonb, occurrence integer, stands_for jsonb)
    ON CONFLICT (merchant, happy_return_id, order_key, unit_key) DO UPDATE
   SET return_id = EXCLUDED.return_id, happy_item_id = EXCLUDED.happy_item_id, line_item_id = EXCLUDED.line_item_id,
       sku = EXCLUDED.sku, bag = EXCLUDED.bag, tracking = EXCLUDED.tracking, departed_at = EXCLUDED.departed_at,
       received_at = EXCLUDED.received_at, condition = EXCLUDED.condition,
       goods_in_id = EXCLUDED.goods_in_id, facts = EXCLUDED.facts, occurrence = EXCLUDED.occurrence,
       stands_for = EXCLUDED.stands_for;

-- name: write_deadlines!
INSERT INTO deadline (merchant, return_id, state, level, due_at)
SELECT :merchant, return_id, state, level, due_at
  FROM jsonb_to_recordset(:rows) AS r(return_id bigint, state text, level integer, due_at timestamptz)
    ON CONFLICT (merchant, return_id) DO UPDATE
   SET state = EXCLUDED.state, level = EXCLUDED.level, due_at = EXCLUDED.due_at;

-- name: clear_deadlines!
DELETE FROM deadline
 WHERE merchant = :merchant
   AND return_id = ANY(:ids::bigint[]);

-- name: due_deadlines
-- Rungs whose time has come, oldest first; clocks of resting states are not looked at.
SELECT d.return_id, d.state, d.level, d.due_at, r.happy_return_id, r.order_number, r.part, r.trace
  FROM deadline AS d
  JOIN returns AS r ON r.merchant = d.merchant AND r.id = d.return_id
 WHERE d.merchant = :merchant
   AND d.due_at <= :now
   AND d.state <> ALL(:resting::text[])
 ORDER BY d.due_at, d.return_id
 LIMIT :batch_max;

-- name: find_units
-- Units a warehouse may mean: at least one identifier fits, and none contradicts what we know of the unit. The surest
-- match comes first, then those not yet received. Each identifier is a branch of its own, with an index of its own.
WITH candidate AS (
    SELECT happy_return_id, order_key, unit_key
      FROM unit
     WHERE merchant = :merchant AND happy_item_id = :happy_item_id AND happy_item_id <> ''
     UNION
    SELECT happy_return_id, order_key, unit_key
      FROM unit
     WHERE merchant = :merchant AND unit_key = :happy_item_id AND happy_item_id = '' AND :happy_item_id <> ''
     UNION
    SELECT happy_return_id, order_key, unit_key
      FROM unit
     WHERE merchant = :merchant AND happy_return_id = :happy_return_id AND :happy_return_id <> ''
     UNION
    SELECT u.happy_return_id, u.order_key, u.unit_key
      FROM returns AS r
      JOIN unit AS u ON u.merchant = r.merchant AND u.return_id = r.id
     WHERE r.merchant = :merchant AND r.express_code = :express_code AND r.express_code <> ''
     UNION
    SELECT u.happy_return_id, u.order_key, u.unit_key
      FROM returns AS r
      JOIN unit AS u ON u.merchant = r.merchant AND u.return_id = r.id
     WHERE r.merchant = :merchant AND r.order_key = :order_key AND :order_key <> ''
), fitting AS (
    -- a unit of a return that ended as the same goods is looked for under the return that stands for it
    SELECT DISTINCT coalesce(t.to_return, u.happy_return_id) AS happy_return_id,
           coalesce(t.to_order, u.order_key) AS order_key, coalesce(t.to_unit, u.unit_key) AS unit_key
      FROM candidate AS c
      JOIN unit AS u ON u.merchant = :merchant AND u.happy_return_id = c.happy_return_id AND u.order_key = c.order_key
           AND u.unit_key = c.unit_key
      JOIN returns AS r ON r.merchant = u.merchant AND r.id = u.return_id
      LEFT JOIN LATERAL (
           SELECT u.stands_for->>'happy_return_id' AS to_return, u.stands_for->>'order_key' AS to_order,
                  u.stands_for->>'unit_key' AS to_unit
            WHERE r.state = 'closed' AND r.close_reason = 'same-goods') AS t ON true
     WHERE (:happy_item_id = '' OR u.happy_item_id IN ('', :happy_item_id))
       AND (:happy_return_id = '' OR u.happy_return_id = :happy_return_id)
       AND (:express_code = '' OR r.express_code IN ('', :express_code))
       AND (:order_key = '' OR r.order_key = :order_key)
       AND (:sku = '' OR lower(u.sku) IN ('', lower(:sku)))
)
SELECT u.happy_return_id, r.order_number, u.unit_key, u.happy_item_id, u.sku, u.received_at, u.condition, u.goods_in_id,
       r.state, r.id AS return_id, r.express_code, u.facts
  FROM fitting AS f
  JOIN unit AS u ON u.merchant = :merchant AND u.happy_return_id = f.happy_return_id AND u.order_key = f.order_key
       AND u.unit_key = f.unit_key
  JOIN returns AS r ON r.merchant = u.merchant AND r.id = u.return_id
 ORDER BY (u.happy_item_id = :happy_item_id) DESC, (u.received_at IS NOT NULL), r.created_at, u.unit_key
 LIMIT 1000;

-- name: known_units
-- What we know of the units of some Happy Returns returns: for recognising them under another identifier.
SELECT u.happy_return_id, u.order_key, u.unit_key, u.happy_item_id, u.line_item_id, u.sku,
       coalesce(u.facts->>'barcode', '') AS barcode
  FROM unit AS u
 WHERE u.merchant = :merchant
   AND u.happy_return_id = ANY(:happy_return_ids::text[]);

-- name: before_credit
-- Units for which no credit was asked yet, with how far Happy Returns was said, and was read, to have taken them.
SELECT u.happy_return_id, r.order_number, u.order_key, u.unit_key, r.entered_at,
       (u.facts->>'hinted')::integer AS hinted, (u.facts->>'confirmed')::integer AS confirmed
  FROM returns AS r
  JOIN unit AS u ON u.merchant = r.merchant AND u.return_id = r.id
 WHERE r.merchant = :merchant
   AND r.happy_return_id = ANY(:happy_return_ids::text[])
   AND r.state IN ('initiated', 'scanned')
 ORDER BY r.id, u.unit_key;

-- name: stock_awaited
-- Credits whose goods have no note yet, in id order: for observing notes made by others.
SELECT id, credit_id
  FROM returns
 WHERE merchant = :merchant
   AND state IN ('credited', 'exception')
   AND credit_id > :after
   AND EXISTS (SELECT FROM unit AS u
                WHERE u.merchant = returns.merchant AND u.return_id = returns.id AND u.goods_in_id IS NULL)
 ORDER BY credit_id
 LIMIT :batch_max;

-- name: siblings_on_orders
-- Every credit we made, adopted or may have made against these orders: the search index may not show it yet. `is_open`:
-- it was sent, and it was not read since, so that nobody knows what became of it. What a person gave up for lost is not
-- among them.
SELECT r.order_id, r.id, r.credit_ref AS key, r.credit_id, false AS is_open, r.order_digest, r.credit_rows
  FROM returns AS r
 WHERE r.merchant = :merchant
   AND r.order_id = ANY(:order_ids::bigint[])
 UNION ALL
SELECT coalesce(o.intent->>'order_id', o.result->>'order_id')::bigint, o.return_id, o.key,
       (o.result->>'credit_id')::bigint,
       o.state <> 'done' AND NOT coalesce((o.result->>'is_read')::boolean, false), '', NULL
  FROM outbox AS o
 WHERE o.merchant = :merchant
   AND o.kind = 'create-sales-credit'
   AND o.state <> 'abandoned'
   AND (o.intent IS NOT NULL OR o.result ? 'credit_id')
   AND coalesce(o.intent->>'order_id', o.result->>'order_id')::bigint = ANY(:order_ids::bigint[]);

-- name: watching
-- Returns that wait or are stuck, with the facts they watch, page by page.
SELECT id, happy_return_id, order_number, part, watches, map_version, trace
  FROM returns
 WHERE merchant = :merchant
   AND state IN ('credit-pending', 'exception')
   AND watches <> '{}'
   AND id > :after
 ORDER BY id
 LIMIT :batch_max;

-- name: to_verify
-- Returns whose credit is to be looked at again: credited in one of the windows, on one of these orders, under one of these
-- credits, or named. First what there is news of, then the newest credits; `at`: when one was made that is looked at for
-- its time alone.
SELECT id, CASE WHEN bool_or(at IS NULL) THEN NULL ELSE max(at) END AS at
  FROM (
SELECT r.id, NULL::timestamptz AS at
  FROM returns AS r
 WHERE r.merchant = :merchant
   AND r.order_id = ANY(:numbers::bigint[])
   AND r.credit_id IS NOT NULL
 UNION ALL
SELECT r.id, NULL::timestamptz AS at
  FROM returns AS r
 WHERE r.merchant = :merchant
   AND r.credit_id = ANY(:numbers::bigint[])
 UNION ALL
SELECT r.id, NULL::timestamptz AS at
  FROM returns AS r
 WHERE r.merchant = :merchant
   AND r.former_credits <> '[]'
   AND r.credit_id IS NOT NULL
   AND EXISTS (SELECT FROM jsonb_array_elements(r.former_credits) AS f WHERE (f->>'id')::bigint = ANY(:numbers::bigint[]))
 UNION ALL
SELECT r.id, NULL::timestamptz AS at
  FROM returns AS r
 WHERE r.merchant = :merchant
   AND r.id = ANY(:named::bigint[])
   AND r.credit_id IS NOT NULL
 UNION ALL
SELECT o.return_id, o.settled_at
  FROM unnest(:since::timestamptz[], :until::timestamptz[]) AS w(since, until)
  JOIN outbox AS o ON o.settled_at > w.since AND o.settled_at <= w.until
 WHERE o.merchant = :merchant
   AND o.kind = 'create-sales-credit'
   AND o.state = 'done'
) AS due
 GROUP BY id
 ORDER BY bool_or(at IS NULL) DESC, max(at) DESC, id DESC
 LIMIT :rows_max;

-- name: stopped_for
-- Returns stopped for one of these causes with their credit made, from one number on.
SELECT id
  FROM returns
 WHERE merchant = :merchant
   AND state = 'exception'
   AND cause = ANY(:causes::text[])
   AND credit_id IS NOT NULL
   AND id > :after
 ORDER BY id
 LIMIT :rows_max;

-- name: awaiting_credit
-- Returns without a credit whose key is one of these; those that a person has ended too, since theirs was sent before.
SELECT id, credit_ref, happy_return_id, order_number, part, state
  FROM returns
 WHERE merchant = :merchant
   AND credit_ref = ANY(:refs::text[])
   AND credit_id IS NULL
   AND (state IN ('credit-pending', 'exception')
        OR (state = 'closed' AND close_reason IN ('written-off', 'same-goods')))
 ORDER BY id;

-- name: orders_named
-- Orders that were credited, by what a person may write on a credit for them: order number, express code, return id.
SELECT DISTINCT n.name, r.order_id
  FROM returns AS r
 CROSS JOIN LATERAL (VALUES (r.order_key), (lower(r.express_code)), (r.happy_return_id)) AS n(name)
 WHERE r.merchant = :merchant
   AND (r.order_key = ANY(:names::text[])
        OR (r.express_code = ANY(:codes::text[]) AND r.express_code <> '')
        OR r.happy_return_id = ANY(:names::text[]))
   AND n.name = ANY(:names::text[])
   AND r.credit_id IS NOT NULL
   AND r.order_id IS NOT NULL;

-- name: payment_by_credit
-- Which of these are credits that returns of ours hold, and the payment that is recorded of each.
SELECT credit_id, payment_id
  FROM returns
 WHERE merchant = :merchant
   AND credit_id = ANY(:numbers::bigint[]);

-- name: written_at
-- When we last wrote to each of these credits: the last time that one of its return's effects was settled.
SELECT r.credit_id, max(o.settled_at) AS written_at
  FROM returns AS r
  JOIN outbox AS o ON o.merchant = r.merchant AND o.return_id = r.id
 WHERE r.merchant = :merchant
   AND r.credit_id = ANY(:numbers::bigint[])
 GROUP BY r.credit_id
HAVING max(o.settled_at) IS NOT NULL;

-- name: shift_deadlines!
-- Deadlines of returns that moved while our clock was wrong.
UPDATE deadline AS d
   SET due_at = d.due_at + :by::interval
  FROM returns AS r
 WHERE d.merchant = :merchant
   AND r.merchant = d.merchant
   AND r.id = d.return_id
   AND r.entered_at BETWEEN :since AND :until;

-- name: shift_returns!
UPDATE returns
   SET entered_at = entered_at + :by::interval
 WHERE merchant = :merchant
   AND entered_at BETWEEN :since AND :until;

-- name: grant_grace!
-- What ran out while nothing could be done about it counts from then.
UPDATE deadline
   SET due_at = :late_from
 WHERE merchant = :merchant
   AND due_at < :late_from
   AND (:states::text[] IS NULL OR state = ANY(:states));
