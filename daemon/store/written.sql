-- name: credits
-- Orders of which we know a credit, made or taken over; the latest first.
SELECT order_id AS number
  FROM returns
 WHERE merchant = :merchant
   AND credit_id IS NOT NULL
   AND order_id IS NOT NULL
 ORDER BY id DESC
 LIMIT :rows_max;

-- name: payments
-- Credits of ours whose refund is recorded; the latest first.
SELECT credit_id AS number
  FROM returns
 WHERE merchant = :merchant
   AND payment_id IS NOT NULL
   AND credit_id IS NOT NULL
 ORDER BY id DESC
 LIMIT :rows_max;

-- name: journals
-- Credits of ours that are closed with an invoice, which is in the journals; the latest first.
SELECT credit_id AS number
  FROM returns
 WHERE merchant = :merchant
   AND credit_id IS NOT NULL
   AND invoice_reference <> ''
 ORDER BY id DESC
 LIMIT :rows_max;
