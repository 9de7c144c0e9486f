-- 1 to 2: holds and doubt, sealed tokens, erasures, checklists, rows kept apart by merchant.
-- Additive: a daemon of version 1 that still runs goes on, as its role is given its rows in the same transaction.

ALTER TABLE merchant
    ADD COLUMN epoch         text,
    ADD COLUMN doubted_until timestamptz,
    ADD COLUMN held_since    timestamptz,
    ADD COLUMN held_by       text,
    ADD COLUMN held_why      text,
    ADD CONSTRAINT merchant_hold_is_told CHECK ((held_since IS NULL) = (held_by IS NULL) AND (held_by IS NULL) = (held_why IS NULL));

ALTER TABLE attempt DROP CONSTRAINT attempt_outcome_check;
ALTER TABLE attempt ADD CONSTRAINT attempt_outcome_check CHECK (outcome IN (
    'done', 'waits', 'again', 'unknown', 'parked', 'withheld', 'observed'));

CREATE FUNCTION database_epoch() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT (SELECT system_identifier FROM pg_control_system()) || ':' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
$$;

CREATE TABLE sealed_secret (
    merchant    text        NOT NULL REFERENCES merchant (merchant),
    name        text        NOT NULL,
    sealed      bytea       NOT NULL,
    seed_sha256 bytea       NOT NULL,
    updated_at  timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant, name)
);

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

CREATE TRIGGER erasure_is_append_only BEFORE UPDATE OR DELETE ON erasure
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checklist_item_is_append_only BEFORE UPDATE OR DELETE ON checklist_item
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER VIEW return_board SET (security_invoker = true);

DROP FUNCTION grant_worker(name);
CREATE TABLE reporting_reader (
    role     name NOT NULL,
    merchant text NOT NULL REFERENCES merchant (merchant),
    PRIMARY KEY (role, merchant)
);

-- Rows are kept apart by merchant wherever a table has one. Roles without a policy of their own see none.
CREATE FUNCTION tables_by_merchant() RETURNS SETOF name LANGUAGE sql STABLE AS $$
    SELECT c.relname
      FROM pg_class AS c
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'merchant' AND NOT a.attisdropped
     WHERE c.relnamespace = current_schema()::regnamespace
       AND c.relkind = 'r'
       AND c.relname <> 'reporting_reader'
     ORDER BY c.relname
$$;
DO $$
DECLARE
    each name;
BEGIN
    FOR each IN SELECT tables_by_merchant() LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each);
    END LOOP;
END $$;

-- Give a role the rows for which `condition` holds, in every table that is kept apart by merchant, instead of those it had.
CREATE FUNCTION give_rows(reader name, condition text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each name;
    policy name := left('rows_of_' || reader, 63)::name;
    given text;
BEGIN
    FOR each IN SELECT tables_by_merchant() LOOP
        given := (SELECT obj_description(p.oid, 'pg_policy') FROM pg_policy AS p
                   WHERE p.polrelid = each::text::regclass AND p.polname = policy);
        IF given = condition THEN
            CONTINUE;
        END IF;
        EXECUTE format('DROP POLICY IF EXISTS %I ON %I', policy, each);
        EXECUTE format('CREATE POLICY %I ON %I TO %I USING (%s)', policy, each, reader, condition);
        EXECUTE format('COMMENT ON POLICY %I ON %I IS %L', policy, each, condition);
    END LOOP;
END $$;

-- What was written down once can only be added to, or read: no trigger stands between a role and that, it has no right.
CREATE FUNCTION refuse_rewriting(reader name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE ON journal, journal_pruned, attempt, credit_map, access_log, finance_file,
                    finance_file_undone, finance_file_row, match_decision, match_run, orphan_event, period_event,
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
END $$;

-- People at the command line, and the pages: they ask and command through the inbox, and keep files, matches, months,
-- accounts and settings. What a return is, what was sent and what was answered is the daemon's alone to write.
CREATE FUNCTION grant_hands(hands name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM grant_tables(hands);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON returns, unit, journal, journal_head, outbox, attempt, deadline, daemon
                    FROM %I', hands);
    EXECUTE format('GRANT UPDATE (tracking, facts) ON unit TO %I', hands);  -- what privacy erase takes away
END $$;

CREATE FUNCTION grant_operator(operator name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM grant_hands(operator);
    PERFORM give_rows(operator, 'true');
END $$;

-- Pages and API say with each transaction whose rows they may see: set_config('homeward.merchants', 'acme,zenith', true).
CREATE FUNCTION grant_pages(pages name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM grant_hands(pages);
    PERFORM give_rows(pages, $rows$
        current_setting('homeward.merchants', true) = '*'
        OR merchant = ''
        OR merchant = ANY(string_to_array(current_setting('homeward.merchants', true), ','))
    $rows$);
END $$;

-- Reports and business intelligence: they read, and neither bodies as received nor anything that lets somebody in.
CREATE FUNCTION grant_reporting(reporting name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), reporting);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), reporting);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), reporting);
    EXECUTE format('REVOKE SELECT ON delivery, message, account, web_session, openid_attempt, api_token, api_answer,
                    sealed_secret, access_log FROM %I', reporting);
    PERFORM give_rows(reporting, $rows$
        merchant = ANY(ARRAY(SELECT r.merchant FROM reporting_reader AS r WHERE r.role = current_user))
    $rows$);
END $$;

-- Whoever works this database today goes on, whatever its role is called.
DO $$
DECLARE
    each name;
BEGIN
    FOR each IN SELECT DISTINCT g.grantee
                  FROM information_schema.role_table_grants AS g
                 WHERE g.table_schema = current_schema()
                   AND g.table_name = 'outbox'
                   AND g.privilege_type = 'UPDATE'
                   AND g.grantee NOT IN (current_user, 'PUBLIC') LOOP
        PERFORM give_rows(each, 'true');
    END LOOP;
END $$;

INSERT INTO schema_version (version) VALUES (2);
