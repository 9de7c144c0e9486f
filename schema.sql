-- Homeward's whole database, in one file. PostgreSQL 15 or newer, no extensions.
--
-- `merchant` leads every key, so one merchant's rows lie together and the schema shards. What must never happen is a
-- constraint here first and code second: a second credit, a unit in two parts, an illegal move, a changed journal row.
-- Times are timestamptz and passed in; now() is only the default of recorded_at. Money is numeric beside its
-- currency, with that currency's decimals; is_money bounds it. Applied as a whole by `homeward db migrate` to an empty
-- database; later versions are deploy/migrations/.

-- Functions with the rights of the tables' owner keep this path: what they name is found nowhere else.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

CREATE TABLE schema_version (
    version     integer     NOT NULL PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO schema_version (version) VALUES (3);

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

-- ---------------------------------------------------------------------------------------------------------------------
-- The machine, mirrored from statemachine/table.py (a test compares them)
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE machine_state (
    state    text NOT NULL PRIMARY KEY,
    sentence text NOT NULL
);
INSERT INTO machine_state (state, sentence) VALUES
    ('initiated', 'The shopper started a return; nothing has been handed over yet.'),
    ('scanned', 'The goods were handed over at a Return Bar, a store or to the carrier.'),
    ('credit-pending', 'A sales credit is due; it is being checked, created, or waits for a named fact.'),
    ('credited', 'The sales credit exists in Brightpearl and was read back; the goods are still to be restocked.'),
    ('restocked', 'Credit and goods-in note both exist in Brightpearl.'),
    ('exception', 'A person or an outside fact is needed; cause, owner and next step are named.'),
    ('closed', 'Over without stock being due: expired, cancelled, returnless, written off, or the same goods as another return''s; the reason is stored.');

-- source 'new' is where a return comes from before its first event; it is never a stored state.
CREATE TABLE machine_rule (
    event  text NOT NULL,
    source text NOT NULL,
    target text NOT NULL REFERENCES machine_state (state),
    PRIMARY KEY (event, source, target)
);
INSERT INTO machine_rule (event, source, target) VALUES
    ('started', 'new', 'initiated'),
    ('started', 'initiated', 'initiated'),
    ('split-off', 'new', 'initiated'),
    ('split-off', 'new', 'scanned'),
    ('split-off', 'initiated', 'initiated'),
    ('split-off', 'scanned', 'scanned'),
    ('dropped-off', 'initiated', 'scanned'),
    ('dropped-off', 'scanned', 'scanned'),
    ('dropped-off', 'closed', 'scanned'),
    ('approved', 'initiated', 'scanned'),
    ('approved', 'scanned', 'scanned'),
    ('approved', 'credit-pending', 'credit-pending'),
    ('approved', 'credited', 'credited'),
    ('approved', 'restocked', 'restocked'),
    ('approved', 'exception', 'exception'),
    ('approved', 'closed', 'scanned'),
    ('dropped-off', 'exception', 'exception'),
    ('dropped-off', 'credit-pending', 'credit-pending'),
    ('dropped-off', 'credited', 'credited'),
    ('dropped-off', 'restocked', 'restocked'),
    ('expired', 'initiated', 'closed'),
    ('cancelled', 'initiated', 'closed'),
    ('status-unclear', 'initiated', 'exception'),
    ('status-unclear', 'scanned', 'exception'),
    ('method-changed', 'initiated', 'initiated'),
    ('method-changed', 'scanned', 'scanned'),
    ('method-changed', 'credit-pending', 'credit-pending'),
    ('method-changed', 'credited', 'credited'),
    ('method-changed', 'restocked', 'restocked'),
    ('method-changed', 'exception', 'exception'),
    ('method-changed', 'closed', 'closed'),
    ('departed', 'initiated', 'initiated'),
    ('departed', 'scanned', 'scanned'),
    ('departed', 'credit-pending', 'credit-pending'),
    ('departed', 'credited', 'credited'),
    ('departed', 'restocked', 'restocked'),
    ('departed', 'exception', 'exception'),
    ('departed', 'closed', 'closed'),
    ('credit-falls-due', 'initiated', 'credit-pending'),
    ('credit-falls-due', 'scanned', 'credit-pending'),
    ('credit-waits', 'credit-pending', 'credit-pending'),
    ('credit-waits', 'exception', 'credit-pending'),
    ('fact-changed', 'credit-pending', 'credit-pending'),
    ('fact-changed', 'exception', 'exception'),
    ('credit-verified', 'credit-pending', 'credited'),
    ('credit-verified', 'exception', 'credited'),
    ('credit-verified', 'exception', 'exception'),
    ('payment-recorded', 'credited', 'credited'),
    ('payment-recorded', 'restocked', 'restocked'),
    ('payment-recorded', 'exception', 'exception'),
    ('credit-closed', 'credited', 'credited'),
    ('credit-closed', 'restocked', 'restocked'),
    ('credit-closed', 'exception', 'exception'),
    ('credit-marked', 'credited', 'credited'),
    ('credit-marked', 'restocked', 'restocked'),
    ('credit-marked', 'exception', 'exception'),
    ('credit-marked', 'closed', 'closed'),
    ('units-received', 'initiated', 'scanned'),
    ('units-received', 'closed', 'scanned'),
    ('units-received', 'scanned', 'scanned'),
    ('units-received', 'credit-pending', 'credit-pending'),
    ('units-received', 'credited', 'credited'),
    ('units-received', 'exception', 'exception'),
    ('stock-received', 'credited', 'credited'),
    ('stock-received', 'exception', 'exception'),
    ('fully-restocked', 'credited', 'restocked'),
    ('nothing-to-restock', 'credited', 'closed'),
    ('troubled', 'new', 'exception'),
    ('troubled', 'initiated', 'exception'),
    ('troubled', 'scanned', 'exception'),
    ('troubled', 'credit-pending', 'exception'),
    ('troubled', 'credited', 'exception'),
    ('troubled', 'restocked', 'exception'),
    ('troubled', 'exception', 'exception'),
    ('troubled', 'closed', 'exception'),
    ('resumed', 'exception', 'initiated'),
    ('resumed', 'exception', 'scanned'),
    ('resumed', 'exception', 'credit-pending'),
    ('resumed', 'exception', 'credited'),
    ('resumed', 'exception', 'restocked'),
    ('reissued', 'exception', 'credit-pending'),
    ('reissued', 'exception', 'restocked'),
    ('reissued', 'exception', 'credited'),
    ('held', 'initiated', 'exception'),
    ('held', 'scanned', 'exception'),
    ('held', 'credit-pending', 'exception'),
    ('held', 'credited', 'exception'),
    ('held', 'exception', 'exception'),
    ('held', 'restocked', 'exception'),
    ('forced', 'initiated', 'scanned'),
    ('forced', 'exception', 'scanned'),
    ('forced', 'closed', 'scanned'),
    ('forced', 'initiated', 'credit-pending'),
    ('forced', 'scanned', 'credit-pending'),
    ('forced', 'credit-pending', 'credit-pending'),
    ('forced', 'exception', 'credit-pending'),
    ('forced', 'closed', 'credit-pending'),
    ('forced', 'exception', 'credited'),
    ('forced', 'initiated', 'closed'),
    ('forced', 'scanned', 'closed'),
    ('forced', 'credit-pending', 'closed'),
    ('forced', 'credited', 'closed'),
    ('forced', 'exception', 'closed'),
    ('credit-verified', 'closed', 'credited'),
    ('dropped-off', 'closed', 'closed'),
    ('approved', 'closed', 'closed'),
    ('units-received', 'closed', 'credited'),
    ('units-received', 'closed', 'exception'),
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
    ('goods-settled', 'exception', 'restocked'),
    ('assigned', 'initiated', 'initiated'),
    ('assigned', 'scanned', 'scanned'),
    ('assigned', 'credit-pending', 'credit-pending'),
    ('assigned', 'credited', 'credited'),
    ('assigned', 'restocked', 'restocked'),
    ('assigned', 'exception', 'exception'),
    ('assigned', 'closed', 'closed'),
    ('snoozed', 'initiated', 'initiated'),
    ('snoozed', 'scanned', 'scanned'),
    ('snoozed', 'credit-pending', 'credit-pending'),
    ('snoozed', 'credited', 'credited'),
    ('snoozed', 'restocked', 'restocked'),
    ('snoozed', 'exception', 'exception'),
    ('noted', 'initiated', 'initiated'),
    ('noted', 'scanned', 'scanned'),
    ('noted', 'credit-pending', 'credit-pending'),
    ('noted', 'credited', 'credited'),
    ('noted', 'restocked', 'restocked'),
    ('noted', 'exception', 'exception'),
    ('noted', 'closed', 'closed'),
    ('deadline-passed', 'initiated', 'initiated'),
    ('deadline-passed', 'initiated', 'closed'),
    ('deadline-passed', 'scanned', 'scanned'),
    ('deadline-passed', 'scanned', 'exception'),
    ('deadline-passed', 'credit-pending', 'credit-pending'),
    ('deadline-passed', 'credit-pending', 'exception'),
    ('deadline-passed', 'credited', 'credited'),
    ('deadline-passed', 'credited', 'exception'),
    ('deadline-passed', 'restocked', 'restocked'),
    ('deadline-passed', 'restocked', 'exception'),
    ('deadline-passed', 'exception', 'exception');

-- ---------------------------------------------------------------------------------------------------------------------
-- Merchants and who works them
-- ---------------------------------------------------------------------------------------------------------------------

-- Daemons at work. session_* name the database session a daemon keeps open: when that is gone, so is the daemon.
CREATE TABLE daemon (
    owner           text        NOT NULL PRIMARY KEY,
    session_pid     integer     NOT NULL,
    session_started timestamptz NOT NULL,
    alive_until     timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT now()
);

-- One merchant is worked by one daemon at a time. `fence` grows with every change of holder; a holder writes only while
-- the fence is still its own. A lease may be taken when it lapsed or when its daemon's session is gone. Both times here
-- are by the database's clock: the daemons' own may differ.
CREATE TABLE merchant (
    merchant      text        NOT NULL PRIMARY KEY CHECK (merchant ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    lease_owner   text,
    lease_until   timestamptz,
    fence         bigint      NOT NULL DEFAULT 0,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    epoch         text,                             -- the database's life in which the lease was given
    doubted_until timestamptz,                      -- by then whatever a lost life began is visible in Brightpearl
    held_since    timestamptz,                      -- writes to the vendors are held: everything is decided, nothing sent
    held_by       text,
    held_why      text,
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CONSTRAINT merchant_hold_is_told CHECK ((held_since IS NULL) = (held_by IS NULL) AND (held_by IS NULL) = (held_why IS NULL))
);

-- The life the database is in: another cluster, or another timeline, after a promotion or a restore. What the last life
-- knew may be lost with it, so a lease given in it holds no more, and what it sent is looked for before anything is sent.
CREATE FUNCTION database_epoch() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT (SELECT system_identifier FROM pg_control_system()) || ':' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
$$;

-- Tokens that change by themselves (OAuth), sealed with a key that is not in the database. The seed is what an operator
-- wrote into the file it began with: when that changes, the file goes before what is kept here.
CREATE TABLE sealed_secret (
    merchant    text        NOT NULL REFERENCES merchant (merchant),
    name        text        NOT NULL,
    sealed      bytea       NOT NULL,
    seed_sha256 bytea       NOT NULL,
    updated_at  timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, name)
);

-- Requests that somebody's personal data be erased, as they were carried out; the request's own words are not kept.
CREATE TABLE erasure (
    merchant    text        NOT NULL REFERENCES merchant (merchant),
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    subject     text        NOT NULL,  -- returns it was about, never who
    actor       text        NOT NULL,
    reason      text        NOT NULL CHECK (reason <> ''),
    erased      jsonb       NOT NULL,  -- what was erased, counted by kind
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id)
);

-- Who did which item of a daily or weekly checklist, and what they found.
CREATE TABLE checklist_item (
    merchant    text        NOT NULL REFERENCES merchant (merchant),
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    checklist   text        NOT NULL CHECK (checklist IN ('customer-service-daily', 'finance-weekly')),
    period      date        NOT NULL,  -- the day, or the Monday of the week
    item        text        NOT NULL,
    found       jsonb       NOT NULL,  -- the item's figures at that moment
    note        text        NOT NULL DEFAULT '',
    actor       text        NOT NULL,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id)
);
CREATE INDEX checklist_item_period ON checklist_item (merchant, checklist, period);

-- What a loop has seen so far, and what it learned about the other side (limits, reference data).
CREATE TABLE cursor (
    merchant text  NOT NULL REFERENCES merchant (merchant),
    name     text  NOT NULL,
    value    jsonb NOT NULL,
    PRIMARY KEY (merchant, name)
);

-- Maps of return reasons, codes, bundles and so on, as somebody accepted them. The newest decides; a return remembers
-- the version that decided it. Never changed, never deleted.
CREATE TABLE credit_map (
    merchant    text        NOT NULL REFERENCES merchant (merchant),
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    version     text        NOT NULL CHECK (version <> ''),  -- names exactly this content
    content     jsonb       NOT NULL,
    accepted_by text        NOT NULL,
    reason      text        NOT NULL,
    accepted_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- What came in
-- ---------------------------------------------------------------------------------------------------------------------

-- Every body that was pushed to us or imported, as received. Personal data: pruned by age, never shown unmasked.
CREATE TABLE delivery (
    merchant    text        NOT NULL REFERENCES merchant (merchant),
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    source      text        NOT NULL CHECK (source IN (
                    'webhook',  -- pushed by Happy Returns, signature good
                    'poll',     -- an answer to our own question that broke its contract
                    'import'    -- a row or body from a file
                )),
    body_sha256 text        NOT NULL,
    body        bytea       NOT NULL,
    state       text        NOT NULL CHECK (state IN (
                    'accepted',    -- understood; its events are in the inbox
                    'quarantined'  -- kept as it is; a person must look
                )),
    reason      text,
    return_ids  text[]      NOT NULL DEFAULT '{}', -- the Happy Returns returns it is about
    received_at timestamptz NOT NULL,
    repeats     integer     NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, source, body_sha256),
    CHECK (state <> 'quarantined' OR reason IS NOT NULL)
);
CREATE INDEX delivery_return ON delivery USING gin (return_ids) WHERE return_ids <> '{}';
CREATE INDEX delivery_quarantined ON delivery (merchant, id) WHERE state = 'quarantined';

-- The one door: whatever may change a return is first a row here. natural_key makes a repeat harmless.
CREATE TABLE inbox (
    merchant        text        NOT NULL REFERENCES merchant (merchant),
    id              bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    natural_key     text        NOT NULL,
    event           text        NOT NULL,
    happy_return_id text        NOT NULL,
    order_number    text        NOT NULL,
    order_key       text        NOT NULL,
    part            integer,
    payload         jsonb       NOT NULL,
    source          text        NOT NULL,
    actor           text        NOT NULL,
    reason          text        NOT NULL DEFAULT '',  -- why a person wanted it
    note            text        NOT NULL DEFAULT '',  -- in their own words
    trace           text,
    received_at     timestamptz NOT NULL,
    state           text        NOT NULL DEFAULT 'waiting' CHECK (state IN (
                        'waiting',  -- not yet looked at
                        'applied',  -- moved something
                        'ignored',  -- late or repeated; outcome says why
                        'refused',  -- contradicts what is known; outcome says why
                        'parked'    -- belongs to nothing we know yet (a receipt for an unknown unit), or broke advance
                    )),
    outcome         text,
    settled_at      timestamptz,
    recorded_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, natural_key),
    CHECK (state IN ('waiting', 'applied') OR outcome IS NOT NULL)
);
CREATE INDEX inbox_waiting ON inbox (merchant, id) WHERE state = 'waiting';
CREATE INDEX inbox_unhappy ON inbox (merchant, id) WHERE state IN ('refused', 'parked');
CREATE INDEX inbox_family ON inbox (merchant, happy_return_id, order_key);

-- ---------------------------------------------------------------------------------------------------------------------
-- Returns
-- ---------------------------------------------------------------------------------------------------------------------

CREATE SEQUENCE return_id AS bigint;

-- One instance of the machine: a part of one Happy Returns return against one order.
CREATE TABLE returns (
    merchant          text          NOT NULL REFERENCES merchant (merchant),
    id                bigint        NOT NULL,
    happy_return_id   text          NOT NULL,
    order_number      text          NOT NULL,
    order_key         text          NOT NULL,
    part              integer       NOT NULL CHECK (part > 0),
    state             text          NOT NULL REFERENCES machine_state (state),
    version           integer       NOT NULL CHECK (version > 0),
    entered_at        timestamptz   NOT NULL,
    escalation        integer       NOT NULL DEFAULT 0,
    express_code      text          NOT NULL DEFAULT '',
    rma_id            text          NOT NULL DEFAULT '',
    order_id          bigint,
    credit_ref        text          NOT NULL,
    credit_external_ref text,
    credit_id         bigint,
    credit_net        numeric,
    credit_tax        numeric,
    credit_currency   text,
    credit_rows       jsonb,
    credit_adopted    boolean       NOT NULL DEFAULT false,
    invoice_reference text          NOT NULL DEFAULT '',
    refund_due        boolean       NOT NULL,
    close_due         boolean       NOT NULL,
    payment_id        bigint,
    payment_ref       text,
    payment_amount    numeric,
    payment_currency  text,
    payment_method    text,
    waits_for         text          NOT NULL DEFAULT '',
    cause             text,
    owner             text,
    explanation       text,
    evidence          jsonb,
    resume_state      text          REFERENCES machine_state (state),
    close_reason      text,
    wait_cause        text          NOT NULL DEFAULT '',   -- the named wait of a credit that is pending
    watches           text[]        NOT NULL DEFAULT '{}', -- facts whose change has it decided again
    accepted          text[]        NOT NULL DEFAULT '{}', -- causes a person has waved through
    adopts            bigint,                              -- the credit a person wants taken over
    assignee          text          NOT NULL DEFAULT '',   -- the person who works on it
    snoozed_until     timestamptz,                         -- its clock rests until then
    map_version       text          NOT NULL DEFAULT '',   -- the accepted maps that decided the credit
    order_digest      text          NOT NULL DEFAULT '',   -- the order's rows when they were credited
    marks             jsonb         NOT NULL DEFAULT '{}', -- status, note, custom fields the credit is to carry
    is_marked         boolean       NOT NULL DEFAULT false,
    credits_anew      integer       NOT NULL DEFAULT 0,    -- how often each was given up for lost, and made anew under a
    refunds_anew      integer       NOT NULL DEFAULT 0,    -- fresh key of its own kind
    goods_in_anew     integer       NOT NULL DEFAULT 0,
    former_credits    jsonb         NOT NULL DEFAULT '[]', -- given up for lost: their numbers, and the refunds they had
    fingerprint       text          NOT NULL DEFAULT '',   -- cause and what must be mended
    trace             text,
    created_at        timestamptz   NOT NULL,
    updated_at        timestamptz   NOT NULL,
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, happy_return_id, order_key, part),
    UNIQUE (merchant, credit_ref),
    UNIQUE (merchant, credit_id),  -- a credit belongs to one return
    CHECK (state NOT IN ('credited', 'restocked') OR credit_id IS NOT NULL),
    CHECK (credit_id IS NULL OR (credit_net IS NOT NULL AND credit_tax IS NOT NULL AND credit_currency IS NOT NULL)),
    CHECK (state <> 'exception' OR (cause IS NOT NULL AND owner IS NOT NULL AND explanation IS NOT NULL
                                    AND resume_state IS NOT NULL)),
    CHECK (state <> 'closed' OR (close_reason IS NOT NULL
                                 AND close_reason IN ('expired', 'cancelled', 'returnless', 'written-off', 'same-goods')))
);
CREATE INDEX returns_state ON returns (merchant, state, entered_at);
CREATE INDEX returns_over ON returns (merchant, updated_at) WHERE state IN ('restocked', 'closed');
CREATE INDEX returns_express_code ON returns (merchant, express_code) WHERE express_code <> '';
CREATE INDEX returns_rma ON returns (merchant, rma_id) WHERE rma_id <> '';
CREATE INDEX returns_invoice ON returns (merchant, invoice_reference) WHERE invoice_reference <> '';
CREATE INDEX returns_money_open ON returns (merchant, id)
    WHERE credit_id IS NOT NULL AND state <> 'closed'
      AND ((refund_due AND payment_id IS NULL) OR (close_due AND invoice_reference = ''));
CREATE INDEX returns_assignee ON returns (merchant, assignee) WHERE assignee <> '';
CREATE INDEX returns_late ON returns (merchant, entered_at, id) WHERE escalation > 0;
CREATE INDEX returns_created ON returns (merchant, created_at);
CREATE INDEX returns_former_credits ON returns (merchant, id) WHERE former_credits <> '[]';
CREATE INDEX returns_order ON returns (merchant, order_key);
CREATE INDEX returns_order_id ON returns (merchant, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX returns_cause ON returns (merchant, cause) WHERE state = 'exception';
CREATE INDEX returns_fingerprint ON returns (merchant, fingerprint) WHERE state = 'exception';
-- Cause and owner go with the state: without this the planner thinks that few are stuck for the cause that most are stuck for.
CREATE STATISTICS returns_stuck (mcv) ON state, owner, wait_cause, (coalesce(cause, nullif(wait_cause, ''))) FROM returns;
CREATE INDEX returns_watching ON returns (merchant, id) WHERE state IN ('credit-pending', 'exception') AND watches <> '{}';
CREATE INDEX returns_stock_awaited ON returns (merchant, credit_id) WHERE state IN ('credited', 'exception');

-- One physical unit. It belongs to exactly one part, so no two credits can hold it.
CREATE TABLE unit (
    merchant        text        NOT NULL,
    happy_return_id text        NOT NULL,
    order_key       text        NOT NULL,
    unit_key        text        NOT NULL,
    return_id       bigint      NOT NULL,
    happy_item_id   text        NOT NULL DEFAULT '',
    line_item_id    text        NOT NULL DEFAULT '',
    sku             text        NOT NULL DEFAULT '',
    bag             text        NOT NULL DEFAULT '',
    tracking        text        NOT NULL DEFAULT '',
    departed_at     timestamptz,
    received_at     timestamptz,
    condition       text,
    goods_in_id     bigint,
    reported_at     timestamptz,  -- when Happy Returns was told that it is here; not part of the return's own story
    facts           jsonb       NOT NULL,
    occurrence      integer     NOT NULL DEFAULT 1 CHECK (occurrence > 0),  -- which of the things that carry its ids
    stands_for      jsonb,        -- the same thing under the return that is paid for it
    PRIMARY KEY (merchant, happy_return_id, order_key, unit_key),
    FOREIGN KEY (merchant, return_id) REFERENCES returns (merchant, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX unit_return ON unit (merchant, return_id);
CREATE INDEX unit_item ON unit (merchant, happy_item_id) WHERE happy_item_id <> '';
CREATE INDEX unit_tracking ON unit (merchant, tracking) WHERE tracking <> '';
CREATE INDEX unit_bag ON unit (merchant, bag) WHERE bag <> '';
CREATE INDEX unit_goods_in ON unit (merchant, goods_in_id) WHERE goods_in_id IS NOT NULL;
CREATE INDEX unit_on_the_way ON unit (merchant, departed_at) WHERE departed_at IS NOT NULL AND received_at IS NULL;
CREATE INDEX unit_received ON unit (merchant, received_at) WHERE received_at IS NOT NULL;
CREATE INDEX unit_odd ON unit (merchant, condition, received_at) WHERE condition IS NOT NULL AND condition <> 'sellable';
CREATE INDEX unit_to_report ON unit (merchant, received_at)
    WHERE received_at IS NOT NULL AND reported_at IS NULL AND bag <> '' AND happy_item_id <> '';
CREATE INDEX unit_without_item ON unit (merchant, unit_key) WHERE happy_item_id = '';

-- The life of every return, one row a move, never changed. The foreign key to machine_rule makes an illegal move
-- impossible to store; the one from returns makes a state without its move impossible.
CREATE TABLE journal (
    merchant    text        NOT NULL,
    return_id   bigint      NOT NULL,
    version     integer     NOT NULL CHECK (version > 0),
    event       text        NOT NULL,
    from_state  text        NOT NULL,
    to_state    text        NOT NULL,
    actor       text        NOT NULL,
    facts       jsonb       NOT NULL,
    inbox_id    bigint,
    trace       text,
    at          timestamptz NOT NULL,
    seq         bigint      NOT NULL,  -- its place in the merchant's chain, without gaps
    link        bytea       NOT NULL,  -- SHA-256 of the link before and this row's digest; daemon/store/chain.py
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, return_id, version),
    UNIQUE (merchant, return_id, version, to_state),
    UNIQUE (merchant, seq),
    FOREIGN KEY (event, from_state, to_state) REFERENCES machine_rule (event, source, target),
    FOREIGN KEY (merchant, return_id) REFERENCES returns (merchant, id) DEFERRABLE INITIALLY DEFERRED
);
ALTER TABLE returns ADD CONSTRAINT returns_state_is_journalled
    FOREIGN KEY (merchant, id, version, state) REFERENCES journal (merchant, return_id, version, to_state)
    DEFERRABLE INITIALLY DEFERRED;

-- Where each merchant's chain ends.
CREATE TABLE journal_head (
    merchant text   NOT NULL PRIMARY KEY REFERENCES merchant (merchant),
    seq      bigint NOT NULL,
    link     bytea  NOT NULL
);
-- What retention took out of a chain leaves its digest, so that the chain still closes.
CREATE TABLE journal_pruned (
    merchant    text        NOT NULL REFERENCES merchant (merchant),
    seq         bigint      NOT NULL,
    digest      bytea       NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, seq)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
-- The life of a return goes only as a whole, with the return itself: what is kept is never shortened.
CREATE FUNCTION refuse_shortening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM returns AS r WHERE r.merchant = OLD.merchant AND r.id = OLD.return_id) THEN
        RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON journal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_is_not_shortened BEFORE DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION refuse_shortening();
CREATE TRIGGER journal_is_not_truncated BEFORE TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_pruned_is_append_only BEFORE UPDATE OR DELETE ON journal_pruned
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_map_is_append_only BEFORE UPDATE OR DELETE ON credit_map
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What a team is to know about a return, one row a move that tells something. It is told in digests, counts while it is
-- open, and is cleared by what ended it, never by age.
CREATE TABLE notice (
    merchant    text        NOT NULL,
    return_id   bigint      NOT NULL,
    version     integer     NOT NULL,  -- of the move that tells it: told once, whatever is repeated
    topic       text        NOT NULL,  -- the cause, or the state whose clock ran out
    team        text        NOT NULL,
    severity    text        NOT NULL CHECK (severity IN ('notice', 'warning', 'urgent')),
    level       integer     NOT NULL,
    at          timestamptz NOT NULL,
    told_at     timestamptz,
    digest_id   uuid,                  -- the digest it was told in
    cleared_at  timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, return_id, version),
    FOREIGN KEY (merchant, return_id) REFERENCES returns (merchant, id)
);
CREATE INDEX notice_untold ON notice (merchant, team, at) WHERE told_at IS NULL AND cleared_at IS NULL;
CREATE INDEX notice_open ON notice (merchant, team, topic) WHERE cleared_at IS NULL;

-- Messages to teams, on their way. The id goes with every attempt, so that a receiver can tell a repeat.
CREATE TABLE message (
    merchant    text        NOT NULL REFERENCES merchant (merchant),
    id          uuid        NOT NULL,
    team        text        NOT NULL,
    channel     text        NOT NULL CHECK (channel IN ('email', 'slack', 'webhook')),
    content     jsonb       NOT NULL,
    state       text        NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'done')),
    due_at      timestamptz NOT NULL,
    attempts    integer     NOT NULL DEFAULT 0,
    last_error  text,
    created_at  timestamptz NOT NULL,
    settled_at  timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id)
);
CREATE INDEX message_due ON message (merchant, due_at) WHERE state = 'ready';

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

-- The next rung of each return's ladder. One row a return; none for those that are over.
CREATE TABLE deadline (
    merchant  text        NOT NULL,
    return_id bigint      NOT NULL,
    state     text        NOT NULL,
    level     integer     NOT NULL,
    due_at    timestamptz NOT NULL,
    PRIMARY KEY (merchant, return_id),
    FOREIGN KEY (merchant, return_id) REFERENCES returns (merchant, id)
);
CREATE INDEX deadline_due ON deadline (merchant, due_at);

-- ---------------------------------------------------------------------------------------------------------------------
-- What must be done in Brightpearl
-- ---------------------------------------------------------------------------------------------------------------------

-- An effect exists once: (kind, key). intent is the very body that is sent, stored before it is sent; from then on the
-- outcome counts as unknown until it was looked up or answered.
CREATE TABLE outbox (
    merchant    text        NOT NULL,
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    return_id   bigint      NOT NULL,
    kind        text        NOT NULL CHECK (kind IN (
                    'create-sales-credit',
                    'record-refund',
                    'close-credit',
                    'mark-credit',
                    'receive-stock',
                    'approve-return'  -- the one that goes to Happy Returns
                )),
    key         text        NOT NULL,
    payload     jsonb       NOT NULL,
    intent      jsonb,
    sent_at     timestamptz,
    state       text        NOT NULL DEFAULT 'ready' CHECK (state IN (
                    'ready',   -- to be done at due_at
                    'leased',  -- a dispatcher has it until lease_until
                    'done',    -- verified in Brightpearl
                    'parked',  -- stopped with a cause; the return is an exception
                    'withheld', -- a person stopped or wrote off the return before this was begun
                    'abandoned' -- sent, never found, and given up for lost by a person: it is made anew under another key
                )),
    due_at      timestamptz NOT NULL,
    lease_until timestamptz,
    attempts    integer     NOT NULL DEFAULT 0,
    last_error  text,
    result      jsonb,
    trace       text,
    created_at  timestamptz NOT NULL,
    settled_at  timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, kind, key),
    FOREIGN KEY (merchant, return_id) REFERENCES returns (merchant, id),
    CHECK (state <> 'leased' OR lease_until IS NOT NULL),
    CHECK (intent IS NULL OR sent_at IS NOT NULL)
);
CREATE INDEX outbox_due ON outbox (merchant, kind, due_at) WHERE state IN ('ready', 'leased');
CREATE INDEX outbox_credited ON outbox (merchant, settled_at) WHERE kind = 'create-sales-credit' AND state = 'done';
CREATE UNIQUE INDEX outbox_one_under_way ON outbox (merchant, return_id, kind)  -- a second one would pay a second time
    WHERE kind IN ('create-sales-credit', 'record-refund') AND intent IS NOT NULL AND state IN ('ready', 'leased');
CREATE INDEX outbox_return ON outbox (merchant, return_id);
CREATE INDEX outbox_order ON outbox (merchant, ((coalesce(intent->>'order_id', result->>'order_id'))::bigint))
    WHERE kind = 'create-sales-credit' AND (intent IS NOT NULL OR result ? 'credit_id');

-- Every attempt at an effect, kept for ever: a later one never overwrites an earlier one's facts.
CREATE TABLE attempt (
    merchant    text        NOT NULL,
    effect_id   bigint      NOT NULL,
    attempt     integer     NOT NULL,
    outcome     text        NOT NULL CHECK (outcome IN (
                    'done',     -- happened, and was read back
                    'waits',    -- a named fact is missing
                    'again',    -- nothing was done; tried again later
                    'unknown',  -- it may have happened; looked up before anything is repeated
                    'parked',   -- stopped with a cause
                    'withheld', -- a person stopped the return before it was sent
                    'observed'  -- would have been sent; writes are held
                )),
    detail      jsonb       NOT NULL,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, effect_id, attempt),
    FOREIGN KEY (merchant, effect_id) REFERENCES outbox (merchant, id)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- What must be asked of Happy Returns
-- ---------------------------------------------------------------------------------------------------------------------

-- What to read next with the one-return call, freshest first. next_poll_at is null once nothing more can come.
CREATE TABLE watch (
    merchant       text        NOT NULL REFERENCES merchant (merchant),
    key            text        NOT NULL,
    tier           text        NOT NULL CHECK (tier IN (
                       'return',  -- a return we know
                       'code',    -- an express code somebody gave us
                       'order'    -- a shipped order that may have a return (discovery)
                   )),
    happy_return_id text       NOT NULL DEFAULT '',
    express_code   text        NOT NULL DEFAULT '',
    order_number   text        NOT NULL DEFAULT '',
    claimed        text        NOT NULL DEFAULT '',  -- progress a webhook claimed for several units at once
    opened_at      timestamptz NOT NULL,
    next_poll_at   timestamptz,
    polled_at      timestamptz,
    misses         integer     NOT NULL DEFAULT 0,
    digest         text        NOT NULL DEFAULT '',
    lease_until    timestamptz,
    claimed_at     timestamptz,                      -- when it did
    PRIMARY KEY (merchant, key)
);
CREATE INDEX watch_due ON watch (merchant, next_poll_at) WHERE next_poll_at IS NOT NULL;
CREATE INDEX watch_leased ON watch (merchant) WHERE lease_until IS NOT NULL;
CREATE INDEX watch_return ON watch (merchant, happy_return_id) WHERE happy_return_id <> '';

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

-- ---------------------------------------------------------------------------------------------------------------------
-- People's work on many returns at once
-- ---------------------------------------------------------------------------------------------------------------------

-- One verb on a set of returns, as somebody previewed it. A change that needs a second person waits here for them, even
-- when it is about one return.
CREATE TABLE batch (
    merchant          text        NOT NULL REFERENCES merchant (merchant),
    id                bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    batch_key         text        NOT NULL,  -- the same command again joins this batch
    verb              text        NOT NULL,
    options           jsonb       NOT NULL,
    filter            text        NOT NULL,  -- what was asked for, in full
    reason            text        NOT NULL,
    note              text        NOT NULL,
    actor             text        NOT NULL,
    account           text,                  -- the account or the token that asked over the web; it runs while that may
    token_id          bigint,
    stands_for        text        NOT NULL DEFAULT '',  -- of a token, who made it: who wants it, as the actor
    state             text        NOT NULL CHECK (state IN (
                          'awaits-approval',  -- worth more than one person may decide
                          'running',
                          'paused',
                          'stopped',          -- by a person, or by too many failures; what is left is not done
                          'done'
                      )),
    items             integer     NOT NULL,
    rate_per_minute   integer     CHECK (rate_per_minute > 0),
    stop_after_errors integer     CHECK (stop_after_errors > 0),
    decided_by        text,
    why_stopped       text        NOT NULL DEFAULT '',
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    finished_at       timestamptz,
    recorded_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, batch_key),
    CONSTRAINT batch_is_approved_by_another CHECK (
        state NOT IN ('running', 'done') OR decided_by IS NULL OR decided_by NOT IN (actor, stands_for))
);
CREATE INDEX batch_running ON batch (merchant, id) WHERE state = 'running';

-- One return of a batch, in the order the returns came in. Its event has the key batch:ID:RETURN: it is said once.
CREATE TABLE batch_item (
    merchant  text        NOT NULL,
    batch_id  bigint      NOT NULL,
    position  integer     NOT NULL,
    return_id bigint      NOT NULL,
    order_key text        NOT NULL,
    version   integer,               -- what was previewed; when set, a return that has moved since is left alone
    event     text        NOT NULL,
    payload   jsonb       NOT NULL,
    state     text        NOT NULL DEFAULT 'waiting' CHECK (state IN (
                  'waiting',
                  'said',     -- its event is in the inbox
                  'applied',
                  'ignored',  -- done already
                  'refused',
                  'skipped'   -- moved since the preview
              )),
    outcome   text        NOT NULL DEFAULT '',
    said_at   timestamptz,
    settled_at timestamptz,
    PRIMARY KEY (merchant, batch_id, position),
    UNIQUE (merchant, batch_id, return_id),
    FOREIGN KEY (merchant, batch_id) REFERENCES batch (merchant, id),
    FOREIGN KEY (merchant, return_id) REFERENCES returns (merchant, id)
);
CREATE INDEX batch_item_open ON batch_item (merchant, batch_id, position) WHERE state IN ('waiting', 'said');
CREATE INDEX batch_item_return ON batch_item (merchant, return_id);

-- ---------------------------------------------------------------------------------------------------------------------
-- People and programs that come in over the web
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE account (
    name          text        NOT NULL PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._@+-]{0,99}$'),
    role          text        NOT NULL CHECK (role IN (
                      'viewer', 'customer-service', 'finance', 'warehouse', 'operator', 'administrator')),
    merchants     text[],                 -- the tenants it belongs to, whose returns it may see; null: it is global
    password_hash text,                   -- argon2id; null: they sign in elsewhere
    has_password  boolean     GENERATED ALWAYS AS (password_hash IS NOT NULL) STORED,
    failures      integer     NOT NULL DEFAULT 0,  -- wrong passwords in a row
    locked_until  timestamptz,
    disabled_at   timestamptz,
    seen_at       timestamptz,
    created_by    text        NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT now()
);

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

-- Only the hash of what the browser holds is kept: who reads this table cannot come in with it.
CREATE TABLE web_session (
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
    token_hash  bytea       NOT NULL PRIMARY KEY,
    account     text        NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    csrf        text        NOT NULL,
    way         text        NOT NULL CHECK (way IN ('password', 'openid', 'proxy')),
    created_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX web_session_account ON web_session (account);

-- A sign-in that is under way at the OpenID provider. The browser holds the token, this row what it must come back with.
CREATE TABLE openid_attempt (
    token_hash  bytea       NOT NULL PRIMARY KEY,
    nonce       text        NOT NULL,
    verifier    text        NOT NULL,
    goes_to     text        NOT NULL,
    expires_at  timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);

-- How programs come in: the helpdesk, a warehouse system, a report.
CREATE TABLE api_token (
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text        NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    token_hash  bytea       NOT NULL UNIQUE,
    scope       text        NOT NULL CHECK (scope IN (
                    'helpdesk',   -- the sentence, the promised day and the allowed words of a return; nothing else
                    'read',       -- every list and passport
                    'warehouse',  -- read, and say what was received
                    'write'       -- read, and every verb
                )),
    merchants   text[],
    created_by  text        NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz,
    used_at     timestamptz,
    revoked_at  timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER api_token_is_added_for_merchants BEFORE INSERT ON api_token
    FOR EACH ROW WHEN (NEW.merchants IS NOT NULL) EXECUTE FUNCTION merchants_exist();
CREATE TRIGGER api_token_is_for_merchants BEFORE UPDATE ON api_token
    FOR EACH ROW WHEN (NEW.merchants IS DISTINCT FROM OLD.merchants AND NEW.merchants IS NOT NULL)
    EXECUTE FUNCTION merchants_exist();

-- What a write over the API was answered with: the same key again gets the same answer, and nothing is done twice.
CREATE TABLE api_answer (
    token_id    bigint      NOT NULL REFERENCES api_token (id),
    key         text        NOT NULL,
    asked       bytea       NOT NULL,  -- SHA-256 of the request
    status      integer     NOT NULL,
    body        jsonb       NOT NULL,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (token_id, key)
);

-- What runs by itself runs for whoever asked: batches are further above, and come after those in time.
ALTER TABLE batch
    ADD CONSTRAINT batch_account_fkey FOREIGN KEY (account) REFERENCES account (name),
    ADD CONSTRAINT batch_token_id_fkey FOREIGN KEY (token_id) REFERENCES api_token (id);

-- Filters somebody gave a name, for themselves or shared: with whoever sees `merchant`, or, where that is null, with those
-- whose account is global.
CREATE TABLE saved_view (
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account     text        NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    page        text        NOT NULL CHECK (page IN ('returns', 'exceptions')),
    filter      text        NOT NULL,
    is_shared   boolean     NOT NULL DEFAULT false,
    merchant    text        REFERENCES merchant (merchant),
    created_at  timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (account, page, name),
    CONSTRAINT saved_view_is_for_whom_it_is_shared CHECK (merchant IS NULL OR is_shared)
);

-- Who came in, or tried; who changed accounts and tokens; who asked for personal data. Never changed, never deleted. A row
-- belongs to the tenants of what it is about, else of whoever did it; `merchants` null: to nobody but global accounts.
CREATE TABLE access_log (
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    actor       text        NOT NULL,
    action      text        NOT NULL,
    subject     text        NOT NULL DEFAULT '',
    merchant    text        NOT NULL DEFAULT '',
    address     text        NOT NULL DEFAULT '',
    detail      text        NOT NULL DEFAULT '',
    merchants   text[],
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX access_log_action ON access_log (action, id);
CREATE TRIGGER access_log_is_append_only BEFORE UPDATE OR DELETE ON access_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

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

-- ---------------------------------------------------------------------------------------------------------------------
-- The books: legs, how they match, what is missing, which periods are closed
-- ---------------------------------------------------------------------------------------------------------------------

-- The order in which everything about the books was written down: each writer takes the next moment under this row's lock,
-- so that what was known at a moment can be told again later, exactly.
CREATE TABLE finance_clock (
    merchant text        NOT NULL PRIMARY KEY REFERENCES merchant (merchant),
    at       timestamptz NOT NULL
);

-- A file that somebody brought: payouts, invoices, bank statements. Its rows become legs; undoing it is an event.
CREATE TABLE finance_file (
    merchant    text        NOT NULL REFERENCES merchant (merchant),
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    format      text        NOT NULL,
    covers      text        NOT NULL CHECK (covers IN ('payouts', 'fees', 'bank')),
    provider    text        NOT NULL DEFAULT '',
    name        text        NOT NULL,
    sha256      bytea       NOT NULL,
    rows        integer     NOT NULL,
    accepted    integer     NOT NULL,
    repeated    integer     NOT NULL,
    rejected    integer     NOT NULL,
    first_on    date,
    last_on     date,
    actor       text        NOT NULL,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    replaced    integer     NOT NULL DEFAULT 0,     -- rows that say otherwise what was known
    warnings    text[]      NOT NULL DEFAULT '{}',  -- what people should know of it although it was read
    PRIMARY KEY (merchant, id)
);
CREATE INDEX finance_file_content ON finance_file (merchant, sha256);

CREATE TABLE finance_file_undone (
    merchant    text        NOT NULL,
    file_id     bigint      NOT NULL,
    actor       text        NOT NULL,
    reason      text        NOT NULL,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, file_id),
    FOREIGN KEY (merchant, file_id) REFERENCES finance_file (merchant, id)
);

-- What became of each row that was taken or refused; rows of no interest (sales in a payout) are only counted.
CREATE TABLE finance_file_row (
    merchant    text    NOT NULL,
    file_id     bigint  NOT NULL,
    row         integer NOT NULL,
    result      text    NOT NULL CHECK (result IN ('accepted', 'replaced', 'repeated', 'rejected')),
    detail      text    NOT NULL DEFAULT '',
    leg         text    NOT NULL DEFAULT '',
    PRIMARY KEY (merchant, file_id, row),
    FOREIGN KEY (merchant, file_id) REFERENCES finance_file (merchant, id)
);

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

-- One fact of one system, as it was known from one moment to another. A changed fact is a new row; the old one ends.
-- `scope` is what was read together: when it is read again, what is missing from it has ended.
CREATE TABLE leg (
    merchant    text          NOT NULL REFERENCES merchant (merchant),
    id          bigint        NOT NULL GENERATED ALWAYS AS IDENTITY,
    key         text          NOT NULL,
    kind        text          NOT NULL CHECK (kind IN (
                    'unit', 'mention', 'credit', 'stock', 'refund', 'payout', 'transfer', 'bank', 'fee')),
    scope       text          NOT NULL,
    business_on date          NOT NULL,
    currency    text          NOT NULL,
    amount      numeric,
    quantity    integer       NOT NULL,
    ids         text[]        NOT NULL,
    order_key   text          NOT NULL,
    sku         text          NOT NULL,
    tax         numeric,
    tax_code    text          NOT NULL,
    facts       jsonb         NOT NULL,
    digest      bytea         NOT NULL,
    known_from  timestamptz   NOT NULL,
    known_until timestamptz,
    recorded_at timestamptz   NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id),
    CHECK (known_until IS NULL OR known_until >= known_from)
);
CREATE UNIQUE INDEX leg_current ON leg (merchant, key) WHERE known_until IS NULL;
CREATE INDEX leg_scope ON leg (merchant, scope) WHERE known_until IS NULL;
CREATE INDEX leg_key ON leg (merchant, key);
CREATE INDEX leg_bank_line ON leg (merchant, business_on, amount) WHERE kind = 'bank' AND known_until IS NULL;
CREATE INDEX leg_bank_ref ON leg (merchant, (facts->>'ref')) WHERE kind = 'bank' AND known_until IS NULL AND facts ? 'ref';

-- What somebody decided about legs. Nothing here posts anything anywhere; taking a match apart is one more row.
CREATE TABLE match_decision (
    merchant    text        NOT NULL REFERENCES merchant (merchant),
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    action      text        NOT NULL CHECK (action IN (
                    'match', 'unmatch', 'dispute', 'write-off', 'out-of-scope', 'reopen')),
    legs        text[]      NOT NULL CHECK (legs <> '{}'),
    decided_on  date        NOT NULL,
    actor       text        NOT NULL,
    reason      text        NOT NULL CHECK (reason <> ''),
    note        text        NOT NULL DEFAULT '',
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id)
);

-- Every time the legs were matched: by whom, with which terms, with what result.
CREATE TABLE match_run (
    merchant    text        NOT NULL REFERENCES merchant (merchant),
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL,
    actor       text        NOT NULL,
    terms       jsonb       NOT NULL,
    journal_seq bigint      NOT NULL,  -- how far the returns' own journal went then
    legs        integer     NOT NULL,
    figures     jsonb       NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id)
);

-- A match as it stood from one run to another; what did not change between runs is one row.
CREATE TABLE match_group (
    merchant    text          NOT NULL,
    id          bigint        NOT NULL GENERATED ALWAYS AS IDENTITY,
    key         text          NOT NULL,
    status      text          NOT NULL CHECK (status IN (
                    'matched', 'within-tolerance', 'suggested', 'partial', 'unmatched', 'disputed', 'written-off',
                    'out-of-scope')),
    reason      text          NOT NULL,
    currency    text          NOT NULL,
    value       numeric(14,2) NOT NULL,  -- what matches are ordered by
    opened_on   date          NOT NULL,
    cleared_on  date,
    order_key   text          NOT NULL,
    is_return   boolean       NOT NULL,
    legs        text[]        NOT NULL,
    content     jsonb         NOT NULL,  -- checks, suggestion, passes
    digest      bytea         NOT NULL,
    from_run    bigint        NOT NULL,
    until_run   bigint,
    recorded_at timestamptz   NOT NULL DEFAULT now(),
    exact_value numeric,  -- with the currency's own decimals; missing in what version 2 wrote, where value is exact
    PRIMARY KEY (merchant, id),
    FOREIGN KEY (merchant, from_run) REFERENCES match_run (merchant, id)
);
CREATE UNIQUE INDEX match_group_current ON match_group (merchant, key) WHERE until_run IS NULL;
CREATE INDEX match_group_open ON match_group (merchant, status, value DESC) WHERE until_run IS NULL;
CREATE INDEX match_group_legs ON match_group USING gin (legs) WHERE until_run IS NULL;
CREATE INDEX match_group_from ON match_group (merchant, from_run);
CREATE INDEX match_group_until ON match_group (merchant, until_run) WHERE until_run IS NOT NULL;

-- Opening, change and closing of each orphan.
CREATE TABLE orphan_event (
    merchant    text          NOT NULL,
    id          bigint        NOT NULL GENERATED ALWAYS AS IDENTITY,
    key         text          NOT NULL,
    event       text          NOT NULL CHECK (event IN ('opened', 'changed', 'closed')),
    class       text          NOT NULL,
    match_key   text          NOT NULL,
    value       numeric       NOT NULL,
    currency    text          NOT NULL,
    since       date          NOT NULL,
    due_on      date          NOT NULL,
    content     jsonb         NOT NULL,
    run_id      bigint        NOT NULL,
    at          timestamptz   NOT NULL,
    recorded_at timestamptz   NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id),
    FOREIGN KEY (merchant, run_id) REFERENCES match_run (merchant, id)
);
CREATE INDEX orphan_event_key ON orphan_event (merchant, key, id DESC);

-- What people did with a month: prepared it, closed it (somebody else), reopened it.
CREATE TABLE period_event (
    merchant    text        NOT NULL REFERENCES merchant (merchant),
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    period      text        NOT NULL CHECK (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    action      text        NOT NULL CHECK (action IN ('prepared', 'closed', 'reopened')),
    actor       text        NOT NULL,
    reason      text        NOT NULL DEFAULT '',
    pack_sha256 bytea,
    figures     jsonb       NOT NULL DEFAULT '{}',
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id)
);
CREATE INDEX period_event_period ON period_event (merchant, period, id);

-- Every time the books were checked.
CREATE TABLE books_check (
    merchant    text        NOT NULL REFERENCES merchant (merchant),
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    name        text        NOT NULL,
    violations  integer     NOT NULL,
    detail      jsonb       NOT NULL,
    actor       text        NOT NULL,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, id)
);
CREATE INDEX books_check_name ON books_check (merchant, name, id DESC);

CREATE TRIGGER finance_file_is_append_only BEFORE UPDATE OR DELETE ON finance_file
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER finance_file_undone_is_append_only BEFORE UPDATE OR DELETE ON finance_file_undone
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER match_decision_is_append_only BEFORE UPDATE OR DELETE ON match_decision
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER match_run_is_append_only BEFORE UPDATE OR DELETE ON match_run
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER orphan_event_is_append_only BEFORE UPDATE OR DELETE ON orphan_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER period_event_is_append_only BEFORE UPDATE OR DELETE ON period_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER books_check_is_append_only BEFORE UPDATE OR DELETE ON books_check
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- A leg ends once, and is never rewritten.
CREATE FUNCTION only_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.known_until IS NULL AND NEW.digest = OLD.digest AND NEW.key = OLD.key THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER leg_only_ends BEFORE UPDATE ON leg FOR EACH ROW EXECUTE FUNCTION only_ends();
CREATE TRIGGER leg_is_not_deleted BEFORE DELETE ON leg FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER erasure_is_append_only BEFORE UPDATE OR DELETE ON erasure
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checklist_item_is_append_only BEFORE UPDATE OR DELETE ON checklist_item
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Money: no currency has more than four decimals, and no sum that is kept reaches 10^15 (statemachine/money.py). What was
-- stored before there were more than two decimals is within that, so nothing is read to prove it.
CREATE FUNCTION is_money(amount numeric) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT scale(amount) <= 4 AND abs(amount) < 1000000000000000
$$;
ALTER TABLE returns ADD CONSTRAINT returns_hold_money
    CHECK (is_money(credit_net) AND is_money(credit_tax) AND is_money(payment_amount)) NOT VALID;
ALTER TABLE leg ADD CONSTRAINT leg_holds_money CHECK (is_money(amount) AND is_money(tax)) NOT VALID;
ALTER TABLE payout_line ADD CONSTRAINT payout_line_holds_money CHECK (is_money(net) AND is_money(refund) AND is_money(fee));
ALTER TABLE match_group ADD CONSTRAINT match_group_holds_money CHECK (is_money(exact_value)) NOT VALID;
ALTER TABLE orphan_event ADD CONSTRAINT orphan_event_holds_money CHECK (is_money(value)) NOT VALID;

-- A migration that changes a column's type outdates the statements that daemons at work have prepared. In a transaction
-- the driver says so once, and a daemon of version 2 would put the events aside for it; they stay where they are, and are
-- read again at once.
CREATE FUNCTION stays_waiting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN NULL;
END $$;
CREATE TRIGGER inbox_outlives_a_migration BEFORE UPDATE OF state ON inbox
    FOR EACH ROW WHEN (NEW.state = 'parked' AND NEW.outcome LIKE 'InvalidCachedStatementError:%')
    EXECUTE FUNCTION stays_waiting();

-- Returns as people look for them: the columns a filter may name (daemon/filters.py). Only what is asked for is computed.
CREATE VIEW return_board WITH (security_invoker = true) AS
SELECT r.merchant, r.id, r.happy_return_id, r.express_code, r.rma_id, r.order_number, r.order_key, r.part, r.state,
       r.version, r.entered_at AS since, r.escalation, coalesce(r.cause, nullif(r.wait_cause, '')) AS cause,
       r.wait_cause, r.owner, r.explanation, r.fingerprint, r.waits_for, r.assignee, r.snoozed_until, r.credit_id,
       r.credit_external_ref, r.credit_net, r.credit_tax, r.credit_currency, r.invoice_reference, r.payment_id,
       r.close_reason, r.created_at, r.updated_at,
       (SELECT d.due_at FROM deadline AS d WHERE d.merchant = r.merchant AND d.return_id = r.id) AS due_at,
       (SELECT count(*) FROM unit AS u WHERE u.merchant = r.merchant AND u.return_id = r.id) AS units,
       ARRAY(SELECT u.sku FROM unit AS u WHERE u.merchant = r.merchant AND u.return_id = r.id) AS skus,
       ARRAY(SELECT u.facts->>'reason_id' FROM unit AS u WHERE u.merchant = r.merchant AND u.return_id = r.id) AS reasons,
       ARRAY(SELECT u.facts->>'dropoff_method' FROM unit AS u
              WHERE u.merchant = r.merchant AND u.return_id = r.id) AS methods,
       coalesce(r.credit_net + r.credit_tax,
                (SELECT sum((u.facts->>'refund_amount')::numeric) FROM unit AS u
                  WHERE u.merchant = r.merchant AND u.return_id = r.id)) AS value,
       coalesce(r.credit_currency,
                (SELECT max(nullif(u.facts->>'refund_currency', '')) FROM unit AS u
                  WHERE u.merchant = r.merchant AND u.return_id = r.id)) AS currency,
       CASE WHEN r.escalation > 0 AND r.state NOT IN ('restocked', 'closed') THEN 'yes' ELSE 'no' END AS overdue,
       CASE WHEN EXISTS (SELECT FROM journal AS j WHERE j.merchant = r.merchant AND j.return_id = r.id
                            AND j.to_state = 'exception') THEN 'yes' ELSE 'no' END AS touched,
       (SELECT max(o.settled_at) FROM outbox AS o WHERE o.merchant = r.merchant AND o.return_id = r.id
           AND o.kind = 'create-sales-credit' AND o.state = 'done') AS credited_at,
       CASE WHEN r.credit_id IS NOT NULL AND r.refund_due AND r.payment_id IS NULL THEN 'yes' ELSE 'no' END AS unpaid,
       CASE WHEN r.credit_id IS NOT NULL AND r.close_due AND r.invoice_reference = '' THEN 'yes' ELSE 'no' END AS uninvoiced,
       (SELECT CASE WHEN bool_and(u.received_at IS NOT NULL OR u.goods_in_id IS NOT NULL) THEN 'yes'
                    WHEN bool_or(u.received_at IS NOT NULL OR u.goods_in_id IS NOT NULL) THEN 'part' ELSE 'no' END
          FROM unit AS u WHERE u.merchant = r.merchant AND u.return_id = r.id) AS arrived,
       (SELECT max(u.received_at) FROM unit AS u WHERE u.merchant = r.merchant AND u.return_id = r.id) AS received_at,
       (SELECT max(u.departed_at) FROM unit AS u WHERE u.merchant = r.merchant AND u.return_id = r.id) AS departed_at,
       (SELECT coalesce(max(o.attempts), 0) FROM outbox AS o
         WHERE o.merchant = r.merchant AND o.return_id = r.id) AS attempts,
       ARRAY(SELECT CASE WHEN o.state = 'ready' AND o.attempts > 0 THEN 'retrying' ELSE o.state END FROM outbox AS o
              WHERE o.merchant = r.merchant AND o.return_id = r.id) AS effects
  FROM returns AS r;

-- ---------------------------------------------------------------------------------------------------------------------
-- Who may do what. The owner of the tables is not among them; these rights are given by `homeward db migrate`.
-- ---------------------------------------------------------------------------------------------------------------------

-- Which merchants a reporting role may read. A role that is named nowhere sees nothing.
CREATE TABLE reporting_reader (
    role     name NOT NULL,
    merchant text NOT NULL REFERENCES merchant (merchant),
    PRIMARY KEY (role, merchant)
);

-- Whose these rows are hangs on the account or the token that is asked about, not on one merchant.
CREATE FUNCTION tables_about_people() RETURNS SETOF name LANGUAGE sql IMMUTABLE AS $$
    SELECT unnest(ARRAY['access_log', 'account', 'api_answer', 'api_token', 'openid_attempt', 'recovery_code', 'saved_view',
                        'second_factor', 'sign_in_step', 'web_session']::name[])
$$;

-- Rows are kept apart by merchant wherever a table has one. Roles without a policy of their own see none.
CREATE FUNCTION tables_by_merchant() RETURNS SETOF name LANGUAGE sql STABLE AS $$
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
CREATE FUNCTION give_rows(reader name, condition text) RETURNS void LANGUAGE plpgsql AS $$
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

-- What was written down once can only be added to, or read: no trigger stands between a role and that, it has no right.
CREATE FUNCTION refuse_rewriting(reader name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE ON journal, journal_pruned, attempt, credit_map, access_log, finance_file,
                    finance_file_undone, finance_file_row, payout_line, match_decision, match_run, orphan_event, period_event,
                    books_check, erasure, checklist_item FROM %I', reader);
    EXECUTE format('REVOKE DELETE ON leg FROM %I', reader);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON schema_version, machine_state, machine_rule, reporting_reader
                    FROM %I', reader);
END $$;

-- What everybody who works here needs: to read and add, and to change what changes.
CREATE FUNCTION grant_tables(reader name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), reader);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), reader);
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', current_schema(), reader);
    PERFORM refuse_rewriting(reader);
END $$;

-- The role of daemons.
CREATE FUNCTION grant_worker(worker name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM grant_tables(worker);
    PERFORM give_rows(worker, 'true');
    PERFORM give_everybody(worker);
END $$;

-- People at the command line, and the pages: they ask and command through the inbox, and keep files, matches, months,
-- accounts and settings. What a return is, what was sent and what was answered is the daemon's alone to write.
CREATE FUNCTION grant_hands(hands name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM grant_tables(hands);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON returns, unit, journal, journal_head, outbox, attempt, deadline, daemon,
                    goods_claim, health, health_alert FROM %I', hands);
    EXECUTE format('GRANT UPDATE (tracking, facts) ON unit TO %I', hands);  -- what privacy erase takes away
END $$;

CREATE FUNCTION grant_operator(operator name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM grant_hands(operator);
    PERFORM give_rows(operator, 'true');
    PERFORM give_everybody(operator);
END $$;

-- Pages and API say with each transaction who asks, and see and write the rows of the merchants that one may see. Whose
-- writes are held, keys of vendors, who reads reports and what teams were told of health are none of theirs. (A daemon of
-- 0.3.0 says * for webhooks.)
CREATE FUNCTION grant_pages(pages name) RETURNS void LANGUAGE plpgsql AS $$
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
CREATE FUNCTION grant_reporting(reporting name) RETURNS void LANGUAGE plpgsql AS $$
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
