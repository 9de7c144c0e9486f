-- name: put
INSERT INTO finance_file (merchant, format, covers, provider, name, sha256, rows, accepted, repeated, rejected, first_on,
                          last_on, actor, at)
VALUES (:merchant, :format, :covers, :provider, :name, :sha256, :rows, :accepted, :repeated, :rejected, :first_on, :last_on,
        :actor, :at)
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
SELECT f.id, f.format, f.covers, f.provider, f.name, f.rows, f.accepted, f.repeated, f.rejected, f.first_on, f.last_on,
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
