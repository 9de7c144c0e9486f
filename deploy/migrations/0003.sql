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
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
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

CREATE OR REPLACE FUNCTION grant_reporting(reporting name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), reporting);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), reporting);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), reporting);
    EXECUTE format('REVOKE SELECT ON delivery, message, account, web_session, openid_attempt, api_token, api_answer,
                    sealed_secret, access_log, health_alert FROM %I', reporting);
    PERFORM give_rows(reporting, $rows$
        merchant = ANY(ARRAY(SELECT r.merchant FROM reporting_reader AS r WHERE r.role = current_user))
    $rows$);
END $$;

-- Rows are kept apart here too, and whoever works this database today goes on, whatever its role is called.
ALTER TABLE health ENABLE ROW LEVEL SECURITY;
ALTER TABLE health_alert ENABLE ROW LEVEL SECURITY;
DO $$
DECLARE
    known record;
BEGIN
    FOR known IN SELECT r.rolname, obj_description(p.oid, 'pg_policy') AS condition,
                        has_table_privilege(r.oid, 'outbox', 'UPDATE') AS works
                   FROM pg_policy AS p, unnest(p.polroles) AS given(role)
                   JOIN pg_roles AS r ON r.oid = given.role
                  WHERE p.polrelid = 'outbox'::regclass
                    AND obj_description(p.oid, 'pg_policy') IS NOT NULL LOOP
        PERFORM give_rows(known.rolname, known.condition);
        EXECUTE format('GRANT SELECT ON health TO %I', known.rolname);
        IF known.works THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON health, health_alert TO %I', known.rolname);
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
