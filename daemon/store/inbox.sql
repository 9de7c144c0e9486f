-- name: put
-- Add events that are not known yet; a repeat of a natural key changes nothing.
INSERT INTO inbox (merchant, natural_key, event, happy_return_id, order_number, order_key, part, payload, source, actor,
                   reason, note, trace, received_at, state, outcome)
SELECT :merchant, natural_key, event, happy_return_id, order_number, order_key, part, payload, source, actor,
       reason, note, trace, received_at, coalesce(state, 'waiting'), outcome
  FROM jsonb_to_recordset(:rows) AS r(natural_key text, event text, happy_return_id text, order_number text,
       order_key text, part integer, payload jsonb, source text, actor text, reason text, note text, trace text,
       received_at timestamptz, state text, outcome text)
    ON CONFLICT (merchant, natural_key) DO NOTHING
RETURNING id, natural_key;

-- name: waiting_families
-- The families with the oldest waiting events.
SELECT happy_return_id, order_key, min(id) AS first_id
  FROM (SELECT id, happy_return_id, order_key
          FROM inbox
         WHERE merchant = :merchant
           AND state = 'waiting'
         ORDER BY id
         LIMIT :events_max) AS oldest
 GROUP BY happy_return_id, order_key
 ORDER BY first_id
 LIMIT :families_max;

-- name: read_waiting
-- The oldest waiting events of the locked families, as many as fit into so many stored bytes; one at least.
WITH held AS (
    SELECT i.id, pg_column_size(i.payload) AS bytes
      FROM inbox AS i
      JOIN unnest(:happy_return_ids::text[], :order_keys::text[]) AS f(happy_return_id, order_key)
        ON i.happy_return_id = f.happy_return_id AND i.order_key = f.order_key
     WHERE i.merchant = :merchant
       AND i.state = 'waiting'
     ORDER BY i.id
     LIMIT :events_max
       FOR UPDATE OF i SKIP LOCKED
), sized AS (
    SELECT id, sum(bytes) OVER (ORDER BY id) - bytes AS bytes_before
      FROM held
)
SELECT i.id, i.event, i.happy_return_id, i.order_number, i.order_key, i.part, i.payload, i.source, i.actor, i.trace,
       i.received_at, i.reason, i.note
  FROM sized
  JOIN inbox AS i
    ON i.id = sized.id
 WHERE i.merchant = :merchant
   AND sized.bytes_before < :bytes_max
 ORDER BY i.id;

-- name: settle!
-- Say what became of events.
UPDATE inbox AS i
   SET state = r.state, outcome = r.outcome, settled_at = :now
  FROM jsonb_to_recordset(:rows) AS r(id bigint, state text, outcome text)
 WHERE i.merchant = :merchant
   AND i.id = r.id;

-- name: told_of
SELECT state, outcome
  FROM inbox
 WHERE merchant = :merchant
   AND natural_key = :natural_key;

-- name: parts_of_family
SELECT part
  FROM returns
 WHERE merchant = :merchant
   AND happy_return_id = :happy_return_id
   AND order_key = :order_key
 ORDER BY part;

-- name: last_waiting
SELECT id, event, order_number, natural_key
  FROM inbox
 WHERE merchant = :merchant
   AND happy_return_id = :happy_return_id
   AND order_key = :order_key
   AND state = 'waiting'
 ORDER BY id DESC
 LIMIT 1;

-- name: park_family!
-- Put a family's waiting events aside, so that one poison event does not stop the others.
UPDATE inbox
   SET state = 'parked', outcome = :outcome, settled_at = :now
 WHERE merchant = :merchant
   AND happy_return_id = :happy_return_id
   AND order_key = :order_key
   AND state = 'waiting';

-- name: parked_receipts
-- Warehouse receipts that belonged to nothing we knew when they came.
SELECT id, payload, actor, received_at
  FROM inbox
 WHERE merchant = :merchant
   AND state = 'parked'
   AND event = 'units-received'
   AND id > :after
 ORDER BY id
 LIMIT :batch_max;

-- name: unpark!
-- A parked receipt found its unit: address it and let it in.
UPDATE inbox
   SET state = 'waiting', outcome = NULL, settled_at = NULL, happy_return_id = :happy_return_id,
       order_number = :order_number, order_key = :order_key, payload = :payload
 WHERE merchant = :merchant
   AND id = :id
   AND state = 'parked';

-- name: take_back!
UPDATE inbox
   SET state = 'ignored', outcome = :outcome, settled_at = :now
 WHERE merchant = :merchant
   AND id = :id
   AND state = 'parked'
   AND event = 'units-received';

-- name: retry_parked!
-- Events that broke advance, let in again: all of a merchant's, or one.
UPDATE inbox
   SET state = 'waiting', outcome = NULL, settled_at = NULL
 WHERE merchant = :merchant
   AND state = 'parked'
   AND event <> 'units-received'
   AND (:id::bigint IS NULL OR id = :id);

-- name: listing
-- Events by state, newest first, without their payload.
SELECT id, merchant, event, happy_return_id, order_number, part, source, actor, state, outcome, received_at, settled_at,
       natural_key
  FROM inbox
 WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
   AND (:state::text IS NULL OR state = :state)
   AND (:happy_return_id::text IS NULL OR happy_return_id = :happy_return_id)
 ORDER BY id DESC
 LIMIT :rows_max;

-- name: keep_delivery
-- Keep a body as received; the same body again only counts.
INSERT INTO delivery (merchant, source, body_sha256, body, state, reason, return_ids, received_at)
VALUES (:merchant, :source, :body_sha256, :body, :state, :reason, :return_ids, :received_at)
    ON CONFLICT (merchant, source, body_sha256) DO UPDATE SET repeats = delivery.repeats + 1
RETURNING id, repeats;

-- name: waiting_of
-- What was asked for one return and is not done yet.
SELECT event, actor, source, reason, note, received_at
  FROM inbox
 WHERE merchant = :merchant
   AND happy_return_id = :happy_return_id
   AND state = 'waiting'
 ORDER BY id
 LIMIT 50;

-- name: bodies
-- What was pushed about one Happy Returns return, as received, newest first. Personal data.
SELECT id, source, state, reason, received_at, repeats, body
  FROM delivery
 WHERE merchant = :merchant
   AND id IN (SELECT number FROM deliveries_about(:merchant, :happy_return_id) AS about (number))
 ORDER BY id DESC
 LIMIT :rows_max;

-- name: deliveries
-- Bodies we could not use, newest first; the body itself only by its size.
SELECT id, merchant, source, state, reason, received_at, repeats, octet_length(body) AS bytes
  FROM delivery
 WHERE merchant = ANY(coalesce(:merchants::text[], ARRAY(SELECT merchant FROM merchant)))
   AND (:state::text IS NULL OR state = :state)
 ORDER BY id DESC
 LIMIT :rows_max;

-- name: backlog
SELECT count(*) AS waiting, min(received_at) AS oldest
  FROM (SELECT received_at
          FROM inbox
         WHERE merchant = :merchant AND state = 'waiting'
         ORDER BY id
         LIMIT 100000) AS w;

-- name: is_known
SELECT true
  FROM inbox
 WHERE merchant = :merchant
   AND natural_key = :natural_key;

-- name: units_on_the_way
-- Units whose receipt waits in the inbox: they are spoken for.
SELECT i.happy_return_id, u.unit_key
  FROM inbox AS i
 CROSS JOIN LATERAL jsonb_array_elements_text(i.payload->'unit_keys') AS u(unit_key)
 WHERE i.merchant = :merchant
   AND i.event = 'units-received'
   AND i.state = 'waiting'
   AND i.happy_return_id = ANY(:happy_return_ids::text[]);

-- name: said_by_people
-- What people said of these returns and what was applied of it, oldest first.
SELECT i.event, i.payload, i.actor, i.received_at
  FROM inbox AS i
  JOIN returns AS r ON r.merchant = i.merchant AND r.happy_return_id = i.happy_return_id AND r.order_key = i.order_key
 WHERE i.merchant = :merchant
   AND r.id = ANY(:ids::bigint[])
   AND i.state = 'applied'
   AND i.actor LIKE 'user:%'
 ORDER BY i.id
 LIMIT 1000;
