-- name: begin_clock!
INSERT INTO finance_clock (merchant, at)
VALUES (:merchant, '-infinity')
    ON CONFLICT (merchant) DO NOTHING;

-- name: tick
-- The next moment of this merchant's books; whoever else writes waits until this transaction ends.
UPDATE finance_clock
   SET at = greatest(:now, at + interval '1 microsecond')
 WHERE merchant = :merchant
RETURNING at;

-- name: clock
SELECT at
  FROM finance_clock
 WHERE merchant = :merchant;

-- name: end_changed!
-- What reads differently now ends.
UPDATE leg
   SET known_until = :at
  FROM unnest(:keys::text[], :digests::bytea[]) AS told (key, digest)
 WHERE leg.merchant = :merchant
   AND leg.key = told.key
   AND leg.known_until IS NULL
   AND leg.digest <> told.digest;

-- name: end_missing!
-- What was read again as a whole and is no longer there ends.
UPDATE leg
   SET known_until = :at
 WHERE merchant = :merchant
   AND known_until IS NULL
   AND scope = ANY(:scopes::text[])
   AND key <> ALL(:keys::text[]);

-- name: put_new!
INSERT INTO leg (merchant, key, kind, scope, business_on, currency, amount, quantity, ids, order_key, sku, tax, tax_code,
                 facts, digest, known_from)
SELECT :merchant, told.key, told.kind, told.scope, told.business_on, told.currency, told.amount, told.quantity,
       coalesce(string_to_array(nullif(told.ids, ''), chr(31)), '{}'), told.order_key, told.sku, told.tax, told.tax_code, told.facts,
       told.digest, :at
  FROM unnest(:keys::text[], :kinds::text[], :leg_scopes::text[], :days::date[], :currencies::text[],
              :amounts::numeric[], :quantities::integer[], :ids::text[], :order_keys::text[], :skus::text[],
              :taxes::numeric[], :tax_codes::text[], :facts::jsonb[], :digests::bytea[])
       AS told (key, kind, scope, business_on, currency, amount, quantity, ids, order_key, sku, tax, tax_code, facts, digest)
    ON CONFLICT (merchant, key) WHERE known_until IS NULL DO NOTHING;

-- name: known_keys
SELECT key
  FROM leg
 WHERE merchant = :merchant
   AND known_until IS NULL
   AND key = ANY(:keys::text[]);

-- name: end_scopes!
UPDATE leg
   SET known_until = :at
 WHERE merchant = :merchant
   AND known_until IS NULL
   AND scope = ANY(:scopes::text[]);

-- name: end_keys!
UPDATE leg
   SET known_until = :at
 WHERE merchant = :merchant
   AND known_until IS NULL
   AND key = ANY(:keys::text[]);

-- name: bank_lines
SELECT l.key, l.kind, l.business_on, l.currency, l.amount, l.quantity, l.ids, l.order_key, l.sku, l.tax, l.tax_code, l.facts,
       l.known_from
  FROM (SELECT DISTINCT t.business_on, t.amount, t.currency
          FROM unnest(:days::date[], :amounts::numeric[], :currencies::text[]) AS t(business_on, amount, currency)) AS t
  JOIN leg AS l ON l.merchant = :merchant AND l.kind = 'bank' AND l.known_until IS NULL AND l.business_on = t.business_on
       AND l.amount = t.amount AND l.currency = t.currency AND l.known_from < :before
 UNION
SELECT l.key, l.kind, l.business_on, l.currency, l.amount, l.quantity, l.ids, l.order_key, l.sku, l.tax, l.tax_code, l.facts,
       l.known_from
  FROM leg AS l
 WHERE l.merchant = :merchant
   AND l.kind = 'bank'
   AND l.known_until IS NULL
   AND l.known_from < :before
   AND l.facts ? 'ref'
   AND l.facts->>'ref' = ANY(:refs::text[]);

-- name: standing
SELECT key, kind, business_on, currency, amount, quantity, ids, order_key, sku, tax, tax_code, facts, known_from, digest
  FROM leg
 WHERE merchant = :merchant
   AND known_until IS NULL
   AND known_from < :before
   AND key = ANY(:keys::text[]);

-- name: restore!
-- Each leg that this file said otherwise, as it was before: the newest version of another file that stands.
INSERT INTO leg (merchant, key, kind, scope, business_on, currency, amount, quantity, ids, order_key, sku, tax, tax_code,
                 facts, digest, known_from)
SELECT DISTINCT ON (l.key) l.merchant, l.key, l.kind, l.scope, l.business_on, l.currency, l.amount, l.quantity, l.ids,
       l.order_key, l.sku, l.tax, l.tax_code, l.facts, l.digest, :at
  FROM finance_file_row AS r
  JOIN leg AS l ON l.merchant = r.merchant AND l.key = r.leg AND l.scope <> 'file:' || :file_id::bigint
 WHERE r.merchant = :merchant
   AND r.file_id = :file_id
   AND r.result = 'replaced'
   AND l.scope LIKE 'file:%'
   AND NOT EXISTS (SELECT FROM finance_file_undone AS u
                    WHERE u.merchant = l.merchant AND 'file:' || u.file_id = l.scope)
   AND NOT EXISTS (SELECT FROM leg AS s WHERE s.merchant = l.merchant AND s.key = l.key AND s.known_until IS NULL)
 ORDER BY l.key, l.id DESC;

-- name: known_at
-- Legs that were known at a moment, a page by key.
SELECT key, kind, business_on, currency, amount, quantity, ids, order_key, sku, tax, tax_code, facts, known_from
  FROM leg
 WHERE merchant = :merchant
   AND known_from <= :at
   AND (known_until IS NULL OR known_until > :at)
   AND key > :after
 ORDER BY key
 LIMIT :rows_max;

-- name: of_keys
-- These legs as they are, or were when they ended.
SELECT DISTINCT ON (key) key, kind, scope, business_on, currency, amount, quantity, ids, order_key, sku, tax, tax_code,
       facts, known_from, known_until
  FROM leg
 WHERE merchant = :merchant
   AND key = ANY(:keys::text[])
 ORDER BY key, id DESC;

-- name: changed_returns
-- Returns that moved since a moment, a page by id.
SELECT id
  FROM returns
 WHERE merchant = :merchant
   AND updated_at >= :since
   AND id > :after
 ORDER BY id
 LIMIT :rows_max;

-- name: open_credits
-- Credits of matches that are not settled: their goods and payments are looked for again.
SELECT DISTINCT (leg.facts->>'credit_id')::bigint AS credit_id
  FROM match_group AS g
  JOIN leg ON leg.merchant = g.merchant AND leg.key = ANY(g.legs) AND leg.known_until IS NULL AND leg.kind = 'credit'
 WHERE g.merchant = :merchant
   AND g.until_run IS NULL
   AND g.status NOT IN ('matched', 'within-tolerance', 'written-off', 'out-of-scope');

-- name: hand_over!
-- Rows that another file holds too, which still stands, stay in the books as that file's.
UPDATE leg
   SET scope = 'file:' || other.file_id
  FROM (SELECT r.leg, min(r.file_id) AS file_id
          FROM finance_file_row AS r
         WHERE r.merchant = :merchant
           AND r.file_id <> :file_id
           AND r.result = 'repeated'
           AND NOT EXISTS (SELECT FROM finance_file_undone AS u WHERE u.merchant = r.merchant AND u.file_id = r.file_id)
         GROUP BY r.leg) AS other
 WHERE leg.merchant = :merchant
   AND leg.known_until IS NULL
   AND leg.scope = 'file:' || :file_id::bigint
   AND leg.key = other.leg;

-- name: posted_of
-- What accounting had posted for these credits when it was last told.
SELECT DISTINCT (facts->>'credit_id')::bigint AS credit_id, facts->>'posted' AS posted
  FROM leg
 WHERE merchant = :merchant
   AND known_until IS NULL
   AND kind = 'credit'
   AND scope = ANY(:scopes::text[])
   AND facts ? 'posted';

-- name: sales_known
-- Sales that hold payments to customers.
SELECT DISTINCT substr(scope, 6)::bigint AS order_id
  FROM leg
 WHERE merchant = :merchant
   AND known_until IS NULL
   AND scope LIKE 'sale:%';

-- name: credits_of_returns
SELECT credit_id
  FROM returns
 WHERE merchant = :merchant
   AND credit_id IS NOT NULL
   AND updated_at >= :since;

-- name: credits_known
SELECT DISTINCT (facts->>'credit_id')::bigint AS credit_id
  FROM leg
 WHERE merchant = :merchant
   AND known_until IS NULL
   AND kind = 'credit'
   AND business_on >= :since;

-- name: versions_at
-- Every version of money and stock legs that was known at a moment, and when it ended, a page by id.
SELECT id, key, kind, business_on, currency, amount, known_from,
       CASE WHEN known_until <= :at THEN known_until END AS known_until
  FROM leg
 WHERE merchant = :merchant
   AND known_from <= :at
   AND kind IN ('credit', 'stock', 'refund', 'payout')
   AND amount IS NOT NULL
   AND id > :after
 ORDER BY id
 LIMIT :rows_max;

-- name: forgotten_orders
-- Orders with a credit that carries our reference and that no return holds: made in a life of the database that was lost.
SELECT DISTINCT l.order_key
  FROM leg AS l
 WHERE l.merchant = :merchant
   AND l.known_until IS NULL
   AND l.kind = 'credit'
   AND l.facts->>'is_ours' = 'true'
   AND l.order_key <> ''
   AND l.business_on >= :since
   AND NOT EXISTS (SELECT FROM returns AS r
                    WHERE r.merchant = l.merchant AND r.credit_id = (l.facts->>'credit_id')::bigint)
 ORDER BY l.order_key
 LIMIT 10000;
