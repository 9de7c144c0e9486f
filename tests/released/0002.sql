-- Version 2 (0.3.0) with data in it: pg_dump --no-owner --no-privileges --inserts of a small season, without its policies.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.database_epoch() RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT (SELECT system_identifier FROM pg_control_system()) || ':' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
$$;
CREATE FUNCTION public.give_rows(reader name, condition text) RETURNS void
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.grant_hands(hands name) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM grant_tables(hands);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON returns, unit, journal, journal_head, outbox, attempt, deadline, daemon
                    FROM %I', hands);
    EXECUTE format('GRANT UPDATE (tracking, facts) ON unit TO %I', hands);  -- what privacy erase takes away
END $$;
CREATE FUNCTION public.grant_operator(operator name) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM grant_hands(operator);
    PERFORM give_rows(operator, 'true');
END $$;
CREATE FUNCTION public.grant_pages(pages name) RETURNS void
    LANGUAGE plpgsql
    AS $_$
BEGIN
    PERFORM grant_hands(pages);
    PERFORM give_rows(pages, $rows$
        current_setting('homeward.merchants', true) = '*'
        OR merchant = ''
        OR merchant = ANY(string_to_array(current_setting('homeward.merchants', true), ','))
    $rows$);
END $_$;
CREATE FUNCTION public.grant_reporting(reporting name) RETURNS void
    LANGUAGE plpgsql
    AS $_$
BEGIN
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), reporting);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), reporting);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), reporting);
    EXECUTE format('REVOKE SELECT ON delivery, message, account, web_session, openid_attempt, api_token, api_answer,
                    sealed_secret, access_log FROM %I', reporting);
    PERFORM give_rows(reporting, $rows$
        merchant = ANY(ARRAY(SELECT r.merchant FROM reporting_reader AS r WHERE r.role = current_user))
    $rows$);
END $_$;
CREATE FUNCTION public.grant_tables(reader name) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), reader);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), reader);
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', current_schema(), reader);
    PERFORM refuse_rewriting(reader);
END $$;
CREATE FUNCTION public.grant_worker(worker name) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM grant_tables(worker);
    PERFORM give_rows(worker, 'true');
END $$;
CREATE FUNCTION public.only_ends() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.known_until IS NULL AND NEW.digest = OLD.digest AND NEW.key = OLD.key THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION public.refuse_rewriting(reader name) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE ON journal, journal_pruned, attempt, credit_map, access_log, finance_file,
                    finance_file_undone, finance_file_row, match_decision, match_run, orphan_event, period_event,
                    books_check, erasure, checklist_item FROM %I', reader);
    EXECUTE format('REVOKE DELETE ON leg FROM %I', reader);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON schema_version, machine_state, machine_rule, reporting_reader
                    FROM %I', reader);
END $$;
CREATE FUNCTION public.refuse_shortening() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM returns AS r WHERE r.merchant = OLD.merchant AND r.id = OLD.return_id) THEN
        RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
CREATE FUNCTION public.tables_by_merchant() RETURNS SETOF name
    LANGUAGE sql STABLE
    AS $$
    SELECT c.relname
      FROM pg_class AS c
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'merchant' AND NOT a.attisdropped
     WHERE c.relnamespace = current_schema()::regnamespace
       AND c.relkind = 'r'
       AND c.relname <> 'reporting_reader'
     ORDER BY c.relname
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.access_log (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text DEFAULT ''::text NOT NULL,
    merchant text DEFAULT ''::text NOT NULL,
    address text DEFAULT ''::text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.access_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.access_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.account (
    name text NOT NULL,
    role text NOT NULL,
    merchants text[],
    password_hash text,
    failures integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    disabled_at timestamp with time zone,
    seen_at timestamp with time zone,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT account_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9._@+-]{0,99}$'::text)),
    CONSTRAINT account_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'customer-service'::text, 'finance'::text, 'warehouse'::text, 'operator'::text, 'administrator'::text])))
);
CREATE TABLE public.api_answer (
    token_id bigint NOT NULL,
    key text NOT NULL,
    asked bytea NOT NULL,
    status integer NOT NULL,
    body jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.api_token (
    id bigint NOT NULL,
    name text NOT NULL,
    token_hash bytea NOT NULL,
    scope text NOT NULL,
    merchants text[],
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT api_token_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'::text)),
    CONSTRAINT api_token_scope_check CHECK ((scope = ANY (ARRAY['helpdesk'::text, 'read'::text, 'warehouse'::text, 'write'::text])))
);
ALTER TABLE public.api_token ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.api_token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.attempt (
    merchant text NOT NULL,
    effect_id bigint NOT NULL,
    attempt integer NOT NULL,
    outcome text NOT NULL,
    detail jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT attempt_outcome_check CHECK ((outcome = ANY (ARRAY['done'::text, 'waits'::text, 'again'::text, 'unknown'::text, 'parked'::text, 'withheld'::text, 'observed'::text])))
);
CREATE TABLE public.batch (
    merchant text NOT NULL,
    id bigint NOT NULL,
    batch_key text NOT NULL,
    verb text NOT NULL,
    options jsonb NOT NULL,
    filter text NOT NULL,
    reason text NOT NULL,
    note text NOT NULL,
    actor text NOT NULL,
    state text NOT NULL,
    items integer NOT NULL,
    rate_per_minute integer,
    stop_after_errors integer,
    decided_by text,
    why_stopped text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT batch_rate_per_minute_check CHECK ((rate_per_minute > 0)),
    CONSTRAINT batch_state_check CHECK ((state = ANY (ARRAY['awaits-approval'::text, 'running'::text, 'paused'::text, 'stopped'::text, 'done'::text]))),
    CONSTRAINT batch_stop_after_errors_check CHECK ((stop_after_errors > 0))
);
ALTER TABLE public.batch ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.batch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.batch_item (
    merchant text NOT NULL,
    batch_id bigint NOT NULL,
    "position" integer NOT NULL,
    return_id bigint NOT NULL,
    order_key text NOT NULL,
    version integer,
    event text NOT NULL,
    payload jsonb NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    outcome text DEFAULT ''::text NOT NULL,
    said_at timestamp with time zone,
    settled_at timestamp with time zone,
    CONSTRAINT batch_item_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'said'::text, 'applied'::text, 'ignored'::text, 'refused'::text, 'skipped'::text])))
);
CREATE TABLE public.books_check (
    merchant text NOT NULL,
    id bigint NOT NULL,
    name text NOT NULL,
    violations integer NOT NULL,
    detail jsonb NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.books_check ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.books_check_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.checklist_item (
    merchant text NOT NULL,
    id bigint NOT NULL,
    checklist text NOT NULL,
    period date NOT NULL,
    item text NOT NULL,
    found jsonb NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT checklist_item_checklist_check CHECK ((checklist = ANY (ARRAY['customer-service-daily'::text, 'finance-weekly'::text])))
);
ALTER TABLE public.checklist_item ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.checklist_item_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.credit_map (
    merchant text NOT NULL,
    id bigint NOT NULL,
    version text NOT NULL,
    content jsonb NOT NULL,
    accepted_by text NOT NULL,
    reason text NOT NULL,
    accepted_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT credit_map_version_check CHECK ((version <> ''::text))
);
ALTER TABLE public.credit_map ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.credit_map_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.cursor (
    merchant text NOT NULL,
    name text NOT NULL,
    value jsonb NOT NULL
);
CREATE TABLE public.daemon (
    owner text NOT NULL,
    session_pid integer NOT NULL,
    session_started timestamp with time zone NOT NULL,
    alive_until timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.deadline (
    merchant text NOT NULL,
    return_id bigint NOT NULL,
    state text NOT NULL,
    level integer NOT NULL,
    due_at timestamp with time zone NOT NULL
);
CREATE TABLE public.delivery (
    merchant text NOT NULL,
    id bigint NOT NULL,
    source text NOT NULL,
    body_sha256 text NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL,
    reason text,
    return_ids text[] DEFAULT '{}'::text[] NOT NULL,
    received_at timestamp with time zone NOT NULL,
    repeats integer DEFAULT 0 NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT delivery_check CHECK (((state <> 'quarantined'::text) OR (reason IS NOT NULL))),
    CONSTRAINT delivery_source_check CHECK ((source = ANY (ARRAY['webhook'::text, 'poll'::text, 'import'::text]))),
    CONSTRAINT delivery_state_check CHECK ((state = ANY (ARRAY['accepted'::text, 'quarantined'::text])))
);
ALTER TABLE public.delivery ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.erasure (
    merchant text NOT NULL,
    id bigint NOT NULL,
    subject text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    erased jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT erasure_reason_check CHECK ((reason <> ''::text))
);
ALTER TABLE public.erasure ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.erasure_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.finance_clock (
    merchant text NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.finance_file (
    merchant text NOT NULL,
    id bigint NOT NULL,
    format text NOT NULL,
    covers text NOT NULL,
    provider text DEFAULT ''::text NOT NULL,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    rows integer NOT NULL,
    accepted integer NOT NULL,
    repeated integer NOT NULL,
    rejected integer NOT NULL,
    first_on date,
    last_on date,
    actor text NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT finance_file_covers_check CHECK ((covers = ANY (ARRAY['payouts'::text, 'fees'::text, 'bank'::text])))
);
ALTER TABLE public.finance_file ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.finance_file_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.finance_file_row (
    merchant text NOT NULL,
    file_id bigint NOT NULL,
    "row" integer NOT NULL,
    result text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    leg text DEFAULT ''::text NOT NULL,
    CONSTRAINT finance_file_row_result_check CHECK ((result = ANY (ARRAY['accepted'::text, 'repeated'::text, 'rejected'::text])))
);
CREATE TABLE public.finance_file_undone (
    merchant text NOT NULL,
    file_id bigint NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.inbox (
    merchant text NOT NULL,
    id bigint NOT NULL,
    natural_key text NOT NULL,
    event text NOT NULL,
    happy_return_id text NOT NULL,
    order_number text NOT NULL,
    order_key text NOT NULL,
    part integer,
    payload jsonb NOT NULL,
    source text NOT NULL,
    actor text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    trace text,
    received_at timestamp with time zone NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    outcome text,
    settled_at timestamp with time zone,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT inbox_check CHECK (((state = ANY (ARRAY['waiting'::text, 'applied'::text])) OR (outcome IS NOT NULL))),
    CONSTRAINT inbox_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'applied'::text, 'ignored'::text, 'refused'::text, 'parked'::text])))
);
ALTER TABLE public.inbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.journal (
    merchant text NOT NULL,
    return_id bigint NOT NULL,
    version integer NOT NULL,
    event text NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    actor text NOT NULL,
    facts jsonb NOT NULL,
    inbox_id bigint,
    trace text,
    at timestamp with time zone NOT NULL,
    seq bigint NOT NULL,
    link bytea NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT journal_version_check CHECK ((version > 0))
);
CREATE TABLE public.journal_head (
    merchant text NOT NULL,
    seq bigint NOT NULL,
    link bytea NOT NULL
);
CREATE TABLE public.journal_pruned (
    merchant text NOT NULL,
    seq bigint NOT NULL,
    digest bytea NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.leg (
    merchant text NOT NULL,
    id bigint NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    scope text NOT NULL,
    business_on date NOT NULL,
    currency text NOT NULL,
    amount numeric(14,2),
    quantity integer NOT NULL,
    ids text[] NOT NULL,
    order_key text NOT NULL,
    sku text NOT NULL,
    tax numeric(14,2),
    tax_code text NOT NULL,
    facts jsonb NOT NULL,
    digest bytea NOT NULL,
    known_from timestamp with time zone NOT NULL,
    known_until timestamp with time zone,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT leg_check CHECK (((known_until IS NULL) OR (known_until >= known_from))),
    CONSTRAINT leg_kind_check CHECK ((kind = ANY (ARRAY['unit'::text, 'mention'::text, 'credit'::text, 'stock'::text, 'refund'::text, 'payout'::text, 'transfer'::text, 'bank'::text, 'fee'::text])))
);
ALTER TABLE public.leg ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.leg_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.machine_rule (
    event text NOT NULL,
    source text NOT NULL,
    target text NOT NULL
);
CREATE TABLE public.machine_state (
    state text NOT NULL,
    sentence text NOT NULL
);
CREATE TABLE public.match_decision (
    merchant text NOT NULL,
    id bigint NOT NULL,
    action text NOT NULL,
    legs text[] NOT NULL,
    decided_on date NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT match_decision_action_check CHECK ((action = ANY (ARRAY['match'::text, 'unmatch'::text, 'dispute'::text, 'write-off'::text, 'out-of-scope'::text, 'reopen'::text]))),
    CONSTRAINT match_decision_legs_check CHECK ((legs <> '{}'::text[])),
    CONSTRAINT match_decision_reason_check CHECK ((reason <> ''::text))
);
ALTER TABLE public.match_decision ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.match_decision_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.match_group (
    merchant text NOT NULL,
    id bigint NOT NULL,
    key text NOT NULL,
    status text NOT NULL,
    reason text NOT NULL,
    currency text NOT NULL,
    value numeric(14,2) NOT NULL,
    opened_on date NOT NULL,
    cleared_on date,
    order_key text NOT NULL,
    is_return boolean NOT NULL,
    legs text[] NOT NULL,
    content jsonb NOT NULL,
    digest bytea NOT NULL,
    from_run bigint NOT NULL,
    until_run bigint,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT match_group_status_check CHECK ((status = ANY (ARRAY['matched'::text, 'within-tolerance'::text, 'suggested'::text, 'partial'::text, 'unmatched'::text, 'disputed'::text, 'written-off'::text, 'out-of-scope'::text])))
);
ALTER TABLE public.match_group ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.match_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.match_run (
    merchant text NOT NULL,
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    terms jsonb NOT NULL,
    journal_seq bigint NOT NULL,
    legs integer NOT NULL,
    figures jsonb NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.match_run ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.match_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.merchant (
    merchant text NOT NULL,
    lease_owner text,
    lease_until timestamp with time zone,
    fence bigint DEFAULT 0 NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    epoch text,
    doubted_until timestamp with time zone,
    held_since timestamp with time zone,
    held_by text,
    held_why text,
    CONSTRAINT merchant_check CHECK (((lease_owner IS NULL) = (lease_until IS NULL))),
    CONSTRAINT merchant_hold_is_told CHECK ((((held_since IS NULL) = (held_by IS NULL)) AND ((held_by IS NULL) = (held_why IS NULL)))),
    CONSTRAINT merchant_merchant_check CHECK ((merchant ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text))
);
CREATE TABLE public.message (
    merchant text NOT NULL,
    id uuid NOT NULL,
    team text NOT NULL,
    channel text NOT NULL,
    content jsonb NOT NULL,
    state text DEFAULT 'ready'::text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    last_error text,
    created_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT message_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'slack'::text, 'webhook'::text]))),
    CONSTRAINT message_state_check CHECK ((state = ANY (ARRAY['ready'::text, 'done'::text])))
);
CREATE TABLE public.notice (
    merchant text NOT NULL,
    return_id bigint NOT NULL,
    version integer NOT NULL,
    topic text NOT NULL,
    team text NOT NULL,
    severity text NOT NULL,
    level integer NOT NULL,
    at timestamp with time zone NOT NULL,
    told_at timestamp with time zone,
    digest_id uuid,
    cleared_at timestamp with time zone,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT notice_severity_check CHECK ((severity = ANY (ARRAY['notice'::text, 'warning'::text, 'urgent'::text])))
);
CREATE TABLE public.openid_attempt (
    token_hash bytea NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    goes_to text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.orphan_event (
    merchant text NOT NULL,
    id bigint NOT NULL,
    key text NOT NULL,
    event text NOT NULL,
    class text NOT NULL,
    match_key text NOT NULL,
    value numeric(14,2) NOT NULL,
    currency text NOT NULL,
    since date NOT NULL,
    due_on date NOT NULL,
    content jsonb NOT NULL,
    run_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT orphan_event_event_check CHECK ((event = ANY (ARRAY['opened'::text, 'changed'::text, 'closed'::text])))
);
ALTER TABLE public.orphan_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.orphan_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.outbox (
    merchant text NOT NULL,
    id bigint NOT NULL,
    return_id bigint NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    payload jsonb NOT NULL,
    intent jsonb,
    sent_at timestamp with time zone,
    state text DEFAULT 'ready'::text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    lease_until timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    last_error text,
    result jsonb,
    trace text,
    created_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT outbox_check CHECK (((state <> 'leased'::text) OR (lease_until IS NOT NULL))),
    CONSTRAINT outbox_check1 CHECK (((intent IS NULL) OR (sent_at IS NOT NULL))),
    CONSTRAINT outbox_kind_check CHECK ((kind = ANY (ARRAY['create-sales-credit'::text, 'record-refund'::text, 'close-credit'::text, 'mark-credit'::text, 'receive-stock'::text, 'approve-return'::text]))),
    CONSTRAINT outbox_state_check CHECK ((state = ANY (ARRAY['ready'::text, 'leased'::text, 'done'::text, 'parked'::text, 'withheld'::text])))
);
ALTER TABLE public.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.period_event (
    merchant text NOT NULL,
    id bigint NOT NULL,
    period text NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    pack_sha256 bytea,
    figures jsonb DEFAULT '{}'::jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT period_event_action_check CHECK ((action = ANY (ARRAY['prepared'::text, 'closed'::text, 'reopened'::text]))),
    CONSTRAINT period_event_period_check CHECK ((period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'::text))
);
ALTER TABLE public.period_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.period_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.reporting_reader (
    role name NOT NULL,
    merchant text NOT NULL
);
CREATE TABLE public.returns (
    merchant text NOT NULL,
    id bigint NOT NULL,
    happy_return_id text NOT NULL,
    order_number text NOT NULL,
    order_key text NOT NULL,
    part integer NOT NULL,
    state text NOT NULL,
    version integer NOT NULL,
    entered_at timestamp with time zone NOT NULL,
    escalation integer DEFAULT 0 NOT NULL,
    express_code text DEFAULT ''::text NOT NULL,
    rma_id text DEFAULT ''::text NOT NULL,
    order_id bigint,
    credit_ref text NOT NULL,
    credit_external_ref text,
    credit_id bigint,
    credit_net numeric(14,2),
    credit_tax numeric(14,2),
    credit_currency text,
    credit_rows jsonb,
    credit_adopted boolean DEFAULT false NOT NULL,
    invoice_reference text DEFAULT ''::text NOT NULL,
    refund_due boolean NOT NULL,
    close_due boolean NOT NULL,
    payment_id bigint,
    payment_ref text,
    payment_amount numeric(14,2),
    payment_currency text,
    payment_method text,
    waits_for text DEFAULT ''::text NOT NULL,
    cause text,
    owner text,
    explanation text,
    evidence jsonb,
    resume_state text,
    close_reason text,
    wait_cause text DEFAULT ''::text NOT NULL,
    watches text[] DEFAULT '{}'::text[] NOT NULL,
    accepted text[] DEFAULT '{}'::text[] NOT NULL,
    adopts bigint,
    assignee text DEFAULT ''::text NOT NULL,
    snoozed_until timestamp with time zone,
    map_version text DEFAULT ''::text NOT NULL,
    order_digest text DEFAULT ''::text NOT NULL,
    marks jsonb DEFAULT '{}'::jsonb NOT NULL,
    is_marked boolean DEFAULT false NOT NULL,
    fingerprint text DEFAULT ''::text NOT NULL,
    trace text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT returns_check CHECK (((state <> ALL (ARRAY['credited'::text, 'restocked'::text])) OR (credit_id IS NOT NULL))),
    CONSTRAINT returns_check1 CHECK (((credit_id IS NULL) OR ((credit_net IS NOT NULL) AND (credit_tax IS NOT NULL) AND (credit_currency IS NOT NULL)))),
    CONSTRAINT returns_check2 CHECK (((state <> 'exception'::text) OR ((cause IS NOT NULL) AND (owner IS NOT NULL) AND (explanation IS NOT NULL) AND (resume_state IS NOT NULL)))),
    CONSTRAINT returns_check3 CHECK (((state <> 'closed'::text) OR ((close_reason IS NOT NULL) AND (close_reason = ANY (ARRAY['expired'::text, 'cancelled'::text, 'returnless'::text, 'written-off'::text]))))),
    CONSTRAINT returns_part_check CHECK ((part > 0)),
    CONSTRAINT returns_version_check CHECK ((version > 0))
);
CREATE TABLE public.unit (
    merchant text NOT NULL,
    happy_return_id text NOT NULL,
    order_key text NOT NULL,
    unit_key text NOT NULL,
    return_id bigint NOT NULL,
    happy_item_id text DEFAULT ''::text NOT NULL,
    line_item_id text DEFAULT ''::text NOT NULL,
    sku text DEFAULT ''::text NOT NULL,
    bag text DEFAULT ''::text NOT NULL,
    tracking text DEFAULT ''::text NOT NULL,
    departed_at timestamp with time zone,
    received_at timestamp with time zone,
    condition text,
    goods_in_id bigint,
    reported_at timestamp with time zone,
    facts jsonb NOT NULL
);
CREATE VIEW public.return_board WITH (security_invoker='true') AS
 SELECT r.merchant,
    r.id,
    r.happy_return_id,
    r.express_code,
    r.rma_id,
    r.order_number,
    r.order_key,
    r.part,
    r.state,
    r.version,
    r.entered_at AS since,
    r.escalation,
    COALESCE(r.cause, NULLIF(r.wait_cause, ''::text)) AS cause,
    r.wait_cause,
    r.owner,
    r.explanation,
    r.fingerprint,
    r.waits_for,
    r.assignee,
    r.snoozed_until,
    r.credit_id,
    r.credit_external_ref,
    r.credit_net,
    r.credit_tax,
    r.credit_currency,
    r.invoice_reference,
    r.payment_id,
    r.close_reason,
    r.created_at,
    r.updated_at,
    ( SELECT d.due_at
           FROM public.deadline d
          WHERE ((d.merchant = r.merchant) AND (d.return_id = r.id))) AS due_at,
    ( SELECT count(*) AS count
           FROM public.unit u
          WHERE ((u.merchant = r.merchant) AND (u.return_id = r.id))) AS units,
    ARRAY( SELECT u.sku
           FROM public.unit u
          WHERE ((u.merchant = r.merchant) AND (u.return_id = r.id))) AS skus,
    ARRAY( SELECT (u.facts ->> 'reason_id'::text)
           FROM public.unit u
          WHERE ((u.merchant = r.merchant) AND (u.return_id = r.id))) AS reasons,
    ARRAY( SELECT (u.facts ->> 'dropoff_method'::text)
           FROM public.unit u
          WHERE ((u.merchant = r.merchant) AND (u.return_id = r.id))) AS methods,
    COALESCE((r.credit_net + r.credit_tax), ( SELECT sum(((u.facts ->> 'refund_amount'::text))::numeric) AS sum
           FROM public.unit u
          WHERE ((u.merchant = r.merchant) AND (u.return_id = r.id)))) AS value,
    COALESCE(r.credit_currency, ( SELECT max(NULLIF((u.facts ->> 'refund_currency'::text), ''::text)) AS max
           FROM public.unit u
          WHERE ((u.merchant = r.merchant) AND (u.return_id = r.id)))) AS currency,
        CASE
            WHEN ((r.escalation > 0) AND (r.state <> ALL (ARRAY['restocked'::text, 'closed'::text]))) THEN 'yes'::text
            ELSE 'no'::text
        END AS overdue,
        CASE
            WHEN (EXISTS ( SELECT
               FROM public.journal j
              WHERE ((j.merchant = r.merchant) AND (j.return_id = r.id) AND (j.to_state = 'exception'::text)))) THEN 'yes'::text
            ELSE 'no'::text
        END AS touched,
    ( SELECT max(o.settled_at) AS max
           FROM public.outbox o
          WHERE ((o.merchant = r.merchant) AND (o.return_id = r.id) AND (o.kind = 'create-sales-credit'::text) AND (o.state = 'done'::text))) AS credited_at,
        CASE
            WHEN ((r.credit_id IS NOT NULL) AND r.refund_due AND (r.payment_id IS NULL)) THEN 'yes'::text
            ELSE 'no'::text
        END AS unpaid,
        CASE
            WHEN ((r.credit_id IS NOT NULL) AND r.close_due AND (r.invoice_reference = ''::text)) THEN 'yes'::text
            ELSE 'no'::text
        END AS uninvoiced,
    ( SELECT
                CASE
                    WHEN bool_and(((u.received_at IS NOT NULL) OR (u.goods_in_id IS NOT NULL))) THEN 'yes'::text
                    WHEN bool_or(((u.received_at IS NOT NULL) OR (u.goods_in_id IS NOT NULL))) THEN 'part'::text
                    ELSE 'no'::text
                END AS "case"
           FROM public.unit u
          WHERE ((u.merchant = r.merchant) AND (u.return_id = r.id))) AS arrived,
    ( SELECT max(u.received_at) AS max
           FROM public.unit u
          WHERE ((u.merchant = r.merchant) AND (u.return_id = r.id))) AS received_at,
    ( SELECT max(u.departed_at) AS max
           FROM public.unit u
          WHERE ((u.merchant = r.merchant) AND (u.return_id = r.id))) AS departed_at,
    ( SELECT COALESCE(max(o.attempts), 0) AS "coalesce"
           FROM public.outbox o
          WHERE ((o.merchant = r.merchant) AND (o.return_id = r.id))) AS attempts,
    ARRAY( SELECT
                CASE
                    WHEN ((o.state = 'ready'::text) AND (o.attempts > 0)) THEN 'retrying'::text
                    ELSE o.state
                END AS state
           FROM public.outbox o
          WHERE ((o.merchant = r.merchant) AND (o.return_id = r.id))) AS effects
   FROM public.returns r;
CREATE SEQUENCE public.return_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.saved_view (
    id bigint NOT NULL,
    account text NOT NULL,
    name text NOT NULL,
    page text NOT NULL,
    filter text NOT NULL,
    is_shared boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT saved_view_name_check CHECK (((length(name) >= 1) AND (length(name) <= 60))),
    CONSTRAINT saved_view_page_check CHECK ((page = ANY (ARRAY['returns'::text, 'exceptions'::text])))
);
ALTER TABLE public.saved_view ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.saved_view_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.schema_version (
    version integer NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.sealed_secret (
    merchant text NOT NULL,
    name text NOT NULL,
    sealed bytea NOT NULL,
    seed_sha256 bytea NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.watch (
    merchant text NOT NULL,
    key text NOT NULL,
    tier text NOT NULL,
    happy_return_id text DEFAULT ''::text NOT NULL,
    express_code text DEFAULT ''::text NOT NULL,
    order_number text DEFAULT ''::text NOT NULL,
    claimed text DEFAULT ''::text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    next_poll_at timestamp with time zone,
    polled_at timestamp with time zone,
    misses integer DEFAULT 0 NOT NULL,
    digest text DEFAULT ''::text NOT NULL,
    lease_until timestamp with time zone,
    CONSTRAINT watch_tier_check CHECK ((tier = ANY (ARRAY['return'::text, 'code'::text, 'order'::text])))
);
CREATE TABLE public.web_session (
    token_hash bytea NOT NULL,
    account text NOT NULL,
    csrf text NOT NULL,
    way text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT web_session_way_check CHECK ((way = ANY (ARRAY['password'::text, 'openid'::text, 'proxy'::text])))
);
INSERT INTO public.attempt VALUES ('acme', 1, 1, 'parked', '{"why": "The shopper chose an exchange.", "cause": "exchange", "evidence": {"kinds": ["exchange"], "verdict": "needs a person", "refund_types": ["exchange"]}}', '2026-03-18 16:32:01.957771+00', '2026-11-27 03:20:03.832661+00');
INSERT INTO public.attempt VALUES ('acme', 2, 1, 'parked', '{"why": "Credit 1068 was made by others, or forgotten by us, for goods of this order.", "cause": "rival-credit", "evidence": {"net": "45.83", "tax": "9.17", "verdict": "needs a person", "credit_id": 1068, "reference": "goodwill", "created_at": "2026-03-02T09:00:05.675000+00:00", "external_ref": "", "accepting_helps": false}}', '2026-03-18 16:32:01.957771+00', '2026-11-27 03:20:03.832661+00');
INSERT INTO public.attempt VALUES ('acme', 3, 1, 'done', '{"adopted": false, "evidence": {"match": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": "line id → row 1044"}, "tax_on": "2026-03-18", "order_id": 1043, "map_version": "8ac737b0af5a", "order_digest": "303621749218b73e"}, "order_id": 1043, "credit_id": 1070}', '2026-03-18 16:32:09.553591+00', '2026-11-27 03:20:03.864362+00');
INSERT INTO public.attempt VALUES ('acme', 4, 1, 'done', '{"adopted": false, "evidence": {"match": {"05b6e6e3-07d4-4edc-9143-1193e6c3f339": "line id → row 1048", "f06c144a-025b-413f-8a9a-021ea648a7dd": "line id → row 1048"}, "tax_on": "2026-03-18", "order_id": 1047, "map_version": "8ac737b0af5a", "order_digest": "d905217ffcdaa611"}, "order_id": 1047, "credit_id": 1072}', '2026-03-18 16:32:09.553591+00', '2026-11-27 03:20:03.864362+00');
INSERT INTO public.attempt VALUES ('acme', 5, 1, 'done', '{"adopted": false, "evidence": {"match": {"e1ea24c4-f934-4c68-966b-aea148beab13": "line id → row 1056"}, "tax_on": "2026-03-18", "order_id": 1055, "map_version": "8ac737b0af5a", "order_digest": "60500216b1506dad"}, "order_id": 1055, "credit_id": 1074}', '2026-03-18 16:32:09.553591+00', '2026-11-27 03:20:03.864362+00');
INSERT INTO public.attempt VALUES ('acme', 6, 1, 'done', '{"adopted": false, "evidence": {"match": {"7af027bc-08d6-4f57-9a71-144896c8da19": "line id → row 1060"}, "tax_on": "2026-03-18", "order_id": 1059, "map_version": "8ac737b0af5a", "order_digest": "84abd021a9ca2afd"}, "order_id": 1059, "credit_id": 1076}', '2026-03-18 16:32:09.553591+00', '2026-11-27 03:20:03.864362+00');
INSERT INTO public.attempt VALUES ('acme', 7, 1, 'done', '{"payment_id": 1077}', '2026-03-18 16:32:44.213486+00', '2026-11-27 03:20:04.009816+00');
INSERT INTO public.attempt VALUES ('acme', 9, 1, 'done', '{"payment_id": 1078}', '2026-03-18 16:32:44.213486+00', '2026-11-27 03:20:04.009816+00');
INSERT INTO public.attempt VALUES ('acme', 11, 1, 'done', '{"payment_id": 1079}', '2026-03-18 16:32:44.213486+00', '2026-11-27 03:20:04.009816+00');
INSERT INTO public.attempt VALUES ('acme', 13, 1, 'done', '{"payment_id": 1080}', '2026-03-18 16:32:44.213486+00', '2026-11-27 03:20:04.009816+00');
INSERT INTO public.attempt VALUES ('acme', 8, 1, 'waits', '{"why": "the invoice is pending in Brightpearl"}', '2026-03-18 16:33:08.349188+00', '2026-11-27 03:20:04.111841+00');
INSERT INTO public.attempt VALUES ('acme', 10, 1, 'waits', '{"why": "the invoice is pending in Brightpearl"}', '2026-03-18 16:33:08.349188+00', '2026-11-27 03:20:04.111841+00');
INSERT INTO public.attempt VALUES ('acme', 12, 1, 'waits', '{"why": "the invoice is pending in Brightpearl"}', '2026-03-18 16:33:08.349188+00', '2026-11-27 03:20:04.111841+00');
INSERT INTO public.attempt VALUES ('acme', 14, 1, 'waits', '{"why": "the invoice is pending in Brightpearl"}', '2026-03-18 16:33:08.349188+00', '2026-11-27 03:20:04.111841+00');
INSERT INTO public.attempt VALUES ('acme', 15, 1, 'done', '{"notes": [1081]}', '2026-03-18 16:33:27.163115+00', '2026-11-27 03:20:04.187594+00');
INSERT INTO public.attempt VALUES ('acme', 16, 1, 'done', '{"notes": [1082, 1085]}', '2026-03-18 16:33:27.163115+00', '2026-11-27 03:20:04.187594+00');
INSERT INTO public.attempt VALUES ('acme', 17, 1, 'done', '{"notes": [1083]}', '2026-03-18 16:33:27.163115+00', '2026-11-27 03:20:04.187594+00');
INSERT INTO public.attempt VALUES ('acme', 18, 1, 'done', '{"notes": [1084]}', '2026-03-18 16:33:27.163115+00', '2026-11-27 03:20:04.187594+00');
INSERT INTO public.attempt VALUES ('acme', 8, 2, 'done', '{"invoice_reference": "SC-1070"}', '2026-03-18 16:33:32.758954+00', '2026-11-27 03:20:04.211133+00');
INSERT INTO public.attempt VALUES ('acme', 10, 2, 'done', '{"invoice_reference": "SC-1072"}', '2026-03-18 16:33:32.758954+00', '2026-11-27 03:20:04.211133+00');
INSERT INTO public.attempt VALUES ('acme', 12, 2, 'done', '{"invoice_reference": "SC-1074"}', '2026-03-18 16:33:32.758954+00', '2026-11-27 03:20:04.211133+00');
INSERT INTO public.attempt VALUES ('acme', 14, 2, 'done', '{"invoice_reference": "SC-1076"}', '2026-03-18 16:33:32.758954+00', '2026-11-27 03:20:04.211133+00');
INSERT INTO public.attempt VALUES ('acme', 19, 1, 'done', '{"credit_id": 1070}', '2026-03-18 16:33:48.568991+00', '2026-11-27 03:20:04.276828+00');
INSERT INTO public.attempt VALUES ('acme', 20, 1, 'done', '{"credit_id": 1072}', '2026-03-18 16:33:48.568991+00', '2026-11-27 03:20:04.276828+00');
INSERT INTO public.attempt VALUES ('acme', 21, 1, 'done', '{"credit_id": 1074}', '2026-03-18 16:33:48.568991+00', '2026-11-27 03:20:04.276828+00');
INSERT INTO public.credit_map OVERRIDING SYSTEM VALUE VALUES ('acme', 1, '8ac737b0af5a', '{"tax": {}, "fees": {}, "bundles": {}, "nominal": {}, "reasons": {"*": {"note": "", "status_id": null, "disposition": "restock", "custom_fields": {}}, "damaged": {"note": "Came back damaged", "status_id": null, "disposition": "quarantine", "custom_fields": {}}, "not-as-described": {"note": "Not as described: tell merchandising", "status_id": 11, "disposition": "restock", "custom_fields": {}}}, "channels": {}, "warehouses": {}, "substitutions": {}, "refund_methods": {}}', 'user:root', 'first version', '2026-03-02 08:00:02.939245+00', '2026-11-27 03:20:00.867909+00');
INSERT INTO public.cursor VALUES ('acme', 'observing', '{"observes": false}');
INSERT INTO public.cursor VALUES ('acme', 'retention', '{"at": "2026-03-19T16:30:32.284910+00:00"}');
INSERT INTO public.cursor VALUES ('acme', 'reevaluate', '{"at": "2026-03-18T16:30:32.212463+00:00", "map": "8ac737b0af5a", "late": {}, "codes": "e1708dae36efc7cd", "period": ""}');
INSERT INTO public.cursor VALUES ('acme', 'reconcile', '{"at": "2026-03-18T17:00:32.120703+00:00", "doubted_at": "2026-03-18T16:30:32.120703+00:00"}');
INSERT INTO public.cursor VALUES ('acme', 'shipments', '{"read": {"45000": false, "45001": false, "45002": false, "45003": false, "45004": false}, "until": "2026-03-18T16:30:31.670995+00:00"}');
INSERT INTO public.cursor VALUES ('acme', 'discovery', '{"at": "2026-03-18T16:30:31.670995+00:00"}');
INSERT INTO public.cursor VALUES ('acme', 'brightpearl-quota', '{"at": "2026-03-18T16:33:50.041396+00:00", "used": 13, "is_down": false, "refused": 0, "remaining": 187, "bundle_cost": "one"}');
INSERT INTO public.daemon VALUES ('daemon0:25949:a04f6997', 25997, '2026-11-27 03:20:03.399651+00', '2026-11-27 03:20:18.40815+00', '2026-11-27 03:20:03.403486+00');
INSERT INTO public.deadline VALUES ('acme', 2, 'exception', 1, '2026-03-19 16:32:12.428076+00');
INSERT INTO public.deadline VALUES ('acme', 1, 'exception', 1, '2026-03-19 16:32:12.428076+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 4, 'receipt:faaf65df8ab44c983bfa82e2:0', 'units-received', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"sought": null, "condition": "sellable", "unit_keys": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "received_at": "2026-03-16T16:25:27.029716Z"}', 'warehouse', 'user:root', '', '', NULL, '2026-03-16 16:26:01.594523+00', 'applied', NULL, '2026-03-18 16:32:52.512704+00', '2026-11-27 03:20:02.291668+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 5, 'receipt:c62e41f3293480a4958e2cd9:0', 'units-received', '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', '10402', NULL, '{"sought": null, "condition": "sellable", "unit_keys": ["05b6e6e3-07d4-4edc-9143-1193e6c3f339"], "received_at": "2026-03-17T11:53:50.909242Z"}', 'warehouse', 'user:root', '', '', NULL, '2026-03-17 16:26:41.365948+00', 'applied', NULL, '2026-03-18 16:32:52.512704+00', '2026-11-27 03:20:02.477948+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 6, 'receipt:27b698478f4c43a74c1e552c:0', 'units-received', '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', '10402', NULL, '{"sought": null, "condition": "sellable", "unit_keys": ["f06c144a-025b-413f-8a9a-021ea648a7dd"], "received_at": "2026-03-17T11:53:50.909242Z"}', 'warehouse', 'user:root', '', '', NULL, '2026-03-17 16:26:41.365948+00', 'applied', NULL, '2026-03-18 16:32:52.512704+00', '2026-11-27 03:20:02.477948+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 1, 'receipt:a72f1d88153b8baf4b236e4f:0', 'units-received', '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', '10404', NULL, '{"sought": null, "condition": "sellable", "unit_keys": ["e1ea24c4-f934-4c68-966b-aea148beab13"], "received_at": "2026-03-12T16:50:20.128001Z"}', 'warehouse', 'user:root', '', '', NULL, '2026-03-13 08:02:44.691852+00', 'applied', NULL, '2026-03-18 16:32:52.512704+00', '2026-11-27 03:20:01.851735+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 2, 'receipt:80adf8434343b0f6bfa34245:0', 'units-received', '705fca16-1622-4d79-9fec-898fbcfbb050', '10405', '10405', NULL, '{"sought": null, "condition": "sellable", "unit_keys": ["7af027bc-08d6-4f57-9a71-144896c8da19"], "received_at": "2026-03-12T16:50:20.128001Z"}', 'warehouse', 'user:root', '', '', NULL, '2026-03-13 08:02:44.691852+00', 'applied', NULL, '2026-03-18 16:32:52.512704+00', '2026-11-27 03:20:01.851735+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 3, 'receipt:dd202d17dbd135126285a0f9:0', 'units-received', 'c541013d-0326-424d-bb69-5ffb3a1890c7', '10406', '10406', NULL, '{"sought": null, "condition": "sellable", "unit_keys": ["78255d68-0792-4986-bb96-8a437d5c8dfc"], "received_at": "2026-03-14T20:29:38.483187Z"}', 'warehouse', 'user:root', '', '', NULL, '2026-03-14 20:30:12.049188+00', 'applied', NULL, '2026-03-18 16:32:59.996527+00', '2026-11-27 03:20:02.06909+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 7, 'receipt:4ed5f4ca83c590964093d5a5:0', 'units-received', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"sought": null, "condition": "sellable", "unit_keys": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "received_at": "2026-03-18T15:17:26.430203Z"}', 'warehouse', 'user:root', '', '', NULL, '2026-03-18 16:27:21.796174+00', 'applied', NULL, '2026-03-18 16:32:59.996527+00', '2026-11-27 03:20:02.666377+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 56, 'answer:1:1', 'troubled', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', 1, '{"trouble": {"key": "return=HRDWZKZ6", "cause": "exchange", "owner": "customer-service", "watches": [], "evidence": {"kinds": ["exchange"], "verdict": "needs a person", "refund_types": ["exchange"]}, "explanation": "The shopper chose an exchange."}, "order_id": 1051, "map_version": "8ac737b0af5a"}', 'brightpearl', 'brightpearl', '', '', '00-df20ee95e489910a21c83b19df319a77-9bd8dc8882f76ad7-01', '2026-03-18 16:32:01.957771+00', 'applied', NULL, '2026-03-18 16:32:12.428076+00', '2026-11-27 03:20:03.832661+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 57, 'answer:2:1', 'troubled', 'c541013d-0326-424d-bb69-5ffb3a1890c7', '10406', '10406', 1, '{"trouble": {"key": "order=10406", "cause": "rival-credit", "owner": "finance", "watches": ["order:1063", "order:1068"], "evidence": {"net": "45.83", "tax": "9.17", "verdict": "needs a person", "credit_id": 1068, "reference": "goodwill", "created_at": "2026-03-02T09:00:05.675000+00:00", "external_ref": "", "accepting_helps": false}, "explanation": "Credit 1068 was made by others, or forgotten by us, for goods of this order."}, "order_id": 1063, "map_version": "8ac737b0af5a"}', 'brightpearl', 'brightpearl', '', '', '00-8be6e6c7a304e2cb7ccc729df608dc81-54d50eba7f299601-01', '2026-03-18 16:32:01.957771+00', 'applied', NULL, '2026-03-18 16:32:12.428076+00', '2026-11-27 03:20:03.832661+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 58, 'answer:3:1', 'credit-verified', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', 1, '{"marks": {"note": "Came back damaged (return HRRNGR6N, HW-a2cd8a7efde2bd5786dc-1)"}, "credit": {"id": 1070, "net": "40.83", "tax": "8.17", "rows": [{"id": 1069, "net": "40.83", "tax": "8.17", "quantity": "1", "product_id": 1010, "bundle_child": false, "external_ref": "1044", "exchange_rate": "1.000000", "parent_row_id": 0}], "adopted": false, "currency": "GBP", "external_ref": "HW-a2cd8a7efde2bd5786dc-1", "invoice_reference": ""}, "places": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": [{"ref": "1044", "quantity": 1, "product_id": null}]}, "order_id": 1043, "close_due": true, "refund_due": true, "map_version": "8ac737b0af5a", "order_digest": "303621749218b73e"}', 'brightpearl', 'brightpearl', '', '', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:32:09.553591+00', 'applied', NULL, '2026-03-18 16:32:12.428076+00', '2026-11-27 03:20:03.864362+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 59, 'answer:4:1', 'credit-verified', '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', '10402', 1, '{"marks": {"note": "Came back damaged (return HRX9ZS28, HW-9d86ed7e20f1f17ca089-1)"}, "credit": {"id": 1072, "net": "76.00", "tax": "0.00", "rows": [{"id": 1071, "net": "76.00", "tax": "0.00", "quantity": "2", "product_id": 1039, "bundle_child": false, "external_ref": "1048", "exchange_rate": "1.000000", "parent_row_id": 0}], "adopted": false, "currency": "GBP", "external_ref": "HW-9d86ed7e20f1f17ca089-1", "invoice_reference": ""}, "places": {"05b6e6e3-07d4-4edc-9143-1193e6c3f339": [{"ref": "1048", "quantity": 1, "product_id": null}], "f06c144a-025b-413f-8a9a-021ea648a7dd": [{"ref": "1048", "quantity": 1, "product_id": null}]}, "order_id": 1047, "close_due": true, "refund_due": true, "map_version": "8ac737b0af5a", "order_digest": "d905217ffcdaa611"}', 'brightpearl', 'brightpearl', '', '', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:32:09.553591+00', 'applied', NULL, '2026-03-18 16:32:12.428076+00', '2026-11-27 03:20:03.864362+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 60, 'answer:5:1', 'credit-verified', '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', '10404', 1, '{"marks": {"note": "Came back damaged (return HRZNXM62, HW-9a6f2134dc9a94bad2b1-1)"}, "credit": {"id": 1074, "net": "62.50", "tax": "12.50", "rows": [{"id": 1073, "net": "62.50", "tax": "12.50", "quantity": "1", "product_id": 1014, "bundle_child": false, "external_ref": "1056", "exchange_rate": "1.000000", "parent_row_id": 0}], "adopted": false, "currency": "GBP", "external_ref": "HW-9a6f2134dc9a94bad2b1-1", "invoice_reference": ""}, "places": {"e1ea24c4-f934-4c68-966b-aea148beab13": [{"ref": "1056", "quantity": 1, "product_id": null}]}, "order_id": 1055, "close_due": true, "refund_due": true, "map_version": "8ac737b0af5a", "order_digest": "60500216b1506dad"}', 'brightpearl', 'brightpearl', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:09.553591+00', 'applied', NULL, '2026-03-18 16:32:12.428076+00', '2026-11-27 03:20:03.864362+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 74, 'answer:19:1', 'credit-marked', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', 1, '{}', 'brightpearl', 'brightpearl', '', '', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:33:48.568991+00', 'applied', NULL, '2026-03-18 16:33:50.595983+00', '2026-11-27 03:20:04.276828+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 75, 'answer:20:1', 'credit-marked', '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', '10402', 1, '{}', 'brightpearl', 'brightpearl', '', '', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:33:48.568991+00', 'applied', NULL, '2026-03-18 16:33:50.595983+00', '2026-11-27 03:20:04.276828+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 76, 'answer:21:1', 'credit-marked', '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', '10404', 1, '{}', 'brightpearl', 'brightpearl', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:33:48.568991+00', 'applied', NULL, '2026-03-18 16:33:50.595983+00', '2026-11-27 03:20:04.276828+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 8, 'started:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:read:4c4246087f51fa07', 'started', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1003", "approved_at": "2026-03-07T04:13:41Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "exchange", "goods_in_ref": "", "line_item_id": "881052", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T04:13:26Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRDWZKZ6"}', 'poll', 'happy-returns', '', '', '00-df20ee95e489910a21c83b19df319a77-9bd8dc8882f76ad7-01', '2026-03-18 16:31:13.194885+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 9, 'method-changed:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:read:4c4246087f51fa07', 'method-changed', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1003", "approved_at": "2026-03-07T04:13:41Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "exchange", "goods_in_ref": "", "line_item_id": "881052", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T04:13:26Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRDWZKZ6"}', 'poll', 'happy-returns', '', '', '00-df20ee95e489910a21c83b19df319a77-9bd8dc8882f76ad7-01', '2026-03-18 16:31:13.194885+00', 'ignored', 'method-changed: already known for all units', '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 10, 'dropped-off:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:read', 'dropped-off', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1003", "approved_at": "2026-03-07T04:13:41Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "exchange", "goods_in_ref": "", "line_item_id": "881052", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T04:13:26Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRDWZKZ6"}', 'poll', 'happy-returns', '', '', '00-df20ee95e489910a21c83b19df319a77-9bd8dc8882f76ad7-01', '2026-03-18 16:31:13.194885+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 11, 'approved:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:read', 'approved', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1003", "approved_at": "2026-03-07T04:13:41Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "exchange", "goods_in_ref": "", "line_item_id": "881052", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T04:13:26Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRDWZKZ6"}', 'poll', 'happy-returns', '', '', '00-df20ee95e489910a21c83b19df319a77-9bd8dc8882f76ad7-01', '2026-03-18 16:31:13.194885+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 12, 'started:c541013d-0326-424d-bb69-5ffb3a1890c7:10406:1b6c2e0671355a48:read:3917a979a0a6eabd', 'started', 'c541013d-0326-424d-bb69-5ffb3a1890c7', '10406', '10406', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "78255d68-0792-4986-bb96-8a437d5c8dfc", "sku": "JD57-16", "name": "Jersey dress 16", "hinted": 1, "places": [], "reason": "Too small", "barcode": "5000000001027", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-small", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1027", "approved_at": "2026-03-03T08:00:20Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881064", "happy_item_id": "78255d68-0792-4986-bb96-8a437d5c8dfc", "refund_amount": "55.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T08:00:05Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRK5VUWF"}', 'poll', 'happy-returns', '', '', '00-8be6e6c7a304e2cb7ccc729df608dc81-54d50eba7f299601-01', '2026-03-18 16:31:14.10419+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 13, 'method-changed:c541013d-0326-424d-bb69-5ffb3a1890c7:10406:1b6c2e0671355a48:read:3917a979a0a6eabd', 'method-changed', 'c541013d-0326-424d-bb69-5ffb3a1890c7', '10406', '10406', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "78255d68-0792-4986-bb96-8a437d5c8dfc", "sku": "JD57-16", "name": "Jersey dress 16", "hinted": 1, "places": [], "reason": "Too small", "barcode": "5000000001027", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-small", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1027", "approved_at": "2026-03-03T08:00:20Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881064", "happy_item_id": "78255d68-0792-4986-bb96-8a437d5c8dfc", "refund_amount": "55.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T08:00:05Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRK5VUWF"}', 'poll', 'happy-returns', '', '', '00-8be6e6c7a304e2cb7ccc729df608dc81-54d50eba7f299601-01', '2026-03-18 16:31:14.10419+00', 'ignored', 'method-changed: already known for all units', '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 14, 'dropped-off:c541013d-0326-424d-bb69-5ffb3a1890c7:10406:1b6c2e0671355a48:read', 'dropped-off', 'c541013d-0326-424d-bb69-5ffb3a1890c7', '10406', '10406', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "78255d68-0792-4986-bb96-8a437d5c8dfc", "sku": "JD57-16", "name": "Jersey dress 16", "hinted": 1, "places": [], "reason": "Too small", "barcode": "5000000001027", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-small", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1027", "approved_at": "2026-03-03T08:00:20Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881064", "happy_item_id": "78255d68-0792-4986-bb96-8a437d5c8dfc", "refund_amount": "55.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T08:00:05Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRK5VUWF"}', 'poll', 'happy-returns', '', '', '00-8be6e6c7a304e2cb7ccc729df608dc81-54d50eba7f299601-01', '2026-03-18 16:31:14.10419+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 15, 'approved:c541013d-0326-424d-bb69-5ffb3a1890c7:10406:1b6c2e0671355a48:read', 'approved', 'c541013d-0326-424d-bb69-5ffb3a1890c7', '10406', '10406', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "78255d68-0792-4986-bb96-8a437d5c8dfc", "sku": "JD57-16", "name": "Jersey dress 16", "hinted": 1, "places": [], "reason": "Too small", "barcode": "5000000001027", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-small", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1027", "approved_at": "2026-03-03T08:00:20Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881064", "happy_item_id": "78255d68-0792-4986-bb96-8a437d5c8dfc", "refund_amount": "55.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T08:00:05Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRK5VUWF"}', 'poll', 'happy-returns', '', '', '00-8be6e6c7a304e2cb7ccc729df608dc81-54d50eba7f299601-01', '2026-03-18 16:31:14.10419+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 16, 'started:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:read:eac9ab15073a7fd4', 'started', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1010", "approved_at": "2026-03-05T20:57:55Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T20:57:40Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRRNGR6N"}', 'poll', 'happy-returns', '', '', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:31:14.642333+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 17, 'method-changed:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:read:eac9ab15073a7fd4', 'method-changed', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1010", "approved_at": "2026-03-05T20:57:55Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T20:57:40Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRRNGR6N"}', 'poll', 'happy-returns', '', '', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:31:14.642333+00', 'ignored', 'method-changed: already known for all units', '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 18, 'dropped-off:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:read', 'dropped-off', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1010", "approved_at": "2026-03-05T20:57:55Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T20:57:40Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRRNGR6N"}', 'poll', 'happy-returns', '', '', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:31:14.642333+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 19, 'approved:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:read', 'approved', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1010", "approved_at": "2026-03-05T20:57:55Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T20:57:40Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRRNGR6N"}', 'poll', 'happy-returns', '', '', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:31:14.642333+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 20, 'started:3b1a11df-587f-4280-bbab-6c398d88348a:10402:6c4f690936e3b559:read:0dbd2ca45d0a20a6', 'started', '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "05b6e6e3-07d4-4edc-9143-1193e6c3f339", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Too small", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-small", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1039", "approved_at": "2026-03-05T18:46:42Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048-0-3", "happy_item_id": "05b6e6e3-07d4-4edc-9143-1193e6c3f339", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T18:46:27Z", "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "f06c144a-025b-413f-8a9a-021ea648a7dd", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1039", "approved_at": "2026-03-05T18:46:42Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048-1-3", "happy_item_id": "f06c144a-025b-413f-8a9a-021ea648a7dd", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T18:46:27Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRX9ZS28"}', 'poll', 'happy-returns', '', '', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:31:15.263071+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 21, 'method-changed:3b1a11df-587f-4280-bbab-6c398d88348a:10402:6c4f690936e3b559:read:0dbd2ca45d0a20a6', 'method-changed', '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "05b6e6e3-07d4-4edc-9143-1193e6c3f339", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Too small", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-small", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1039", "approved_at": "2026-03-05T18:46:42Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048-0-3", "happy_item_id": "05b6e6e3-07d4-4edc-9143-1193e6c3f339", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T18:46:27Z", "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "f06c144a-025b-413f-8a9a-021ea648a7dd", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1039", "approved_at": "2026-03-05T18:46:42Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048-1-3", "happy_item_id": "f06c144a-025b-413f-8a9a-021ea648a7dd", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T18:46:27Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRX9ZS28"}', 'poll', 'happy-returns', '', '', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:31:15.263071+00', 'ignored', 'method-changed: already known for all units', '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 22, 'dropped-off:3b1a11df-587f-4280-bbab-6c398d88348a:10402:6c4f690936e3b559:read', 'dropped-off', '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "05b6e6e3-07d4-4edc-9143-1193e6c3f339", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Too small", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-small", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1039", "approved_at": "2026-03-05T18:46:42Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048-0-3", "happy_item_id": "05b6e6e3-07d4-4edc-9143-1193e6c3f339", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T18:46:27Z", "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "f06c144a-025b-413f-8a9a-021ea648a7dd", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1039", "approved_at": "2026-03-05T18:46:42Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048-1-3", "happy_item_id": "f06c144a-025b-413f-8a9a-021ea648a7dd", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T18:46:27Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRX9ZS28"}', 'poll', 'happy-returns', '', '', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:31:15.263071+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 23, 'approved:3b1a11df-587f-4280-bbab-6c398d88348a:10402:6c4f690936e3b559:read', 'approved', '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "05b6e6e3-07d4-4edc-9143-1193e6c3f339", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Too small", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-small", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1039", "approved_at": "2026-03-05T18:46:42Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048-0-3", "happy_item_id": "05b6e6e3-07d4-4edc-9143-1193e6c3f339", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T18:46:27Z", "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "f06c144a-025b-413f-8a9a-021ea648a7dd", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1039", "approved_at": "2026-03-05T18:46:42Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048-1-3", "happy_item_id": "f06c144a-025b-413f-8a9a-021ea648a7dd", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T18:46:27Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRX9ZS28"}', 'poll', 'happy-returns', '', '', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:31:15.263071+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 24, 'started:705fca16-1622-4d79-9fec-898fbcfbb050:10404:339783a2eba0aae7:read:4f7366640d05661a', 'started', '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1014", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881056", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRZNXM62"}', 'poll', 'happy-returns', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:15.813369+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 25, 'method-changed:705fca16-1622-4d79-9fec-898fbcfbb050:10404:339783a2eba0aae7:read:4f7366640d05661a', 'method-changed', '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1014", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881056", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRZNXM62"}', 'poll', 'happy-returns', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:15.813369+00', 'ignored', 'method-changed: already known for all units', '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 26, 'dropped-off:705fca16-1622-4d79-9fec-898fbcfbb050:10404:339783a2eba0aae7:read', 'dropped-off', '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1014", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881056", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRZNXM62"}', 'poll', 'happy-returns', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:15.813369+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 27, 'approved:705fca16-1622-4d79-9fec-898fbcfbb050:10404:339783a2eba0aae7:read', 'approved', '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1014", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881056", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRZNXM62"}', 'poll', 'happy-returns', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:15.813369+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 44, 'started:705fca16-1622-4d79-9fec-898fbcfbb050:10404:339783a2eba0aae7:read:0ab0f346a6197f5d', 'started', '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1014", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881056", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRZNXM62"}', 'poll', 'happy-returns', '', '', '00-56db86ec54855b00003859029bbd0dc3-f7853d03b5da2370-01', '2026-03-18 16:31:18.001318+00', 'ignored', 'started: already known for all units', '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 45, 'method-changed:705fca16-1622-4d79-9fec-898fbcfbb050:10404:339783a2eba0aae7:read:0ab0f346a6197f5d', 'method-changed', '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1014", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881056", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRZNXM62"}', 'poll', 'happy-returns', '', '', '00-56db86ec54855b00003859029bbd0dc3-f7853d03b5da2370-01', '2026-03-18 16:31:18.001318+00', 'ignored', 'method-changed: already known for all units', '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 28, 'started:705fca16-1622-4d79-9fec-898fbcfbb050:10405:8bb5c2ef24120e62:read:4f7366640d05661a', 'started', '705fca16-1622-4d79-9fec-898fbcfbb050', '10405', '10405', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "7af027bc-08d6-4f57-9a71-144896c8da19", "sku": "KD64-2Y", "name": "Kids'' dungarees 2Y", "hinted": 1, "places": [], "reason": "Too big", "barcode": "5000000001034", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-big", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1034", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881060", "happy_item_id": "7af027bc-08d6-4f57-9a71-144896c8da19", "refund_amount": "32.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRZNXM62"}', 'poll', 'happy-returns', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:15.813369+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 29, 'method-changed:705fca16-1622-4d79-9fec-898fbcfbb050:10405:8bb5c2ef24120e62:read:4f7366640d05661a', 'method-changed', '705fca16-1622-4d79-9fec-898fbcfbb050', '10405', '10405', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "7af027bc-08d6-4f57-9a71-144896c8da19", "sku": "KD64-2Y", "name": "Kids'' dungarees 2Y", "hinted": 1, "places": [], "reason": "Too big", "barcode": "5000000001034", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-big", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1034", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881060", "happy_item_id": "7af027bc-08d6-4f57-9a71-144896c8da19", "refund_amount": "32.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRZNXM62"}', 'poll', 'happy-returns', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:15.813369+00', 'ignored', 'method-changed: already known for all units', '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 30, 'dropped-off:705fca16-1622-4d79-9fec-898fbcfbb050:10405:8bb5c2ef24120e62:read', 'dropped-off', '705fca16-1622-4d79-9fec-898fbcfbb050', '10405', '10405', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "7af027bc-08d6-4f57-9a71-144896c8da19", "sku": "KD64-2Y", "name": "Kids'' dungarees 2Y", "hinted": 1, "places": [], "reason": "Too big", "barcode": "5000000001034", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-big", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1034", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881060", "happy_item_id": "7af027bc-08d6-4f57-9a71-144896c8da19", "refund_amount": "32.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRZNXM62"}', 'poll', 'happy-returns', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:15.813369+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 31, 'approved:705fca16-1622-4d79-9fec-898fbcfbb050:10405:8bb5c2ef24120e62:read', 'approved', '705fca16-1622-4d79-9fec-898fbcfbb050', '10405', '10405', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "7af027bc-08d6-4f57-9a71-144896c8da19", "sku": "KD64-2Y", "name": "Kids'' dungarees 2Y", "hinted": 1, "places": [], "reason": "Too big", "barcode": "5000000001034", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-big", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1034", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881060", "happy_item_id": "7af027bc-08d6-4f57-9a71-144896c8da19", "refund_amount": "32.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRZNXM62"}', 'poll', 'happy-returns', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:15.813369+00', 'applied', NULL, '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 48, 'started:705fca16-1622-4d79-9fec-898fbcfbb050:10405:8bb5c2ef24120e62:read:d1763be3941ee8cb', 'started', '705fca16-1622-4d79-9fec-898fbcfbb050', '10405', '10405', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "7af027bc-08d6-4f57-9a71-144896c8da19", "sku": "KD64-2Y", "name": "Kids'' dungarees 2Y", "hinted": 1, "places": [], "reason": "Too big", "barcode": "5000000001034", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-big", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1034", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881060", "happy_item_id": "7af027bc-08d6-4f57-9a71-144896c8da19", "refund_amount": "32.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRZNXM62"}', 'poll', 'happy-returns', '', '', '00-94ca13828ce809943f0aba21644ea32b-31e66e293b568cc3-01', '2026-03-18 16:31:18.467074+00', 'ignored', 'started: already known for all units', '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 49, 'method-changed:705fca16-1622-4d79-9fec-898fbcfbb050:10405:8bb5c2ef24120e62:read:d1763be3941ee8cb', 'method-changed', '705fca16-1622-4d79-9fec-898fbcfbb050', '10405', '10405', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "7af027bc-08d6-4f57-9a71-144896c8da19", "sku": "KD64-2Y", "name": "Kids'' dungarees 2Y", "hinted": 1, "places": [], "reason": "Too big", "barcode": "5000000001034", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "too-big", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1034", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881060", "happy_item_id": "7af027bc-08d6-4f57-9a71-144896c8da19", "refund_amount": "32.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRZNXM62"}', 'poll', 'happy-returns', '', '', '00-94ca13828ce809943f0aba21644ea32b-31e66e293b568cc3-01', '2026-03-18 16:31:18.467074+00', 'ignored', 'method-changed: already known for all units', '2026-03-18 16:31:28.912366+00', '2026-11-27 03:20:03.652554+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 70, 'answer:8:2', 'credit-closed', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', 1, '{"invoice_reference": "SC-1070"}', 'brightpearl', 'brightpearl', '', '', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:33:32.758954+00', 'applied', NULL, '2026-03-18 16:33:39.167655+00', '2026-11-27 03:20:04.211133+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 71, 'answer:10:2', 'credit-closed', '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', '10402', 1, '{"invoice_reference": "SC-1072"}', 'brightpearl', 'brightpearl', '', '', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:33:32.758954+00', 'applied', NULL, '2026-03-18 16:33:39.167655+00', '2026-11-27 03:20:04.211133+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 72, 'answer:12:2', 'credit-closed', '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', '10404', 1, '{"invoice_reference": "SC-1074"}', 'brightpearl', 'brightpearl', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:33:32.758954+00', 'applied', NULL, '2026-03-18 16:33:39.167655+00', '2026-11-27 03:20:04.211133+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 73, 'answer:14:2', 'credit-closed', '705fca16-1622-4d79-9fec-898fbcfbb050', '10405', '10405', 1, '{"invoice_reference": "SC-1076"}', 'brightpearl', 'brightpearl', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:33:32.758954+00', 'applied', NULL, '2026-03-18 16:33:39.167655+00', '2026-11-27 03:20:04.211133+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 61, 'answer:6:1', 'credit-verified', '705fca16-1622-4d79-9fec-898fbcfbb050', '10405', '10405', 1, '{"marks": {}, "credit": {"id": 1076, "net": "32.00", "tax": "0.00", "rows": [{"id": 1075, "net": "32.00", "tax": "0.00", "quantity": "1", "product_id": 1034, "bundle_child": false, "external_ref": "1060", "exchange_rate": "1.000000", "parent_row_id": 0}], "adopted": false, "currency": "GBP", "external_ref": "HW-e1290a5256e7491aa613-1", "invoice_reference": ""}, "places": {"7af027bc-08d6-4f57-9a71-144896c8da19": [{"ref": "1060", "quantity": 1, "product_id": null}]}, "order_id": 1059, "close_due": true, "refund_due": true, "map_version": "8ac737b0af5a", "order_digest": "84abd021a9ca2afd"}', 'brightpearl', 'brightpearl', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:09.553591+00', 'applied', NULL, '2026-03-18 16:32:12.428076+00', '2026-11-27 03:20:03.864362+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 62, 'answer:7:1', 'payment-recorded', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', 1, '{"payment": {"id": 1077, "amount": "49.00", "method": "SHOPIFY", "currency": "GBP", "transaction_ref": "HW-a2cd8a7efde2bd5786dc-1-pay"}}', 'brightpearl', 'brightpearl', '', '', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:32:44.213486+00', 'applied', NULL, '2026-03-18 16:32:52.512704+00', '2026-11-27 03:20:04.009816+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 63, 'answer:9:1', 'payment-recorded', '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', '10402', 1, '{"payment": {"id": 1078, "amount": "76.00", "method": "SHOPIFY", "currency": "GBP", "transaction_ref": "HW-9d86ed7e20f1f17ca089-1-pay"}}', 'brightpearl', 'brightpearl', '', '', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:32:44.213486+00', 'applied', NULL, '2026-03-18 16:32:52.512704+00', '2026-11-27 03:20:04.009816+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 64, 'answer:11:1', 'payment-recorded', '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', '10404', 1, '{"payment": {"id": 1079, "amount": "75.00", "method": "SHOPIFY", "currency": "GBP", "transaction_ref": "HW-9a6f2134dc9a94bad2b1-1-pay"}}', 'brightpearl', 'brightpearl', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:44.213486+00', 'applied', NULL, '2026-03-18 16:32:52.512704+00', '2026-11-27 03:20:04.009816+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 65, 'answer:13:1', 'payment-recorded', '705fca16-1622-4d79-9fec-898fbcfbb050', '10405', '10405', 1, '{"payment": {"id": 1080, "amount": "32.00", "method": "SHOPIFY", "currency": "GBP", "transaction_ref": "HW-e1290a5256e7491aa613-1-pay"}}', 'brightpearl', 'brightpearl', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:44.213486+00', 'applied', NULL, '2026-03-18 16:32:52.512704+00', '2026-11-27 03:20:04.009816+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 66, 'answer:15:1', 'stock-received', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', 1, '{"goods_in": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": 1081}}', 'brightpearl', 'brightpearl', '', '', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:33:27.163115+00', 'applied', NULL, '2026-03-18 16:33:28.745051+00', '2026-11-27 03:20:04.187594+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 67, 'answer:16:1', 'stock-received', '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', '10402', 1, '{"goods_in": {"05b6e6e3-07d4-4edc-9143-1193e6c3f339": 1082, "f06c144a-025b-413f-8a9a-021ea648a7dd": 1085}}', 'brightpearl', 'brightpearl', '', '', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:33:27.163115+00', 'applied', NULL, '2026-03-18 16:33:28.745051+00', '2026-11-27 03:20:04.187594+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 68, 'answer:17:1', 'stock-received', '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', '10404', 1, '{"goods_in": {"e1ea24c4-f934-4c68-966b-aea148beab13": 1083}}', 'brightpearl', 'brightpearl', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:33:27.163115+00', 'applied', NULL, '2026-03-18 16:33:28.745051+00', '2026-11-27 03:20:04.187594+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES ('acme', 69, 'answer:18:1', 'stock-received', '705fca16-1622-4d79-9fec-898fbcfbb050', '10405', '10405', 1, '{"goods_in": {"7af027bc-08d6-4f57-9a71-144896c8da19": 1084}}', 'brightpearl', 'brightpearl', '', '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:33:27.163115+00', 'applied', NULL, '2026-03-18 16:33:28.745051+00', '2026-11-27 03:20:04.187594+00');
INSERT INTO public.journal VALUES ('acme', 1, 1, 'started', 'new', 'initiated', 'happy-returns', '{"units": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "confirmed": true}', 8, '00-df20ee95e489910a21c83b19df319a77-9bd8dc8882f76ad7-01', '2026-03-18 16:31:28.912366+00', 1, '\xf86a4848a55a6de956a874b4bbf870ab1d17c32fd19f9f496d8e0c9485a462eb', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 1, 2, 'dropped-off', 'initiated', 'scanned', 'happy-returns', '{"units": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "confirmed": true}', 10, '00-df20ee95e489910a21c83b19df319a77-9bd8dc8882f76ad7-01', '2026-03-18 16:31:28.912366+00', 2, '\xa209df39f2cb908eabd7b9df7c2e5b868313c19d90b6896cf7c4f4401adb50eb', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 1, 3, 'credit-falls-due', 'scanned', 'credit-pending', 'homeward', '{}', 10, '00-df20ee95e489910a21c83b19df319a77-9bd8dc8882f76ad7-01', '2026-03-18 16:31:28.912366+00', 3, '\xfb98976082438b79282248e6da6a10f8b112ecf34ba3b4c328d8f31367f170d8', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 1, 4, 'approved', 'credit-pending', 'credit-pending', 'happy-returns', '{"units": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "confirmed": true}', 11, '00-df20ee95e489910a21c83b19df319a77-9bd8dc8882f76ad7-01', '2026-03-18 16:31:28.912366+00', 4, '\x2b056983fd70ef1f3e728ebe4ec11b7c9b475217305ef7f43407565a0994a78f', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 2, 1, 'started', 'new', 'initiated', 'happy-returns', '{"units": ["78255d68-0792-4986-bb96-8a437d5c8dfc"], "confirmed": true}', 12, '00-8be6e6c7a304e2cb7ccc729df608dc81-54d50eba7f299601-01', '2026-03-18 16:31:28.912366+00', 5, '\x848bb83f5bf2bd79efe27f2de0d4a5f00f11c9af60aa92c143f592568e02cc5d', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 2, 2, 'dropped-off', 'initiated', 'scanned', 'happy-returns', '{"units": ["78255d68-0792-4986-bb96-8a437d5c8dfc"], "confirmed": true}', 14, '00-8be6e6c7a304e2cb7ccc729df608dc81-54d50eba7f299601-01', '2026-03-18 16:31:28.912366+00', 6, '\x2edc766a672db837d793639bd7bfa4ac8c315e6fd0e4d209f08fdd5fa7752793', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 2, 3, 'credit-falls-due', 'scanned', 'credit-pending', 'homeward', '{}', 14, '00-8be6e6c7a304e2cb7ccc729df608dc81-54d50eba7f299601-01', '2026-03-18 16:31:28.912366+00', 7, '\x90c1e393d293b8f92d6c3e4846ddf39ffd7dbf4f0a42916f42d835bd79b6840c', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 2, 4, 'approved', 'credit-pending', 'credit-pending', 'happy-returns', '{"units": ["78255d68-0792-4986-bb96-8a437d5c8dfc"], "confirmed": true}', 15, '00-8be6e6c7a304e2cb7ccc729df608dc81-54d50eba7f299601-01', '2026-03-18 16:31:28.912366+00', 8, '\xa1de573a9f1a9a0bb71af1e2865eaf8cda89fad026ed86fddfd8f0f6e23cd7ae', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 3, 1, 'started', 'new', 'initiated', 'happy-returns', '{"units": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "confirmed": true}', 16, '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:31:28.912366+00', 9, '\xdad4b1b23890006e23be15e04b3f50ab209d41a61605e2ab0da3d6d6ca3ae4be', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 3, 2, 'dropped-off', 'initiated', 'scanned', 'happy-returns', '{"units": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "confirmed": true}', 18, '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:31:28.912366+00', 10, '\x34538cad9bff816cbad4ff2ba96df00944f2d207980bba78c086435ca2cb1866', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 3, 3, 'credit-falls-due', 'scanned', 'credit-pending', 'homeward', '{}', 18, '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:31:28.912366+00', 11, '\x336bd50600c30e97e9507a2e72f43ea931c3fe167207b65803d25b7c66e512d7', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 3, 4, 'approved', 'credit-pending', 'credit-pending', 'happy-returns', '{"units": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "confirmed": true}', 19, '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:31:28.912366+00', 12, '\xbb8333431f651d6f10c0b2ac0242ff20a8c6301ba17e3f17c07ff2764fdc594e', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 4, 1, 'started', 'new', 'initiated', 'happy-returns', '{"units": ["05b6e6e3-07d4-4edc-9143-1193e6c3f339", "f06c144a-025b-413f-8a9a-021ea648a7dd"], "confirmed": true}', 20, '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:31:28.912366+00', 13, '\x62ea23f14d150ebc60ca5b4d20353f45e9a9bc70e9863e77f11016b4edba2914', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 4, 2, 'dropped-off', 'initiated', 'scanned', 'happy-returns', '{"units": ["05b6e6e3-07d4-4edc-9143-1193e6c3f339", "f06c144a-025b-413f-8a9a-021ea648a7dd"], "confirmed": true}', 22, '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:31:28.912366+00', 14, '\x54f3259c3fb2c1d0f6ab59c747760aa93b4544e832ef4b5f1a577c7e9992d98f', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 4, 3, 'credit-falls-due', 'scanned', 'credit-pending', 'homeward', '{}', 22, '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:31:28.912366+00', 15, '\x70c77735b26281791a856bf2ad079a0c55accf7fd6c6d190c81045bead18e691', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 4, 4, 'approved', 'credit-pending', 'credit-pending', 'happy-returns', '{"units": ["05b6e6e3-07d4-4edc-9143-1193e6c3f339", "f06c144a-025b-413f-8a9a-021ea648a7dd"], "confirmed": true}', 23, '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:31:28.912366+00', 16, '\xfde0a7d43c5b9a5cd8e772a02e1274ded0a4eef8343b671a7c24315c808d439a', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 5, 1, 'started', 'new', 'initiated', 'happy-returns', '{"units": ["e1ea24c4-f934-4c68-966b-aea148beab13"], "confirmed": true}', 24, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:28.912366+00', 17, '\xda034bd5d54dd193cf1142ff164ecd4b036e7a2c10eee78768d835dffa824e48', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 5, 2, 'dropped-off', 'initiated', 'scanned', 'happy-returns', '{"units": ["e1ea24c4-f934-4c68-966b-aea148beab13"], "confirmed": true}', 26, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:28.912366+00', 18, '\x06f8e6773da2df6d0413a181b57f2fda7c138d8f8424a3d95873de5a19920456', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 5, 3, 'credit-falls-due', 'scanned', 'credit-pending', 'homeward', '{}', 26, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:28.912366+00', 19, '\xb402ad2692c485f113b326921dbe7c000b1392345f0e49791986bf3842145398', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 5, 4, 'approved', 'credit-pending', 'credit-pending', 'happy-returns', '{"units": ["e1ea24c4-f934-4c68-966b-aea148beab13"], "confirmed": true}', 27, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:28.912366+00', 20, '\x3ef894f893f8850efc1e4e466724f0fa53b41ea26f59f47738df8145fe00a43c', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 6, 1, 'started', 'new', 'initiated', 'happy-returns', '{"units": ["7af027bc-08d6-4f57-9a71-144896c8da19"], "confirmed": true}', 28, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:28.912366+00', 21, '\x7ebee0878745a46adb1e3f0bf8b1ffe7ddb91346a8d26292c02c10098453ff55', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 6, 2, 'dropped-off', 'initiated', 'scanned', 'happy-returns', '{"units": ["7af027bc-08d6-4f57-9a71-144896c8da19"], "confirmed": true}', 30, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:28.912366+00', 22, '\xb44b3e2f9d8d4c8263a3dcbb2232231b1463168b5317d995dd7044fdde5ab48f', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 6, 3, 'credit-falls-due', 'scanned', 'credit-pending', 'homeward', '{}', 30, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:28.912366+00', 23, '\xa709cae2fcd1244df73061b79e66a7aeee6ad9c9c04ae899fc3cfdd05242d5e5', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 6, 4, 'approved', 'credit-pending', 'credit-pending', 'happy-returns', '{"units": ["7af027bc-08d6-4f57-9a71-144896c8da19"], "confirmed": true}', 31, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:28.912366+00', 24, '\x2a59409e9cec0e143e1d758fae1fc2cc0f0a671b3846e7a59950d017295f95c8', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.journal VALUES ('acme', 1, 5, 'troubled', 'credit-pending', 'exception', 'brightpearl', '{"cause": "exchange", "owner": "customer-service", "explanation": "The shopper chose an exchange."}', 56, '00-df20ee95e489910a21c83b19df319a77-9bd8dc8882f76ad7-01', '2026-03-18 16:32:12.428076+00', 25, '\xf4bf344e34c8568a408ca0e0e188405381a5f2d26d5b42b7799b847b0df92fce', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.journal VALUES ('acme', 2, 5, 'troubled', 'credit-pending', 'exception', 'brightpearl', '{"cause": "rival-credit", "owner": "finance", "explanation": "Credit 1068 was made by others, or forgotten by us, for goods of this order."}', 57, '00-8be6e6c7a304e2cb7ccc729df608dc81-54d50eba7f299601-01', '2026-03-18 16:32:12.428076+00', 26, '\xb3d9512c100189f858959df9db57f7fed670673680cd380e9a9f0205ffed2943', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.journal VALUES ('acme', 4, 11, 'credit-marked', 'restocked', 'restocked', 'brightpearl', '{}', 75, '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:33:50.595983+00', 54, '\x808508414ae46699fdb3a8af38f613f3b26a7779b40779ef2c38b0957e3ef47d', '2026-11-27 03:20:04.287373+00');
INSERT INTO public.journal VALUES ('acme', 3, 5, 'credit-verified', 'credit-pending', 'credited', 'brightpearl', '{"net": "40.83", "tax": "8.17", "adopted": false, "currency": "GBP", "credit_id": 1070, "map_version": "8ac737b0af5a", "external_ref": "HW-a2cd8a7efde2bd5786dc-1"}', 58, '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:32:12.428076+00', 27, '\xdda27aef20588896a9e718ec98ea52557918640015c19142c6e7eac494fd90bb', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.journal VALUES ('acme', 4, 5, 'credit-verified', 'credit-pending', 'credited', 'brightpearl', '{"net": "76.00", "tax": "0.00", "adopted": false, "currency": "GBP", "credit_id": 1072, "map_version": "8ac737b0af5a", "external_ref": "HW-9d86ed7e20f1f17ca089-1"}', 59, '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:32:12.428076+00', 28, '\xbccdf7f0636ec70aba8176a0cd6e8e703f7916f59d00297b4788fb034a5e7443', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.journal VALUES ('acme', 5, 5, 'credit-verified', 'credit-pending', 'credited', 'brightpearl', '{"net": "62.50", "tax": "12.50", "adopted": false, "currency": "GBP", "credit_id": 1074, "map_version": "8ac737b0af5a", "external_ref": "HW-9a6f2134dc9a94bad2b1-1"}', 60, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:12.428076+00', 29, '\xb680bb293503f80b5ca7e6d605e042f4d69d6a0daa89bd4e2fcd124422128aeb', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.journal VALUES ('acme', 6, 5, 'credit-verified', 'credit-pending', 'credited', 'brightpearl', '{"net": "32.00", "tax": "0.00", "adopted": false, "currency": "GBP", "credit_id": 1076, "map_version": "8ac737b0af5a", "external_ref": "HW-e1290a5256e7491aa613-1"}', 61, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:12.428076+00', 30, '\x4580eb06d68621a3de11f446281a60c048c37a91b8e7767aeedba31d29910502', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.journal VALUES ('acme', 3, 6, 'units-received', 'credited', 'credited', 'user:root', '{"units": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "condition": "sellable"}', 4, '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:32:52.512704+00', 31, '\x0df1048636b5088aa237b34371bdc99a43663302204b7c6d0da42af85fc87a92', '2026-11-27 03:20:04.0462+00');
INSERT INTO public.journal VALUES ('acme', 3, 7, 'payment-recorded', 'credited', 'credited', 'brightpearl', '{"amount": "49.00", "payment_id": 1077}', 62, '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:32:52.512704+00', 32, '\x75f9a2b61544973f0fb9007062be063d906e8284202b18f28dd13900bfad007e', '2026-11-27 03:20:04.0462+00');
INSERT INTO public.journal VALUES ('acme', 4, 6, 'units-received', 'credited', 'credited', 'user:root', '{"units": ["05b6e6e3-07d4-4edc-9143-1193e6c3f339", "f06c144a-025b-413f-8a9a-021ea648a7dd"], "condition": "sellable"}', 5, '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:32:52.512704+00', 33, '\xffd1ed3bb5659025df2ebc6e4ece124a16df141464bbc9b0869a337b8a6cf79f', '2026-11-27 03:20:04.0462+00');
INSERT INTO public.journal VALUES ('acme', 4, 7, 'payment-recorded', 'credited', 'credited', 'brightpearl', '{"amount": "76.00", "payment_id": 1078}', 63, '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:32:52.512704+00', 34, '\x6706286dccd590e3272d44cef8d7b3dcea1ecb5610f852c6153afe10143da748', '2026-11-27 03:20:04.0462+00');
INSERT INTO public.journal VALUES ('acme', 5, 6, 'units-received', 'credited', 'credited', 'user:root', '{"units": ["e1ea24c4-f934-4c68-966b-aea148beab13"], "condition": "sellable"}', 1, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:52.512704+00', 35, '\xea14fb31f753366f5b42e8ec8fb9c9cc6f92e5e5fb0e86f9d32366f4957c1a68', '2026-11-27 03:20:04.0462+00');
INSERT INTO public.journal VALUES ('acme', 5, 7, 'payment-recorded', 'credited', 'credited', 'brightpearl', '{"amount": "75.00", "payment_id": 1079}', 64, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:52.512704+00', 36, '\x66c81291588595b0a8f158f0a193491c843777d62d1440a2381b2f44efe16de5', '2026-11-27 03:20:04.0462+00');
INSERT INTO public.journal VALUES ('acme', 6, 6, 'units-received', 'credited', 'credited', 'user:root', '{"units": ["7af027bc-08d6-4f57-9a71-144896c8da19"], "condition": "sellable"}', 2, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:52.512704+00', 37, '\x658f81059d3785a1ed926e8d056ea476a4805a940136e320c4e4d2b71680b04f', '2026-11-27 03:20:04.0462+00');
INSERT INTO public.journal VALUES ('acme', 6, 7, 'payment-recorded', 'credited', 'credited', 'brightpearl', '{"amount": "32.00", "payment_id": 1080}', 65, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:52.512704+00', 38, '\xa9307898846cae7acb04f67b430de54071e292b430cf0db6ec20594cc0a60cc6', '2026-11-27 03:20:04.0462+00');
INSERT INTO public.journal VALUES ('acme', 2, 6, 'units-received', 'exception', 'exception', 'user:root', '{"units": ["78255d68-0792-4986-bb96-8a437d5c8dfc"], "condition": "sellable"}', 3, '00-8be6e6c7a304e2cb7ccc729df608dc81-54d50eba7f299601-01', '2026-03-18 16:32:59.996527+00', 39, '\x3585270a632ab01e2c4e1b29951829adc037eef61a58ca4ef3960c9c006e798c', '2026-11-27 03:20:04.076846+00');
INSERT INTO public.journal VALUES ('acme', 1, 6, 'units-received', 'exception', 'exception', 'user:root', '{"units": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "condition": "sellable"}', 7, '00-df20ee95e489910a21c83b19df319a77-9bd8dc8882f76ad7-01', '2026-03-18 16:32:59.996527+00', 40, '\x97d93ea2bef39f293cd57d739132d071782c587c66b04e53c0b132628bffcf1d', '2026-11-27 03:20:04.076846+00');
INSERT INTO public.journal VALUES ('acme', 3, 8, 'stock-received', 'credited', 'credited', 'brightpearl', '{"goods_in": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": 1081}}', 66, '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:33:28.745051+00', 41, '\x337feef96941d539ec6845ba716e9e22f5016988d68fb1a06976425c4f02ec3e', '2026-11-27 03:20:04.196334+00');
INSERT INTO public.journal VALUES ('acme', 3, 9, 'fully-restocked', 'credited', 'restocked', 'homeward', '{}', 66, '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:33:28.745051+00', 42, '\xa6dcc64de6d4b1f471ad1f19ad1c3be19d4f2c70d3443bba52899c297c09ac14', '2026-11-27 03:20:04.196334+00');
INSERT INTO public.journal VALUES ('acme', 4, 8, 'stock-received', 'credited', 'credited', 'brightpearl', '{"goods_in": {"05b6e6e3-07d4-4edc-9143-1193e6c3f339": 1082, "f06c144a-025b-413f-8a9a-021ea648a7dd": 1085}}', 67, '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:33:28.745051+00', 43, '\xa42612353f1ebe34d30acc44ade33ea7495a3fd637967ce990ef0669fa0a8509', '2026-11-27 03:20:04.196334+00');
INSERT INTO public.journal VALUES ('acme', 4, 9, 'fully-restocked', 'credited', 'restocked', 'homeward', '{}', 67, '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:33:28.745051+00', 44, '\xfca1fa963a445d9061b46c4183d7cee9eb334c959c88907df7b26752b82b558e', '2026-11-27 03:20:04.196334+00');
INSERT INTO public.journal VALUES ('acme', 5, 8, 'stock-received', 'credited', 'credited', 'brightpearl', '{"goods_in": {"e1ea24c4-f934-4c68-966b-aea148beab13": 1083}}', 68, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:33:28.745051+00', 45, '\xf27db47a87fbbf2eb58ce3562dc3fe8abead02d9fbadf1e122b76858fb3a1443', '2026-11-27 03:20:04.196334+00');
INSERT INTO public.journal VALUES ('acme', 5, 9, 'fully-restocked', 'credited', 'restocked', 'homeward', '{}', 68, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:33:28.745051+00', 46, '\xc555b8c89da41c785cb873941358112a3a739cedbf6008c6f880924c414ddcde', '2026-11-27 03:20:04.196334+00');
INSERT INTO public.journal VALUES ('acme', 6, 8, 'stock-received', 'credited', 'credited', 'brightpearl', '{"goods_in": {"7af027bc-08d6-4f57-9a71-144896c8da19": 1084}}', 69, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:33:28.745051+00', 47, '\xa8effc6e0e6c9746b85ea0d48ad7b3a005d99327d1a4762299e1e09b7b045a66', '2026-11-27 03:20:04.196334+00');
INSERT INTO public.journal VALUES ('acme', 6, 9, 'fully-restocked', 'credited', 'restocked', 'homeward', '{}', 69, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:33:28.745051+00', 48, '\x9132c990251da25bbc1157853c5e4054eec82a3d58ed9b03431e901ea1565f35', '2026-11-27 03:20:04.196334+00');
INSERT INTO public.journal VALUES ('acme', 3, 10, 'credit-closed', 'restocked', 'restocked', 'brightpearl', '{"invoice_reference": "SC-1070"}', 70, '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:33:39.167655+00', 49, '\x9c77ed53639528f4a7952210a10fb8c5b06abbda8b78a408e7e863e8d6c08739', '2026-11-27 03:20:04.242451+00');
INSERT INTO public.journal VALUES ('acme', 4, 10, 'credit-closed', 'restocked', 'restocked', 'brightpearl', '{"invoice_reference": "SC-1072"}', 71, '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:33:39.167655+00', 50, '\x7286105edb415e0d88a57f6ce0720cade2e5a5bde1892531e5e50b1ff7ce79bd', '2026-11-27 03:20:04.242451+00');
INSERT INTO public.journal VALUES ('acme', 5, 10, 'credit-closed', 'restocked', 'restocked', 'brightpearl', '{"invoice_reference": "SC-1074"}', 72, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:33:39.167655+00', 51, '\xdd62cb3a875f60bb7873a21607694bca6a1474a300a84d41a832a8cc4ddbe414', '2026-11-27 03:20:04.242451+00');
INSERT INTO public.journal VALUES ('acme', 6, 10, 'credit-closed', 'restocked', 'restocked', 'brightpearl', '{"invoice_reference": "SC-1076"}', 73, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:33:39.167655+00', 52, '\x0f17366a7ead685398f220237d4ebc93bfffa8f8942983d10cc4cf9468a3a3af', '2026-11-27 03:20:04.242451+00');
INSERT INTO public.journal VALUES ('acme', 3, 11, 'credit-marked', 'restocked', 'restocked', 'brightpearl', '{}', 74, '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:33:50.595983+00', 53, '\x9bc12aa0b143fab85e69a5361c9892d8b9da8d89e875872ae77ac64e01dd585a', '2026-11-27 03:20:04.287373+00');
INSERT INTO public.journal VALUES ('acme', 5, 11, 'credit-marked', 'restocked', 'restocked', 'brightpearl', '{}', 76, '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:33:50.595983+00', 55, '\xa86a23a08385c153a0dc49b9e64f74ef3c265baac00b68cbde16232dd8f14b8d', '2026-11-27 03:20:04.287373+00');
INSERT INTO public.journal_head VALUES ('acme', 55, '\xa86a23a08385c153a0dc49b9e64f74ef3c265baac00b68cbde16232dd8f14b8d');
INSERT INTO public.machine_rule VALUES ('started', 'new', 'initiated');
INSERT INTO public.machine_rule VALUES ('started', 'initiated', 'initiated');
INSERT INTO public.machine_rule VALUES ('split-off', 'new', 'initiated');
INSERT INTO public.machine_rule VALUES ('split-off', 'new', 'scanned');
INSERT INTO public.machine_rule VALUES ('split-off', 'initiated', 'initiated');
INSERT INTO public.machine_rule VALUES ('split-off', 'scanned', 'scanned');
INSERT INTO public.machine_rule VALUES ('dropped-off', 'initiated', 'scanned');
INSERT INTO public.machine_rule VALUES ('dropped-off', 'scanned', 'scanned');
INSERT INTO public.machine_rule VALUES ('dropped-off', 'closed', 'scanned');
INSERT INTO public.machine_rule VALUES ('approved', 'initiated', 'scanned');
INSERT INTO public.machine_rule VALUES ('approved', 'scanned', 'scanned');
INSERT INTO public.machine_rule VALUES ('approved', 'credit-pending', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('approved', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES ('approved', 'restocked', 'restocked');
INSERT INTO public.machine_rule VALUES ('approved', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('approved', 'closed', 'scanned');
INSERT INTO public.machine_rule VALUES ('dropped-off', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('dropped-off', 'credit-pending', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('dropped-off', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES ('dropped-off', 'restocked', 'restocked');
INSERT INTO public.machine_rule VALUES ('expired', 'initiated', 'closed');
INSERT INTO public.machine_rule VALUES ('cancelled', 'initiated', 'closed');
INSERT INTO public.machine_rule VALUES ('status-unclear', 'initiated', 'exception');
INSERT INTO public.machine_rule VALUES ('method-changed', 'initiated', 'initiated');
INSERT INTO public.machine_rule VALUES ('method-changed', 'scanned', 'scanned');
INSERT INTO public.machine_rule VALUES ('method-changed', 'credit-pending', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('method-changed', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES ('method-changed', 'restocked', 'restocked');
INSERT INTO public.machine_rule VALUES ('method-changed', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('method-changed', 'closed', 'closed');
INSERT INTO public.machine_rule VALUES ('departed', 'initiated', 'initiated');
INSERT INTO public.machine_rule VALUES ('departed', 'scanned', 'scanned');
INSERT INTO public.machine_rule VALUES ('departed', 'credit-pending', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('departed', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES ('departed', 'restocked', 'restocked');
INSERT INTO public.machine_rule VALUES ('departed', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('departed', 'closed', 'closed');
INSERT INTO public.machine_rule VALUES ('credit-falls-due', 'initiated', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('credit-falls-due', 'scanned', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('credit-waits', 'credit-pending', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('credit-waits', 'exception', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('fact-changed', 'credit-pending', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('fact-changed', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('credit-verified', 'credit-pending', 'credited');
INSERT INTO public.machine_rule VALUES ('credit-verified', 'exception', 'credited');
INSERT INTO public.machine_rule VALUES ('credit-verified', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('payment-recorded', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES ('payment-recorded', 'restocked', 'restocked');
INSERT INTO public.machine_rule VALUES ('payment-recorded', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('credit-closed', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES ('credit-closed', 'restocked', 'restocked');
INSERT INTO public.machine_rule VALUES ('credit-closed', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('credit-marked', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES ('credit-marked', 'restocked', 'restocked');
INSERT INTO public.machine_rule VALUES ('credit-marked', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('credit-marked', 'closed', 'closed');
INSERT INTO public.machine_rule VALUES ('units-received', 'initiated', 'scanned');
INSERT INTO public.machine_rule VALUES ('units-received', 'closed', 'scanned');
INSERT INTO public.machine_rule VALUES ('units-received', 'scanned', 'scanned');
INSERT INTO public.machine_rule VALUES ('units-received', 'credit-pending', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('units-received', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES ('units-received', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('stock-received', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES ('stock-received', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('fully-restocked', 'credited', 'restocked');
INSERT INTO public.machine_rule VALUES ('nothing-to-restock', 'credited', 'closed');
INSERT INTO public.machine_rule VALUES ('troubled', 'scanned', 'exception');
INSERT INTO public.machine_rule VALUES ('troubled', 'credit-pending', 'exception');
INSERT INTO public.machine_rule VALUES ('troubled', 'credited', 'exception');
INSERT INTO public.machine_rule VALUES ('troubled', 'restocked', 'exception');
INSERT INTO public.machine_rule VALUES ('troubled', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('resumed', 'exception', 'initiated');
INSERT INTO public.machine_rule VALUES ('resumed', 'exception', 'scanned');
INSERT INTO public.machine_rule VALUES ('resumed', 'exception', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('resumed', 'exception', 'credited');
INSERT INTO public.machine_rule VALUES ('resumed', 'exception', 'restocked');
INSERT INTO public.machine_rule VALUES ('held', 'initiated', 'exception');
INSERT INTO public.machine_rule VALUES ('held', 'scanned', 'exception');
INSERT INTO public.machine_rule VALUES ('held', 'credit-pending', 'exception');
INSERT INTO public.machine_rule VALUES ('held', 'credited', 'exception');
INSERT INTO public.machine_rule VALUES ('held', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('held', 'restocked', 'exception');
INSERT INTO public.machine_rule VALUES ('forced', 'initiated', 'scanned');
INSERT INTO public.machine_rule VALUES ('forced', 'exception', 'scanned');
INSERT INTO public.machine_rule VALUES ('forced', 'closed', 'scanned');
INSERT INTO public.machine_rule VALUES ('forced', 'initiated', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('forced', 'scanned', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('forced', 'credit-pending', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('forced', 'exception', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('forced', 'closed', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('forced', 'exception', 'credited');
INSERT INTO public.machine_rule VALUES ('forced', 'initiated', 'closed');
INSERT INTO public.machine_rule VALUES ('forced', 'scanned', 'closed');
INSERT INTO public.machine_rule VALUES ('forced', 'credit-pending', 'closed');
INSERT INTO public.machine_rule VALUES ('forced', 'credited', 'closed');
INSERT INTO public.machine_rule VALUES ('forced', 'exception', 'closed');
INSERT INTO public.machine_rule VALUES ('credit-verified', 'closed', 'credited');
INSERT INTO public.machine_rule VALUES ('dropped-off', 'closed', 'closed');
INSERT INTO public.machine_rule VALUES ('approved', 'closed', 'closed');
INSERT INTO public.machine_rule VALUES ('units-received', 'closed', 'credited');
INSERT INTO public.machine_rule VALUES ('units-received', 'closed', 'exception');
INSERT INTO public.machine_rule VALUES ('assigned', 'initiated', 'initiated');
INSERT INTO public.machine_rule VALUES ('assigned', 'scanned', 'scanned');
INSERT INTO public.machine_rule VALUES ('assigned', 'credit-pending', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('assigned', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES ('assigned', 'restocked', 'restocked');
INSERT INTO public.machine_rule VALUES ('assigned', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('assigned', 'closed', 'closed');
INSERT INTO public.machine_rule VALUES ('snoozed', 'initiated', 'initiated');
INSERT INTO public.machine_rule VALUES ('snoozed', 'scanned', 'scanned');
INSERT INTO public.machine_rule VALUES ('snoozed', 'credit-pending', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('snoozed', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES ('snoozed', 'restocked', 'restocked');
INSERT INTO public.machine_rule VALUES ('snoozed', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('noted', 'initiated', 'initiated');
INSERT INTO public.machine_rule VALUES ('noted', 'scanned', 'scanned');
INSERT INTO public.machine_rule VALUES ('noted', 'credit-pending', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('noted', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES ('noted', 'restocked', 'restocked');
INSERT INTO public.machine_rule VALUES ('noted', 'exception', 'exception');
INSERT INTO public.machine_rule VALUES ('noted', 'closed', 'closed');
INSERT INTO public.machine_rule VALUES ('deadline-passed', 'initiated', 'initiated');
INSERT INTO public.machine_rule VALUES ('deadline-passed', 'initiated', 'closed');
INSERT INTO public.machine_rule VALUES ('deadline-passed', 'scanned', 'scanned');
INSERT INTO public.machine_rule VALUES ('deadline-passed', 'scanned', 'exception');
INSERT INTO public.machine_rule VALUES ('deadline-passed', 'credit-pending', 'credit-pending');
INSERT INTO public.machine_rule VALUES ('deadline-passed', 'credit-pending', 'exception');
INSERT INTO public.machine_rule VALUES ('deadline-passed', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES ('deadline-passed', 'credited', 'exception');
INSERT INTO public.machine_rule VALUES ('deadline-passed', 'restocked', 'restocked');
INSERT INTO public.machine_rule VALUES ('deadline-passed', 'restocked', 'exception');
INSERT INTO public.machine_rule VALUES ('deadline-passed', 'exception', 'exception');
INSERT INTO public.machine_state VALUES ('initiated', 'The shopper started a return; nothing has been handed over yet.');
INSERT INTO public.machine_state VALUES ('scanned', 'The goods were handed over at a Return Bar, a store or to the carrier.');
INSERT INTO public.machine_state VALUES ('credit-pending', 'A sales credit is due; it is being checked, created, or waits for a named fact.');
INSERT INTO public.machine_state VALUES ('credited', 'The sales credit exists in Brightpearl and was read back; the goods are still to be restocked.');
INSERT INTO public.machine_state VALUES ('restocked', 'Credit and goods-in note both exist in Brightpearl.');
INSERT INTO public.machine_state VALUES ('exception', 'A person or an outside fact is needed; cause, owner and next step are named.');
INSERT INTO public.machine_state VALUES ('closed', 'Over without stock being due: expired, cancelled, returnless or written off; the reason is stored.');
INSERT INTO public.merchant VALUES ('acme', 'daemon0:25949:a04f6997', '2026-11-27 03:20:18.426584+00', 1, '2026-11-27 03:20:00.867909+00', '7712685788467639621:00000001', NULL, NULL, NULL, NULL);
INSERT INTO public.notice VALUES ('acme', 1, 5, 'exchange', 'customer-service', 'warning', 0, '2026-03-18 16:32:12.428076+00', NULL, NULL, NULL, '2026-11-27 03:20:03.878361+00');
INSERT INTO public.notice VALUES ('acme', 2, 5, 'rival-credit', 'finance', 'warning', 0, '2026-03-18 16:32:12.428076+00', NULL, NULL, NULL, '2026-11-27 03:20:03.878361+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 1, 1, 'create-sales-credit', 'HW-ea2e292a1d675f336a7d-1', '{}', NULL, NULL, 'parked', '2026-03-18 16:31:28.912366+00', NULL, 1, 'The shopper chose an exchange.', NULL, '00-df20ee95e489910a21c83b19df319a77-9bd8dc8882f76ad7-01', '2026-03-18 16:31:28.912366+00', '2026-03-18 16:32:01.957771+00', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 2, 2, 'create-sales-credit', 'HW-ca42b667f7406de12b6b-1', '{}', NULL, NULL, 'parked', '2026-03-18 16:31:28.912366+00', NULL, 1, 'Credit 1068 was made by others, or forgotten by us, for goods of this order.', NULL, '00-8be6e6c7a304e2cb7ccc729df608dc81-54d50eba7f299601-01', '2026-03-18 16:31:28.912366+00', '2026-03-18 16:32:01.957771+00', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 3, 3, 'create-sales-credit', 'HW-a2cd8a7efde2bd5786dc-1', '{}', '{"net": "40.83", "tax": "8.17", "body": {"ref": "HRRNGR6N", "rows": [{"net": "40.83", "tax": "8.17", "name": "Linen shirt XL", "taxCode": "T20", "quantity": "1", "productId": 1010, "externalRef": "1044", "nominalCode": "4000"}], "taxDate": "2026-03-18T00:00:00.000+00:00", "currency": {"code": "GBP", "exchangeRate": "1.000000", "fixedExchangeRate": false}, "customer": {"id": 601}, "parentId": 1043, "placedOn": "2026-03-18T00:00:00.000+00:00", "channelId": 1, "externalRef": "HW-a2cd8a7efde2bd5786dc-1", "priceListId": 1, "warehouseId": 2, "priceModeCode": "INC", "installedIntegrationInstanceId": 11}, "marks": {"note": "Came back damaged (return HRRNGR6N, HW-a2cd8a7efde2bd5786dc-1)"}, "places": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": [{"ref": "1044", "quantity": 1, "product_id": null}]}, "currency": "GBP", "evidence": {"match": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": "line id → row 1044"}, "tax_on": "2026-03-18", "order_id": 1043, "map_version": "8ac737b0af5a", "order_digest": "303621749218b73e"}, "order_id": 1043, "map_version": "8ac737b0af5a", "order_digest": "303621749218b73e"}', '2026-03-18 16:32:01.957771+00', 'done', '2026-03-18 16:31:28.912366+00', NULL, 1, NULL, '{"adopted": false, "evidence": {"match": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": "line id → row 1044"}, "tax_on": "2026-03-18", "order_id": 1043, "map_version": "8ac737b0af5a", "order_digest": "303621749218b73e"}, "order_id": 1043, "credit_id": 1070}', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:31:28.912366+00', '2026-03-18 16:32:09.553591+00', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 13, 6, 'record-refund', 'HW-e1290a5256e7491aa613-1-pay', '{}', '{"body": {"orderId": 1076, "amountPaid": "32.00", "journalRef": "Refund HRZNXM62", "paymentDate": "2026-03-18T16:32:41.615+00:00", "paymentType": "PAYMENT", "exchangeRate": "1.000000", "transactionRef": "HW-e1290a5256e7491aa613-1-pay", "currencyIsoCode": "GBP", "paymentMethodCode": "SHOPIFY"}}', '2026-03-18 16:32:41.775502+00', 'done', '2026-03-18 16:32:12.428076+00', NULL, 1, NULL, '{"payment_id": 1080}', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:12.428076+00', '2026-03-18 16:32:44.213486+00', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 12, 5, 'close-credit', 'HW-9a6f2134dc9a94bad2b1-1-close', '{}', '{"closes": 1, "tax_date": null, "credit_id": 1074}', '2026-03-18 16:33:06.999061+00', 'done', '2026-03-18 16:33:13.322176+00', NULL, 2, NULL, '{"closes": 1, "invoice_reference": "SC-1074"}', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:12.428076+00', '2026-03-18 16:33:32.758954+00', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 14, 6, 'close-credit', 'HW-e1290a5256e7491aa613-1-close', '{}', '{"closes": 1, "tax_date": null, "credit_id": 1076}', '2026-03-18 16:33:06.999061+00', 'done', '2026-03-18 16:33:13.330479+00', NULL, 2, NULL, '{"closes": 1, "invoice_reference": "SC-1076"}', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:12.428076+00', '2026-03-18 16:33:32.758954+00', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 4, 4, 'create-sales-credit', 'HW-9d86ed7e20f1f17ca089-1', '{}', '{"net": "76.00", "tax": "0.00", "body": {"ref": "HRX9ZS28", "rows": [{"net": "76.00", "tax": "0.00", "name": "Kids'' rain coat 8Y", "taxCode": "T0", "quantity": "2", "productId": 1039, "externalRef": "1048", "nominalCode": "4000"}], "taxDate": "2026-03-18T00:00:00.000+00:00", "currency": {"code": "GBP", "exchangeRate": "1.000000", "fixedExchangeRate": false}, "customer": {"id": 602}, "parentId": 1047, "placedOn": "2026-03-18T00:00:00.000+00:00", "channelId": 1, "externalRef": "HW-9d86ed7e20f1f17ca089-1", "priceListId": 1, "warehouseId": 2, "priceModeCode": "INC", "installedIntegrationInstanceId": 11}, "marks": {"note": "Came back damaged (return HRX9ZS28, HW-9d86ed7e20f1f17ca089-1)"}, "places": {"05b6e6e3-07d4-4edc-9143-1193e6c3f339": [{"ref": "1048", "quantity": 1, "product_id": null}], "f06c144a-025b-413f-8a9a-021ea648a7dd": [{"ref": "1048", "quantity": 1, "product_id": null}]}, "currency": "GBP", "evidence": {"match": {"05b6e6e3-07d4-4edc-9143-1193e6c3f339": "line id → row 1048", "f06c144a-025b-413f-8a9a-021ea648a7dd": "line id → row 1048"}, "tax_on": "2026-03-18", "order_id": 1047, "map_version": "8ac737b0af5a", "order_digest": "d905217ffcdaa611"}, "order_id": 1047, "map_version": "8ac737b0af5a", "order_digest": "d905217ffcdaa611"}', '2026-03-18 16:32:01.957771+00', 'done', '2026-03-18 16:31:28.912366+00', NULL, 1, NULL, '{"adopted": false, "evidence": {"match": {"05b6e6e3-07d4-4edc-9143-1193e6c3f339": "line id → row 1048", "f06c144a-025b-413f-8a9a-021ea648a7dd": "line id → row 1048"}, "tax_on": "2026-03-18", "order_id": 1047, "map_version": "8ac737b0af5a", "order_digest": "d905217ffcdaa611"}, "order_id": 1047, "credit_id": 1072}', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:31:28.912366+00', '2026-03-18 16:32:09.553591+00', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 5, 5, 'create-sales-credit', 'HW-9a6f2134dc9a94bad2b1-1', '{}', '{"net": "62.50", "tax": "12.50", "body": {"ref": "HRZNXM62", "rows": [{"net": "62.50", "tax": "12.50", "name": "Slim jeans 34", "taxCode": "T20", "quantity": "1", "productId": 1014, "externalRef": "1056", "nominalCode": "4000"}], "taxDate": "2026-03-18T00:00:00.000+00:00", "currency": {"code": "GBP", "exchangeRate": "1.000000", "fixedExchangeRate": false}, "customer": {"id": 604}, "parentId": 1055, "placedOn": "2026-03-18T00:00:00.000+00:00", "channelId": 1, "externalRef": "HW-9a6f2134dc9a94bad2b1-1", "priceListId": 1, "warehouseId": 2, "priceModeCode": "INC", "installedIntegrationInstanceId": 11}, "marks": {"note": "Came back damaged (return HRZNXM62, HW-9a6f2134dc9a94bad2b1-1)"}, "places": {"e1ea24c4-f934-4c68-966b-aea148beab13": [{"ref": "1056", "quantity": 1, "product_id": null}]}, "currency": "GBP", "evidence": {"match": {"e1ea24c4-f934-4c68-966b-aea148beab13": "line id → row 1056"}, "tax_on": "2026-03-18", "order_id": 1055, "map_version": "8ac737b0af5a", "order_digest": "60500216b1506dad"}, "order_id": 1055, "map_version": "8ac737b0af5a", "order_digest": "60500216b1506dad"}', '2026-03-18 16:32:01.957771+00', 'done', '2026-03-18 16:31:28.912366+00', NULL, 1, NULL, '{"adopted": false, "evidence": {"match": {"e1ea24c4-f934-4c68-966b-aea148beab13": "line id → row 1056"}, "tax_on": "2026-03-18", "order_id": 1055, "map_version": "8ac737b0af5a", "order_digest": "60500216b1506dad"}, "order_id": 1055, "credit_id": 1074}', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:28.912366+00', '2026-03-18 16:32:09.553591+00', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 6, 6, 'create-sales-credit', 'HW-e1290a5256e7491aa613-1', '{}', '{"net": "32.00", "tax": "0.00", "body": {"ref": "HRZNXM62", "rows": [{"net": "32.00", "tax": "0.00", "name": "Kids'' dungarees 2Y", "taxCode": "T0", "quantity": "1", "productId": 1034, "externalRef": "1060", "nominalCode": "4000"}], "taxDate": "2026-03-18T00:00:00.000+00:00", "currency": {"code": "GBP", "exchangeRate": "1.000000", "fixedExchangeRate": false}, "customer": {"id": 605}, "parentId": 1059, "placedOn": "2026-03-18T00:00:00.000+00:00", "channelId": 1, "externalRef": "HW-e1290a5256e7491aa613-1", "priceListId": 1, "warehouseId": 2, "priceModeCode": "INC", "installedIntegrationInstanceId": 11}, "marks": {}, "places": {"7af027bc-08d6-4f57-9a71-144896c8da19": [{"ref": "1060", "quantity": 1, "product_id": null}]}, "currency": "GBP", "evidence": {"match": {"7af027bc-08d6-4f57-9a71-144896c8da19": "line id → row 1060"}, "tax_on": "2026-03-18", "order_id": 1059, "map_version": "8ac737b0af5a", "order_digest": "84abd021a9ca2afd"}, "order_id": 1059, "map_version": "8ac737b0af5a", "order_digest": "84abd021a9ca2afd"}', '2026-03-18 16:32:01.957771+00', 'done', '2026-03-18 16:31:28.912366+00', NULL, 1, NULL, '{"adopted": false, "evidence": {"match": {"7af027bc-08d6-4f57-9a71-144896c8da19": "line id → row 1060"}, "tax_on": "2026-03-18", "order_id": 1059, "map_version": "8ac737b0af5a", "order_digest": "84abd021a9ca2afd"}, "order_id": 1059, "credit_id": 1076}', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:28.912366+00', '2026-03-18 16:32:09.553591+00', '2026-11-27 03:20:03.698355+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 7, 3, 'record-refund', 'HW-a2cd8a7efde2bd5786dc-1-pay', '{}', '{"body": {"orderId": 1070, "amountPaid": "49.00", "journalRef": "Refund HRRNGR6N", "paymentDate": "2026-03-18T16:32:41.560+00:00", "paymentType": "PAYMENT", "exchangeRate": "1.000000", "transactionRef": "HW-a2cd8a7efde2bd5786dc-1-pay", "currencyIsoCode": "GBP", "paymentMethodCode": "SHOPIFY"}}', '2026-03-18 16:32:41.775502+00', 'done', '2026-03-18 16:32:12.428076+00', NULL, 1, NULL, '{"payment_id": 1077}', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:32:12.428076+00', '2026-03-18 16:32:44.213486+00', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 8, 3, 'close-credit', 'HW-a2cd8a7efde2bd5786dc-1-close', '{}', '{"closes": 1, "tax_date": null, "credit_id": 1070}', '2026-03-18 16:33:06.999061+00', 'done', '2026-03-18 16:33:13.297128+00', NULL, 2, NULL, '{"closes": 1, "invoice_reference": "SC-1070"}', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:32:12.428076+00', '2026-03-18 16:33:32.758954+00', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 10, 4, 'close-credit', 'HW-9d86ed7e20f1f17ca089-1-close', '{}', '{"closes": 1, "tax_date": null, "credit_id": 1072}', '2026-03-18 16:33:06.999061+00', 'done', '2026-03-18 16:33:13.313534+00', NULL, 2, NULL, '{"closes": 1, "invoice_reference": "SC-1072"}', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:32:12.428076+00', '2026-03-18 16:33:32.758954+00', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 9, 4, 'record-refund', 'HW-9d86ed7e20f1f17ca089-1-pay', '{}', '{"body": {"orderId": 1072, "amountPaid": "76.00", "journalRef": "Refund HRX9ZS28", "paymentDate": "2026-03-18T16:32:41.586+00:00", "paymentType": "PAYMENT", "exchangeRate": "1.000000", "transactionRef": "HW-9d86ed7e20f1f17ca089-1-pay", "currencyIsoCode": "GBP", "paymentMethodCode": "SHOPIFY"}}', '2026-03-18 16:32:41.775502+00', 'done', '2026-03-18 16:32:12.428076+00', NULL, 1, NULL, '{"payment_id": 1078}', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:32:12.428076+00', '2026-03-18 16:32:44.213486+00', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 11, 5, 'record-refund', 'HW-9a6f2134dc9a94bad2b1-1-pay', '{}', '{"body": {"orderId": 1074, "amountPaid": "75.00", "journalRef": "Refund HRZNXM62", "paymentDate": "2026-03-18T16:32:41.601+00:00", "paymentType": "PAYMENT", "exchangeRate": "1.000000", "transactionRef": "HW-9a6f2134dc9a94bad2b1-1-pay", "currencyIsoCode": "GBP", "paymentMethodCode": "SHOPIFY"}}', '2026-03-18 16:32:41.775502+00', 'done', '2026-03-18 16:32:12.428076+00', NULL, 1, NULL, '{"payment_id": 1079}', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:12.428076+00', '2026-03-18 16:32:44.213486+00', '2026-11-27 03:20:03.878361+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 15, 3, 'receive-stock', 'HW-a2cd8a7efde2bd5786dc-1-g11c50def', '{"unit_keys": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"]}', '{"notes": [{"body": {"transfer": false, "goodsMoved": [{"quantity": 1, "productId": 1010, "productValue": {"value": "17.1500", "currency": "GBP"}, "purchaseOrderRowId": 1069, "destinationLocationId": 23}], "receivedOn": "2026-03-16T16:25:27.029+00:00", "warehouseId": 2, "userBatchReference": "HW-a2cd8a7efde2bd5786dc-1-g11c50def-1"}, "row_id": 1069, "reference": "HW-a2cd8a7efde2bd5786dc-1-g11c50def-1", "unit_keys": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"]}], "without_stock": []}', '2026-03-18 16:33:22.188954+00', 'done', '2026-03-18 16:32:52.512704+00', NULL, 1, NULL, '{"notes": [1081]}', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:32:52.512704+00', '2026-03-18 16:33:27.163115+00', '2026-11-27 03:20:04.0462+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 17, 5, 'receive-stock', 'HW-9a6f2134dc9a94bad2b1-1-g339783a2', '{"unit_keys": ["e1ea24c4-f934-4c68-966b-aea148beab13"]}', '{"notes": [{"body": {"transfer": false, "goodsMoved": [{"quantity": 1, "productId": 1014, "productValue": {"value": "26.2500", "currency": "GBP"}, "purchaseOrderRowId": 1073, "destinationLocationId": 23}], "receivedOn": "2026-03-12T16:50:20.128+00:00", "warehouseId": 2, "userBatchReference": "HW-9a6f2134dc9a94bad2b1-1-g339783a2-1"}, "row_id": 1073, "reference": "HW-9a6f2134dc9a94bad2b1-1-g339783a2-1", "unit_keys": ["e1ea24c4-f934-4c68-966b-aea148beab13"]}], "without_stock": []}', '2026-03-18 16:33:22.188954+00', 'done', '2026-03-18 16:32:52.512704+00', NULL, 1, NULL, '{"notes": [1083]}', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:52.512704+00', '2026-03-18 16:33:27.163115+00', '2026-11-27 03:20:04.0462+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 16, 4, 'receive-stock', 'HW-9d86ed7e20f1f17ca089-1-g6c4f6909', '{"unit_keys": ["05b6e6e3-07d4-4edc-9143-1193e6c3f339", "f06c144a-025b-413f-8a9a-021ea648a7dd"]}', '{"notes": [{"body": {"transfer": false, "goodsMoved": [{"quantity": 1, "productId": 1039, "productValue": {"value": "13.3000", "currency": "GBP"}, "purchaseOrderRowId": 1071, "destinationLocationId": 22}], "receivedOn": "2026-03-17T11:53:50.909+00:00", "warehouseId": 2, "userBatchReference": "HW-9d86ed7e20f1f17ca089-1-g6c4f6909-1"}, "row_id": 1071, "reference": "HW-9d86ed7e20f1f17ca089-1-g6c4f6909-1", "unit_keys": ["05b6e6e3-07d4-4edc-9143-1193e6c3f339"]}, {"body": {"transfer": false, "goodsMoved": [{"quantity": 1, "productId": 1039, "productValue": {"value": "13.3000", "currency": "GBP"}, "purchaseOrderRowId": 1071, "destinationLocationId": 23}], "receivedOn": "2026-03-17T11:53:50.909+00:00", "warehouseId": 2, "userBatchReference": "HW-9d86ed7e20f1f17ca089-1-g6c4f6909-2"}, "row_id": 1071, "reference": "HW-9d86ed7e20f1f17ca089-1-g6c4f6909-2", "unit_keys": ["f06c144a-025b-413f-8a9a-021ea648a7dd"]}], "without_stock": []}', '2026-03-18 16:33:22.188954+00', 'done', '2026-03-18 16:32:52.512704+00', NULL, 1, NULL, '{"notes": [1082, 1085]}', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:32:52.512704+00', '2026-03-18 16:33:27.163115+00', '2026-11-27 03:20:04.0462+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 18, 6, 'receive-stock', 'HW-e1290a5256e7491aa613-1-g8bb5c2ef', '{"unit_keys": ["7af027bc-08d6-4f57-9a71-144896c8da19"]}', '{"notes": [{"body": {"transfer": false, "goodsMoved": [{"quantity": 1, "productId": 1034, "productValue": {"value": "11.2000", "currency": "GBP"}, "purchaseOrderRowId": 1075, "destinationLocationId": 22}], "receivedOn": "2026-03-12T16:50:20.128+00:00", "warehouseId": 2, "userBatchReference": "HW-e1290a5256e7491aa613-1-g8bb5c2ef-1"}, "row_id": 1075, "reference": "HW-e1290a5256e7491aa613-1-g8bb5c2ef-1", "unit_keys": ["7af027bc-08d6-4f57-9a71-144896c8da19"]}], "without_stock": []}', '2026-03-18 16:33:22.188954+00', 'done', '2026-03-18 16:32:52.512704+00', NULL, 1, NULL, '{"notes": [1084]}', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:32:52.512704+00', '2026-03-18 16:33:27.163115+00', '2026-11-27 03:20:04.0462+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 19, 3, 'mark-credit', 'HW-a2cd8a7efde2bd5786dc-1-mark', '{}', NULL, NULL, 'done', '2026-03-18 16:33:39.167655+00', NULL, 1, NULL, '{"credit_id": 1070}', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:33:39.167655+00', '2026-03-18 16:33:48.568991+00', '2026-11-27 03:20:04.242451+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 20, 4, 'mark-credit', 'HW-9d86ed7e20f1f17ca089-1-mark', '{}', NULL, NULL, 'done', '2026-03-18 16:33:39.167655+00', NULL, 1, NULL, '{"credit_id": 1072}', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:33:39.167655+00', '2026-03-18 16:33:48.568991+00', '2026-11-27 03:20:04.242451+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES ('acme', 21, 5, 'mark-credit', 'HW-9a6f2134dc9a94bad2b1-1-mark', '{}', NULL, NULL, 'done', '2026-03-18 16:33:39.167655+00', NULL, 1, NULL, '{"credit_id": 1074}', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:33:39.167655+00', '2026-03-18 16:33:48.568991+00', '2026-11-27 03:20:04.242451+00');
INSERT INTO public.returns VALUES ('acme', 2, 'c541013d-0326-424d-bb69-5ffb3a1890c7', '10406', '10406', 1, 'exception', 6, '2026-03-18 16:32:12.428076+00', 0, 'HRK5VUWF', '', 1063, 'HW-ca42b667f7406de12b6b-1', NULL, NULL, NULL, NULL, NULL, NULL, false, '', true, true, NULL, NULL, NULL, NULL, NULL, '', 'rival-credit', 'finance', 'Credit 1068 was made by others, or forgotten by us, for goods of this order.', '{"net": "45.83", "tax": "9.17", "verdict": "needs a person", "credit_id": 1068, "reference": "goodwill", "created_at": "2026-03-02T09:00:05.675000+00:00", "external_ref": "", "accepting_helps": false}', 'credit-pending', NULL, '', '{order:1063,order:1068}', '{}', NULL, '', NULL, '8ac737b0af5a', '', '{}', false, 'rival-credit:order=10406', '00-8be6e6c7a304e2cb7ccc729df608dc81-54d50eba7f299601-01', '2026-03-18 16:31:28.912366+00', '2026-03-18 16:32:59.996527+00');
INSERT INTO public.returns VALUES ('acme', 1, 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', 1, 'exception', 6, '2026-03-18 16:32:12.428076+00', 0, 'HRDWZKZ6', '', 1051, 'HW-ea2e292a1d675f336a7d-1', NULL, NULL, NULL, NULL, NULL, NULL, false, '', true, true, NULL, NULL, NULL, NULL, NULL, '', 'exchange', 'customer-service', 'The shopper chose an exchange.', '{"kinds": ["exchange"], "verdict": "needs a person", "refund_types": ["exchange"]}', 'credit-pending', NULL, '', '{}', '{}', NULL, '', NULL, '8ac737b0af5a', '', '{}', false, 'exchange:return=HRDWZKZ6', '00-df20ee95e489910a21c83b19df319a77-9bd8dc8882f76ad7-01', '2026-03-18 16:31:28.912366+00', '2026-03-18 16:32:59.996527+00');
INSERT INTO public.returns VALUES ('acme', 3, '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', 1, 'restocked', 11, '2026-03-18 16:33:28.745051+00', 0, 'HRRNGR6N', '', 1043, 'HW-a2cd8a7efde2bd5786dc-1', 'HW-a2cd8a7efde2bd5786dc-1', 1070, 40.83, 8.17, 'GBP', '[{"id": 1069, "net": "40.83", "tax": "8.17", "quantity": "1", "product_id": 1010, "bundle_child": false, "external_ref": "1044", "exchange_rate": "1.000000", "parent_row_id": 0}]', false, 'SC-1070', true, true, 1077, 'HW-a2cd8a7efde2bd5786dc-1-pay', 49.00, 'GBP', 'SHOPIFY', '', NULL, NULL, NULL, NULL, NULL, NULL, '', '{}', '{}', NULL, '', NULL, '8ac737b0af5a', '303621749218b73e', '{"note": "Came back damaged (return HRRNGR6N, HW-a2cd8a7efde2bd5786dc-1)"}', true, '', '00-bea0474b4b75bc6f302384ff48038d34-1f4700840cad8774-01', '2026-03-18 16:31:28.912366+00', '2026-03-18 16:33:50.595983+00');
INSERT INTO public.returns VALUES ('acme', 6, '705fca16-1622-4d79-9fec-898fbcfbb050', '10405', '10405', 1, 'restocked', 10, '2026-03-18 16:33:28.745051+00', 0, 'HRZNXM62', '', 1059, 'HW-e1290a5256e7491aa613-1', 'HW-e1290a5256e7491aa613-1', 1076, 32.00, 0.00, 'GBP', '[{"id": 1075, "net": "32.00", "tax": "0.00", "quantity": "1", "product_id": 1034, "bundle_child": false, "external_ref": "1060", "exchange_rate": "1.000000", "parent_row_id": 0}]', false, 'SC-1076', true, true, 1080, 'HW-e1290a5256e7491aa613-1-pay', 32.00, 'GBP', 'SHOPIFY', '', NULL, NULL, NULL, NULL, NULL, NULL, '', '{}', '{}', NULL, '', NULL, '8ac737b0af5a', '84abd021a9ca2afd', '{}', false, '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:28.912366+00', '2026-03-18 16:33:39.167655+00');
INSERT INTO public.returns VALUES ('acme', 4, '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', '10402', 1, 'restocked', 11, '2026-03-18 16:33:28.745051+00', 0, 'HRX9ZS28', '', 1047, 'HW-9d86ed7e20f1f17ca089-1', 'HW-9d86ed7e20f1f17ca089-1', 1072, 76.00, 0.00, 'GBP', '[{"id": 1071, "net": "76.00", "tax": "0.00", "quantity": "2", "product_id": 1039, "bundle_child": false, "external_ref": "1048", "exchange_rate": "1.000000", "parent_row_id": 0}]', false, 'SC-1072', true, true, 1078, 'HW-9d86ed7e20f1f17ca089-1-pay', 76.00, 'GBP', 'SHOPIFY', '', NULL, NULL, NULL, NULL, NULL, NULL, '', '{}', '{}', NULL, '', NULL, '8ac737b0af5a', 'd905217ffcdaa611', '{"note": "Came back damaged (return HRX9ZS28, HW-9d86ed7e20f1f17ca089-1)"}', true, '', '00-be4821bfa4df1f478f6a4864bcd2b3d6-7a013c620e353839-01', '2026-03-18 16:31:28.912366+00', '2026-03-18 16:33:50.595983+00');
INSERT INTO public.returns VALUES ('acme', 5, '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', '10404', 1, 'restocked', 11, '2026-03-18 16:33:28.745051+00', 0, 'HRZNXM62', '', 1055, 'HW-9a6f2134dc9a94bad2b1-1', 'HW-9a6f2134dc9a94bad2b1-1', 1074, 62.50, 12.50, 'GBP', '[{"id": 1073, "net": "62.50", "tax": "12.50", "quantity": "1", "product_id": 1014, "bundle_child": false, "external_ref": "1056", "exchange_rate": "1.000000", "parent_row_id": 0}]', false, 'SC-1074', true, true, 1079, 'HW-9a6f2134dc9a94bad2b1-1-pay', 75.00, 'GBP', 'SHOPIFY', '', NULL, NULL, NULL, NULL, NULL, NULL, '', '{}', '{}', NULL, '', NULL, '8ac737b0af5a', '60500216b1506dad', '{"note": "Came back damaged (return HRZNXM62, HW-9a6f2134dc9a94bad2b1-1)"}', true, '', '00-76765c6b62849f0ef4a9acc182d47d36-9b95f369fdb5a89b-01', '2026-03-18 16:31:28.912366+00', '2026-03-18 16:33:50.595983+00');
INSERT INTO public.schema_version VALUES (2, '2026-11-27 03:20:00.470858+00');
INSERT INTO public.unit VALUES ('acme', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', 'ec148cb4-8e73-4a47-aa90-a8f0d66b829e', 1, 'ec148cb4-8e73-4a47-aa90-a8f0d66b829e', '881052', 'MCJ33-S', '', '', NULL, '2026-03-18 15:17:26.430203+00', 'sellable', NULL, NULL, '{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": "sellable", "confirmed": 3, "reason_id": "arrived-late", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1003", "approved_at": "2026-03-07T04:13:41Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": "2026-03-18T15:17:26.430203Z", "refund_type": "exchange", "goods_in_ref": "", "line_item_id": "881052", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T04:13:26Z", "refund_currency": "GBP"}');
INSERT INTO public.unit VALUES ('acme', '008a05a6-c464-4159-8324-c9859b810e76', '10401', 'c2ce6f44-7ed4-457b-9e2f-eb89414c343c', 3, 'c2ce6f44-7ed4-457b-9e2f-eb89414c343c', '881044', 'LS40-XL', '', '', NULL, '2026-03-16 16:25:27.029716+00', 'sellable', 1081, NULL, '{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [{"ref": "1044", "quantity": 1, "product_id": null}], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": "sellable", "confirmed": 3, "reason_id": "damaged", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1010", "approved_at": "2026-03-05T20:57:55Z", "departed_at": null, "destination": "", "goods_in_id": 1081, "received_at": "2026-03-16T16:25:27.029716Z", "refund_type": "refund", "goods_in_ref": "HW-a2cd8a7efde2bd5786dc-1-g11c50def", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T20:57:40Z", "refund_currency": "GBP"}');
INSERT INTO public.unit VALUES ('acme', 'c541013d-0326-424d-bb69-5ffb3a1890c7', '10406', '78255d68-0792-4986-bb96-8a437d5c8dfc', 2, '78255d68-0792-4986-bb96-8a437d5c8dfc', '881064', 'JD57-16', '', '', NULL, '2026-03-14 20:29:38.483187+00', 'sellable', NULL, NULL, '{"bag": "", "fee": "0.00", "key": "78255d68-0792-4986-bb96-8a437d5c8dfc", "sku": "JD57-16", "name": "Jersey dress 16", "hinted": 1, "places": [], "reason": "Too small", "barcode": "5000000001027", "tracking": "", "condition": "sellable", "confirmed": 3, "reason_id": "too-small", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1027", "approved_at": "2026-03-03T08:00:20Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": "2026-03-14T20:29:38.483187Z", "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881064", "happy_item_id": "78255d68-0792-4986-bb96-8a437d5c8dfc", "refund_amount": "55.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T08:00:05Z", "refund_currency": "GBP"}');
INSERT INTO public.unit VALUES ('acme', '705fca16-1622-4d79-9fec-898fbcfbb050', '10405', '7af027bc-08d6-4f57-9a71-144896c8da19', 6, '7af027bc-08d6-4f57-9a71-144896c8da19', '881060', 'KD64-2Y', '', '', NULL, '2026-03-12 16:50:20.128001+00', 'sellable', 1084, NULL, '{"bag": "", "fee": "0.00", "key": "7af027bc-08d6-4f57-9a71-144896c8da19", "sku": "KD64-2Y", "name": "Kids'' dungarees 2Y", "hinted": 1, "places": [{"ref": "1060", "quantity": 1, "product_id": null}], "reason": "Too big", "barcode": "5000000001034", "tracking": "", "condition": "sellable", "confirmed": 3, "reason_id": "too-big", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1034", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": 1084, "received_at": "2026-03-12T16:50:20.128001Z", "refund_type": "refund", "goods_in_ref": "HW-e1290a5256e7491aa613-1-g8bb5c2ef", "line_item_id": "881060", "happy_item_id": "7af027bc-08d6-4f57-9a71-144896c8da19", "refund_amount": "32.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}');
INSERT INTO public.unit VALUES ('acme', '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', '05b6e6e3-07d4-4edc-9143-1193e6c3f339', 4, '05b6e6e3-07d4-4edc-9143-1193e6c3f339', '881048-0-3', 'KRC69-8Y', '', '', NULL, '2026-03-17 11:53:50.909242+00', 'sellable', 1082, NULL, '{"bag": "", "fee": "0.00", "key": "05b6e6e3-07d4-4edc-9143-1193e6c3f339", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [{"ref": "1048", "quantity": 1, "product_id": null}], "reason": "Too small", "barcode": "5000000001039", "tracking": "", "condition": "sellable", "confirmed": 3, "reason_id": "too-small", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1039", "approved_at": "2026-03-05T18:46:42Z", "departed_at": null, "destination": "", "goods_in_id": 1082, "received_at": "2026-03-17T11:53:50.909242Z", "refund_type": "refund", "goods_in_ref": "HW-9d86ed7e20f1f17ca089-1-g6c4f6909", "line_item_id": "881048-0-3", "happy_item_id": "05b6e6e3-07d4-4edc-9143-1193e6c3f339", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T18:46:27Z", "refund_currency": "GBP"}');
INSERT INTO public.unit VALUES ('acme', '3b1a11df-587f-4280-bbab-6c398d88348a', '10402', 'f06c144a-025b-413f-8a9a-021ea648a7dd', 4, 'f06c144a-025b-413f-8a9a-021ea648a7dd', '881048-1-3', 'KRC69-8Y', '', '', NULL, '2026-03-17 11:53:50.909242+00', 'sellable', 1085, NULL, '{"bag": "", "fee": "0.00", "key": "f06c144a-025b-413f-8a9a-021ea648a7dd", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [{"ref": "1048", "quantity": 1, "product_id": null}], "reason": "Damaged", "barcode": "5000000001039", "tracking": "", "condition": "sellable", "confirmed": 3, "reason_id": "damaged", "started_at": "2026-03-02T08:00:04Z", "variant_id": "1039", "approved_at": "2026-03-05T18:46:42Z", "departed_at": null, "destination": "", "goods_in_id": 1085, "received_at": "2026-03-17T11:53:50.909242Z", "refund_type": "refund", "goods_in_ref": "HW-9d86ed7e20f1f17ca089-1-g6c4f6909", "line_item_id": "881048-1-3", "happy_item_id": "f06c144a-025b-413f-8a9a-021ea648a7dd", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T18:46:27Z", "refund_currency": "GBP"}');
INSERT INTO public.unit VALUES ('acme', '705fca16-1622-4d79-9fec-898fbcfbb050', '10404', 'e1ea24c4-f934-4c68-966b-aea148beab13', 5, 'e1ea24c4-f934-4c68-966b-aea148beab13', '881056', 'SJ44-34', '', '', NULL, '2026-03-12 16:50:20.128001+00', 'sellable', 1083, NULL, '{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [{"ref": "1056", "quantity": 1, "product_id": null}], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": "sellable", "confirmed": 3, "reason_id": "damaged", "started_at": "2026-03-02T08:00:05Z", "variant_id": "1014", "approved_at": "2026-03-05T17:16:13Z", "departed_at": null, "destination": "", "goods_in_id": 1083, "received_at": "2026-03-12T16:50:20.128001Z", "refund_type": "refund", "goods_in_ref": "HW-9a6f2134dc9a94bad2b1-1-g339783a2", "line_item_id": "881056", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-05T17:15:58Z", "refund_currency": "GBP"}');
INSERT INTO public.watch VALUES ('acme', 'return:efba91fc-8034-48b6-b610-a9f7f9270f4e', 'return', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', 'HRDWZKZ6', '10403', '', '2026-03-18 16:31:18.475718+00', '2026-03-19 04:31:13.194885+00', NULL, 0, '', NULL);
INSERT INTO public.watch VALUES ('acme', 'return:008a05a6-c464-4159-8324-c9859b810e76', 'return', '008a05a6-c464-4159-8324-c9859b810e76', 'HRRNGR6N', '10401', '', '2026-03-18 16:31:18.475718+00', '2026-03-19 04:31:14.642333+00', NULL, 0, '', NULL);
INSERT INTO public.watch VALUES ('acme', 'return:3b1a11df-587f-4280-bbab-6c398d88348a', 'return', '3b1a11df-587f-4280-bbab-6c398d88348a', 'HRX9ZS28', '10402', '', '2026-03-18 16:31:18.475718+00', '2026-03-19 04:31:15.263071+00', NULL, 0, '', NULL);
INSERT INTO public.watch VALUES ('acme', 'return:705fca16-1622-4d79-9fec-898fbcfbb050', 'return', '705fca16-1622-4d79-9fec-898fbcfbb050', 'HRZNXM62', '10404', '', '2026-03-18 16:31:18.475718+00', '2026-03-19 04:31:15.813369+00', NULL, 0, '', NULL);
INSERT INTO public.watch VALUES ('acme', 'code:HRDWZKZ6', 'code', '', 'HRDWZKZ6', '', '', '2026-03-18 16:30:31.670995+00', NULL, '2026-03-18 16:31:18.475718+00', 0, '4c4246087f51fa075ef1ab1b07ee9502fde2dd37e2bfb4e000c5d692cc8b5d3f', NULL);
INSERT INTO public.watch VALUES ('acme', 'code:HRK5VUWF', 'code', '', 'HRK5VUWF', '', '', '2026-03-18 16:30:31.670995+00', NULL, '2026-03-18 16:31:18.475718+00', 0, '3917a979a0a6eabd123b2b2f9ea2ee2a7711572c2c3e1acf5cab4e3562575cf8', NULL);
INSERT INTO public.watch VALUES ('acme', 'code:HRRNGR6N', 'code', '', 'HRRNGR6N', '', '', '2026-03-18 16:30:31.670995+00', NULL, '2026-03-18 16:31:18.475718+00', 0, 'eac9ab15073a7fd4984792d078086d6e11b72f7761b9ee7b6829ed501be2b426', NULL);
INSERT INTO public.watch VALUES ('acme', 'code:HRX9ZS28', 'code', '', 'HRX9ZS28', '', '', '2026-03-18 16:30:31.670995+00', NULL, '2026-03-18 16:31:18.475718+00', 0, '0dbd2ca45d0a20a6ad2d9fab5b72f2d82b01b65b7a00d51a8c65bf51c8f52fab', NULL);
INSERT INTO public.watch VALUES ('acme', 'code:HRZNXM62', 'code', '', 'HRZNXM62', '', '', '2026-03-18 16:30:31.670995+00', NULL, '2026-03-18 16:31:18.475718+00', 0, '4f7366640d05661a5a687bb279235d4b291bfb7e504aae74e7b2ba6b10fa7c13', NULL);
INSERT INTO public.watch VALUES ('acme', 'order:10401', 'order', '', '', '10401', '', '2026-03-18 16:30:31.670995+00', '2026-04-07 16:31:16.361296+00', '2026-03-18 16:31:18.475718+00', 0, 'eac9ab15073a7fd4984792d078086d6e11b72f7761b9ee7b6829ed501be2b426', NULL);
INSERT INTO public.watch VALUES ('acme', 'order:10402', 'order', '', '', '10402', '', '2026-03-18 16:30:31.670995+00', '2026-04-07 16:31:16.98685+00', '2026-03-18 16:31:18.475718+00', 0, '0dbd2ca45d0a20a6ad2d9fab5b72f2d82b01b65b7a00d51a8c65bf51c8f52fab', NULL);
INSERT INTO public.watch VALUES ('acme', 'order:10403', 'order', '', '', '10403', '', '2026-03-18 16:30:31.670995+00', '2026-04-07 16:31:17.514351+00', '2026-03-18 16:31:18.475718+00', 0, '4c4246087f51fa075ef1ab1b07ee9502fde2dd37e2bfb4e000c5d692cc8b5d3f', NULL);
INSERT INTO public.watch VALUES ('acme', 'order:10404', 'order', '', '', '10404', '', '2026-03-18 16:30:31.670995+00', '2026-04-07 16:31:18.001318+00', '2026-03-18 16:31:18.475718+00', 0, '0ab0f346a6197f5d38e3148f8a1544d4ea084bb61d7973d28ecc59cb3b6f825d', NULL);
INSERT INTO public.watch VALUES ('acme', 'order:10405', 'order', '', '', '10405', '', '2026-03-18 16:30:31.670995+00', '2026-04-07 16:31:18.467074+00', '2026-03-18 16:31:18.475718+00', 0, 'd1763be3941ee8cb224af6a8cb9520d9a5831f9778408ce1cdbc1e368be6cc2f', NULL);
INSERT INTO public.watch VALUES ('acme', 'return:c541013d-0326-424d-bb69-5ffb3a1890c7', 'return', 'c541013d-0326-424d-bb69-5ffb3a1890c7', 'HRK5VUWF', '10406', '', '2026-03-18 16:31:18.475718+00', '2026-03-19 04:31:14.10419+00', NULL, 0, '', NULL);
INSERT INTO public.watch VALUES ('acme', 'order:10406', 'order', '', '', '10406', '', '2026-03-18 16:30:31.670995+00', '2026-04-07 16:31:25.155513+00', '2026-03-18 16:31:25.166672+00', 0, '3917a979a0a6eabd123b2b2f9ea2ee2a7711572c2c3e1acf5cab4e3562575cf8', NULL);
SELECT pg_catalog.setval('public.access_log_id_seq', 1, false);
SELECT pg_catalog.setval('public.api_token_id_seq', 1, false);
SELECT pg_catalog.setval('public.batch_id_seq', 1, false);
SELECT pg_catalog.setval('public.books_check_id_seq', 1, false);
SELECT pg_catalog.setval('public.checklist_item_id_seq', 1, false);
SELECT pg_catalog.setval('public.credit_map_id_seq', 1, true);
SELECT pg_catalog.setval('public.delivery_id_seq', 1, false);
SELECT pg_catalog.setval('public.erasure_id_seq', 1, false);
SELECT pg_catalog.setval('public.finance_file_id_seq', 1, false);
SELECT pg_catalog.setval('public.inbox_id_seq', 76, true);
SELECT pg_catalog.setval('public.leg_id_seq', 1, false);
SELECT pg_catalog.setval('public.match_decision_id_seq', 1, false);
SELECT pg_catalog.setval('public.match_group_id_seq', 1, false);
SELECT pg_catalog.setval('public.match_run_id_seq', 1, false);
SELECT pg_catalog.setval('public.orphan_event_id_seq', 1, false);
SELECT pg_catalog.setval('public.outbox_id_seq', 21, true);
SELECT pg_catalog.setval('public.period_event_id_seq', 1, false);
SELECT pg_catalog.setval('public.return_id', 6, true);
SELECT pg_catalog.setval('public.saved_view_id_seq', 1, false);
ALTER TABLE ONLY public.access_log
    ADD CONSTRAINT access_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.api_answer
    ADD CONSTRAINT api_answer_pkey PRIMARY KEY (token_id, key);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_name_key UNIQUE (name);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_token_hash_key UNIQUE (token_hash);
ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (merchant, effect_id, attempt);
ALTER TABLE ONLY public.batch_item
    ADD CONSTRAINT batch_item_merchant_batch_id_return_id_key UNIQUE (merchant, batch_id, return_id);
ALTER TABLE ONLY public.batch_item
    ADD CONSTRAINT batch_item_pkey PRIMARY KEY (merchant, batch_id, "position");
ALTER TABLE ONLY public.batch
    ADD CONSTRAINT batch_merchant_batch_key_key UNIQUE (merchant, batch_key);
ALTER TABLE ONLY public.batch
    ADD CONSTRAINT batch_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.books_check
    ADD CONSTRAINT books_check_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.checklist_item
    ADD CONSTRAINT checklist_item_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.credit_map
    ADD CONSTRAINT credit_map_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.cursor
    ADD CONSTRAINT cursor_pkey PRIMARY KEY (merchant, name);
ALTER TABLE ONLY public.daemon
    ADD CONSTRAINT daemon_pkey PRIMARY KEY (owner);
ALTER TABLE ONLY public.deadline
    ADD CONSTRAINT deadline_pkey PRIMARY KEY (merchant, return_id);
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT delivery_merchant_source_body_sha256_key UNIQUE (merchant, source, body_sha256);
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.erasure
    ADD CONSTRAINT erasure_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.finance_clock
    ADD CONSTRAINT finance_clock_pkey PRIMARY KEY (merchant);
ALTER TABLE ONLY public.finance_file
    ADD CONSTRAINT finance_file_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.finance_file_row
    ADD CONSTRAINT finance_file_row_pkey PRIMARY KEY (merchant, file_id, "row");
ALTER TABLE ONLY public.finance_file_undone
    ADD CONSTRAINT finance_file_undone_pkey PRIMARY KEY (merchant, file_id);
ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_merchant_natural_key_key UNIQUE (merchant, natural_key);
ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.journal_head
    ADD CONSTRAINT journal_head_pkey PRIMARY KEY (merchant);
ALTER TABLE ONLY public.journal
    ADD CONSTRAINT journal_merchant_return_id_version_to_state_key UNIQUE (merchant, return_id, version, to_state);
ALTER TABLE ONLY public.journal
    ADD CONSTRAINT journal_merchant_seq_key UNIQUE (merchant, seq);
ALTER TABLE ONLY public.journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (merchant, return_id, version);
ALTER TABLE ONLY public.journal_pruned
    ADD CONSTRAINT journal_pruned_pkey PRIMARY KEY (merchant, seq);
ALTER TABLE ONLY public.leg
    ADD CONSTRAINT leg_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.machine_rule
    ADD CONSTRAINT machine_rule_pkey PRIMARY KEY (event, source, target);
ALTER TABLE ONLY public.machine_state
    ADD CONSTRAINT machine_state_pkey PRIMARY KEY (state);
ALTER TABLE ONLY public.match_decision
    ADD CONSTRAINT match_decision_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.match_group
    ADD CONSTRAINT match_group_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.match_run
    ADD CONSTRAINT match_run_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.merchant
    ADD CONSTRAINT merchant_pkey PRIMARY KEY (merchant);
ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_pkey PRIMARY KEY (merchant, return_id, version);
ALTER TABLE ONLY public.openid_attempt
    ADD CONSTRAINT openid_attempt_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY public.orphan_event
    ADD CONSTRAINT orphan_event_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_merchant_kind_key_key UNIQUE (merchant, kind, key);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.period_event
    ADD CONSTRAINT period_event_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.reporting_reader
    ADD CONSTRAINT reporting_reader_pkey PRIMARY KEY (role, merchant);
ALTER TABLE ONLY public.returns
    ADD CONSTRAINT returns_merchant_credit_id_key UNIQUE (merchant, credit_id);
ALTER TABLE ONLY public.returns
    ADD CONSTRAINT returns_merchant_credit_ref_key UNIQUE (merchant, credit_ref);
ALTER TABLE ONLY public.returns
    ADD CONSTRAINT returns_merchant_happy_return_id_order_key_part_key UNIQUE (merchant, happy_return_id, order_key, part);
ALTER TABLE ONLY public.returns
    ADD CONSTRAINT returns_pkey PRIMARY KEY (merchant, id);
ALTER TABLE ONLY public.saved_view
    ADD CONSTRAINT saved_view_account_page_name_key UNIQUE (account, page, name);
ALTER TABLE ONLY public.saved_view
    ADD CONSTRAINT saved_view_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.sealed_secret
    ADD CONSTRAINT sealed_secret_pkey PRIMARY KEY (merchant, name);
ALTER TABLE ONLY public.unit
    ADD CONSTRAINT unit_pkey PRIMARY KEY (merchant, happy_return_id, order_key, unit_key);
ALTER TABLE ONLY public.watch
    ADD CONSTRAINT watch_pkey PRIMARY KEY (merchant, key);
ALTER TABLE ONLY public.web_session
    ADD CONSTRAINT web_session_pkey PRIMARY KEY (token_hash);
CREATE INDEX access_log_action ON public.access_log USING btree (action, id);
CREATE INDEX batch_item_open ON public.batch_item USING btree (merchant, batch_id, "position") WHERE (state = ANY (ARRAY['waiting'::text, 'said'::text]));
CREATE INDEX batch_item_return ON public.batch_item USING btree (merchant, return_id);
CREATE INDEX batch_running ON public.batch USING btree (merchant, id) WHERE (state = 'running'::text);
CREATE INDEX books_check_name ON public.books_check USING btree (merchant, name, id DESC);
CREATE INDEX checklist_item_period ON public.checklist_item USING btree (merchant, checklist, period);
CREATE INDEX deadline_due ON public.deadline USING btree (merchant, due_at);
CREATE INDEX delivery_quarantined ON public.delivery USING btree (merchant, id) WHERE (state = 'quarantined'::text);
CREATE INDEX delivery_return ON public.delivery USING gin (return_ids) WHERE (return_ids <> '{}'::text[]);
CREATE INDEX finance_file_content ON public.finance_file USING btree (merchant, sha256);
CREATE INDEX inbox_family ON public.inbox USING btree (merchant, happy_return_id, order_key);
CREATE INDEX inbox_unhappy ON public.inbox USING btree (merchant, id) WHERE (state = ANY (ARRAY['refused'::text, 'parked'::text]));
CREATE INDEX inbox_waiting ON public.inbox USING btree (merchant, id) WHERE (state = 'waiting'::text);
CREATE UNIQUE INDEX leg_current ON public.leg USING btree (merchant, key) WHERE (known_until IS NULL);
CREATE INDEX leg_key ON public.leg USING btree (merchant, key);
CREATE INDEX leg_scope ON public.leg USING btree (merchant, scope) WHERE (known_until IS NULL);
CREATE UNIQUE INDEX match_group_current ON public.match_group USING btree (merchant, key) WHERE (until_run IS NULL);
CREATE INDEX match_group_from ON public.match_group USING btree (merchant, from_run);
CREATE INDEX match_group_legs ON public.match_group USING gin (legs) WHERE (until_run IS NULL);
CREATE INDEX match_group_open ON public.match_group USING btree (merchant, status, value DESC) WHERE (until_run IS NULL);
CREATE INDEX match_group_until ON public.match_group USING btree (merchant, until_run) WHERE (until_run IS NOT NULL);
CREATE INDEX message_due ON public.message USING btree (merchant, due_at) WHERE (state = 'ready'::text);
CREATE INDEX notice_open ON public.notice USING btree (merchant, team, topic) WHERE (cleared_at IS NULL);
CREATE INDEX notice_untold ON public.notice USING btree (merchant, team, at) WHERE ((told_at IS NULL) AND (cleared_at IS NULL));
CREATE INDEX orphan_event_key ON public.orphan_event USING btree (merchant, key, id DESC);
CREATE INDEX outbox_credited ON public.outbox USING btree (merchant, settled_at) WHERE ((kind = 'create-sales-credit'::text) AND (state = 'done'::text));
CREATE INDEX outbox_due ON public.outbox USING btree (merchant, kind, due_at) WHERE (state = ANY (ARRAY['ready'::text, 'leased'::text]));
CREATE INDEX outbox_order ON public.outbox USING btree (merchant, ((COALESCE((intent ->> 'order_id'::text), (result ->> 'order_id'::text)))::bigint)) WHERE ((kind = 'create-sales-credit'::text) AND ((intent IS NOT NULL) OR (result ? 'credit_id'::text)));
CREATE INDEX outbox_return ON public.outbox USING btree (merchant, return_id);
CREATE INDEX period_event_period ON public.period_event USING btree (merchant, period, id);
CREATE INDEX returns_assignee ON public.returns USING btree (merchant, assignee) WHERE (assignee <> ''::text);
CREATE INDEX returns_cause ON public.returns USING btree (merchant, cause) WHERE (state = 'exception'::text);
CREATE INDEX returns_created ON public.returns USING btree (merchant, created_at);
CREATE INDEX returns_express_code ON public.returns USING btree (merchant, express_code) WHERE (express_code <> ''::text);
CREATE INDEX returns_fingerprint ON public.returns USING btree (merchant, fingerprint) WHERE (state = 'exception'::text);
CREATE INDEX returns_invoice ON public.returns USING btree (merchant, invoice_reference) WHERE (invoice_reference <> ''::text);
CREATE INDEX returns_late ON public.returns USING btree (merchant, entered_at, id) WHERE (escalation > 0);
CREATE INDEX returns_money_open ON public.returns USING btree (merchant, id) WHERE ((credit_id IS NOT NULL) AND (state <> 'closed'::text) AND ((refund_due AND (payment_id IS NULL)) OR (close_due AND (invoice_reference = ''::text))));
CREATE INDEX returns_order ON public.returns USING btree (merchant, order_key);
CREATE INDEX returns_order_id ON public.returns USING btree (merchant, order_id) WHERE (order_id IS NOT NULL);
CREATE INDEX returns_over ON public.returns USING btree (merchant, updated_at) WHERE (state = ANY (ARRAY['restocked'::text, 'closed'::text]));
CREATE INDEX returns_rma ON public.returns USING btree (merchant, rma_id) WHERE (rma_id <> ''::text);
CREATE INDEX returns_state ON public.returns USING btree (merchant, state, entered_at);
CREATE INDEX returns_stock_awaited ON public.returns USING btree (merchant, credit_id) WHERE (state = ANY (ARRAY['credited'::text, 'exception'::text]));
CREATE INDEX returns_watching ON public.returns USING btree (merchant, id) WHERE ((state = ANY (ARRAY['credit-pending'::text, 'exception'::text])) AND (watches <> '{}'::text[]));
CREATE INDEX unit_bag ON public.unit USING btree (merchant, bag) WHERE (bag <> ''::text);
CREATE INDEX unit_goods_in ON public.unit USING btree (merchant, goods_in_id) WHERE (goods_in_id IS NOT NULL);
CREATE INDEX unit_item ON public.unit USING btree (merchant, happy_item_id) WHERE (happy_item_id <> ''::text);
CREATE INDEX unit_odd ON public.unit USING btree (merchant, condition, received_at) WHERE ((condition IS NOT NULL) AND (condition <> 'sellable'::text));
CREATE INDEX unit_on_the_way ON public.unit USING btree (merchant, departed_at) WHERE ((departed_at IS NOT NULL) AND (received_at IS NULL));
CREATE INDEX unit_received ON public.unit USING btree (merchant, received_at) WHERE (received_at IS NOT NULL);
CREATE INDEX unit_return ON public.unit USING btree (merchant, return_id);
CREATE INDEX unit_to_report ON public.unit USING btree (merchant, received_at) WHERE ((received_at IS NOT NULL) AND (reported_at IS NULL) AND (bag <> ''::text) AND (happy_item_id <> ''::text));
CREATE INDEX unit_tracking ON public.unit USING btree (merchant, tracking) WHERE (tracking <> ''::text);
CREATE INDEX unit_without_item ON public.unit USING btree (merchant, unit_key) WHERE (happy_item_id = ''::text);
CREATE INDEX watch_due ON public.watch USING btree (merchant, next_poll_at) WHERE (next_poll_at IS NOT NULL);
CREATE INDEX watch_leased ON public.watch USING btree (merchant) WHERE (lease_until IS NOT NULL);
CREATE INDEX watch_return ON public.watch USING btree (merchant, happy_return_id) WHERE (happy_return_id <> ''::text);
CREATE INDEX web_session_account ON public.web_session USING btree (account);
CREATE STATISTICS public.returns_stuck (mcv) ON state, owner, wait_cause, COALESCE(cause, NULLIF(wait_cause, ''::text)) FROM public.returns;
CREATE TRIGGER access_log_is_append_only BEFORE DELETE OR UPDATE ON public.access_log FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER books_check_is_append_only BEFORE DELETE OR UPDATE ON public.books_check FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER checklist_item_is_append_only BEFORE DELETE OR UPDATE ON public.checklist_item FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER credit_map_is_append_only BEFORE DELETE OR UPDATE ON public.credit_map FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER erasure_is_append_only BEFORE DELETE OR UPDATE ON public.erasure FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER finance_file_is_append_only BEFORE DELETE OR UPDATE ON public.finance_file FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER finance_file_undone_is_append_only BEFORE DELETE OR UPDATE ON public.finance_file_undone FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON public.journal FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER journal_is_not_shortened BEFORE DELETE ON public.journal FOR EACH ROW EXECUTE FUNCTION public.refuse_shortening();
CREATE TRIGGER journal_is_not_truncated BEFORE TRUNCATE ON public.journal FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER journal_pruned_is_append_only BEFORE DELETE OR UPDATE ON public.journal_pruned FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER leg_is_not_deleted BEFORE DELETE ON public.leg FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER leg_only_ends BEFORE UPDATE ON public.leg FOR EACH ROW EXECUTE FUNCTION public.only_ends();
CREATE TRIGGER match_decision_is_append_only BEFORE DELETE OR UPDATE ON public.match_decision FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER match_run_is_append_only BEFORE DELETE OR UPDATE ON public.match_run FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER orphan_event_is_append_only BEFORE DELETE OR UPDATE ON public.orphan_event FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER period_event_is_append_only BEFORE DELETE OR UPDATE ON public.period_event FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE ONLY public.api_answer
    ADD CONSTRAINT api_answer_token_id_fkey FOREIGN KEY (token_id) REFERENCES public.api_token(id);
ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_merchant_effect_id_fkey FOREIGN KEY (merchant, effect_id) REFERENCES public.outbox(merchant, id);
ALTER TABLE ONLY public.batch_item
    ADD CONSTRAINT batch_item_merchant_batch_id_fkey FOREIGN KEY (merchant, batch_id) REFERENCES public.batch(merchant, id);
ALTER TABLE ONLY public.batch_item
    ADD CONSTRAINT batch_item_merchant_return_id_fkey FOREIGN KEY (merchant, return_id) REFERENCES public.returns(merchant, id);
ALTER TABLE ONLY public.batch
    ADD CONSTRAINT batch_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.books_check
    ADD CONSTRAINT books_check_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.checklist_item
    ADD CONSTRAINT checklist_item_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.credit_map
    ADD CONSTRAINT credit_map_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.cursor
    ADD CONSTRAINT cursor_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.deadline
    ADD CONSTRAINT deadline_merchant_return_id_fkey FOREIGN KEY (merchant, return_id) REFERENCES public.returns(merchant, id);
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT delivery_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.erasure
    ADD CONSTRAINT erasure_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.finance_clock
    ADD CONSTRAINT finance_clock_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.finance_file
    ADD CONSTRAINT finance_file_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.finance_file_row
    ADD CONSTRAINT finance_file_row_merchant_file_id_fkey FOREIGN KEY (merchant, file_id) REFERENCES public.finance_file(merchant, id);
ALTER TABLE ONLY public.finance_file_undone
    ADD CONSTRAINT finance_file_undone_merchant_file_id_fkey FOREIGN KEY (merchant, file_id) REFERENCES public.finance_file(merchant, id);
ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.journal
    ADD CONSTRAINT journal_event_from_state_to_state_fkey FOREIGN KEY (event, from_state, to_state) REFERENCES public.machine_rule(event, source, target);
ALTER TABLE ONLY public.journal_head
    ADD CONSTRAINT journal_head_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.journal
    ADD CONSTRAINT journal_merchant_return_id_fkey FOREIGN KEY (merchant, return_id) REFERENCES public.returns(merchant, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.journal_pruned
    ADD CONSTRAINT journal_pruned_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.leg
    ADD CONSTRAINT leg_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.machine_rule
    ADD CONSTRAINT machine_rule_target_fkey FOREIGN KEY (target) REFERENCES public.machine_state(state);
ALTER TABLE ONLY public.match_decision
    ADD CONSTRAINT match_decision_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.match_group
    ADD CONSTRAINT match_group_merchant_from_run_fkey FOREIGN KEY (merchant, from_run) REFERENCES public.match_run(merchant, id);
ALTER TABLE ONLY public.match_run
    ADD CONSTRAINT match_run_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_merchant_return_id_fkey FOREIGN KEY (merchant, return_id) REFERENCES public.returns(merchant, id);
ALTER TABLE ONLY public.orphan_event
    ADD CONSTRAINT orphan_event_merchant_run_id_fkey FOREIGN KEY (merchant, run_id) REFERENCES public.match_run(merchant, id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_merchant_return_id_fkey FOREIGN KEY (merchant, return_id) REFERENCES public.returns(merchant, id);
ALTER TABLE ONLY public.period_event
    ADD CONSTRAINT period_event_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.reporting_reader
    ADD CONSTRAINT reporting_reader_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.returns
    ADD CONSTRAINT returns_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.returns
    ADD CONSTRAINT returns_resume_state_fkey FOREIGN KEY (resume_state) REFERENCES public.machine_state(state);
ALTER TABLE ONLY public.returns
    ADD CONSTRAINT returns_state_fkey FOREIGN KEY (state) REFERENCES public.machine_state(state);
ALTER TABLE ONLY public.returns
    ADD CONSTRAINT returns_state_is_journalled FOREIGN KEY (merchant, id, version, state) REFERENCES public.journal(merchant, return_id, version, to_state) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.saved_view
    ADD CONSTRAINT saved_view_account_fkey FOREIGN KEY (account) REFERENCES public.account(name) ON DELETE CASCADE;
ALTER TABLE ONLY public.sealed_secret
    ADD CONSTRAINT sealed_secret_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.unit
    ADD CONSTRAINT unit_merchant_return_id_fkey FOREIGN KEY (merchant, return_id) REFERENCES public.returns(merchant, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.watch
    ADD CONSTRAINT watch_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.web_session
    ADD CONSTRAINT web_session_account_fkey FOREIGN KEY (account) REFERENCES public.account(name) ON DELETE CASCADE;
ALTER TABLE public.access_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.attempt ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.batch ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.batch_item ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.books_check ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.checklist_item ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.credit_map ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.cursor ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.deadline ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.erasure ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.finance_clock ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.finance_file ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.finance_file_row ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.finance_file_undone ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.inbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.journal ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.journal_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.journal_pruned ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.leg ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.match_decision ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.match_group ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.match_run ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.merchant ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.message ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.notice ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.orphan_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.period_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.returns ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.sealed_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.unit ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.watch ENABLE ROW LEVEL SECURITY;
