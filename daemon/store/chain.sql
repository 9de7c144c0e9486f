-- name: lock_head
SELECT seq, link
  FROM journal_head
 WHERE merchant = :merchant
   FOR UPDATE;

-- name: head
SELECT seq, link
  FROM journal_head
 WHERE merchant = :merchant;

-- name: heads
SELECT merchant, seq
  FROM journal_head
 ORDER BY merchant
 LIMIT 10000;

-- name: moved
-- The returns of the moves after this one.
SELECT return_id
  FROM journal
 WHERE merchant = :merchant
   AND seq > :after
 ORDER BY seq
 LIMIT :rows_max;

-- name: left_exception
-- Returns that stopped being an exception after this move, oldest first.
SELECT return_id, seq
  FROM journal
 WHERE merchant = :merchant
   AND seq > :after
   AND from_state = 'exception'
   AND to_state <> 'exception'
 ORDER BY seq
 LIMIT :rows_max;

-- name: put!
INSERT INTO journal (merchant, seq, link, return_id, version, event, from_state, to_state, actor, facts, inbox_id, trace,
                     at)
SELECT :merchant, seq, decode(link, 'hex'), return_id, version, event, from_state, to_state, actor, facts, inbox_id, trace,
       :now
  FROM jsonb_to_recordset(:rows) AS r(seq bigint, link text, return_id bigint, version integer, event text,
       from_state text, to_state text, actor text, facts jsonb, inbox_id bigint, trace text);

-- name: move_head!
INSERT INTO journal_head (merchant, seq, link)
VALUES (:merchant, :seq, :link)
    ON CONFLICT (merchant) DO UPDATE
   SET seq = EXCLUDED.seq, link = EXCLUDED.link;

-- name: of_returns
SELECT merchant, seq, return_id, version, event, from_state, to_state, actor, facts, inbox_id, trace, at
  FROM journal
 WHERE merchant = :merchant
   AND return_id = ANY(:return_ids::bigint[]);

-- name: keep_digests!
INSERT INTO journal_pruned (merchant, seq, digest)
SELECT :merchant, seq, decode(digest, 'hex')
  FROM jsonb_to_recordset(:rows) AS r(seq bigint, digest text);

-- name: page
-- The chain in its order, what was pruned by its digest alone.
(SELECT seq, link, NULL::bytea AS digest, merchant, return_id, version, event, from_state, to_state, actor, facts,
        inbox_id, trace, at
   FROM journal
  WHERE merchant = :merchant
    AND seq > :after
  ORDER BY seq
  LIMIT :rows_max)
 UNION ALL
(SELECT seq, NULL, digest, merchant, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
   FROM journal_pruned
  WHERE merchant = :merchant
    AND seq > :after
  ORDER BY seq
  LIMIT :rows_max)
 ORDER BY seq
 LIMIT :rows_max;

-- name: between
-- Journal rows of a span of time in the chain's order, page by page.
SELECT j.merchant, j.seq, j.at, r.happy_return_id, r.order_number, r.part, j.return_id, j.version, j.event, j.from_state,
       j.to_state, j.actor, j.facts, j.inbox_id, j.trace, encode(j.link, 'hex') AS link
  FROM journal AS j
  JOIN returns AS r ON r.merchant = j.merchant AND r.id = j.return_id
 WHERE j.merchant = :merchant
   AND j.seq > :after
   AND j.at >= :since
   AND j.at < :until
 ORDER BY j.seq
 LIMIT :rows_max;
