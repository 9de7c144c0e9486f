-- 2 to 3. Additive: a daemon of version 2 that still runs goes on.

-- An event that cannot be decided on makes its return an exception, whether it was known before or not. What others write
-- beside a credit that is closed concerns it still. A write that a person gives up for lost is made anew under a fresh key.
INSERT INTO machine_rule (event, source, target) VALUES
    ('troubled', 'new', 'exception'),
    ('troubled', 'initiated', 'exception'),
    ('troubled', 'closed', 'exception'),
    ('reissued', 'exception', 'credit-pending'),
    ('reissued', 'exception', 'restocked'),
    ('reissued', 'exception', 'credited');
ALTER TABLE returns ADD COLUMN generation integer NOT NULL DEFAULT 0;
ALTER TABLE outbox DROP CONSTRAINT outbox_state_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_state_check CHECK (state IN (
    'ready', 'leased', 'done', 'parked', 'withheld', 'abandoned'));
-- ---------------------------------------------------------------------------------------------------------------------
-- The identity of what is paid for
-- ---------------------------------------------------------------------------------------------------------------------

-- Identifiers of Happy Returns are stored in one form, whoever writes them: statemachine/refs.py folds them at every border,
-- these triggers fold what an older program writes. Ids in lower case, codes on labels in capitals.
CREATE FUNCTION fold_id(spelled text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN spelled ~ '^[\x20-\x7e]*$' THEN lower(btrim(spelled) COLLATE "C")
                ELSE lower(btrim(regexp_replace(normalize(spelled, NFKC),
                     '[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]', '', 'g'))
                     COLLATE "C") END
$$;
CREATE FUNCTION fold_code(spelled text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT upper(fold_id(spelled) COLLATE "C")
$$;
CREATE FUNCTION fold_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.happy_return_id := fold_id(NEW.happy_return_id);
    RETURN NEW;
END $$;
CREATE FUNCTION fold_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.happy_return_id := fold_id(NEW.happy_return_id);
    NEW.express_code := fold_code(NEW.express_code);
    NEW.rma_id := fold_code(NEW.rma_id);
    RETURN NEW;
END $$;
CREATE FUNCTION fold_unit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.happy_return_id := fold_id(NEW.happy_return_id);
    NEW.happy_item_id := fold_id(NEW.happy_item_id);
    NEW.bag := fold_code(NEW.bag);
    RETURN NEW;
END $$;

-- Returns that are there already get the one form too. Families that differ by case alone cannot all have it: the eldest
-- spelling gets it, the others are set apart as ID~2, ID~3: Happy Returns' own events go to the eldest from now on.
CREATE TEMPORARY TABLE refolded ON COMMIT DROP AS
SELECT merchant, happy_return_id, order_key, fold_id(happy_return_id) AS folded,
       row_number() OVER (PARTITION BY merchant, fold_id(happy_return_id), order_key ORDER BY min(id)) AS place,
       first_value(min(id)) OVER (PARTITION BY merchant, fold_id(happy_return_id), order_key ORDER BY min(id)) AS eldest
  FROM returns
 GROUP BY merchant, happy_return_id, order_key;
UPDATE refolded SET folded = folded || '~' || place WHERE place > 1;
DELETE FROM refolded WHERE folded = happy_return_id;
CREATE INDEX ON refolded (merchant, happy_return_id, order_key);
UPDATE unit AS u
   SET happy_return_id = f.folded
  FROM refolded AS f
 WHERE (u.merchant, u.happy_return_id, u.order_key) = (f.merchant, f.happy_return_id, f.order_key);
UPDATE inbox AS i
   SET happy_return_id = f.folded
  FROM refolded AS f
 WHERE (i.merchant, i.happy_return_id, i.order_key) = (f.merchant, f.happy_return_id, f.order_key);
UPDATE returns AS r
   SET happy_return_id = f.folded
  FROM refolded AS f
 WHERE (r.merchant, r.happy_return_id, r.order_key) = (f.merchant, f.happy_return_id, f.order_key);
UPDATE inbox SET happy_return_id = fold_id(happy_return_id) WHERE happy_return_id <> fold_id(happy_return_id);
UPDATE returns SET express_code = fold_code(express_code), rma_id = fold_code(rma_id)
 WHERE express_code <> fold_code(express_code) OR rma_id <> fold_code(rma_id);
UPDATE unit SET happy_item_id = fold_id(happy_item_id), bag = fold_code(bag)
 WHERE happy_item_id <> fold_id(happy_item_id) OR bag <> fold_code(bag);
UPDATE delivery
   SET return_ids = ARRAY(SELECT DISTINCT fold_id(spelled) FROM unnest(return_ids) AS spelled ORDER BY 1)
 WHERE EXISTS (SELECT FROM unnest(return_ids) AS spelled WHERE spelled <> fold_id(spelled));
DELETE FROM watch AS w
 WHERE w.happy_return_id <> fold_id(w.happy_return_id)
   AND EXISTS (SELECT FROM watch AS o
                WHERE o.merchant = w.merchant
                  AND fold_id(o.happy_return_id) = fold_id(w.happy_return_id)
                  AND (o.happy_return_id = fold_id(w.happy_return_id) OR o.key < w.key));
UPDATE watch
   SET key = 'return:' || fold_id(happy_return_id), happy_return_id = fold_id(happy_return_id)
 WHERE happy_return_id <> fold_id(happy_return_id);
CREATE TRIGGER inbox_is_folded BEFORE INSERT OR UPDATE OF happy_return_id ON inbox FOR EACH ROW
    WHEN (NEW.happy_return_id <> fold_id(NEW.happy_return_id)) EXECUTE FUNCTION fold_address();
CREATE TRIGGER watch_is_folded BEFORE INSERT OR UPDATE OF happy_return_id ON watch FOR EACH ROW
    WHEN (NEW.happy_return_id <> fold_id(NEW.happy_return_id)) EXECUTE FUNCTION fold_address();
CREATE TRIGGER returns_is_folded BEFORE INSERT OR UPDATE OF happy_return_id, express_code, rma_id ON returns FOR EACH ROW
    WHEN (NEW.happy_return_id <> fold_id(NEW.happy_return_id) OR NEW.express_code <> fold_code(NEW.express_code)
          OR NEW.rma_id <> fold_code(NEW.rma_id)) EXECUTE FUNCTION fold_return();
CREATE TRIGGER unit_is_folded BEFORE INSERT OR UPDATE OF happy_return_id, happy_item_id, bag ON unit FOR EACH ROW
    WHEN (NEW.happy_return_id <> fold_id(NEW.happy_return_id) OR NEW.happy_item_id <> fold_id(NEW.happy_item_id)
          OR NEW.bag <> fold_code(NEW.bag)) EXECUTE FUNCTION fold_unit();

-- What a webhook said and no answer bears out is an exception in every state before the credit.
ALTER TABLE watch ADD COLUMN claimed_at timestamptz;
INSERT INTO machine_rule (event, source, target) VALUES ('status-unclear', 'scanned', 'exception');

INSERT INTO schema_version (version) VALUES (3);
