-- name: family
-- Every part of these returns, and what names them.
SELECT r.id, r.happy_return_id, r.order_number, r.order_key, r.express_code
  FROM returns AS r
 WHERE r.merchant = :merchant
   AND (r.happy_return_id, r.order_key) IN (SELECT o.happy_return_id, o.order_key
                                              FROM returns AS o
                                             WHERE o.merchant = :merchant
                                               AND (o.id = ANY(:ids::bigint[]) OR o.order_key = ANY(:order_keys::text[])))
 ORDER BY r.id;

-- name: count_bodies
SELECT count(*)
  FROM delivery
 WHERE merchant = :merchant
   AND state = 'accepted'
   AND (return_ids && :happy_return_ids::text[]
        OR EXISTS (SELECT FROM unnest(:words::bytea[]) AS w(word) WHERE position(w.word IN body) > 0));

-- name: drop_bodies!
-- Bodies as received that are about these returns, or hold one of these words. One in quarantine is the only trace of what
-- nobody has understood yet: it stays until somebody has.
DELETE FROM delivery
 WHERE merchant = :merchant
   AND state = 'accepted'
   AND (return_ids && :happy_return_ids::text[]
        OR EXISTS (SELECT FROM unnest(:words::bytea[]) AS w(word) WHERE position(w.word IN body) > 0));

-- name: drop_messages!
-- What was told of these returns; of a digest that is still to be sent nothing is taken.
DELETE FROM message
 WHERE merchant = :merchant
   AND state = 'done'
   AND EXISTS (SELECT FROM unnest(:words::text[]) AS w(word) WHERE content::text ~ w.word);

-- name: drop_answers!
-- Of programs that see this merchant: the same words in another's answers are about somebody else.
DELETE FROM api_answer AS a
 USING api_token AS t
 WHERE t.id = a.token_id
   AND (t.merchants IS NULL OR :merchant = ANY(t.merchants))
   AND EXISTS (SELECT FROM unnest(:words::text[]) AS w(word) WHERE a.body::text ~ w.word);

-- name: forget_parcels!
-- Tracking numbers lead to an address at the carrier.
UPDATE unit
   SET tracking = '', facts = facts - 'tracking'
 WHERE merchant = :merchant
   AND return_id = ANY(:ids::bigint[])
   AND (tracking <> '' OR facts ? 'tracking');

-- name: forget_parcels_of_events!
UPDATE inbox
   SET payload = regexp_replace(payload::text, '"tracking": "([^"\\]|\\.)*"', '"tracking": ""', 'g')::jsonb
 WHERE merchant = :merchant
   AND happy_return_id = ANY(:happy_return_ids::text[])
   AND payload::text LIKE '%"tracking": "_%';

-- name: note_erasure!
INSERT INTO erasure (merchant, subject, actor, reason, erased, at)
VALUES (:merchant, :subject, :actor, :reason, :erased, :now);

-- name: erasures
SELECT id, merchant, subject, actor, reason, erased, at
  FROM erasure
 WHERE merchant = ANY(:merchants::text[])
 ORDER BY id DESC
 LIMIT :rows_max;

-- name: found_in
-- Where a word stands, by kind of place. Only places that may hold what people or vendors wrote.
SELECT 'body received' AS place, d.id::text AS id, d.received_at AS at, d.state = 'accepted' AS can_be_erased
  FROM delivery AS d
 WHERE d.merchant = :merchant AND position(:word::bytea IN d.body) > 0
UNION ALL
SELECT 'message to a team', m.id::text, m.created_at, true
  FROM message AS m
 WHERE m.merchant = :merchant AND position(:text IN m.content::text) > 0
UNION ALL
SELECT 'note or reason in the journal', j.return_id::text, j.at, false
  FROM journal AS j
 WHERE j.merchant = :merchant AND position(:text IN j.facts::text) > 0
UNION ALL
SELECT 'event in the inbox', i.id::text, i.received_at, false
  FROM inbox AS i
 WHERE i.merchant = :merchant AND (position(:text IN i.payload::text) > 0 OR position(:text IN i.note) > 0)
UNION ALL
SELECT 'line of a bank statement or payout', l.key, l.known_from, false
  FROM leg AS l
 WHERE l.merchant = :merchant AND position(:text IN l.facts::text) > 0
 ORDER BY at DESC
 LIMIT :rows_max;

-- name: drop_old_bodies!
DELETE FROM delivery
 WHERE merchant = :merchant
   AND id IN (SELECT id FROM delivery
               WHERE merchant = :merchant AND state = 'accepted' AND received_at < :before
               ORDER BY id
               LIMIT :batch_max);

-- name: drop_old_messages!
DELETE FROM message
 WHERE merchant = :merchant
   AND id IN (SELECT id FROM message
               WHERE merchant = :merchant AND state = 'done' AND settled_at < :before
               LIMIT :batch_max);

-- name: drop_old_answers!
-- A key that is used again after so long is a new request.
DELETE FROM api_answer
 WHERE (token_id, key) IN (SELECT token_id, key FROM api_answer WHERE at < :before LIMIT :batch_max);

-- name: drop_old_sessions!
DELETE FROM web_session
 WHERE token_hash IN (SELECT token_hash FROM web_session WHERE expires_at < :before LIMIT :batch_max);

-- name: drop_old_attempts!
DELETE FROM openid_attempt
 WHERE token_hash IN (SELECT token_hash FROM openid_attempt WHERE expires_at < :before LIMIT :batch_max);
