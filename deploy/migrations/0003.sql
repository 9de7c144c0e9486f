-- 2 to 3. Additive: a daemon of version 2 that still runs goes on.

-- Functions with the rights of the tables' owner keep this path: what they name is found nowhere else.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- An event that cannot be decided on makes its return an exception, whether it was known before or not. What others write
-- beside a credit that is closed concerns it still. A write that a person gives up for lost is made anew under a fresh key.
INSERT INTO machine_rule (event, source, target) VALUES
    ('troubled', 'new', 'exception'),
    ('troubled', 'initiated', 'exception'),
    ('troubled', 'closed', 'exception'),
    ('reissued', 'exception', 'credit-pending'),
    ('reissued', 'exception', 'restocked'),
    ('reissued', 'exception', 'credited');
ALTER TABLE returns ADD COLUMN credits_anew integer NOT NULL DEFAULT 0;
ALTER TABLE returns ADD COLUMN refunds_anew integer NOT NULL DEFAULT 0;
ALTER TABLE returns ADD COLUMN goods_in_anew integer NOT NULL DEFAULT 0;
ALTER TABLE outbox DROP CONSTRAINT outbox_state_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_state_check CHECK (state IN (
    'ready', 'leased', 'done', 'parked', 'withheld', 'abandoned'));
CREATE UNIQUE INDEX outbox_one_under_way ON outbox (merchant, return_id, kind)
    WHERE kind IN ('create-sales-credit', 'record-refund') AND intent IS NOT NULL AND state IN ('ready', 'leased');
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
    NEW.line_item_id := fold_id(NEW.line_item_id);
    NEW.bag := fold_code(NEW.bag);
    RETURN NEW;
END $$;

-- Returns that are there already get the one form too. Families that differ by case alone cannot all have it: the eldest
-- spelling gets it, the others are set apart as ID~2, ID~3: Happy Returns' own events go to the eldest from now on, and what
-- the others hold is told to people as an exception (below), since both were read as returns of their own.
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
UPDATE unit SET happy_item_id = fold_id(happy_item_id), line_item_id = fold_id(line_item_id), bag = fold_code(bag)
 WHERE happy_item_id <> fold_id(happy_item_id) OR line_item_id <> fold_id(line_item_id) OR bag <> fold_code(bag);
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
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
CREATE TRIGGER inbox_is_folded BEFORE INSERT OR UPDATE OF happy_return_id ON inbox FOR EACH ROW
    WHEN (NEW.happy_return_id <> fold_id(NEW.happy_return_id)) EXECUTE FUNCTION fold_address();
CREATE TRIGGER watch_is_folded BEFORE INSERT OR UPDATE OF happy_return_id ON watch FOR EACH ROW
    WHEN (NEW.happy_return_id <> fold_id(NEW.happy_return_id)) EXECUTE FUNCTION fold_address();
CREATE TRIGGER returns_is_folded BEFORE INSERT OR UPDATE OF happy_return_id, express_code, rma_id ON returns FOR EACH ROW
    WHEN (NEW.happy_return_id <> fold_id(NEW.happy_return_id) OR NEW.express_code <> fold_code(NEW.express_code)
          OR NEW.rma_id <> fold_code(NEW.rma_id)) EXECUTE FUNCTION fold_return();
CREATE TRIGGER unit_is_folded BEFORE INSERT OR UPDATE OF happy_return_id, happy_item_id, line_item_id, bag ON unit FOR EACH ROW
    WHEN (NEW.happy_return_id <> fold_id(NEW.happy_return_id) OR NEW.happy_item_id <> fold_id(NEW.happy_item_id)
          OR NEW.line_item_id <> fold_id(NEW.line_item_id) OR NEW.bag <> fold_code(NEW.bag)) EXECUTE FUNCTION fold_unit();

-- What a webhook said and no answer bears out is an exception in every state before the credit.
ALTER TABLE watch ADD COLUMN claimed_at timestamptz;
-- What no code names is watched order by order: a read by order number answers for that order alone.
INSERT INTO watch (merchant, key, tier, happy_return_id, order_number, opened_at, next_poll_at)
SELECT DISTINCT ON (r.merchant, r.happy_return_id, r.order_key)
       r.merchant, 'return:' || r.happy_return_id || '/' || r.order_key, 'return', r.happy_return_id, r.order_number,
       r.created_at, now()
  FROM returns AS r
 WHERE r.express_code = ''
   AND r.state IN ('initiated', 'scanned', 'credit-pending', 'exception')
 ORDER BY r.merchant, r.happy_return_id, r.order_key, r.id
    ON CONFLICT (merchant, key) DO NOTHING;
INSERT INTO machine_rule (event, source, target) VALUES ('status-unclear', 'scanned', 'exception');

-- One credit a physical thing.
ALTER TABLE unit
    ADD COLUMN occurrence integer NOT NULL DEFAULT 1 CHECK (occurrence > 0),
    ADD COLUMN stands_for jsonb;
ALTER TABLE returns DROP CONSTRAINT returns_check3;
ALTER TABLE returns ADD CONSTRAINT returns_check3 CHECK (state <> 'closed' OR (close_reason IS NOT NULL
                                 AND close_reason IN ('expired', 'cancelled', 'returnless', 'written-off', 'same-goods')));
UPDATE machine_state
   SET sentence = 'Over without stock being due: expired, cancelled, returnless, written off, or the same goods as another return''s; the reason is stored.'
 WHERE state = 'closed';
INSERT INTO machine_rule (event, source, target) VALUES
    ('goods-settled', 'initiated', 'closed'),
    ('goods-settled', 'scanned', 'closed'),
    ('goods-settled', 'credit-pending', 'closed'),
    ('goods-settled', 'exception', 'closed'),
    ('goods-settled', 'closed', 'closed'),
    ('goods-settled', 'exception', 'exception'),
    ('goods-settled', 'exception', 'initiated'),
    ('goods-settled', 'exception', 'scanned'),
    ('goods-settled', 'exception', 'credit-pending'),
    ('goods-settled', 'exception', 'credited'),
    ('goods-settled', 'exception', 'restocked');

-- Which return a credit was asked for, for each physical thing. A claim outlives its return: what was paid for once is known for
-- ever. Taken by the database itself in the transaction that asks, so no program can ask for a second credit of one thing.
-- occurrence: more than 1 only where a person told apart two things that carry the same ids.
CREATE TABLE goods_claim (
    merchant        text        NOT NULL REFERENCES merchant (merchant),
    identity        text        NOT NULL CHECK (identity <> ''),
    occurrence      integer     NOT NULL DEFAULT 1 CHECK (occurrence > 0),
    return_id       bigint      NOT NULL,  -- may be pruned since
    happy_return_id text        NOT NULL,
    order_number    text        NOT NULL,
    order_key       text        NOT NULL,
    unit_key        text        NOT NULL,
    happy_item_id   text        NOT NULL,
    line_item_id    text        NOT NULL,
    sku             text        NOT NULL,
    express_code    text        NOT NULL,
    credit_ref      text        NOT NULL,
    claimed_at      timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, identity, occurrence)
);
CREATE INDEX goods_claim_return ON goods_claim (merchant, return_id);
CREATE INDEX goods_claim_line ON goods_claim (merchant, order_key, line_item_id);
CREATE INDEX goods_claim_code ON goods_claim (merchant, express_code) WHERE express_code <> '';

-- What names each thing of a return: Happy Returns' item id, else its order line, else its place under the express code.
-- Units without any of them have no name; of these only as many are credited as the order sold.
CREATE FUNCTION goods_of(of_merchant text, of_return bigint) RETURNS TABLE (identity text, unit_key text)
LANGUAGE sql STABLE AS $$
    SELECT n.identity, n.unit_key
      FROM (SELECT u.unit_key,
                   CASE WHEN u.happy_item_id <> '' THEN 'item:' || u.happy_item_id
                        WHEN u.line_item_id <> '' THEN 'line:' || u.order_key || '/' || u.line_item_id
                             || coalesce(substring(u.unit_key FROM '#[0-9]+$'), '')  -- one of several of a bare line
                        WHEN r.express_code <> '' THEN 'code:' || r.express_code || '/' || u.order_key || '/' || u.unit_key
                   END AS identity
              FROM unit AS u
              JOIN returns AS r ON r.merchant = u.merchant AND r.id = u.return_id
             WHERE u.merchant = of_merchant
               AND u.return_id = of_return) AS n
     WHERE n.identity IS NOT NULL
$$;

-- A credit claims its goods when it is asked for, and at the latest when it is about to be sent. With the owner's rights: a
-- daemon of an older release knows nothing of claims, and is held to them all the same.
CREATE FUNCTION claim_goods() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM unit AS u
                WHERE u.merchant = NEW.merchant AND u.return_id = NEW.return_id AND u.occurrence > 1)
       AND NOT EXISTS (SELECT FROM journal AS j
                        WHERE j.merchant = NEW.merchant AND j.return_id = NEW.return_id
                          AND j.event = 'goods-settled' AND j.facts->>'way' = 'tell-apart') THEN
        RAISE EXCEPTION 'nobody told the goods of return % apart', NEW.return_id USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO goods_claim (merchant, identity, occurrence, return_id, happy_return_id, order_number, order_key, unit_key,
                             happy_item_id, line_item_id, sku, express_code, credit_ref, claimed_at)
    SELECT NEW.merchant, g.identity, u.occurrence, r.id, r.happy_return_id, r.order_number, r.order_key, u.unit_key,
           u.happy_item_id, u.line_item_id, u.sku, r.express_code, r.credit_ref, NEW.created_at
      FROM goods_of(NEW.merchant, NEW.return_id) AS g
      JOIN unit AS u ON u.merchant = NEW.merchant AND u.return_id = NEW.return_id AND u.unit_key = g.unit_key
      JOIN returns AS r ON r.merchant = NEW.merchant AND r.id = NEW.return_id
     WHERE NOT EXISTS (SELECT FROM goods_claim AS c
                        WHERE c.merchant = NEW.merchant AND c.identity = g.identity AND c.occurrence = u.occurrence
                          AND (c.return_id = NEW.return_id OR c.credit_ref = r.credit_ref));
    RETURN NEW;
END $$;
CREATE TRIGGER credit_claims_its_goods BEFORE INSERT ON outbox FOR EACH ROW
    WHEN (NEW.kind = 'create-sales-credit') EXECUTE FUNCTION claim_goods();
CREATE TRIGGER credit_has_claimed_its_goods BEFORE UPDATE OF intent ON outbox FOR EACH ROW
    WHEN (NEW.kind = 'create-sales-credit' AND NEW.intent IS NOT NULL AND OLD.intent IS NULL)
    EXECUTE FUNCTION claim_goods();

-- An item id that becomes known later is claimed then, where nobody has; where somebody has, the daemon tells people.
CREATE FUNCTION claim_late_name() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO goods_claim (merchant, identity, occurrence, return_id, happy_return_id, order_number, order_key, unit_key,
                             happy_item_id, line_item_id, sku, express_code, credit_ref, claimed_at)
    SELECT c.merchant, 'item:' || NEW.happy_item_id, NEW.occurrence, c.return_id, c.happy_return_id, c.order_number,
           c.order_key, c.unit_key, NEW.happy_item_id, c.line_item_id, c.sku, c.express_code, c.credit_ref, c.claimed_at
      FROM goods_claim AS c
     WHERE c.merchant = NEW.merchant AND c.return_id = NEW.return_id AND c.unit_key = NEW.unit_key
     LIMIT 1
        ON CONFLICT (merchant, identity, occurrence) DO NOTHING;
    RETURN NEW;
END $$;
CREATE TRIGGER unit_claims_its_late_name AFTER UPDATE OF happy_item_id ON unit FOR EACH ROW
    WHEN (OLD.happy_item_id = '' AND NEW.happy_item_id <> '') EXECUTE FUNCTION claim_late_name();

-- A claim is given up only by a return that ended for another return of the same goods, before anything was sent for it.
CREATE FUNCTION keep_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
           SELECT FROM returns AS r
            WHERE r.merchant = OLD.merchant AND r.id = OLD.return_id AND r.credit_id IS NULL
              AND r.state = 'closed' AND r.close_reason = 'same-goods')
       AND NOT EXISTS (
           SELECT FROM outbox AS o
            WHERE o.merchant = OLD.merchant AND o.return_id = OLD.return_id AND o.kind = 'create-sales-credit'
              AND (o.intent IS NOT NULL OR o.result ? 'credit_id')) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'return % keeps its claim on %', OLD.return_id, OLD.identity USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER goods_claim_is_kept BEFORE UPDATE OR DELETE ON goods_claim
    FOR EACH ROW EXECUTE FUNCTION keep_claim();
CREATE TRIGGER goods_claim_is_not_truncated BEFORE TRUNCATE ON goods_claim
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE goods_claim ENABLE ROW LEVEL SECURITY;
CREATE OR REPLACE FUNCTION grant_hands(hands name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM grant_tables(hands);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON returns, unit, journal, journal_head, outbox, attempt, deadline, daemon,
                    goods_claim FROM %I', hands);
    EXECUTE format('GRANT UPDATE (tracking, facts) ON unit TO %I', hands);  -- what privacy erase takes away
END $$;
-- Whoever works this database today reads claims and gives up those that may be given up, whatever its role is called.
DO $$
DECLARE
    worker name;
BEGIN
    FOR worker IN SELECT DISTINCT g.grantee
                    FROM information_schema.role_table_grants AS g
                   WHERE g.table_schema = current_schema()
                     AND g.table_name = 'outbox'
                     AND g.privilege_type = 'UPDATE'
                     AND g.grantee NOT IN (current_user, 'PUBLIC') LOOP
        EXECUTE format('GRANT SELECT, DELETE ON goods_claim TO %I', worker);
        EXECUTE format('CREATE POLICY %I ON goods_claim TO %I USING (true)', left('rows_of_' || worker, 63), worker);
        EXECUTE format('COMMENT ON POLICY %I ON goods_claim IS %L', left('rows_of_' || worker, 63), 'true');
    END LOOP;
END $$;

-- What has a credit, or has one asked for, claims its goods: credits before requests, the elder before the younger. What was
-- paid for twice before has one claim; the other credit is what `homeward check` names.
INSERT INTO goods_claim (merchant, identity, occurrence, return_id, happy_return_id, order_number, order_key, unit_key,
                         happy_item_id, line_item_id, sku, express_code, credit_ref, claimed_at)
SELECT r.merchant, g.identity, 1, r.id, r.happy_return_id, r.order_number, r.order_key, u.unit_key, u.happy_item_id,
       u.line_item_id, u.sku, r.express_code, r.credit_ref, r.updated_at
  FROM returns AS r
 CROSS JOIN LATERAL goods_of(r.merchant, r.id) AS g
  JOIN unit AS u ON u.merchant = r.merchant AND u.return_id = r.id AND u.unit_key = g.unit_key
 WHERE r.credit_id IS NOT NULL
    OR EXISTS (SELECT FROM outbox AS o
                WHERE o.merchant = r.merchant AND o.return_id = r.id AND o.kind = 'create-sales-credit')
 ORDER BY (r.credit_id IS NULL), r.id
    ON CONFLICT (merchant, identity, occurrence) DO NOTHING;
-- Asked for and not begun, for goods of which another return has the claim: stopped, and told.
CREATE TEMPORARY TABLE asked_twice ON COMMIT DROP AS
SELECT DISTINCT ON (o.merchant, o.id) o.merchant, o.id, o.return_id, c.return_id AS holder
  FROM outbox AS o
 CROSS JOIN LATERAL goods_of(o.merchant, o.return_id) AS g
  JOIN goods_claim AS c ON c.merchant = o.merchant AND c.identity = g.identity AND c.return_id <> o.return_id
 WHERE o.kind = 'create-sales-credit'
   AND o.state IN ('ready', 'withheld')
   AND o.intent IS NULL
 ORDER BY o.merchant, o.id, c.return_id;
UPDATE outbox AS o
   SET state = 'parked', settled_at = now(), last_error = 'another return holds the same goods'
  FROM asked_twice AS a
 WHERE o.merchant = a.merchant
   AND o.id = a.id;
INSERT INTO inbox (merchant, natural_key, event, happy_return_id, order_number, order_key, part, payload, source, actor,
                   received_at)
SELECT r.merchant, 'asked-twice:' || r.id, 'troubled', r.happy_return_id, r.order_number, r.order_key, r.part,
       jsonb_build_object('trouble', jsonb_build_object(
           'cause', 'same-goods', 'owner', 'finance', 'key', 'return=' || a.holder,
           'explanation', 'Return ' || a.holder || ' holds the same goods, and its credit was asked for.',
           'evidence', jsonb_build_object('return', a.holder), 'watches', '[]'::jsonb)),
       'migration', 'homeward', now()
  FROM asked_twice AS a
  JOIN returns AS r ON r.merchant = a.merchant AND r.id = a.return_id
    ON CONFLICT (merchant, natural_key) DO NOTHING;
INSERT INTO inbox (merchant, natural_key, event, happy_return_id, order_number, order_key, part, payload, source, actor,
                   received_at)
SELECT r.merchant, 'spelled-apart:' || r.id, 'troubled', r.happy_return_id, r.order_number, r.order_key, r.part,
       jsonb_build_object('trouble', jsonb_build_object(
           'cause', 'same-goods', 'owner', 'finance', 'key', 'return=' || f.eldest,
           'explanation', 'Return ' || f.eldest || ' has the same id in another spelling: both were read as returns of their own.',
           'evidence', jsonb_build_object('spelled', f.happy_return_id, 'return', f.eldest), 'watches', '[]'::jsonb)),
       'migration', 'homeward', now()
  FROM refolded AS f
  JOIN returns AS r ON (r.merchant, r.happy_return_id, r.order_key) = (f.merchant, f.folded, f.order_key)
 WHERE f.place > 1
   AND r.state <> 'closed'
    ON CONFLICT (merchant, natural_key) DO NOTHING;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;

-- ---------------------------------------------------------------------------------------------------------------------
-- Health: whether work is possible. New tables only; a daemon of version 2 neither writes nor reads them.
-- ---------------------------------------------------------------------------------------------------------------------

-- How well what work depends on stands, one row a merchant (of the installation, where it is empty) and subject: a vendor,
-- one of its operations, the daemon's own work, the database. Written when it changes, and now and then to say that
-- somebody still looks. Kinds of trouble: daemon/health/kinds.py.
CREATE TABLE health (
    merchant    text        NOT NULL CHECK (merchant ~ '^([a-z0-9][a-z0-9_-]{0,62})?$'),
    subject     text        NOT NULL CHECK (subject <> ''),
    status      text        NOT NULL CHECK (status <> ''),  -- well, unknown, or a kind of trouble
    since       timestamptz NOT NULL,
    why         text        NOT NULL DEFAULT '',
    setting     text        NOT NULL DEFAULT '',  -- the setting that names what must be corrected
    file        text        NOT NULL DEFAULT '',  -- and the file it names, never what is in it
    good_at     timestamptz,
    looked_at   timestamptz NOT NULL,
    told_steps  integer     NOT NULL DEFAULT 0,   -- how often somebody was told of this trouble; 0 once its end was told too
    told_since  timestamptz,                      -- when the trouble began that somebody was told of
    told_status text,                             -- and its kind
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, subject),
    CONSTRAINT health_told_has_begun CHECK ((told_steps = 0) = (told_since IS NULL))
);

-- What was said of it to somebody, by one way to one team: when it began, when it lasted, when it was over; once each.
CREATE TABLE health_alert (
    merchant    text        NOT NULL,
    subject     text        NOT NULL,
    began_at    timestamptz NOT NULL,
    step        integer     NOT NULL,  -- 1 when it began, more as it lasts; 0 when it was over
    team        text        NOT NULL,
    channel     text        NOT NULL CHECK (channel IN ('email', 'slack', 'webhook')),
    id          uuid        NOT NULL UNIQUE,  -- the same on every attempt, so that a receiver can tell a repeat
    content     jsonb       NOT NULL,
    due_at      timestamptz NOT NULL,
    attempts    integer     NOT NULL DEFAULT 0,
    last_error  text,
    created_at  timestamptz NOT NULL,
    settled_at  timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, subject, began_at, step, team, channel)
);
CREATE INDEX health_alert_due ON health_alert (due_at) WHERE settled_at IS NULL;
CREATE INDEX health_alert_created ON health_alert (created_at);

CREATE OR REPLACE FUNCTION grant_hands(hands name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM grant_tables(hands);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON returns, unit, journal, journal_head, outbox, attempt, deadline, daemon,
                    goods_claim, health, health_alert FROM %I', hands);
    EXECUTE format('GRANT UPDATE (tracking, facts) ON unit TO %I', hands);  -- what privacy erase takes away
END $$;

-- -- Tenants: accounts, sessions, tokens, the log and shared views belong to merchants; a second factor -----------------
-- Accounts and tokens without merchants stay what they are, global. A view that was shared stays shared with the people of the
-- owner's one merchant, or of the only merchant there is, else with global accounts; of owners with several it is their own again.

ALTER TABLE batch
    ADD COLUMN account    text,
    ADD COLUMN token_id   bigint,
    ADD COLUMN stands_for text NOT NULL DEFAULT '',
    ADD CONSTRAINT batch_is_approved_by_another CHECK (
        state NOT IN ('running', 'done') OR decided_by IS NULL OR decided_by NOT IN (actor, stands_for)),
    ADD CONSTRAINT batch_account_fkey FOREIGN KEY (account) REFERENCES account (name),
    ADD CONSTRAINT batch_token_id_fkey FOREIGN KEY (token_id) REFERENCES api_token (id);
ALTER TABLE account ADD COLUMN has_password boolean GENERATED ALWAYS AS (password_hash IS NOT NULL) STORED;
ALTER TABLE web_session ADD COLUMN id bigint NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE;
ALTER TABLE access_log ADD COLUMN merchants text[];
ALTER TABLE saved_view ADD COLUMN merchant text REFERENCES merchant (merchant);
UPDATE saved_view AS v
   SET merchant = CASE WHEN a.merchants IS NOT NULL
                       THEN (SELECT m.merchant FROM merchant AS m WHERE ARRAY[m.merchant] = a.merchants)
                       WHEN (SELECT count(*) FROM merchant) = 1 THEN (SELECT m.merchant FROM merchant AS m) END,
       is_shared = a.merchants IS NULL OR EXISTS (SELECT FROM merchant AS m WHERE ARRAY[m.merchant] = a.merchants)
  FROM account AS a
 WHERE a.name = v.account
   AND v.is_shared;
ALTER TABLE saved_view ADD CONSTRAINT saved_view_is_for_whom_it_is_shared CHECK (merchant IS NULL OR is_shared);

-- An account or a token is for merchants that exist; a name that nobody has is no tenant.
CREATE FUNCTION merchants_exist() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT NEW.merchants <@ ARRAY(SELECT m.merchant FROM merchant AS m) THEN
        RAISE EXCEPTION 'the % is for a merchant that is not there', TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_is_added_for_merchants BEFORE INSERT ON account
    FOR EACH ROW WHEN (NEW.merchants IS NOT NULL) EXECUTE FUNCTION merchants_exist();
CREATE TRIGGER account_is_for_merchants BEFORE UPDATE ON account
    FOR EACH ROW WHEN (NEW.merchants IS DISTINCT FROM OLD.merchants AND NEW.merchants IS NOT NULL)
    EXECUTE FUNCTION merchants_exist();

-- The second factor of an account: a secret shared with a device of its person (RFC 6238), sealed with a key that is not in
-- the database. Asked for once it is confirmed by a code. No code is taken whose time step was taken before.
CREATE TABLE second_factor (
    account      text        NOT NULL PRIMARY KEY REFERENCES account (name) ON DELETE CASCADE,
    sealed       bytea       NOT NULL,
    last_step    bigint      NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    confirmed_at timestamptz,
    recorded_at  timestamptz NOT NULL DEFAULT now()
);

-- Codes for who has lost that device, each good for one sign-in. Eighty random bits need no slow hash.
CREATE TABLE recovery_code (
    account     text        NOT NULL REFERENCES second_factor (account) ON DELETE CASCADE,
    code_hash   bytea       NOT NULL,
    used_at     timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, code_hash)
);

-- A sign-in whose password was right and whose code is still to come. No session: it opens no page.
CREATE TABLE sign_in_step (
    token_hash  bytea       NOT NULL PRIMARY KEY,
    account     text        NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    goes_to     text        NOT NULL,
    expires_at  timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TRIGGER api_token_is_added_for_merchants BEFORE INSERT ON api_token
    FOR EACH ROW WHEN (NEW.merchants IS NOT NULL) EXECUTE FUNCTION merchants_exist();
CREATE TRIGGER api_token_is_for_merchants BEFORE UPDATE ON api_token
    FOR EACH ROW WHEN (NEW.merchants IS DISTINCT FROM OLD.merchants AND NEW.merchants IS NOT NULL)
    EXECUTE FUNCTION merchants_exist();

-- ---------------------------------------------------------------------------------------------------------------------
-- Who asks, and the door. Pages and API say with each transaction who asks (daemon/store/scope.py); unset is nobody:
--   homeward.merchants  the merchants whose rows may be seen, joined by commas
--   homeward.account    the account that asks; ? at the door, while it is not yet known who comes; - for nobody
--   homeward.role       the account's role
--   homeward.reach      the merchants the account is for, joined by commas; * where it is global
--   homeward.token      the number of the token, where a program asks
-- ---------------------------------------------------------------------------------------------------------------------

-- Whether whoever asks may see, give and take what is meant for these merchants: an administrator, and no more than they
-- have. What is meant for every merchant (null), or for none, is for global accounts alone.
CREATE FUNCTION may_administer(meant text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('homeward.role', true) = 'administrator'
                    AND (current_setting('homeward.reach', true) = '*'
                         OR (cardinality(meant) > 0
                             AND meant <@ string_to_array(current_setting('homeward.reach', true), ','))), false)
$$;

-- The rights of the tables' owner are lent by the functions below, for one thing each.

-- Only somebody who is not yet known, or the account itself, is spoken to about an account's password and second factor.
CREATE FUNCTION must_speak_for(who text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF coalesce(current_setting('homeward.account', true), '') NOT IN ('?', who) THEN
        RAISE EXCEPTION 'the account % is somebody else''s', who USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

CREATE FUNCTION must_be_at_the_door() RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM must_speak_for('?');
END $$;

-- Whose a row of the access log is. Set here, so that whoever writes one cannot say otherwise.
CREATE FUNCTION access_log_belongs() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    NEW.merchants := CASE
        WHEN NEW.merchant <> '' THEN ARRAY[NEW.merchant]
        WHEN NEW.action LIKE 'token-%' THEN (SELECT t.merchants FROM api_token AS t WHERE t.name = NEW.subject)
        WHEN NEW.subject <> '' THEN (SELECT a.merchants FROM account AS a WHERE a.name = NEW.subject)
        ELSE (SELECT a.merchants FROM account AS a WHERE 'user:' || a.name = NEW.actor)
    END;
    RETURN NEW;
END $$;
CREATE TRIGGER access_log_belongs BEFORE INSERT ON access_log
    FOR EACH ROW EXECUTE FUNCTION access_log_belongs();

-- One try at a password or a code, counted before it is looked at, so that many at once are not more than one after the
-- other; from the limit on the account rests, longer with each. No hash while it rests, is closed, or does not exist.
CREATE FUNCTION count_attempt(who text, at timestamptz, failures_max integer, rest interval)
RETURNS TABLE (password_hash text, is_allowed boolean, has_account boolean, rests_until timestamptz, has_factor boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    counted account;
BEGIN
    PERFORM must_speak_for(who);
    UPDATE account AS a
       SET failures = a.failures + 1,
           locked_until = CASE WHEN a.failures + 1 >= failures_max
                               THEN at + least(power(2, a.failures + 1 - failures_max), 16) * rest END
     WHERE a.name = who
       AND (a.locked_until IS NULL OR a.locked_until <= at)
    RETURNING a.* INTO counted;
    is_allowed := counted.name IS NOT NULL AND counted.disabled_at IS NULL;
    IF counted.name IS NULL THEN
        SELECT a.* INTO counted FROM account AS a WHERE a.name = who;
    END IF;
    password_hash := CASE WHEN is_allowed THEN counted.password_hash END;
    has_account := counted.name IS NOT NULL;
    rests_until := counted.locked_until;
    has_factor := EXISTS (SELECT FROM second_factor AS f WHERE f.account = who AND f.confirmed_at IS NOT NULL);
    RETURN NEXT;
END $$;

-- The password was right and a code is still to come: this one try counts no more, and the rest it began is over. What
-- others counted meanwhile stays.
CREATE FUNCTION forgive_attempt(who text, rest_began timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_speak_for(who);
    UPDATE account AS a
       SET failures = greatest(a.failures - 1, 0),
           locked_until = CASE WHEN a.locked_until IS DISTINCT FROM rest_began THEN a.locked_until END
     WHERE a.name = who;
END $$;

-- Whoever came has proved who they are; the same password under newer parameters, where there is one.
CREATE FUNCTION forget_attempts(who text, fresh_hash text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    UPDATE account AS a
       SET failures = 0, locked_until = NULL, password_hash = coalesce(fresh_hash, a.password_hash)
     WHERE a.name = who
       AND (a.failures > 0 OR a.locked_until IS NOT NULL OR fresh_hash IS NOT NULL);
END $$;

CREATE FUNCTION begin_session(held bytea, who text, csrf text, way text, at timestamptz, until timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    DELETE FROM web_session AS s WHERE s.expires_at <= at;
    INSERT INTO web_session (token_hash, account, csrf, way, created_at, seen_at, expires_at)
    VALUES (held, who, begin_session.csrf, begin_session.way, at, at, until);
    UPDATE account AS a SET seen_at = at WHERE a.name = who;
END $$;

-- A session that is in force, with its account.
CREATE FUNCTION session_of(held bytea, at timestamptz, idle_since timestamptz)
RETURNS TABLE (id bigint, account text, csrf text, way text, seen_at timestamptz, expires_at timestamptz, role text,
               merchants text[], has_factor boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    RETURN QUERY
    SELECT s.id, s.account, s.csrf, s.way, s.seen_at, s.expires_at, a.role, a.merchants,
           EXISTS (SELECT FROM second_factor AS f WHERE f.account = a.name AND f.confirmed_at IS NOT NULL)
      FROM web_session AS s
      JOIN account AS a ON a.name = s.account
     WHERE s.token_hash = held
       AND s.expires_at > at
       AND s.seen_at > idle_since
       AND a.disabled_at IS NULL;
END $$;

CREATE FUNCTION touch_session(held bytea, at timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    WITH touched AS (UPDATE web_session AS s SET seen_at = at WHERE s.token_hash = held RETURNING s.account)
    UPDATE account AS a SET seen_at = at FROM touched WHERE a.name = touched.account;
END $$;

CREATE FUNCTION end_session(held bytea) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    DELETE FROM web_session AS s WHERE s.token_hash = held;
END $$;

CREATE FUNCTION begin_step(held bytea, who text, goes_to text, at timestamptz, until timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    DELETE FROM sign_in_step AS s WHERE s.expires_at <= at;
    INSERT INTO sign_in_step (token_hash, account, goes_to, expires_at)
    VALUES (held, who, begin_step.goes_to, until);
END $$;

CREATE FUNCTION step_of(held bytea, at timestamptz) RETURNS TABLE (account text, goes_to text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    RETURN QUERY SELECT s.account, s.goes_to FROM sign_in_step AS s WHERE s.token_hash = held AND s.expires_at > at;
END $$;

-- A step is good for one session. False when it was taken before.
CREATE FUNCTION end_step(held bytea) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    DELETE FROM sign_in_step AS s WHERE s.token_hash = held;
    RETURN FOUND;
END $$;

CREATE FUNCTION begin_openid(held bytea, nonce text, verifier text, goes_to text, at timestamptz, until timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    DELETE FROM openid_attempt AS o WHERE o.expires_at <= at;
    INSERT INTO openid_attempt (token_hash, nonce, verifier, goes_to, expires_at)
    VALUES (held, begin_openid.nonce, begin_openid.verifier, begin_openid.goes_to, until);
END $$;

-- An attempt is good for one answer.
CREATE FUNCTION end_openid(held bytea, at timestamptz) RETURNS TABLE (nonce text, verifier text, goes_to text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    RETURN QUERY
    WITH answered AS (DELETE FROM openid_attempt AS o WHERE o.token_hash = held RETURNING o.*)
    SELECT n.nonce, n.verifier, n.goes_to FROM answered AS n WHERE n.expires_at > at;
END $$;

-- What the door must know of an account that a provider or a proxy names.
CREATE FUNCTION account_at_the_door(who text) RETURNS TABLE (role text, merchants text[], is_open boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    RETURN QUERY SELECT a.role, a.merchants, a.disabled_at IS NULL FROM account AS a WHERE a.name = who;
END $$;

-- What the configuration gives somebody whom the provider vouches for: a new account, or the one there is with these rights.
-- Its sessions end where they change.
CREATE FUNCTION admit(who text, given_role text, given_merchants text[], gives_merchants boolean, at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    INSERT INTO account (name, role, merchants, created_by, created_at, updated_at)
    VALUES (who, given_role, given_merchants, 'openid', at, at)
        ON CONFLICT (name) DO NOTHING;
    UPDATE account AS a
       SET role = given_role,
           merchants = CASE WHEN gives_merchants THEN given_merchants ELSE a.merchants END,
           updated_at = at
     WHERE a.name = who
       AND a.disabled_at IS NULL
       AND (a.role <> given_role OR (gives_merchants AND a.merchants IS DISTINCT FROM given_merchants));
    IF FOUND THEN
        DELETE FROM web_session AS s WHERE s.account = who;
    END IF;
END $$;

CREATE FUNCTION token_of(held bytea, at timestamptz)
RETURNS TABLE (id bigint, name text, scope text, merchants text[], created_by text, used_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    RETURN QUERY
    SELECT t.id, t.name, t.scope, t.merchants, t.created_by, t.used_at
      FROM api_token AS t
     WHERE t.token_hash = held
       AND t.revoked_at IS NULL
       AND (t.expires_at IS NULL OR t.expires_at > at);
END $$;

CREATE FUNCTION touch_token(number bigint, at timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_be_at_the_door();
    UPDATE api_token AS t SET used_at = at WHERE t.id = number;
END $$;

-- One's own new password; every session of the account ends.
CREATE FUNCTION set_own_password(fresh_hash text, at timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
DECLARE
    who text := current_setting('homeward.account', true);
BEGIN
    UPDATE account AS a
       SET password_hash = fresh_hash, failures = 0, locked_until = NULL, updated_at = at
     WHERE a.name = who
       AND a.password_hash IS NOT NULL
       AND a.disabled_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nobody with a password asks' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM web_session AS s WHERE s.account = who;
END $$;

CREATE FUNCTION factor_of(who text)
RETURNS TABLE (sealed bytea, last_step bigint, confirmed_at timestamptz, codes_left bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_speak_for(who);
    RETURN QUERY
    SELECT f.sealed, f.last_step, f.confirmed_at,
           (SELECT count(*) FROM recovery_code AS c WHERE c.account = who AND c.used_at IS NULL)
      FROM second_factor AS f
     WHERE f.account = who;
END $$;

-- A code of this time step was right. False when one of it, or of a later one, was taken before.
CREATE FUNCTION take_factor_step(who text, step bigint, sealed_anew bytea) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_speak_for(who);
    UPDATE second_factor AS f
       SET last_step = step, sealed = sealed_anew
     WHERE f.account = who
       AND f.last_step < step;
    RETURN FOUND;
END $$;

-- False when there is no such code, or it was used before.
CREATE FUNCTION take_recovery_code(who text, hash bytea, at timestamptz) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM must_speak_for(who);
    UPDATE recovery_code AS c
       SET used_at = at
     WHERE c.account = who
       AND c.code_hash = hash
       AND c.used_at IS NULL;
    RETURN FOUND;
END $$;

-- How many open accounts may administer what is meant for these merchants. Their rows are locked until the transaction ends:
-- two who give up their role at once do so one after the other.
CREATE FUNCTION administrators_of(meant text[]) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    IF coalesce(current_setting('homeward.account', true), '') <> '' AND NOT may_administer(meant) THEN
        RAISE EXCEPTION 'what is meant for others is not administered' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN (SELECT count(*)
              FROM (SELECT a.name
                      FROM account AS a
                     WHERE a.role = 'administrator'
                       AND a.disabled_at IS NULL
                       AND (a.merchants IS NULL OR meant <@ a.merchants)
                     ORDER BY a.name
                       FOR UPDATE) AS able);
END $$;

-- The names of those to whom returns of all these merchants can be given: open accounts that see them. Of accounts whoever
-- asks may not administer, the names are all that can be learned.
CREATE FUNCTION assignable(concerned text[]) RETURNS SETOF text LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    IF cardinality(concerned) > 0
       AND concerned <@ string_to_array(coalesce(current_setting('homeward.merchants', true), ''), ',') THEN
        RETURN QUERY
        SELECT a.name
          FROM account AS a
         WHERE a.disabled_at IS NULL
           AND (a.merchants IS NULL OR concerned <@ a.merchants)
         ORDER BY a.name
         LIMIT 1000;
    END IF;
END $$;

-- Beneath row-level security an index over an array is of no use: its operators are not trusted to keep to themselves what
-- they compare. These two answer numbers of rows by such an index, within the merchants whoever asks may see (unset is a role
-- that sees every row); the rows are then read under the policies, as all are.
CREATE FUNCTION may_see(whose text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('homeward.merchants', true), '') IN ('', '*')
        OR whose = ANY(string_to_array(current_setting('homeward.merchants', true), ','))
$$;

CREATE FUNCTION deliveries_about(whose text, about text) RETURNS SETOF bigint LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
SET search_path FROM CURRENT AS $$
BEGIN
    IF may_see(whose) THEN
        RETURN QUERY
        SELECT d.id FROM delivery AS d WHERE d.merchant = whose AND d.return_ids <> '{}' AND d.return_ids @> ARRAY[about];
    END IF;
END $$;

CREATE FUNCTION match_groups_with(whose text, leg_key text) RETURNS SETOF bigint LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1
SET search_path FROM CURRENT AS $$
BEGIN
    IF may_see(whose) THEN
        RETURN QUERY
        SELECT g.id FROM match_group AS g WHERE g.merchant = whose AND g.until_run IS NULL AND g.legs @> ARRAY[leg_key];
    END IF;
END $$;

-- The functions that lend rights; nobody has them by default.
CREATE FUNCTION doors() RETURNS SETOF regprocedure LANGUAGE sql STABLE AS $$
    SELECT p.oid::regprocedure
      FROM pg_proc AS p
     WHERE p.pronamespace = current_schema()::regnamespace
       AND p.prosecdef
     ORDER BY p.proname
$$;
DO $$
DECLARE
    door regprocedure;
BEGIN
    FOR door IN SELECT doors() LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', door);
    END LOOP;
END $$;

-- Whose these rows are hangs on the account or the token that is asked about, not on one merchant.
CREATE FUNCTION tables_about_people() RETURNS SETOF name LANGUAGE sql IMMUTABLE AS $$
    SELECT unnest(ARRAY['access_log', 'account', 'api_answer', 'api_token', 'openid_attempt', 'recovery_code', 'saved_view',
                        'second_factor', 'sign_in_step', 'web_session']::name[])
$$;

-- Rows are kept apart by merchant wherever a table has one. Roles without a policy of their own see none.
CREATE OR REPLACE FUNCTION tables_by_merchant() RETURNS SETOF name LANGUAGE sql STABLE AS $$
    SELECT c.relname
      FROM pg_class AS c
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'merchant' AND NOT a.attisdropped
     WHERE c.relnamespace = current_schema()::regnamespace
       AND c.relkind = 'r'
       AND c.relname <> ALL(ARRAY(SELECT tables_about_people()) || 'reporting_reader'::name)
     ORDER BY c.relname
$$;
DO $$
DECLARE
    each name;
BEGIN
    FOR each IN SELECT tables_by_merchant() UNION ALL SELECT tables_about_people() LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each);
    END LOOP;
END $$;

-- Give a role one kind of access to the rows of a table: `command` is select, insert, update, delete or all. A row as it is
-- written must fulfil `checked`, or else `condition` too.
CREATE FUNCTION give_policy(reader name, relation name, command text, condition text, checked text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    policy name := left(CASE command WHEN 'all' THEN 'rows' ELSE command END || '_of_' || reader, 63)::name;
BEGIN
    checked := coalesce(checked, condition);
    IF EXISTS (SELECT FROM pg_policy AS p
                WHERE p.polrelid = relation::text::regclass AND p.polname = policy
                  AND (p.polwithcheck IS NOT NULL OR command IN ('select', 'delete'))
                  AND obj_description(p.oid, 'pg_policy') = concat_ws(' / ', condition, nullif(checked, condition))) THEN
        RETURN;
    END IF;
    EXECUTE format('DROP POLICY IF EXISTS %I ON %I', policy, relation);
    EXECUTE format('CREATE POLICY %I ON %I FOR %s TO %I', policy, relation, command, reader)
            || CASE WHEN command <> 'insert' THEN format(' USING (%s)', condition) ELSE '' END
            || CASE WHEN command NOT IN ('select', 'delete') THEN format(' WITH CHECK (%s)', checked) ELSE '' END;
    EXECUTE format('COMMENT ON POLICY %I ON %I IS %L', policy, relation,
                   concat_ws(' / ', condition, nullif(checked, condition)));
END $$;

-- Give a role the rows for which `condition` holds, in every table that is kept apart by merchant, instead of those it had.
CREATE OR REPLACE FUNCTION give_rows(reader name, condition text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each name;
BEGIN
    FOR each IN SELECT tables_by_merchant() LOOP
        PERFORM give_policy(reader, each, 'all', condition);
    END LOOP;
END $$;

-- Take from a role every row of the tables about people, and of health what concerns every merchant.
CREATE FUNCTION take_people(reader name) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held record;
BEGIN
    FOR held IN SELECT p.polname, p.polrelid::regclass AS relation
                  FROM pg_policy AS p
                  JOIN pg_class AS c ON c.oid = p.polrelid
                 WHERE c.relnamespace = current_schema()::regnamespace
                   AND (c.relname IN (SELECT tables_about_people()) OR (c.relname = 'health' AND p.polcmd = 'r'))
                   AND p.polroles = ARRAY(SELECT r.oid FROM pg_roles AS r WHERE r.rolname = reader) LOOP
        EXECUTE format('DROP POLICY %I ON %s', held.polname, held.relation);
    END LOOP;
END $$;

-- Everybody's accounts, tokens, sessions, log; and the functions at the door.
CREATE FUNCTION give_everybody(reader name) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each name;
    door regprocedure;
BEGIN
    FOR each IN SELECT tables_about_people() LOOP
        PERFORM give_policy(reader, each, 'all', 'true');
    END LOOP;
    FOR door IN SELECT doors() LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', door, reader);
    END LOOP;
END $$;

-- Of accounts, tokens, sessions and the log what whoever asks may administer, and what is their own. Hashes, secrets of
-- sessions and sealed keys are read by the functions at the door alone; no row of an account or token ever goes.
CREATE FUNCTION give_own_people(reader name) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    door regprocedure;
    is_own text := $own$account = current_setting('homeward.account', true)$own$;
    is_managed text := $of$EXISTS (SELECT FROM account AS a
                                    WHERE a.name = %s.account AND may_administer(a.merchants))$of$;
    -- Whoever is no global administrator adds names only in a space of their own: nobody else's name is ever in the way, so
    -- none can be guessed by what is refused, and nobody's name at a sign-in provider can be taken before they come.
    is_global text := $global$current_setting('homeward.reach', true) = '*'$global$;
    is_shared_within text := $shared$is_shared
        AND CASE WHEN merchant IS NULL THEN current_setting('homeward.reach', true) = '*'
                 ELSE merchant = ANY(string_to_array(current_setting('homeward.merchants', true), ',')) END$shared$;
BEGIN
    EXECUTE format('REVOKE ALL ON access_log, account, api_answer, api_token, openid_attempt, recovery_code, saved_view,
                    second_factor, sign_in_step, web_session FROM %I', reader);
    EXECUTE format('GRANT SELECT (name, role, merchants, has_password, locked_until, disabled_at, seen_at, created_by,
                                  created_at, updated_at),
                          INSERT (name, role, merchants, password_hash, created_by, created_at, updated_at),
                          UPDATE (role, merchants, password_hash, failures, locked_until, disabled_at, updated_at)
                       ON account TO %I', reader);
    EXECUTE format('GRANT SELECT (id, account, way, created_at, seen_at, expires_at), DELETE ON web_session TO %I', reader);
    EXECUTE format('GRANT SELECT (account, created_at, confirmed_at), INSERT (account, sealed, last_step, created_at),
                          UPDATE (confirmed_at), DELETE ON second_factor TO %I', reader);
    EXECUTE format('GRANT SELECT (account, used_at), INSERT (account, code_hash), DELETE ON recovery_code TO %I', reader);
    EXECUTE format('GRANT SELECT (id, name, scope, merchants, created_by, created_at, expires_at, used_at, revoked_at),
                          INSERT (name, token_hash, scope, merchants, created_by, created_at, expires_at),
                          UPDATE (revoked_at) ON api_token TO %I', reader);
    EXECUTE format('GRANT SELECT, INSERT (token_id, key, asked, status, body, at) ON api_answer TO %I', reader);
    EXECUTE format('GRANT SELECT, INSERT (account, name, page, filter, is_shared, merchant, created_at),
                          UPDATE (filter, is_shared, merchant), DELETE ON saved_view TO %I', reader);
    EXECUTE format('GRANT SELECT, INSERT (at, actor, action, subject, merchant, address, detail) ON access_log TO %I', reader);

    PERFORM take_people(reader);
    PERFORM give_policy(reader, 'account', 'select',
                        $p$name = current_setting('homeward.account', true) OR may_administer(merchants)$p$);
    PERFORM give_policy(reader, 'account', 'insert', 'may_administer(merchants) AND (' || is_global
                        || $p$ OR right(name, 1 + length(array_to_string(merchants, '+')))
                                  = '@' || array_to_string(merchants, '+'))$p$);
    PERFORM give_policy(reader, 'account', 'update', 'may_administer(merchants)');
    PERFORM give_policy(reader, 'web_session', 'select', is_own || ' OR ' || format(is_managed, 'web_session'));
    PERFORM give_policy(reader, 'web_session', 'delete', is_own || ' OR ' || format(is_managed, 'web_session'));
    PERFORM give_policy(reader, 'second_factor', 'select', is_own || ' OR ' || format(is_managed, 'second_factor'));
    PERFORM give_policy(reader, 'second_factor', 'insert', is_own);
    PERFORM give_policy(reader, 'second_factor', 'update', is_own);
    PERFORM give_policy(reader, 'second_factor', 'delete', is_own || ' OR ' || format(is_managed, 'second_factor'));
    PERFORM give_policy(reader, 'recovery_code', 'all', is_own);
    PERFORM give_policy(reader, 'api_token', 'select', 'may_administer(merchants)');
    PERFORM give_policy(reader, 'api_token', 'insert', 'may_administer(merchants) AND (' || is_global
                        || $p$ OR starts_with(name, array_to_string(merchants, '.') || '.'))$p$);
    PERFORM give_policy(reader, 'api_token', 'update', 'may_administer(merchants)');
    PERFORM give_policy(reader, 'api_answer', 'all',
                        $p$token_id = nullif(current_setting('homeward.token', true), '')::bigint$p$);
    PERFORM give_policy(reader, 'saved_view', 'select', format('%s OR (%s)', is_own, is_shared_within));
    PERFORM give_policy(reader, 'saved_view', 'insert', format('%s AND (NOT is_shared OR (%s))', is_own, is_shared_within));
    PERFORM give_policy(reader, 'saved_view', 'update', is_own,
                        format('%s AND (NOT is_shared OR (%s))', is_own, is_shared_within));
    PERFORM give_policy(reader, 'saved_view', 'delete', is_own);
    PERFORM give_policy(reader, 'access_log', 'select', 'may_administer(merchants)');
    PERFORM give_policy(reader, 'access_log', 'insert', $p$CASE current_setting('homeward.account', true)
                        WHEN '?' THEN action LIKE 'sign-%' OR actor = 'openid'
                        ELSE actor = 'user:' || current_setting('homeward.account', true)
                             AND (current_setting('homeward.reach', true) = '*'
                                  OR merchants <@ string_to_array(current_setting('homeward.reach', true), ',')) END$p$);
    FOR door IN SELECT doors() LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', door, reader);
    END LOOP;
END $$;

-- The role of daemons.
CREATE OR REPLACE FUNCTION grant_worker(worker name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM grant_tables(worker);
    PERFORM give_rows(worker, 'true');
    PERFORM give_everybody(worker);
END $$;

CREATE OR REPLACE FUNCTION grant_operator(operator name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM grant_hands(operator);
    PERFORM give_rows(operator, 'true');
    PERFORM give_everybody(operator);
END $$;

-- Pages and API say with each transaction who asks, and see and write the rows of the merchants that one may see. Whose
-- writes are held, keys of vendors, who reads reports and what teams were told of health are none of theirs. (A daemon of
-- 0.3.0 says * for webhooks.)
CREATE OR REPLACE FUNCTION grant_pages(pages name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM grant_hands(pages);
    EXECUTE format('REVOKE ALL ON sealed_secret, reporting_reader, health_alert FROM %I', pages);
    EXECUTE format('REVOKE UPDATE, DELETE ON merchant FROM %I', pages);
    -- As subqueries they are asked once a statement; as they are, once a row.
    PERFORM give_rows(pages, $rows$
        merchant = ANY((SELECT string_to_array(current_setting('homeward.merchants', true), ','))::text[])
        OR (SELECT current_setting('homeward.merchants', true)) = '*'
    $rows$);
    PERFORM give_own_people(pages);
    -- What concerns every merchant is for who runs the installation: operators and administrators of no merchant in particular.
    PERFORM give_policy(pages, 'health', 'select', $p$merchant = ''
                        AND (SELECT current_setting('homeward.reach', true)) = '*'
                        AND (SELECT current_setting('homeward.role', true)) IN ('operator', 'administrator')$p$);
END $$;

-- Reports and business intelligence: they read, and neither bodies as received nor anything that lets somebody in.
CREATE OR REPLACE FUNCTION grant_reporting(reporting name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), reporting);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), reporting);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), reporting);
    EXECUTE format('REVOKE SELECT ON delivery, message, account, web_session, openid_attempt, api_token, api_answer,
                    sealed_secret, access_log, saved_view, second_factor, recovery_code, sign_in_step, health_alert
                    FROM %I', reporting);
    PERFORM take_people(reporting);
    PERFORM give_rows(reporting, $rows$
        merchant = ANY(ARRAY(SELECT r.merchant FROM reporting_reader AS r WHERE r.role = current_user))
    $rows$);
END $$;

-- ---------------------------------------------------------------------------------------------------------------------
-- Files of banks and platforms
-- ---------------------------------------------------------------------------------------------------------------------

ALTER TABLE finance_file
    ADD COLUMN replaced integer NOT NULL DEFAULT 0,
    ADD COLUMN warnings text[] NOT NULL DEFAULT '{}';
ALTER TABLE finance_file_row DROP CONSTRAINT finance_file_row_result_check;
ALTER TABLE finance_file_row ADD CONSTRAINT finance_file_row_result_check
    CHECK (result IN ('accepted', 'replaced', 'repeated', 'rejected'));
-- What each line of a file says of a payout: it counts into its sum, names the sum that went to the bank, says that it came
-- back, or could not be read. `line` tells it from the payout's other lines in whatever file it comes again, so that a payout
-- that is spread over files, or exported twice, comes to what its lines come to.
CREATE TABLE payout_line (
    merchant  text    NOT NULL,
    file_id   bigint  NOT NULL,
    provider  text    NOT NULL,
    payout_id text    NOT NULL,  -- empty where a line that was refused does not say
    currency  text    NOT NULL,
    line      text    NOT NULL,
    says      text    NOT NULL CHECK (says IN ('counts', 'moved', 'failed', 'refused')),
    paid_on   date,
    net       numeric NOT NULL,
    refund    numeric NOT NULL,
    fee       numeric NOT NULL,
    PRIMARY KEY (merchant, file_id, provider, payout_id, currency, line),
    FOREIGN KEY (merchant, file_id) REFERENCES finance_file (merchant, id)
);
CREATE INDEX payout_line_payout ON payout_line (merchant, provider, payout_id, currency);
ALTER TABLE payout_line ENABLE ROW LEVEL SECURITY;
CREATE INDEX leg_bank_line ON leg (merchant, business_on, amount) WHERE kind = 'bank' AND known_until IS NULL;
CREATE INDEX leg_bank_ref ON leg (merchant, (facts->>'ref')) WHERE kind = 'bank' AND known_until IS NULL AND facts ? 'ref';
CREATE OR REPLACE FUNCTION refuse_rewriting(reader name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE ON journal, journal_pruned, attempt, credit_map, access_log, finance_file,
                    finance_file_undone, finance_file_row, payout_line, match_decision, match_run, orphan_event, period_event,
                    books_check, erasure, checklist_item FROM %I', reader);
    EXECUTE format('REVOKE DELETE ON leg FROM %I', reader);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON schema_version, machine_state, machine_rule, reporting_reader
                    FROM %I', reader);
END $$;

-- Whoever works this database today goes on, whatever its role is called: daemons and operators see everybody, pages who asks.
DO $$
DECLARE
    held record;
BEGIN
    FOR held IN SELECT r.rolname, obj_description(p.oid, 'pg_policy') AS condition
                  FROM pg_policy AS p
                  JOIN pg_roles AS r ON p.polroles = ARRAY[r.oid]
                 WHERE p.polrelid = 'outbox'::regclass
                   AND p.polname = left('rows_of_' || r.rolname, 63) LOOP
        IF held.condition = 'true' THEN
            PERFORM give_rows(held.rolname, 'true');
            PERFORM give_everybody(held.rolname);
            EXECUTE format('GRANT SELECT ON health, health_alert TO %I', held.rolname);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON second_factor, recovery_code, sign_in_step TO %I',
                           held.rolname);
            EXECUTE format('GRANT SELECT, INSERT ON payout_line TO %I', held.rolname);
            IF has_table_privilege(held.rolname, 'outbox', 'UPDATE') THEN
                EXECUTE format('GRANT INSERT, UPDATE, DELETE ON health, health_alert TO %I', held.rolname);
            END IF;
        ELSIF held.condition LIKE '%homeward.merchants%' THEN
            PERFORM grant_pages(held.rolname);
        ELSE
            PERFORM grant_reporting(held.rolname);
        END IF;
    END LOOP;
END $$;

INSERT INTO schema_version (version) VALUES (3);

-- ---------------------------------------------------------------------------------------------------------------------
-- Money has its currency's decimals. Without a modifier the type needs no rewrite: every row and index stays as it lies,
-- and amounts keep the text they have (55.00). The view that shows these columns is made anew with the rights it had.
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION is_money(amount numeric) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT scale(amount) <= 4 AND abs(amount) < 1000000000000000
$$;

DO $$
DECLARE
    definition text := pg_get_viewdef('return_board'::regclass);
    given aclitem[] := (SELECT relacl FROM pg_class WHERE oid = 'return_board'::regclass);
    each record;
BEGIN
    DROP VIEW return_board;
    ALTER TABLE returns
        ALTER COLUMN credit_net TYPE numeric, ALTER COLUMN credit_tax TYPE numeric,
        ALTER COLUMN payment_amount TYPE numeric,
        ADD CONSTRAINT returns_hold_money
            CHECK (is_money(credit_net) AND is_money(credit_tax) AND is_money(payment_amount)) NOT VALID;
    ALTER TABLE leg
        ALTER COLUMN amount TYPE numeric, ALTER COLUMN tax TYPE numeric,
        ADD CONSTRAINT leg_holds_money CHECK (is_money(amount) AND is_money(tax)) NOT VALID;
    ALTER TABLE match_group  -- a new column: an index on some of its rows is ordered by the old one, and would be built anew
        ADD COLUMN exact_value numeric,
        ADD CONSTRAINT match_group_holds_money CHECK (is_money(exact_value)) NOT VALID;
    ALTER TABLE orphan_event
        ALTER COLUMN value TYPE numeric,
        ADD CONSTRAINT orphan_event_holds_money CHECK (is_money(value)) NOT VALID;
    ALTER TABLE payout_line
        ADD CONSTRAINT payout_line_holds_money CHECK (is_money(net) AND is_money(refund) AND is_money(fee));
    EXECUTE 'CREATE VIEW return_board WITH (security_invoker = true) AS ' || definition;
    FOR each IN SELECT grantee::regrole AS reader, privilege_type FROM aclexplode(given) WHERE grantee <> 0 LOOP
        EXECUTE format('GRANT %s ON return_board TO %s', each.privilege_type, each.reader);
    END LOOP;
END $$;

-- What daemons at work have prepared is outdated by that, once. In a transaction a daemon of version 2 would put the
-- events aside for it; they stay where they are, and are read again at once.
CREATE FUNCTION stays_waiting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN NULL;
END $$;
CREATE TRIGGER inbox_outlives_a_migration BEFORE UPDATE OF state ON inbox
    FOR EACH ROW WHEN (NEW.state = 'parked' AND NEW.outcome LIKE 'InvalidCachedStatementError:%')
    EXECUTE FUNCTION stays_waiting();

-- ---------------------------------------------------------------------------------------------------------------------
-- What was paid on a credit that was given up for lost is paid
-- ---------------------------------------------------------------------------------------------------------------------

ALTER TABLE returns ADD COLUMN former_credits jsonb NOT NULL DEFAULT '[]';
CREATE INDEX returns_former_credits ON returns (merchant, id) WHERE former_credits <> '[]';
