-- name: put
INSERT INTO finance_file (merchant, format, covers, provider, name, sha256, rows, accepted, replaced, repeated, rejected,
                          warnings, first_on, last_on, actor, at)
VALUES (:merchant, :format, :covers, :provider, :name, :sha256, :rows, :accepted, :replaced, :repeated, :rejected, :warnings,
        :first_on, :last_on, :actor, :at)
RETURNING id;

-- name: put_rows!
INSERT INTO finance_file_row (merchant, file_id, row, result, detail, leg)
SELECT :merchant, :file_id, told.row, told.result, told.detail, told.leg
  FROM unnest(:rows::integer[], :results::text[], :details::text[], :legs::text[]) AS told (row, result, detail, leg);

-- name: of_content
-- The file with this content that stands.
SELECT f.id, f.name, f.at, f.actor
  FROM finance_file AS f
 WHERE f.merchant = :merchant
   AND f.sha256 = :sha256
   AND NOT EXISTS (SELECT FROM finance_file_undone AS u WHERE u.merchant = f.merchant AND u.file_id = f.id)
 ORDER BY f.id DESC
 LIMIT 1;

-- name: listing
SELECT f.id, f.format, f.covers, f.provider, f.name, f.rows, f.accepted, f.replaced, f.repeated, f.rejected,
       f.warnings, f.first_on, f.last_on,
       f.actor, f.at, u.at AS undone_at, u.actor AS undone_by, u.reason AS undone_reason
  FROM finance_file AS f
  LEFT JOIN finance_file_undone AS u ON u.merchant = f.merchant AND u.file_id = f.id
 WHERE f.merchant = :merchant
   AND (:id::bigint IS NULL OR f.id = :id)
 ORDER BY f.id DESC
 LIMIT :rows_max;

-- name: rows
SELECT row, result, detail, leg
  FROM finance_file_row
 WHERE merchant = :merchant
   AND file_id = :file_id
   AND (:result::text IS NULL OR result = :result)
 ORDER BY row
 LIMIT :rows_max;

-- name: undo!
INSERT INTO finance_file_undone (merchant, file_id, actor, reason, at)
VALUES (:merchant, :file_id, :actor, :reason, :at)
    ON CONFLICT (merchant, file_id) DO NOTHING;

-- name: coverage
-- Which days the files speak of that stood at a moment.
SELECT f.covers, f.provider, f.first_on, f.last_on
  FROM finance_file AS f
 WHERE f.merchant = :merchant
   AND (:at::timestamptz IS NULL OR f.at <= :at)
   AND f.first_on IS NOT NULL
   AND NOT EXISTS (SELECT FROM finance_file_undone AS u
                    WHERE u.merchant = f.merchant AND u.file_id = f.id AND (:at::timestamptz IS NULL OR u.at <= :at))
 ORDER BY f.covers, f.provider, f.first_on, f.id;

-- name: put_parts!
-- What the lines of a file say of payouts. A line that a payout has twice in one file is one.
INSERT INTO payout_line (merchant, file_id, provider, payout_id, currency, line, says, paid_on, net, refund, fee)
SELECT :merchant, :file_id, :provider, told.payout_id, told.currency, told.line, told.says, told.paid_on, told.net, told.refund,
       told.fee
  FROM unnest(:payout_ids::text[], :currencies::text[], :lines::text[], :says::text[], :days::date[], :nets::numeric[],
              :refunds::numeric[], :fees::numeric[])
       AS told (payout_id, currency, line, says, paid_on, net, refund, fee)
    ON CONFLICT DO NOTHING;

-- name: unknown_parts
-- How many of these lines no file that stands has said yet.
SELECT count(*)
  FROM unnest(:payout_ids::text[], :currencies::text[], :lines::text[]) AS told (payout_id, currency, line)
 WHERE NOT EXISTS (SELECT FROM payout_line AS p
                    WHERE p.merchant = :merchant AND p.provider = :provider AND p.payout_id = told.payout_id
                      AND p.currency = told.currency AND p.line = told.line
                      AND NOT EXISTS (SELECT FROM finance_file_undone AS u
                                       WHERE u.merchant = p.merchant AND u.file_id = p.file_id));

-- name: payouts
-- Each of these payouts by its lines in all files that stand, each line once as the newest file says it. Refused lines count
-- where no file without any knows as many of its lines.
WITH wanted AS (
    SELECT w.provider, w.payout_id, w.currency
      FROM unnest(:providers::text[], :payout_ids::text[], :currencies::text[]) AS w(provider, payout_id, currency)
), told AS (
    SELECT p.*
      FROM wanted AS w
      JOIN payout_line AS p ON p.merchant = :merchant AND p.provider = w.provider AND p.payout_id = w.payout_id
           AND p.currency = w.currency
     WHERE NOT EXISTS (SELECT FROM finance_file_undone AS u WHERE u.merchant = p.merchant AND u.file_id = p.file_id)
), once AS (
    SELECT DISTINCT ON (provider, payout_id, currency, line) *
      FROM told
     ORDER BY provider, payout_id, currency, line, file_id DESC
), by_file AS (
    SELECT t.provider, t.payout_id, t.currency, t.file_id, count(*) FILTER (WHERE t.says = 'counts') AS counts,
           count(*) FILTER (WHERE t.says = 'refused')
           + (SELECT count(*)
                FROM payout_line AS n  -- of this file, and nobody can tell of which payout
               WHERE n.merchant = :merchant AND n.file_id = t.file_id AND n.provider = t.provider AND n.payout_id = ''
                 AND n.says = 'refused') AS refused
      FROM told AS t
     GROUP BY t.provider, t.payout_id, t.currency, t.file_id
), refused AS (
    SELECT b.provider, b.payout_id, b.currency, max(b.refused) AS refused
      FROM by_file AS b
     WHERE b.refused > 0
       AND NOT EXISTS (SELECT FROM by_file AS o
                        WHERE (o.provider, o.payout_id, o.currency) = (b.provider, b.payout_id, b.currency)
                          AND o.refused = 0 AND o.counts >= b.counts + b.refused)
     GROUP BY b.provider, b.payout_id, b.currency
)
SELECT ARRAY[o.provider, o.payout_id, o.currency] AS name, max(o.file_id) AS file_id,
       count(*) FILTER (WHERE o.says = 'counts') AS lines, coalesce(sum(o.net) FILTER (WHERE o.says = 'counts'), 0) AS sum,
       coalesce(sum(o.refund) FILTER (WHERE o.says = 'counts'), 0) AS refunds, count(*) FILTER (WHERE o.says = 'moved') AS moves,
       coalesce(sum(o.net) FILTER (WHERE o.says = 'moved'), 0) AS moved,
       coalesce(sum(o.fee) FILTER (WHERE o.says = 'moved'), 0) AS fee, bool_or(o.says = 'failed') AS failed,
       coalesce(max(o.paid_on) FILTER (WHERE o.says = 'moved'), max(o.paid_on)) AS paid_on,
       coalesce(max(r.refused), 0)::integer AS refused
  FROM once AS o
  LEFT JOIN refused AS r ON (r.provider, r.payout_id, r.currency) = (o.provider, o.payout_id, o.currency)
 GROUP BY o.provider, o.payout_id, o.currency;

-- name: payouts_of_file
SELECT DISTINCT provider, payout_id, currency
  FROM payout_line
 WHERE merchant = :merchant
   AND file_id = :file_id
   AND payout_id <> '';
