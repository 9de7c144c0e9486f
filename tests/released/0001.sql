-- Version 1 (0.2.0) with data in it: pg_dump --no-owner --no-privileges --inserts of a small season.
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
CREATE FUNCTION public.grant_worker(worker name) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), worker);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), worker);
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', current_schema(), worker);
    EXECUTE format('REVOKE UPDATE, DELETE ON journal, journal_pruned, attempt, credit_map, access_log, finance_file,
                    finance_file_undone, finance_file_row, match_decision, match_run, orphan_event, period_event,
                    books_check FROM %I', worker);
    EXECUTE format('REVOKE DELETE ON leg FROM %I', worker);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON schema_version, machine_state, machine_rule FROM %I', worker);
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
CREATE FUNCTION public.refuse_shortening() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM returns AS r WHERE r.merchant = OLD.merchant AND r.id = OLD.return_id) THEN
        RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
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
    CONSTRAINT attempt_outcome_check CHECK ((outcome = ANY (ARRAY['done'::text, 'waits'::text, 'again'::text, 'unknown'::text, 'parked'::text])))
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
    CONSTRAINT merchant_check CHECK (((lease_owner IS NULL) = (lease_until IS NULL))),
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
CREATE VIEW public.return_board AS
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
INSERT INTO public.attempt VALUES
	('acme', 1, 1, 'done', '{"adopted": false, "evidence": {"match": {"a648a7dd-0683-4eb9-85b6-e6e307d4bedc": "line id → row 1048"}, "tax_on": "2026-03-04", "order_id": 1047, "order_digest": "4ca737a5af0b307d"}, "order_id": 1047, "credit_id": 1057}', '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.088565+00'),
	('acme', 2, 1, 'done', '{"payment_id": 1058}', '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.103081+00'),
	('acme', 3, 1, 'waits', '{"why": "the invoice is pending in Brightpearl"}', '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.112565+00'),
	('acme', 3, 2, 'done', '{"invoice_reference": "SC-1057"}', '2026-03-04 06:00:00+00', '2026-11-23 23:46:44.121132+00'),
	('acme', 4, 1, 'done', '{"adopted": false, "evidence": {"match": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": "line id → row 1044"}, "tax_on": "2026-03-06", "order_id": 1043, "order_digest": "303621749218b73e"}, "order_id": 1043, "credit_id": 1060}', '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.245463+00'),
	('acme', 5, 1, 'done', '{"payment_id": 1061}', '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.259345+00'),
	('acme', 6, 1, 'waits', '{"why": "the invoice is pending in Brightpearl"}', '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.268078+00'),
	('acme', 6, 2, 'done', '{"invoice_reference": "SC-1060"}', '2026-03-06 12:00:00+00', '2026-11-23 23:46:44.275313+00'),
	('acme', 7, 1, 'parked', '{"why": "Order 10403 is cancelled in Brightpearl.", "cause": "order-cancelled", "evidence": {"verdict": "refuse", "order_id": 1052, "reference": "10403", "status_id": 5, "shipping_status": "ASS", "invoice_reference": ""}}', '2026-03-07 12:00:00+00', '2026-11-23 23:46:44.356657+00'),
	('acme', 8, 1, 'done', '{"notes": [1062]}', '2026-03-11 12:00:00+00', '2026-11-23 23:46:44.57575+00'),
	('acme', 9, 1, 'done', '{"notes": [1063]}', '2026-03-17 00:00:00+00', '2026-11-23 23:46:44.863623+00'),
	('acme', 10, 1, 'done', '{"adopted": false, "evidence": {"match": {"e1ea24c4-f934-4c68-966b-aea148beab13": "line id → row 1065"}, "tax_on": "2026-04-04", "order_id": 1064, "order_digest": "cca315c44bacde4f"}, "order_id": 1064, "credit_id": 1069}', '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.621215+00'),
	('acme', 11, 1, 'done', '{"payment_id": 1070}', '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.633222+00'),
	('acme', 12, 1, 'waits', '{"why": "the invoice is pending in Brightpearl"}', '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.642464+00'),
	('acme', 12, 2, 'done', '{"invoice_reference": "SC-1069"}', '2026-04-04 18:00:00+00', '2026-11-23 23:46:45.650142+00');
INSERT INTO public.cursor VALUES
	('acme', 'digest-operations', '{"at": "2026-03-18T18:00:00+00:00"}'),
	('acme', 'discovery', '{"at": "2026-04-03T18:00:00+00:00"}'),
	('acme', 'brightpearl-quota', '{"at": "2026-04-04T18:00:00+00:00", "used": 7, "is_down": false, "refused": 0, "remaining": 193, "bundle_cost": "unknown"}'),
	('acme', 'digest-customer-service', '{"at": "2026-03-12T18:00:00+00:00"}'),
	('acme', 'shipments', '{"read": {}, "until": "2026-04-05T12:00:00+00:00"}'),
	('acme', 'reconcile', '{"at": "2026-04-05T12:30:00+00:00", "doubted_at": "2026-04-05T12:00:00+00:00"}'),
	('acme', 'reevaluate', '{"at": "2026-04-05T12:00:00+00:00", "map": "", "late": {}, "codes": "e1708dae36efc7cd", "period": ""}');
INSERT INTO public.daemon VALUES
	('test', 21634, '2026-11-23 23:46:43.828628+00', '2027-03-19 17:33:23.936168+00', '2026-11-23 23:46:43.933236+00');
INSERT INTO public.deadline VALUES
	('acme', 5, 'credited', 1, '2026-05-02 12:00:00+00');
INSERT INTO public.delivery OVERRIDING SYSTEM VALUE VALUES
	('acme', 1, 'webhook', 'b51b7b012f8ae2def99eb5cbe8bd4eb20ae14fde47cef8d7dc414593f406abe2', '\x7b226576656e74223a202272657475726e5f7374617475735f75706461746564222c2022747970654944223a202273746172746564222c202272657461696c65724944223a202261636d652d6170706172656c222c20226f746865724576656e7473223a205b7b226576656e74223a202272657475726e5f64726f706f66665f6d6574686f645f63726561746564222c2022747970654944223a202272657475726e2d626172227d5d2c20226974656d73223a205b7b22686170707952657475726e7352657475726e4944223a202230303861303561362d633436342d343135392d383332342d633938353962383130653736222c20227075726368617365644174223a2022323032362d30322d32315430373a30303a30312d30353a3030222c2022656d61696c223a202273686f7070657230406578616d706c652e74657374222c20226f726465724e756d626572223a20223130343031222c202265787465726e616c524d414944223a2022222c20226f726465724944223a20223130343031222c20226f726465724c696e654974656d4944223a2022383831303434222c2022736b75223a20224c5334302d584c222c2022757063223a202235303030303030303031303130222c202270726f6475637456617269616e744944223a202231303130222c20226c6162656c426172636f6465223a202235303030303030303031303130222c202270726f647563744e616d65223a20224c696e656e20736869727420584c222c2022686170707952657475726e734974656d4944223a202263326365366634342d376564342d343537622d396532662d656238393431346333343363222c2022686170707952657475726e7345787072657373436f6465223a20224852524e4752364e222c202272657475726e526561736f6e4944223a202264616d61676564222c202272657475726e526561736f6e223a202244616d61676564222c2022636f6d6d656e74223a2022222c2022726566756e6454797065223a2022726566756e64222c20226f6e65436c69636b45786368616e6765223a2066616c73652c202264726f706f66664d6574686f64223a202272657475726e2d626172222c20226c6f636174696f6e223a20224578616d706c652053746f726520233132222c2022737461727465644174223a2022323032362d30332d30325430373a30303a30312d30353a3030222c202264726f707065644f66664174223a206e756c6c2c2022617070726f7665644174223a206e756c6c2c2022726566756e64416d6f756e74223a202234392e303020474250222c202270726f63657373696e67466565223a2022302e303020474250227d5d7d', 'accepted', NULL, '{008a05a6-c464-4159-8324-c9859b810e76}', '2026-03-02 18:00:00+00', 0, '2026-11-23 23:46:43.95934+00'),
	('acme', 2, 'webhook', '06d3a273d2579e21e7ba17c578f01819959d596cffdc28819219110ca401b7e1', '\x7b226576656e74223a202272657475726e5f7374617475735f75706461746564222c2022747970654944223a202273746172746564222c202272657461696c65724944223a202261636d652d6170706172656c222c20226f746865724576656e7473223a205b7b226576656e74223a202272657475726e5f64726f706f66665f6d6574686f645f63726561746564222c2022747970654944223a202272657475726e2d626172227d5d2c20226974656d73223a205b7b22686170707952657475726e7352657475726e4944223a202261643435663233642d336231612d343164662d393837662d643238303362616236633339222c20227075726368617365644174223a2022323032362d30322d32315430373a30303a30312d30353a3030222c2022656d61696c223a202273686f7070657235406578616d706c652e74657374222c20226f726465724e756d626572223a20223130343032222c202265787465726e616c524d414944223a2022222c20226f726465724944223a20223130343032222c20226f726465724c696e654974656d4944223a2022383831303438222c2022736b75223a20224b524336392d3859222c2022757063223a202235303030303030303031303339222c202270726f6475637456617269616e744944223a202231303339222c20226c6162656c426172636f6465223a202235303030303030303031303339222c202270726f647563744e616d65223a20224b69647327207261696e20636f6174203859222c2022686170707952657475726e734974656d4944223a202261363438613764642d303638332d346562392d383562362d653665333037643462656463222c2022686170707952657475726e7345787072657373436f6465223a20224852475041485152222c202272657475726e526561736f6e4944223a20226e6f742d61732d646573637269626564222c202272657475726e526561736f6e223a20224e6f7420617320646573637269626564222c2022636f6d6d656e74223a2022222c2022726566756e6454797065223a2022726566756e64222c20226f6e65436c69636b45786368616e6765223a2066616c73652c202264726f706f66664d6574686f64223a202272657475726e2d626172222c20226c6f636174696f6e223a20224578616d706c652053746f726520233132222c2022737461727465644174223a2022323032362d30332d30325430373a30303a30312d30353a3030222c202264726f707065644f66664174223a206e756c6c2c2022617070726f7665644174223a206e756c6c2c2022726566756e64416d6f756e74223a202233382e303020474250222c202270726f63657373696e67466565223a2022302e303020474250227d2c207b22686170707952657475726e7352657475726e4944223a202261643435663233642d336231612d343164662d393837662d643238303362616236633339222c20227075726368617365644174223a2022323032362d30322d32315430373a30303a30312d30353a3030222c2022656d61696c223a202273686f7070657235406578616d706c652e74657374222c20226f726465724e756d626572223a20223130343032222c202265787465726e616c524d414944223a2022222c20226f726465724944223a20223130343032222c20226f726465724c696e654974656d4944223a2022383831303439222c2022736b75223a20224c5333382d4d222c2022757063223a202235303030303030303031303038222c202270726f6475637456617269616e744944223a202231303038222c20226c6162656c426172636f6465223a202235303030303030303031303038222c202270726f647563744e616d65223a20224c696e656e207368697274204d222c2022686170707952657475726e734974656d4944223a202236313936393963662d653139382d346164392d623036632d313434613032356234313366222c2022686170707952657475726e7345787072657373436f6465223a20224852475041485152222c202272657475726e526561736f6e4944223a2022617272697665642d6c617465222c202272657475726e526561736f6e223a202241727269766564206c617465222c2022636f6d6d656e74223a2022222c2022726566756e6454797065223a2022726566756e64222c20226f6e65436c69636b45786368616e6765223a2066616c73652c202264726f706f66664d6574686f64223a202272657475726e2d626172222c20226c6f636174696f6e223a20224578616d706c652053746f726520233132222c2022737461727465644174223a2022323032362d30332d30325430373a30303a30312d30353a3030222c202264726f707065644f66664174223a206e756c6c2c2022617070726f7665644174223a206e756c6c2c2022726566756e64416d6f756e74223a202234392e303020474250222c202270726f63657373696e67466565223a2022302e303020474250227d5d7d', 'accepted', NULL, '{ad45f23d-3b1a-41df-987f-d2803bab6c39}', '2026-03-02 18:00:00+00', 0, '2026-11-23 23:46:43.95934+00'),
	('acme', 3, 'webhook', '76844e0e5f6017c679830a3f6d1e2ab4e71016f9506eaf1f8a6db89dbec37c46', '\x7b226576656e74223a202272657475726e5f7374617475735f75706461746564222c2022747970654944223a202273746172746564222c202272657461696c65724944223a202261636d652d6170706172656c222c20226f746865724576656e7473223a205b7b226576656e74223a202272657475726e5f64726f706f66665f6d6574686f645f63726561746564222c2022747970654944223a202272657475726e2d626172227d5d2c20226974656d73223a205b7b22686170707952657475726e7352657475726e4944223a202265666261393166632d383033342d343862362d623631302d613966376639323730663465222c20227075726368617365644174223a2022323032362d30322d32315430373a30303a30312d30353a3030222c2022656d61696c223a202273686f707065723131406578616d706c652e74657374222c20226f726465724e756d626572223a20223130343033222c202265787465726e616c524d414944223a2022222c20226f726465724944223a20223130343033222c20226f726465724c696e654974656d4944223a2022383831303533222c2022736b75223a20224d434a33332d53222c2022757063223a202235303030303030303031303033222c202270726f6475637456617269616e744944223a202231303033222c20226c6162656c426172636f6465223a202235303030303030303031303033222c202270726f647563744e616d65223a20224d6572696e6f2063726577206a756d7065722053222c2022686170707952657475726e734974656d4944223a202265633134386362342d386537332d346134372d616139302d613866306436366238323965222c2022686170707952657475726e7345787072657373436f6465223a2022485244575a4b5a36222c202272657475726e526561736f6e4944223a2022617272697665642d6c617465222c202272657475726e526561736f6e223a202241727269766564206c617465222c2022636f6d6d656e74223a2022222c2022726566756e6454797065223a2022726566756e64222c20226f6e65436c69636b45786368616e6765223a2066616c73652c202264726f706f66664d6574686f64223a202272657475726e2d626172222c20226c6f636174696f6e223a20224578616d706c652053746f726520233132222c2022737461727465644174223a2022323032362d30332d30325430373a30303a30312d30353a3030222c202264726f707065644f66664174223a206e756c6c2c2022617070726f7665644174223a206e756c6c2c2022726566756e64416d6f756e74223a202236382e303020474250222c202270726f63657373696e67466565223a2022302e303020474250227d5d7d', 'accepted', NULL, '{efba91fc-8034-48b6-b610-a9f7f9270f4e}', '2026-03-02 18:00:00+00', 0, '2026-11-23 23:46:43.95934+00'),
	('acme', 4, 'webhook', 'cce4f5208002da2a9dfef7848cee638f088caa2f858e5cbc36652b34b68b6129', '\x7b226576656e74223a202272657475726e5f7374617475735f75706461746564222c2022747970654944223a2022617070726f766564222c202272657461696c65724944223a202261636d652d6170706172656c222c20226f746865724576656e7473223a205b7b226576656e74223a202272657475726e5f7374617475735f75706461746564222c2022747970654944223a202264726f707065642d6f6666227d5d2c20226974656d73223a205b7b22686170707952657475726e7352657475726e4944223a202261643435663233642d336231612d343164662d393837662d643238303362616236633339222c20227075726368617365644174223a2022323032362d30322d32315430373a30303a30312d30353a3030222c2022656d61696c223a202273686f7070657235406578616d706c652e74657374222c20226f726465724e756d626572223a20223130343032222c202265787465726e616c524d414944223a2022222c20226f726465724944223a20223130343032222c20226f726465724c696e654974656d4944223a2022383831303438222c2022736b75223a20224b524336392d3859222c2022757063223a202235303030303030303031303339222c202270726f6475637456617269616e744944223a202231303339222c20226c6162656c426172636f6465223a202235303030303030303031303339222c202270726f647563744e616d65223a20224b69647327207261696e20636f6174203859222c2022686170707952657475726e734974656d4944223a202261363438613764642d303638332d346562392d383562362d653665333037643462656463222c2022686170707952657475726e7345787072657373436f6465223a20224852475041485152222c202272657475726e526561736f6e4944223a20226e6f742d61732d646573637269626564222c202272657475726e526561736f6e223a20224e6f7420617320646573637269626564222c2022636f6d6d656e74223a2022222c2022726566756e6454797065223a2022726566756e64222c20226f6e65436c69636b45786368616e6765223a2066616c73652c202264726f706f66664d6574686f64223a202272657475726e2d626172222c20226c6f636174696f6e223a20224578616d706c652053746f726520233132222c2022737461727465644174223a2022323032362d30332d30325430373a30303a30312d30353a3030222c202264726f707065644f66664174223a2022323032362d30332d30335431333a30303a31332d30353a3030222c2022617070726f7665644174223a2022323032362d30332d30335431333a30303a32382d30353a3030222c2022726566756e64416d6f756e74223a202233382e303020474250222c202270726f63657373696e67466565223a2022302e303020474250227d2c207b22686170707952657475726e7352657475726e4944223a202261643435663233642d336231612d343164662d393837662d643238303362616236633339222c20227075726368617365644174223a2022323032362d30322d32315430373a30303a30312d30353a3030222c2022656d61696c223a202273686f7070657235406578616d706c652e74657374222c20226f726465724e756d626572223a20223130343032222c202265787465726e616c524d414944223a2022222c20226f726465724944223a20223130343032222c20226f726465724c696e654974656d4944223a2022383831303439222c2022736b75223a20224c5333382d4d222c2022757063223a202235303030303030303031303038222c202270726f6475637456617269616e744944223a202231303038222c20226c6162656c426172636f6465223a202235303030303030303031303038222c202270726f647563744e616d65223a20224c696e656e207368697274204d222c2022686170707952657475726e734974656d4944223a202236313936393963662d653139382d346164392d623036632d313434613032356234313366222c2022686170707952657475726e7345787072657373436f6465223a20224852475041485152222c202272657475726e526561736f6e4944223a2022617272697665642d6c617465222c202272657475726e526561736f6e223a202241727269766564206c617465222c2022636f6d6d656e74223a2022222c2022726566756e6454797065223a2022726566756e64222c20226f6e65436c69636b45786368616e6765223a2066616c73652c202264726f706f66664d6574686f64223a202272657475726e2d626172222c20226c6f636174696f6e223a20224578616d706c652053746f726520233132222c2022737461727465644174223a2022323032362d30332d30325430373a30303a30312d30353a3030222c202264726f707065644f66664174223a206e756c6c2c2022617070726f7665644174223a206e756c6c2c2022726566756e64416d6f756e74223a202234392e303020474250222c202270726f63657373696e67466565223a2022302e303020474250227d5d7d', 'accepted', NULL, '{ad45f23d-3b1a-41df-987f-d2803bab6c39}', '2026-03-04 00:00:00+00', 0, '2026-11-23 23:46:44.050442+00'),
	('acme', 5, 'webhook', '092ad2059e7f34c9f70440eeac3dfb5835d98d7cce556742a08572189497de6b', '\x7b226576656e74223a202272657475726e5f7374617475735f75706461746564222c2022747970654944223a2022617070726f766564222c202272657461696c65724944223a202261636d652d6170706172656c222c20226f746865724576656e7473223a205b7b226576656e74223a202272657475726e5f7374617475735f75706461746564222c2022747970654944223a202264726f707065642d6f6666227d5d2c20226974656d73223a205b7b22686170707952657475726e7352657475726e4944223a202230303861303561362d633436342d343135392d383332342d633938353962383130653736222c20227075726368617365644174223a2022323032362d30322d32315430373a30303a30312d30353a3030222c2022656d61696c223a202273686f7070657230406578616d706c652e74657374222c20226f726465724e756d626572223a20223130343031222c202265787465726e616c524d414944223a2022222c20226f726465724944223a20223130343031222c20226f726465724c696e654974656d4944223a2022383831303434222c2022736b75223a20224c5334302d584c222c2022757063223a202235303030303030303031303130222c202270726f6475637456617269616e744944223a202231303130222c20226c6162656c426172636f6465223a202235303030303030303031303130222c202270726f647563744e616d65223a20224c696e656e20736869727420584c222c2022686170707952657475726e734974656d4944223a202263326365366634342d376564342d343537622d396532662d656238393431346333343363222c2022686170707952657475726e7345787072657373436f6465223a20224852524e4752364e222c202272657475726e526561736f6e4944223a202264616d61676564222c202272657475726e526561736f6e223a202244616d61676564222c2022636f6d6d656e74223a2022222c2022726566756e6454797065223a2022726566756e64222c20226f6e65436c69636b45786368616e6765223a2066616c73652c202264726f706f66664d6574686f64223a202272657475726e2d626172222c20226c6f636174696f6e223a20224578616d706c652053746f726520233132222c2022737461727465644174223a2022323032362d30332d30325430373a30303a30312d30353a3030222c202264726f707065644f66664174223a2022323032362d30332d30355431393a35373a33362d30353a3030222c2022617070726f7665644174223a2022323032362d30332d30355431393a35373a35312d30353a3030222c2022726566756e64416d6f756e74223a202234392e303020474250222c202270726f63657373696e67466565223a2022302e303020474250227d5d7d', 'accepted', NULL, '{008a05a6-c464-4159-8324-c9859b810e76}', '2026-03-06 06:00:00+00', 0, '2026-11-23 23:46:44.212585+00'),
	('acme', 6, 'webhook', 'd4157ff35f8f4e7f02c22b7ea48935f38e87c2fa18a71550bd5403a42a9e176b', '\x7b226576656e74223a202272657475726e5f7374617475735f75706461746564222c2022747970654944223a2022617070726f766564222c202272657461696c65724944223a202261636d652d6170706172656c222c20226f746865724576656e7473223a205b7b226576656e74223a202272657475726e5f7374617475735f75706461746564222c2022747970654944223a202264726f707065642d6f6666227d5d2c20226974656d73223a205b7b22686170707952657475726e7352657475726e4944223a202265666261393166632d383033342d343862362d623631302d613966376639323730663465222c20227075726368617365644174223a2022323032362d30322d32315430373a30303a30312d30353a3030222c2022656d61696c223a202273686f707065723131406578616d706c652e74657374222c20226f726465724e756d626572223a20223130343033222c202265787465726e616c524d414944223a2022222c20226f726465724944223a20223130343033222c20226f726465724c696e654974656d4944223a2022383831303533222c2022736b75223a20224d434a33332d53222c2022757063223a202235303030303030303031303033222c202270726f6475637456617269616e744944223a202231303033222c20226c6162656c426172636f6465223a202235303030303030303031303033222c202270726f647563744e616d65223a20224d6572696e6f2063726577206a756d7065722053222c2022686170707952657475726e734974656d4944223a202265633134386362342d386537332d346134372d616139302d613866306436366238323965222c2022686170707952657475726e7345787072657373436f6465223a2022485244575a4b5a36222c202272657475726e526561736f6e4944223a2022617272697665642d6c617465222c202272657475726e526561736f6e223a202241727269766564206c617465222c2022636f6d6d656e74223a2022222c2022726566756e6454797065223a2022726566756e64222c20226f6e65436c69636b45786368616e6765223a2066616c73652c202264726f706f66664d6574686f64223a202272657475726e2d626172222c20226c6f636174696f6e223a20224578616d706c652053746f726520233132222c2022737461727465644174223a2022323032362d30332d30325430373a30303a30312d30353a3030222c202264726f707065644f66664174223a2022323032362d30332d30375430333a31333a32322d30353a3030222c2022617070726f7665644174223a2022323032362d30332d30375430333a31333a33372d30353a3030222c2022726566756e64416d6f756e74223a202236382e303020474250222c202270726f63657373696e67466565223a2022302e303020474250227d5d7d', 'accepted', NULL, '{efba91fc-8034-48b6-b610-a9f7f9270f4e}', '2026-03-07 12:00:00+00', 0, '2026-11-23 23:46:44.329107+00'),
	('acme', 7, 'webhook', '9683bcd0909dad542174d7d3c0b0a5d26552614c55e2496300a54faa7d1d051b', '\x7b226576656e74223a202272657475726e5f7374617475735f75706461746564222c2022747970654944223a202273746172746564222c202272657461696c65724944223a202261636d652d6170706172656c222c20226f746865724576656e7473223a205b7b226576656e74223a202272657475726e5f64726f706f66665f6d6574686f645f63726561746564222c2022747970654944223a202272657475726e2d626172227d5d2c20226974656d73223a205b7b22686170707952657475726e7352657475726e4944223a202235646662643364312d326334612d343639382d616132632d613161663661313037623735222c20227075726368617365644174223a2022323032362d30332d32335430373a30303a30312d30353a3030222c2022656d61696c223a202273686f707065723136406578616d706c652e74657374222c20226f726465724e756d626572223a20223130343034222c202265787465726e616c524d414944223a2022222c20226f726465724944223a20223130343034222c20226f726465724c696e654974656d4944223a2022383831303635222c2022736b75223a2022534a34342d3334222c2022757063223a202235303030303030303031303134222c202270726f6475637456617269616e744944223a202231303134222c20226c6162656c426172636f6465223a202235303030303030303031303134222c202270726f647563744e616d65223a2022536c696d206a65616e73203334222c2022686170707952657475726e734974656d4944223a202265316561323463342d663933342d346336382d393636622d616561313438626561623133222c2022686170707952657475726e7345787072657373436f6465223a20224852355355424833222c202272657475726e526561736f6e4944223a202264616d61676564222c202272657475726e526561736f6e223a202244616d61676564222c2022636f6d6d656e74223a2022222c2022726566756e6454797065223a2022726566756e64222c20226f6e65436c69636b45786368616e6765223a2066616c73652c202264726f706f66664d6574686f64223a202272657475726e2d626172222c20226c6f636174696f6e223a20224578616d706c652053746f726520233132222c2022737461727465644174223a2022323032362d30342d30315430373a30303a30312d30353a3030222c202264726f707065644f66664174223a206e756c6c2c2022617070726f7665644174223a206e756c6c2c2022726566756e64416d6f756e74223a202237352e303020474250222c202270726f63657373696e67466565223a2022302e303020474250227d5d7d', 'accepted', NULL, '{5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75}', '2026-04-01 18:00:00+00', 0, '2026-11-23 23:46:45.452333+00'),
	('acme', 8, 'webhook', 'dad1d60785964cc61a0c3456e17f31017c14f7cd36812c351647f75baadb4029', '\x7b226576656e74223a202272657475726e5f7374617475735f75706461746564222c2022747970654944223a202265787069726564222c202272657461696c65724944223a202261636d652d6170706172656c222c20226f746865724576656e7473223a205b5d2c20226974656d73223a205b7b22686170707952657475726e7352657475726e4944223a202261643435663233642d336231612d343164662d393837662d643238303362616236633339222c20227075726368617365644174223a2022323032362d30322d32315430373a30303a30312d30353a3030222c2022656d61696c223a202273686f7070657235406578616d706c652e74657374222c20226f726465724e756d626572223a20223130343032222c202265787465726e616c524d414944223a2022222c20226f726465724944223a20223130343032222c20226f726465724c696e654974656d4944223a2022383831303438222c2022736b75223a20224b524336392d3859222c2022757063223a202235303030303030303031303339222c202270726f6475637456617269616e744944223a202231303339222c20226c6162656c426172636f6465223a202235303030303030303031303339222c202270726f647563744e616d65223a20224b69647327207261696e20636f6174203859222c2022686170707952657475726e734974656d4944223a202261363438613764642d303638332d346562392d383562362d653665333037643462656463222c2022686170707952657475726e7345787072657373436f6465223a20224852475041485152222c202272657475726e526561736f6e4944223a20226e6f742d61732d646573637269626564222c202272657475726e526561736f6e223a20224e6f7420617320646573637269626564222c2022636f6d6d656e74223a2022222c2022726566756e6454797065223a2022726566756e64222c20226f6e65436c69636b45786368616e6765223a2066616c73652c202264726f706f66664d6574686f64223a202272657475726e2d626172222c20226c6f636174696f6e223a20224578616d706c652053746f726520233132222c2022737461727465644174223a2022323032362d30332d30325430373a30303a30312d30353a3030222c202264726f707065644f66664174223a2022323032362d30332d30335431333a30303a31332d30353a3030222c2022617070726f7665644174223a2022323032362d30332d30335431333a30303a32382d30353a3030222c2022726566756e64416d6f756e74223a202233382e303020474250222c202270726f63657373696e67466565223a2022302e303020474250227d2c207b22686170707952657475726e7352657475726e4944223a202261643435663233642d336231612d343164662d393837662d643238303362616236633339222c20227075726368617365644174223a2022323032362d30322d32315430373a30303a30312d30353a3030222c2022656d61696c223a202273686f7070657235406578616d706c652e74657374222c20226f726465724e756d626572223a20223130343032222c202265787465726e616c524d414944223a2022222c20226f726465724944223a20223130343032222c20226f726465724c696e654974656d4944223a2022383831303439222c2022736b75223a20224c5333382d4d222c2022757063223a202235303030303030303031303038222c202270726f6475637456617269616e744944223a202231303038222c20226c6162656c426172636f6465223a202235303030303030303031303038222c202270726f647563744e616d65223a20224c696e656e207368697274204d222c2022686170707952657475726e734974656d4944223a202236313936393963662d653139382d346164392d623036632d313434613032356234313366222c2022686170707952657475726e7345787072657373436f6465223a20224852475041485152222c202272657475726e526561736f6e4944223a2022617272697665642d6c617465222c202272657475726e526561736f6e223a202241727269766564206c617465222c2022636f6d6d656e74223a2022222c2022726566756e6454797065223a2022726566756e64222c20226f6e65436c69636b45786368616e6765223a2066616c73652c202264726f706f66664d6574686f64223a202272657475726e2d626172222c20226c6f636174696f6e223a20224578616d706c652053746f726520233132222c2022737461727465644174223a2022323032362d30332d30325430373a30303a30312d30353a3030222c202264726f707065644f66664174223a206e756c6c2c2022617070726f7665644174223a206e756c6c2c2022737461747573223a202265787069726564222c2022726566756e64416d6f756e74223a202234392e303020474250222c202270726f63657373696e67466565223a2022302e303020474250227d5d7d', 'accepted', NULL, '{ad45f23d-3b1a-41df-987f-d2803bab6c39}', '2026-04-01 18:00:00+00', 0, '2026-11-23 23:46:45.452333+00'),
	('acme', 9, 'webhook', 'afd907c8955b5a63875e12b409a3c20e57b7d7bcfff47204e1a67d37e168222b', '\x7b226576656e74223a202272657475726e5f7374617475735f75706461746564222c2022747970654944223a2022617070726f766564222c202272657461696c65724944223a202261636d652d6170706172656c222c20226f746865724576656e7473223a205b7b226576656e74223a202272657475726e5f7374617475735f75706461746564222c2022747970654944223a202264726f707065642d6f6666227d5d2c20226974656d73223a205b7b22686170707952657475726e7352657475726e4944223a202235646662643364312d326334612d343639382d616132632d613161663661313037623735222c20227075726368617365644174223a2022323032362d30332d32335430373a30303a30312d30353a3030222c2022656d61696c223a202273686f707065723136406578616d706c652e74657374222c20226f726465724e756d626572223a20223130343034222c202265787465726e616c524d414944223a2022222c20226f726465724944223a20223130343034222c20226f726465724c696e654974656d4944223a2022383831303635222c2022736b75223a2022534a34342d3334222c2022757063223a202235303030303030303031303134222c202270726f6475637456617269616e744944223a202231303134222c20226c6162656c426172636f6465223a202235303030303030303031303134222c202270726f647563744e616d65223a2022536c696d206a65616e73203334222c2022686170707952657475726e734974656d4944223a202265316561323463342d663933342d346336382d393636622d616561313438626561623133222c2022686170707952657475726e7345787072657373436f6465223a20224852355355424833222c202272657475726e526561736f6e4944223a202264616d61676564222c202272657475726e526561736f6e223a202244616d61676564222c2022636f6d6d656e74223a2022222c2022726566756e6454797065223a2022726566756e64222c20226f6e65436c69636b45786368616e6765223a2066616c73652c202264726f706f66664d6574686f64223a202272657475726e2d626172222c20226c6f636174696f6e223a20224578616d706c652053746f726520233132222c2022737461727465644174223a2022323032362d30342d30315430373a30303a30312d30353a3030222c202264726f707065644f66664174223a2022323032362d30342d30345430333a30313a31382d30353a3030222c2022617070726f7665644174223a2022323032362d30342d30345430333a30313a33332d30353a3030222c2022726566756e64416d6f756e74223a202237352e303020474250222c202270726f63657373696e67466565223a2022302e303020474250227d5d7d', 'accepted', NULL, '{5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75}', '2026-04-04 12:00:00+00', 0, '2026-11-23 23:46:45.591572+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES
	('acme', 1, 'started:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:told:b51b7b012f8ae2de', 'started', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1010", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRRNGR6N"}', 'webhook', 'happy-returns', '', '', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-02 18:00:00+00', 'applied', NULL, '2026-03-02 18:00:00+00', '2026-11-23 23:46:43.95934+00'),
	('acme', 2, 'method-changed:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:told:b51b7b012f8ae2de', 'method-changed', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1010", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRRNGR6N"}', 'webhook', 'happy-returns', '', '', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-02 18:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-03-02 18:00:00+00', '2026-11-23 23:46:43.95934+00'),
	('acme', 3, 'started:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:7e9b6f351165f0ef:told:06d3a273d2579e21', 'started', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRGPAHQR"}', 'webhook', 'happy-returns', '', '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-02 18:00:00+00', 'applied', NULL, '2026-03-02 18:00:00+00', '2026-11-23 23:46:43.95934+00'),
	('acme', 4, 'method-changed:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:7e9b6f351165f0ef:told:06d3a273d2579e21', 'method-changed', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRGPAHQR"}', 'webhook', 'happy-returns', '', '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-02 18:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-03-02 18:00:00+00', '2026-11-23 23:46:43.95934+00'),
	('acme', 5, 'started:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:told:76844e0e5f6017c6', 'started', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1003", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRDWZKZ6"}', 'webhook', 'happy-returns', '', '', '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-02 18:00:00+00', 'applied', NULL, '2026-03-02 18:00:00+00', '2026-11-23 23:46:43.95934+00'),
	('acme', 6, 'method-changed:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:told:76844e0e5f6017c6', 'method-changed', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1003", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRDWZKZ6"}', 'webhook', 'happy-returns', '', '', '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-02 18:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-03-02 18:00:00+00', '2026-11-23 23:46:43.95934+00'),
	('acme', 7, 'started:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:read:1d96e5dada778706', 'started', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1010", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRRNGR6N"}', 'poll', 'happy-returns', '', '', '00-3d365abc07be146f3c79c3f2d8c7dd66-ad991a5322283f42-01', '2026-03-02 18:00:00+00', 'ignored', 'started: already known for all units', '2026-03-02 18:00:00+00', '2026-11-23 23:46:44.003714+00'),
	('acme', 8, 'method-changed:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:read:1d96e5dada778706', 'method-changed', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1010", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRRNGR6N"}', 'poll', 'happy-returns', '', '', '00-3d365abc07be146f3c79c3f2d8c7dd66-ad991a5322283f42-01', '2026-03-02 18:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-03-02 18:00:00+00', '2026-11-23 23:46:44.003714+00'),
	('acme', 9, 'started:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:7e9b6f351165f0ef:read:cdfa3a217b688914', 'started', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRGPAHQR"}', 'poll', 'happy-returns', '', '', '00-03998729023540df53740e8c42c567a2-92a43eb12ccb876c-01', '2026-03-02 18:00:00+00', 'ignored', 'started: already known for all units', '2026-03-02 18:00:00+00', '2026-11-23 23:46:44.003714+00'),
	('acme', 10, 'method-changed:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:7e9b6f351165f0ef:read:cdfa3a217b688914', 'method-changed', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRGPAHQR"}', 'poll', 'happy-returns', '', '', '00-03998729023540df53740e8c42c567a2-92a43eb12ccb876c-01', '2026-03-02 18:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-03-02 18:00:00+00', '2026-11-23 23:46:44.003714+00'),
	('acme', 11, 'started:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:read:cb87f3bd5c78c38c', 'started', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1003", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRDWZKZ6"}', 'poll', 'happy-returns', '', '', '00-8faa70526351be35dfbf87ae51da72d4-e4fdebf9bf75c310-01', '2026-03-02 18:00:00+00', 'ignored', 'started: already known for all units', '2026-03-02 18:00:00+00', '2026-11-23 23:46:44.003714+00'),
	('acme', 12, 'method-changed:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:read:cb87f3bd5c78c38c', 'method-changed', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1003", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRDWZKZ6"}', 'poll', 'happy-returns', '', '', '00-8faa70526351be35dfbf87ae51da72d4-e4fdebf9bf75c310-01', '2026-03-02 18:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-03-02 18:00:00+00', '2026-11-23 23:46:44.003714+00'),
	('acme', 19, 'started:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:7e9b6f351165f0ef:told:cce4f5208002da2a', 'started', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": "2026-03-03T18:00:28Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T18:00:13Z", "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRGPAHQR"}', 'webhook', 'happy-returns', '', '', '00-a559e9d98a82efdfff7942d1a3eca40b-83881a9281c4dcf2-01', '2026-03-04 00:00:00+00', 'applied', NULL, '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.050442+00'),
	('acme', 20, 'method-changed:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:7e9b6f351165f0ef:told:cce4f5208002da2a', 'method-changed', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": "2026-03-03T18:00:28Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T18:00:13Z", "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRGPAHQR"}', 'webhook', 'happy-returns', '', '', '00-a559e9d98a82efdfff7942d1a3eca40b-83881a9281c4dcf2-01', '2026-03-04 00:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.050442+00'),
	('acme', 21, 'dropped-off:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:f923cee3087846cc:told', 'dropped-off', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": "2026-03-03T18:00:28Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T18:00:13Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRGPAHQR"}', 'webhook', 'happy-returns', '', '', '00-a559e9d98a82efdfff7942d1a3eca40b-83881a9281c4dcf2-01', '2026-03-04 00:00:00+00', 'applied', NULL, '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.050442+00'),
	('acme', 22, 'approved:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:f923cee3087846cc:told', 'approved', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": "2026-03-03T18:00:28Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T18:00:13Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRGPAHQR"}', 'webhook', 'happy-returns', '', '', '00-a559e9d98a82efdfff7942d1a3eca40b-83881a9281c4dcf2-01', '2026-03-04 00:00:00+00', 'applied', NULL, '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.050442+00'),
	('acme', 23, 'started:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:7e9b6f351165f0ef:read:7c3af7bab7a90160', 'started', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": "2026-03-03T18:00:28Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T18:00:13Z", "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRGPAHQR"}', 'poll', 'happy-returns', '', '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 'ignored', 'started: already known for all units', '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.061323+00'),
	('acme', 24, 'method-changed:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:7e9b6f351165f0ef:read:7c3af7bab7a90160', 'method-changed', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": "2026-03-03T18:00:28Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T18:00:13Z", "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRGPAHQR"}', 'poll', 'happy-returns', '', '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.061323+00'),
	('acme', 25, 'dropped-off:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:f923cee3087846cc:read', 'dropped-off', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": "2026-03-03T18:00:28Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T18:00:13Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRGPAHQR"}', 'poll', 'happy-returns', '', '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 'applied', NULL, '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.061323+00'),
	('acme', 26, 'approved:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:f923cee3087846cc:read', 'approved', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": "2026-03-03T18:00:28Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T18:00:13Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRGPAHQR"}', 'poll', 'happy-returns', '', '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 'applied', NULL, '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.061323+00'),
	('acme', 27, 'answer:1:1', 'credit-verified', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', 2, '{"marks": {}, "credit": {"id": 1057, "net": "38.00", "tax": "0.00", "rows": [{"id": 1056, "net": "38.00", "tax": "0.00", "quantity": "1", "product_id": 1039, "bundle_child": false, "external_ref": "1048", "exchange_rate": "1.000000", "parent_row_id": 0}], "adopted": false, "currency": "GBP", "external_ref": "HW-876fd7bbfee144344234-2", "invoice_reference": ""}, "places": {"a648a7dd-0683-4eb9-85b6-e6e307d4bedc": [{"ref": "1048", "quantity": 1, "product_id": null}]}, "order_id": 1047, "close_due": true, "refund_due": true, "map_version": "", "order_digest": "4ca737a5af0b307d"}', 'brightpearl', 'brightpearl', '', '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 'applied', NULL, '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.088565+00'),
	('acme', 28, 'answer:2:1', 'payment-recorded', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', 2, '{"payment": {"id": 1058, "amount": "38.00", "method": "SHOPIFY", "currency": "GBP", "transaction_ref": "HW-876fd7bbfee144344234-2-pay"}}', 'brightpearl', 'brightpearl', '', '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 'applied', NULL, '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.103081+00'),
	('acme', 29, 'answer:3:2', 'credit-closed', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', 2, '{"invoice_reference": "SC-1057"}', 'brightpearl', 'brightpearl', '', '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 06:00:00+00', 'applied', NULL, '2026-03-04 06:00:00+00', '2026-11-23 23:46:44.121132+00'),
	('acme', 30, 'started:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:told:092ad2059e7f34c9', 'started', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1010", "approved_at": "2026-03-06T00:57:51Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-06T00:57:36Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRRNGR6N"}', 'webhook', 'happy-returns', '', '', '00-1d1a0e8e3779443551e68087c2fab031-97a740cb643e13f1-01', '2026-03-06 06:00:00+00', 'applied', NULL, '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.212585+00'),
	('acme', 31, 'method-changed:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:told:092ad2059e7f34c9', 'method-changed', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1010", "approved_at": "2026-03-06T00:57:51Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-06T00:57:36Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRRNGR6N"}', 'webhook', 'happy-returns', '', '', '00-1d1a0e8e3779443551e68087c2fab031-97a740cb643e13f1-01', '2026-03-06 06:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.212585+00'),
	('acme', 32, 'dropped-off:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:told', 'dropped-off', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1010", "approved_at": "2026-03-06T00:57:51Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-06T00:57:36Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRRNGR6N"}', 'webhook', 'happy-returns', '', '', '00-1d1a0e8e3779443551e68087c2fab031-97a740cb643e13f1-01', '2026-03-06 06:00:00+00', 'applied', NULL, '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.212585+00'),
	('acme', 33, 'approved:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:told', 'approved', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1010", "approved_at": "2026-03-06T00:57:51Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-06T00:57:36Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRRNGR6N"}', 'webhook', 'happy-returns', '', '', '00-1d1a0e8e3779443551e68087c2fab031-97a740cb643e13f1-01', '2026-03-06 06:00:00+00', 'applied', NULL, '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.212585+00'),
	('acme', 34, 'started:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:read:a564e5e798f9f42f', 'started', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1010", "approved_at": "2026-03-06T00:57:51Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-06T00:57:36Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRRNGR6N"}', 'poll', 'happy-returns', '', '', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 'ignored', 'started: already known for all units', '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.220635+00'),
	('acme', 35, 'method-changed:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:read:a564e5e798f9f42f', 'method-changed', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1010", "approved_at": "2026-03-06T00:57:51Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-06T00:57:36Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRRNGR6N"}', 'poll', 'happy-returns', '', '', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.220635+00'),
	('acme', 36, 'dropped-off:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:read', 'dropped-off', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1010", "approved_at": "2026-03-06T00:57:51Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-06T00:57:36Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRRNGR6N"}', 'poll', 'happy-returns', '', '', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 'applied', NULL, '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.220635+00'),
	('acme', 37, 'approved:008a05a6-c464-4159-8324-c9859b810e76:10401:11c50deff7302edd:read', 'approved', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001010", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1010", "approved_at": "2026-03-06T00:57:51Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-06T00:57:36Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRRNGR6N"}', 'poll', 'happy-returns', '', '', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 'applied', NULL, '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.220635+00'),
	('acme', 38, 'answer:4:1', 'credit-verified', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', 1, '{"marks": {}, "credit": {"id": 1060, "net": "40.83", "tax": "8.17", "rows": [{"id": 1059, "net": "40.83", "tax": "8.17", "quantity": "1", "product_id": 1010, "bundle_child": false, "external_ref": "1044", "exchange_rate": "1.000000", "parent_row_id": 0}], "adopted": false, "currency": "GBP", "external_ref": "HW-a2cd8a7efde2bd5786dc-1", "invoice_reference": ""}, "places": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": [{"ref": "1044", "quantity": 1, "product_id": null}]}, "order_id": 1043, "close_due": true, "refund_due": true, "map_version": "", "order_digest": "303621749218b73e"}', 'brightpearl', 'brightpearl', '', '', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 'applied', NULL, '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.245463+00'),
	('acme', 39, 'answer:5:1', 'payment-recorded', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', 1, '{"payment": {"id": 1061, "amount": "49.00", "method": "SHOPIFY", "currency": "GBP", "transaction_ref": "HW-a2cd8a7efde2bd5786dc-1-pay"}}', 'brightpearl', 'brightpearl', '', '', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 'applied', NULL, '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.259345+00'),
	('acme', 40, 'answer:6:2', 'credit-closed', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', 1, '{"invoice_reference": "SC-1060"}', 'brightpearl', 'brightpearl', '', '', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 12:00:00+00', 'applied', NULL, '2026-03-06 12:00:00+00', '2026-11-23 23:46:44.275313+00'),
	('acme', 41, 'departed:45000:ad45f23d-3b1a-41df-987f-d2803bab6c39:a648a7dd-0683-4eb9-85b6-e6e307d4bedc', 'departed', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "HR2450000001", "fee": null, "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "", "hinted": 1, "places": [], "reason": "", "barcode": "5000000001039", "tracking": "1ZTEST0000045000", "condition": null, "confirmed": 1, "reason_id": "", "started_at": null, "variant_id": "", "approved_at": null, "departed_at": "2026-03-07T00:00:00Z", "destination": "wh-main", "goods_in_id": null, "received_at": null, "refund_type": "", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": null, "dropoff_method": "", "dropped_off_at": null, "refund_currency": ""}], "rma_id": "", "confirmed": true, "express_code": ""}', 'poll', 'happy-returns', '', '', NULL, '2026-03-07 06:00:00+00', 'applied', NULL, '2026-03-07 06:00:00+00', '2026-11-23 23:46:44.315135+00'),
	('acme', 42, 'started:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:told:d4157ff35f8f4e7f', 'started', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1003", "approved_at": "2026-03-07T08:13:37Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T08:13:22Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRDWZKZ6"}', 'webhook', 'happy-returns', '', '', '00-f528cdbb350679f895e3fd1fb013009b-39002fac1ca443b1-01', '2026-03-07 12:00:00+00', 'applied', NULL, '2026-03-07 12:00:00+00', '2026-11-23 23:46:44.329107+00'),
	('acme', 43, 'method-changed:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:told:d4157ff35f8f4e7f', 'method-changed', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1003", "approved_at": "2026-03-07T08:13:37Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T08:13:22Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRDWZKZ6"}', 'webhook', 'happy-returns', '', '', '00-f528cdbb350679f895e3fd1fb013009b-39002fac1ca443b1-01', '2026-03-07 12:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-03-07 12:00:00+00', '2026-11-23 23:46:44.329107+00'),
	('acme', 44, 'dropped-off:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:told', 'dropped-off', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1003", "approved_at": "2026-03-07T08:13:37Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T08:13:22Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRDWZKZ6"}', 'webhook', 'happy-returns', '', '', '00-f528cdbb350679f895e3fd1fb013009b-39002fac1ca443b1-01', '2026-03-07 12:00:00+00', 'applied', NULL, '2026-03-07 12:00:00+00', '2026-11-23 23:46:44.329107+00'),
	('acme', 45, 'approved:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:told', 'approved', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1003", "approved_at": "2026-03-07T08:13:37Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T08:13:22Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRDWZKZ6"}', 'webhook', 'happy-returns', '', '', '00-f528cdbb350679f895e3fd1fb013009b-39002fac1ca443b1-01', '2026-03-07 12:00:00+00', 'applied', NULL, '2026-03-07 12:00:00+00', '2026-11-23 23:46:44.329107+00'),
	('acme', 46, 'started:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:read:0c63ceea86cbf1b7', 'started', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1003", "approved_at": "2026-03-07T08:13:37Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T08:13:22Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRDWZKZ6"}', 'poll', 'happy-returns', '', '', '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-07 12:00:00+00', 'ignored', 'started: already known for all units', '2026-03-07 12:00:00+00', '2026-11-23 23:46:44.337261+00'),
	('acme', 47, 'method-changed:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:read:0c63ceea86cbf1b7', 'method-changed', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1003", "approved_at": "2026-03-07T08:13:37Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T08:13:22Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRDWZKZ6"}', 'poll', 'happy-returns', '', '', '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-07 12:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-03-07 12:00:00+00', '2026-11-23 23:46:44.337261+00'),
	('acme', 48, 'dropped-off:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:read', 'dropped-off', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1003", "approved_at": "2026-03-07T08:13:37Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T08:13:22Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRDWZKZ6"}', 'poll', 'happy-returns', '', '', '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-07 12:00:00+00', 'applied', NULL, '2026-03-07 12:00:00+00', '2026-11-23 23:46:44.337261+00'),
	('acme', 49, 'approved:efba91fc-8034-48b6-b610-a9f7f9270f4e:10403:444475d879c0d86d:read', 'approved', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1003", "approved_at": "2026-03-07T08:13:37Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T08:13:22Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRDWZKZ6"}', 'poll', 'happy-returns', '', '', '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-07 12:00:00+00', 'applied', NULL, '2026-03-07 12:00:00+00', '2026-11-23 23:46:44.337261+00'),
	('acme', 50, 'answer:7:1', 'troubled', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', 1, '{"trouble": {"key": "order=10403", "cause": "order-cancelled", "owner": "customer-service", "watches": ["order:1052"], "evidence": {"verdict": "refuse", "order_id": 1052, "reference": "10403", "status_id": 5, "shipping_status": "ASS", "invoice_reference": ""}, "explanation": "Order 10403 is cancelled in Brightpearl."}, "order_id": 1052, "map_version": ""}', 'brightpearl', 'brightpearl', '', '', '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-07 12:00:00+00', 'applied', NULL, '2026-03-07 12:00:00+00', '2026-11-23 23:46:44.356657+00'),
	('acme', 51, 'departed:45001:008a05a6-c464-4159-8324-c9859b810e76:c2ce6f44-7ed4-457b-9e2f-eb89414c343c', 'departed', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"units": [{"bag": "HR2450010001", "fee": null, "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "", "hinted": 1, "places": [], "reason": "", "barcode": "5000000001010", "tracking": "1ZTEST0000045001", "condition": null, "confirmed": 1, "reason_id": "", "started_at": null, "variant_id": "", "approved_at": null, "departed_at": "2026-03-08T00:00:00Z", "destination": "wh-main", "goods_in_id": null, "received_at": null, "refund_type": "", "goods_in_ref": "", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": null, "dropoff_method": "", "dropped_off_at": null, "refund_currency": ""}], "rma_id": "", "confirmed": true, "express_code": ""}', 'poll', 'happy-returns', '', '', NULL, '2026-03-09 00:00:00+00', 'applied', NULL, '2026-03-09 00:00:00+00', '2026-11-23 23:46:44.428616+00'),
	('acme', 52, 'deadline:3:exception:1:2026-03-10T09:00:00+00:00', 'deadline-passed', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', 1, '{"level": 1, "state": "exception"}', 'clock', 'homeward', '', '', '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-10 12:00:00+00', 'applied', NULL, '2026-03-10 12:00:00+00', '2026-11-23 23:46:44.498939+00'),
	('acme', 53, 'departed:45002:efba91fc-8034-48b6-b610-a9f7f9270f4e:ec148cb4-8e73-4a47-aa90-a8f0d66b829e', 'departed', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"units": [{"bag": "HR2450020001", "fee": null, "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "", "hinted": 1, "places": [], "reason": "", "barcode": "5000000001003", "tracking": "1ZTEST0000045002", "condition": null, "confirmed": 1, "reason_id": "", "started_at": null, "variant_id": "", "approved_at": null, "departed_at": "2026-03-10T00:00:00Z", "destination": "wh-main", "goods_in_id": null, "received_at": null, "refund_type": "", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": null, "dropoff_method": "", "dropped_off_at": null, "refund_currency": ""}], "rma_id": "", "confirmed": true, "express_code": ""}', 'poll', 'happy-returns', '', '', NULL, '2026-03-11 00:00:00+00', 'applied', NULL, '2026-03-11 00:00:00+00', '2026-11-23 23:46:44.53614+00'),
	('acme', 54, 'receipt:0fa789d72bebb0c3c2e7a87e:0', 'units-received', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"sought": null, "condition": "sellable", "unit_keys": ["a648a7dd-0683-4eb9-85b6-e6e307d4bedc"], "received_at": "2026-03-11T11:43:56.660809Z"}', 'warehouse', 'user:test', '', '', NULL, '2026-03-11 12:00:00+00', 'applied', NULL, '2026-03-11 12:00:00+00', '2026-11-23 23:46:44.560789+00'),
	('acme', 55, 'answer:8:1', 'stock-received', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', 2, '{"goods_in": {"a648a7dd-0683-4eb9-85b6-e6e307d4bedc": 1062}}', 'brightpearl', 'brightpearl', '', '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-11 12:00:00+00', 'applied', NULL, '2026-03-11 12:00:00+00', '2026-11-23 23:46:44.57575+00'),
	('acme', 56, 'deadline:3:exception:2:2026-03-12T09:00:00+00:00', 'deadline-passed', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', 1, '{"level": 2, "state": "exception"}', 'clock', 'homeward', '', '', '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-12 12:00:00+00', 'applied', NULL, '2026-03-12 12:00:00+00', '2026-11-23 23:46:44.635932+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES
	('acme', 57, 'receipt:ddd5e3b83ca561141b09a33a:0', 'units-received', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', NULL, '{"sought": null, "condition": "sellable", "unit_keys": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "received_at": "2026-03-16T20:25:23.595157Z"}', 'warehouse', 'user:test', '', '', NULL, '2026-03-17 00:00:00+00', 'applied', NULL, '2026-03-17 00:00:00+00', '2026-11-23 23:46:44.849292+00'),
	('acme', 58, 'answer:9:1', 'stock-received', '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', 1, '{"goods_in": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": 1063}}', 'brightpearl', 'brightpearl', '', '', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-17 00:00:00+00', 'applied', NULL, '2026-03-17 00:00:00+00', '2026-11-23 23:46:44.863623+00'),
	('acme', 59, 'deadline:3:exception:3:2026-03-18T09:00:00+00:00', 'deadline-passed', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', 1, '{"level": 3, "state": "exception"}', 'clock', 'homeward', '', '', '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-18 12:00:00+00', 'applied', NULL, '2026-03-18 12:00:00+00', '2026-11-23 23:46:44.924989+00'),
	('acme', 60, 'receipt:24a3c56e05584df2e4635b1f:0', 'units-received', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', NULL, '{"sought": null, "condition": "sellable", "unit_keys": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "received_at": "2026-03-18T19:17:22.379225Z"}', 'warehouse', 'user:test', '', '', NULL, '2026-03-19 00:00:00+00', 'applied', NULL, '2026-03-19 00:00:00+00', '2026-11-23 23:46:44.955403+00'),
	('acme', 73, 'started:5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75:10404:339783a2eba0aae7:told:9683bcd0909dad54', 'started', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-04-01T12:00:01Z", "variant_id": "1014", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881065", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HR5SUBH3"}', 'webhook', 'happy-returns', '', '', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-01 18:00:00+00', 'applied', NULL, '2026-04-01 18:00:00+00', '2026-11-23 23:46:45.452333+00'),
	('acme', 74, 'method-changed:5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75:10404:339783a2eba0aae7:told:9683bcd0909dad54', 'method-changed', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-04-01T12:00:01Z", "variant_id": "1014", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881065", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HR5SUBH3"}', 'webhook', 'happy-returns', '', '', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-01 18:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-04-01 18:00:00+00', '2026-11-23 23:46:45.452333+00'),
	('acme', 75, 'started:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:7e9b6f351165f0ef:told:dad1d60785964cc6', 'started', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": "2026-03-03T18:00:28Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T18:00:13Z", "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRGPAHQR"}', 'webhook', 'happy-returns', '', '', '00-14b350405f2344788bfb6cb24a0b4d71-227776129945fe3d-01', '2026-04-01 18:00:00+00', 'ignored', 'started: already known for all units', '2026-04-01 18:00:00+00', '2026-11-23 23:46:45.452333+00'),
	('acme', 76, 'method-changed:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:7e9b6f351165f0ef:told:dad1d60785964cc6', 'method-changed', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": "2026-03-03T18:00:28Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T18:00:13Z", "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRGPAHQR"}', 'webhook', 'happy-returns', '', '', '00-14b350405f2344788bfb6cb24a0b4d71-227776129945fe3d-01', '2026-04-01 18:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-04-01 18:00:00+00', '2026-11-23 23:46:45.452333+00'),
	('acme', 79, 'expired:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:f0031185fd74401f:told', 'expired', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HRGPAHQR"}', 'webhook', 'happy-returns', '', '', '00-14b350405f2344788bfb6cb24a0b4d71-227776129945fe3d-01', '2026-04-01 18:00:00+00', 'applied', NULL, '2026-04-01 18:00:00+00', '2026-11-23 23:46:45.452333+00'),
	('acme', 80, 'started:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:7e9b6f351165f0ef:read:0aa9297115cd9353', 'started', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": "2026-03-03T18:00:28Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T18:00:13Z", "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRGPAHQR"}', 'poll', 'happy-returns', '', '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-04-01 18:00:00+00', 'ignored', 'started: already known for all units', '2026-04-01 18:00:00+00', '2026-11-23 23:46:45.462515+00'),
	('acme', 81, 'method-changed:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:7e9b6f351165f0ef:read:0aa9297115cd9353', 'method-changed', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 1, "places": [], "reason": "Not as described", "barcode": "5000000001039", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": "2026-03-03T18:00:28Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T18:00:13Z", "refund_currency": "GBP"}, {"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRGPAHQR"}', 'poll', 'happy-returns', '', '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-04-01 18:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-04-01 18:00:00+00', '2026-11-23 23:46:45.462515+00'),
	('acme', 84, 'expired:ad45f23d-3b1a-41df-987f-d2803bab6c39:10402:f0031185fd74401f:read', 'expired', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HRGPAHQR"}', 'poll', 'happy-returns', '', '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-04-01 18:00:00+00', 'ignored', 'expired: already known for all units', '2026-04-01 18:00:00+00', '2026-11-23 23:46:45.462515+00'),
	('acme', 85, 'started:5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75:10404:339783a2eba0aae7:read:b96f2f02117d4890', 'started', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-04-01T12:00:01Z", "variant_id": "1014", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881065", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HR5SUBH3"}', 'poll', 'happy-returns', '', '', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-02 06:00:00+00', 'ignored', 'started: already known for all units', '2026-04-02 06:00:00+00', '2026-11-23 23:46:45.489224+00'),
	('acme', 86, 'method-changed:5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75:10404:339783a2eba0aae7:read:b96f2f02117d4890', 'method-changed', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-04-01T12:00:01Z", "variant_id": "1014", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881065", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HR5SUBH3"}', 'poll', 'happy-returns', '', '', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-02 06:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-04-02 06:00:00+00', '2026-11-23 23:46:45.489224+00'),
	('acme', 87, 'started:5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75:10404:339783a2eba0aae7:told:afd907c8955b5a63', 'started', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-04-01T12:00:01Z", "variant_id": "1014", "approved_at": "2026-04-04T08:01:33Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881065", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-04-04T08:01:18Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HR5SUBH3"}', 'webhook', 'happy-returns', '', '', '00-9ff986e046e97bfdf20c99e477b70b79-b06dcdc90a6800d6-01', '2026-04-04 12:00:00+00', 'applied', NULL, '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.591572+00'),
	('acme', 88, 'method-changed:5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75:10404:339783a2eba0aae7:told:afd907c8955b5a63', 'method-changed', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-04-01T12:00:01Z", "variant_id": "1014", "approved_at": "2026-04-04T08:01:33Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881065", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-04-04T08:01:18Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HR5SUBH3"}', 'webhook', 'happy-returns', '', '', '00-9ff986e046e97bfdf20c99e477b70b79-b06dcdc90a6800d6-01', '2026-04-04 12:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.591572+00'),
	('acme', 89, 'dropped-off:5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75:10404:339783a2eba0aae7:told', 'dropped-off', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-04-01T12:00:01Z", "variant_id": "1014", "approved_at": "2026-04-04T08:01:33Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881065", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-04-04T08:01:18Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HR5SUBH3"}', 'webhook', 'happy-returns', '', '', '00-9ff986e046e97bfdf20c99e477b70b79-b06dcdc90a6800d6-01', '2026-04-04 12:00:00+00', 'applied', NULL, '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.591572+00'),
	('acme', 90, 'approved:5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75:10404:339783a2eba0aae7:told', 'approved', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-04-01T12:00:01Z", "variant_id": "1014", "approved_at": "2026-04-04T08:01:33Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881065", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-04-04T08:01:18Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": false, "express_code": "HR5SUBH3"}', 'webhook', 'happy-returns', '', '', '00-9ff986e046e97bfdf20c99e477b70b79-b06dcdc90a6800d6-01', '2026-04-04 12:00:00+00', 'applied', NULL, '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.591572+00'),
	('acme', 91, 'started:5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75:10404:339783a2eba0aae7:read:8f8da09e52d27af4', 'started', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-04-01T12:00:01Z", "variant_id": "1014", "approved_at": "2026-04-04T08:01:33Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881065", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-04-04T08:01:18Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HR5SUBH3"}', 'poll', 'happy-returns', '', '', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 'ignored', 'started: already known for all units', '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.599082+00'),
	('acme', 92, 'method-changed:5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75:10404:339783a2eba0aae7:read:8f8da09e52d27af4', 'method-changed', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-04-01T12:00:01Z", "variant_id": "1014", "approved_at": "2026-04-04T08:01:33Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881065", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-04-04T08:01:18Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HR5SUBH3"}', 'poll', 'happy-returns', '', '', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 'ignored', 'method-changed: already known for all units', '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.599082+00'),
	('acme', 93, 'dropped-off:5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75:10404:339783a2eba0aae7:read', 'dropped-off', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-04-01T12:00:01Z", "variant_id": "1014", "approved_at": "2026-04-04T08:01:33Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881065", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-04-04T08:01:18Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HR5SUBH3"}', 'poll', 'happy-returns', '', '', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 'applied', NULL, '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.599082+00'),
	('acme', 94, 'approved:5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75:10404:339783a2eba0aae7:read', 'approved', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', NULL, '{"units": [{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 1, "places": [], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "damaged", "started_at": "2026-04-01T12:00:01Z", "variant_id": "1014", "approved_at": "2026-04-04T08:01:33Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881065", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-04-04T08:01:18Z", "refund_currency": "GBP"}], "rma_id": "", "confirmed": true, "express_code": "HR5SUBH3"}', 'poll', 'happy-returns', '', '', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 'applied', NULL, '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.599082+00'),
	('acme', 95, 'answer:10:1', 'credit-verified', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', 1, '{"marks": {}, "credit": {"id": 1069, "net": "62.50", "tax": "12.50", "rows": [{"id": 1068, "net": "62.50", "tax": "12.50", "quantity": "1", "product_id": 1014, "bundle_child": false, "external_ref": "1065", "exchange_rate": "1.000000", "parent_row_id": 0}], "adopted": false, "currency": "GBP", "external_ref": "HW-ceb40b6ec30e5267f7db-1", "invoice_reference": ""}, "places": {"e1ea24c4-f934-4c68-966b-aea148beab13": [{"ref": "1065", "quantity": 1, "product_id": null}]}, "order_id": 1064, "close_due": true, "refund_due": true, "map_version": "", "order_digest": "cca315c44bacde4f"}', 'brightpearl', 'brightpearl', '', '', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 'applied', NULL, '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.621215+00'),
	('acme', 96, 'answer:11:1', 'payment-recorded', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', 1, '{"payment": {"id": 1070, "amount": "75.00", "method": "SHOPIFY", "currency": "GBP", "transaction_ref": "HW-ceb40b6ec30e5267f7db-1-pay"}}', 'brightpearl', 'brightpearl', '', '', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 'applied', NULL, '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.633222+00'),
	('acme', 97, 'answer:12:2', 'credit-closed', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', 1, '{"invoice_reference": "SC-1069"}', 'brightpearl', 'brightpearl', '', '', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 18:00:00+00', 'applied', NULL, '2026-04-04 18:00:00+00', '2026-11-23 23:46:45.650142+00');
INSERT INTO public.journal VALUES
	('acme', 1, 1, 'started', 'new', 'initiated', 'happy-returns', '{"units": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "confirmed": false}', 1, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-02 18:00:00+00', 1, '\x58e7b790760b675a280ca2e4a2af555f3ec36b7ae0e93eaa273e2967ce9ff4c9', '2026-11-23 23:46:43.966736+00'),
	('acme', 2, 1, 'started', 'new', 'initiated', 'happy-returns', '{"units": ["619699cf-e198-4ad9-b06c-144a025b413f", "a648a7dd-0683-4eb9-85b6-e6e307d4bedc"], "confirmed": false}', 3, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-02 18:00:00+00', 2, '\x305c97a6ab60fc9f92fe7272a97766e789edefdd7de3a0e8703cf8cbb41b630c', '2026-11-23 23:46:43.966736+00'),
	('acme', 3, 1, 'started', 'new', 'initiated', 'happy-returns', '{"units": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "confirmed": false}', 5, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-02 18:00:00+00', 3, '\x140cc229740388e1224f35583e4932a0d096cb93a956f7dea7a59612176a7a43', '2026-11-23 23:46:43.966736+00'),
	('acme', 2, 2, 'started', 'initiated', 'initiated', 'happy-returns', '{"units": ["a648a7dd-0683-4eb9-85b6-e6e307d4bedc"], "confirmed": false}', 19, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 4, '\x1a1c460db35ff77850696950174b5c7bcd5d86a627b8cb1b71bc8297363046d6', '2026-11-23 23:46:44.053112+00'),
	('acme', 2, 3, 'split-off', 'initiated', 'initiated', 'homeward', '{"units": ["a648a7dd-0683-4eb9-85b6-e6e307d4bedc"]}', 21, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 5, '\xe947c428c88553c235bab6462f4d451a9d951c6e1f242541989ec9bde01ed6ce', '2026-11-23 23:46:44.053112+00'),
	('acme', 4, 1, 'split-off', 'new', 'initiated', 'homeward', '{"units": ["a648a7dd-0683-4eb9-85b6-e6e307d4bedc"]}', 21, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 6, '\xcc92cd213ebc6d5de19a6452a63c49eacc20e01d7b97a2a9b3b6df3956ba98dc', '2026-11-23 23:46:44.053112+00'),
	('acme', 4, 2, 'dropped-off', 'initiated', 'scanned', 'happy-returns', '{"units": ["a648a7dd-0683-4eb9-85b6-e6e307d4bedc"], "confirmed": false}', 21, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 7, '\xf1a4eb55280961d31bfac5b498d2c50c829dca8cafa1f5d183637848803fcec6', '2026-11-23 23:46:44.053112+00'),
	('acme', 4, 3, 'approved', 'scanned', 'scanned', 'happy-returns', '{"units": ["a648a7dd-0683-4eb9-85b6-e6e307d4bedc"], "confirmed": false}', 22, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 8, '\x7537ac1acb414fdec1866af360acb9fe72fd1e512d3d018b0fa3d0b1bbcfeed1', '2026-11-23 23:46:44.053112+00'),
	('acme', 4, 4, 'dropped-off', 'scanned', 'scanned', 'happy-returns', '{"units": ["a648a7dd-0683-4eb9-85b6-e6e307d4bedc"], "confirmed": true}', 25, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 9, '\x8d1b55b60f84645246b8697b0700f5f0e968e0e898b351e5fb156371aed70b49', '2026-11-23 23:46:44.069014+00'),
	('acme', 4, 5, 'credit-falls-due', 'scanned', 'credit-pending', 'homeward', '{}', 25, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 10, '\xba10166951d6fdecd77b5638c88b6dd3c851f74db06ff12b21bf8090a3cfef7b', '2026-11-23 23:46:44.069014+00'),
	('acme', 4, 6, 'approved', 'credit-pending', 'credit-pending', 'happy-returns', '{"units": ["a648a7dd-0683-4eb9-85b6-e6e307d4bedc"], "confirmed": true}', 26, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 11, '\xbae3087e78cafb2cb50e49305277b9add645d81234b4c8e1881bedee0c1adda7', '2026-11-23 23:46:44.069014+00'),
	('acme', 4, 7, 'credit-verified', 'credit-pending', 'credited', 'brightpearl', '{"net": "38.00", "tax": "0.00", "adopted": false, "currency": "GBP", "credit_id": 1057, "map_version": "", "external_ref": "HW-876fd7bbfee144344234-2"}', 27, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 12, '\x76c7452455c45320da4672455a5fca9cf8ad95b0e147326ce89d510eea4b5e02', '2026-11-23 23:46:44.092977+00'),
	('acme', 4, 8, 'payment-recorded', 'credited', 'credited', 'brightpearl', '{"amount": "38.00", "payment_id": 1058}', 28, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', 13, '\x9e3d53ec690cfc5ba8d37e6aaed9c0216ef57f734a93890113ff3f833d44243c', '2026-11-23 23:46:44.105512+00'),
	('acme', 4, 9, 'credit-closed', 'credited', 'credited', 'brightpearl', '{"invoice_reference": "SC-1057"}', 29, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 06:00:00+00', 14, '\x4b526a74129f90ad306301da4934139e15d31a7bc701a12b7e310db52b3a87e9', '2026-11-23 23:46:44.134181+00'),
	('acme', 1, 2, 'started', 'initiated', 'initiated', 'happy-returns', '{"units": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "confirmed": false}', 30, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 15, '\xd072dfa05e712e5f12eb49c108594ede5cd5f499c9869098d2a9085099f80db0', '2026-11-23 23:46:44.214976+00'),
	('acme', 1, 3, 'dropped-off', 'initiated', 'scanned', 'happy-returns', '{"units": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "confirmed": false}', 32, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 16, '\x6c5eab11495a12008dc4681c359ee66b19a915785a7508272a58bc5b90e920cb', '2026-11-23 23:46:44.214976+00'),
	('acme', 1, 4, 'approved', 'scanned', 'scanned', 'happy-returns', '{"units": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "confirmed": false}', 33, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 17, '\x1635a56b14377bf816cd5feec94b66fc5971e25c6e7220a2a64f9a893a96b3cd', '2026-11-23 23:46:44.214976+00'),
	('acme', 1, 5, 'dropped-off', 'scanned', 'scanned', 'happy-returns', '{"units": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "confirmed": true}', 36, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 18, '\x9b637c3d3c702c4cd196964ee24dc6591c1624d87a01d3fe06cbac71941c405f', '2026-11-23 23:46:44.228781+00'),
	('acme', 1, 6, 'credit-falls-due', 'scanned', 'credit-pending', 'homeward', '{}', 36, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 19, '\xf531760267b368144001276ed992f96f14cb77583fd6e338431da3a389c09e8d', '2026-11-23 23:46:44.228781+00'),
	('acme', 1, 7, 'approved', 'credit-pending', 'credit-pending', 'happy-returns', '{"units": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "confirmed": true}', 37, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 20, '\xafcfcb2822b51ffc793bbb8e1b20d0311f3786e1b58e5f8c9552eb0ba9e28228', '2026-11-23 23:46:44.228781+00'),
	('acme', 1, 8, 'credit-verified', 'credit-pending', 'credited', 'brightpearl', '{"net": "40.83", "tax": "8.17", "adopted": false, "currency": "GBP", "credit_id": 1060, "map_version": "", "external_ref": "HW-a2cd8a7efde2bd5786dc-1"}', 38, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 21, '\x2f2e577ab0f5f9efce6485769f6f79e781071f77de5c8f5b742999c65e564f87', '2026-11-23 23:46:44.249037+00'),
	('acme', 1, 9, 'payment-recorded', 'credited', 'credited', 'brightpearl', '{"amount": "49.00", "payment_id": 1061}', 39, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', 22, '\xfb05984ea0662e7cef42d28661be1cc7a6c8b9011b4252d845c460c71567b032', '2026-11-23 23:46:44.261885+00'),
	('acme', 1, 10, 'credit-closed', 'credited', 'credited', 'brightpearl', '{"invoice_reference": "SC-1060"}', 40, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 12:00:00+00', 23, '\xb7c2d4e0b3f26edc09dbeb4bac81269133482c4db94ed601fbcc0f828254b8a8', '2026-11-23 23:46:44.284573+00'),
	('acme', 4, 10, 'departed', 'credited', 'credited', 'happy-returns', '{"units": ["a648a7dd-0683-4eb9-85b6-e6e307d4bedc"], "confirmed": true}', 41, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-07 06:00:00+00', 24, '\x68494526b936b43a111f7acbcec48116ba501b06deda2a520504b7c5c061862b', '2026-11-23 23:46:44.322525+00'),
	('acme', 3, 2, 'started', 'initiated', 'initiated', 'happy-returns', '{"units": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "confirmed": false}', 42, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-07 12:00:00+00', 25, '\x418c093a9a3264002e5d4ec2a7416322beff52e94683efe44779a492e75fbc9e', '2026-11-23 23:46:44.331667+00'),
	('acme', 3, 3, 'dropped-off', 'initiated', 'scanned', 'happy-returns', '{"units": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "confirmed": false}', 44, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-07 12:00:00+00', 26, '\xa065e54a80c779814ee3411df65d445c5a931d210be2886e68bfc14ad70025af', '2026-11-23 23:46:44.331667+00'),
	('acme', 3, 4, 'approved', 'scanned', 'scanned', 'happy-returns', '{"units": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "confirmed": false}', 45, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-07 12:00:00+00', 27, '\xfb32a96f46048bea164caa7f955d356daf6f3b7a6d637f56a960e1abb5e52b29', '2026-11-23 23:46:44.331667+00'),
	('acme', 3, 5, 'dropped-off', 'scanned', 'scanned', 'happy-returns', '{"units": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "confirmed": true}', 48, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-07 12:00:00+00', 28, '\xf84405de597f77706cc2e84970146eec09f04a0bbde19ec065666c1e9b55ef0d', '2026-11-23 23:46:44.345054+00'),
	('acme', 3, 6, 'credit-falls-due', 'scanned', 'credit-pending', 'homeward', '{}', 48, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-07 12:00:00+00', 29, '\x72ee443e73848d591cc31ce94328111f9bfd406b620f167dfe215f3261649741', '2026-11-23 23:46:44.345054+00'),
	('acme', 3, 7, 'approved', 'credit-pending', 'credit-pending', 'happy-returns', '{"units": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "confirmed": true}', 49, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-07 12:00:00+00', 30, '\x4f9f8d4fb267c2304cd10e9e2d82bcd917d764148c5cb7e0f974c4994d823dfa', '2026-11-23 23:46:44.345054+00'),
	('acme', 3, 8, 'troubled', 'credit-pending', 'exception', 'brightpearl', '{"cause": "order-cancelled", "owner": "customer-service", "explanation": "Order 10403 is cancelled in Brightpearl."}', 50, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-07 12:00:00+00', 31, '\x35eea4a30808b0b7ddf27acf15496e04167046d9960b19a58c863d1691aeb5c7', '2026-11-23 23:46:44.359824+00'),
	('acme', 1, 11, 'departed', 'credited', 'credited', 'happy-returns', '{"units": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "confirmed": true}', 51, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-09 00:00:00+00', 32, '\x909b3892f482caa232eb7ef2a7394832d1fe542fa8b59c2540be725c4508eaeb', '2026-11-23 23:46:44.440102+00'),
	('acme', 3, 9, 'deadline-passed', 'exception', 'exception', 'homeward', '{"level": 1}', 52, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-10 12:00:00+00', 33, '\x9fef9d63ef486c8a6206ed07c0ccf7e31b719fdfb890adc6a072eb70ba5379b2', '2026-11-23 23:46:44.509333+00'),
	('acme', 3, 10, 'departed', 'exception', 'exception', 'happy-returns', '{"units": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "confirmed": true}', 53, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-11 00:00:00+00', 34, '\xee0dcaa0580de763813539ebb50ccceef8f8cc0e5fb11115b1d76335882d1a6a', '2026-11-23 23:46:44.545787+00'),
	('acme', 4, 11, 'units-received', 'credited', 'credited', 'user:test', '{"units": ["a648a7dd-0683-4eb9-85b6-e6e307d4bedc"], "condition": "sellable"}', 54, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-11 12:00:00+00', 35, '\x2c1d28dfa0e85eb62fd57ddb4273cfba5e23e15a9162a37c910fb140f1634085', '2026-11-23 23:46:44.564213+00'),
	('acme', 4, 12, 'stock-received', 'credited', 'credited', 'brightpearl', '{"goods_in": {"a648a7dd-0683-4eb9-85b6-e6e307d4bedc": 1062}}', 55, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-11 12:00:00+00', 36, '\x2d21feae969d042b1de45574f8b1590a670116bd38f812ca78d62abda7c2abcc', '2026-11-23 23:46:44.587792+00'),
	('acme', 4, 13, 'fully-restocked', 'credited', 'restocked', 'homeward', '{}', 55, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-11 12:00:00+00', 37, '\x590fe466cb0a86e97a3db6be877a870e89cf65e0cea07192a17b3b3ab11710f8', '2026-11-23 23:46:44.587792+00'),
	('acme', 3, 11, 'deadline-passed', 'exception', 'exception', 'homeward', '{"level": 2}', 56, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-12 12:00:00+00', 38, '\x9dc3bf9afbae642d36a73382d78be422690f5cc9a94687005937e53abc646676', '2026-11-23 23:46:44.645523+00'),
	('acme', 1, 12, 'units-received', 'credited', 'credited', 'user:test', '{"units": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"], "condition": "sellable"}', 57, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-17 00:00:00+00', 39, '\x2d9ee14938861c86d9fb03ee1f8e30a2f9cc32092e80485eca97b7c70f73f021', '2026-11-23 23:46:44.852238+00'),
	('acme', 1, 13, 'stock-received', 'credited', 'credited', 'brightpearl', '{"goods_in": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": 1063}}', 58, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-17 00:00:00+00', 40, '\x2191aeed91d630708c0ff64bd99690673a242e1cd68c7e8189eb52b914bf693b', '2026-11-23 23:46:44.874734+00'),
	('acme', 1, 14, 'fully-restocked', 'credited', 'restocked', 'homeward', '{}', 58, '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-17 00:00:00+00', 41, '\x367f60c59af97cef6ce5130100800b3b53ec3fd7145cafa78b59ba6ea8e71d19', '2026-11-23 23:46:44.874734+00'),
	('acme', 3, 12, 'deadline-passed', 'exception', 'exception', 'homeward', '{"level": 3}', 59, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-18 12:00:00+00', 42, '\x882deccbfeee6b01a7b7ab3077ac83ff0a4454f23f3cccb5d6be391dc1d8755f', '2026-11-23 23:46:44.934461+00'),
	('acme', 3, 13, 'units-received', 'exception', 'exception', 'user:test', '{"units": ["ec148cb4-8e73-4a47-aa90-a8f0d66b829e"], "condition": "sellable"}', 60, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-19 00:00:00+00', 43, '\x7325f25cfd51392890f0e65c5e7a7f6b5094ced7db43513a1369ae5272ff4da3', '2026-11-23 23:46:44.957707+00'),
	('acme', 5, 1, 'started', 'new', 'initiated', 'happy-returns', '{"units": ["e1ea24c4-f934-4c68-966b-aea148beab13"], "confirmed": false}', 73, '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-01 18:00:00+00', 44, '\x73768e620c6d6200f957fdc90cacbe0e0ff8eca7fc71b35f29c9a332e1412045', '2026-11-23 23:46:45.455355+00'),
	('acme', 2, 4, 'expired', 'initiated', 'closed', 'happy-returns', '{"units": ["619699cf-e198-4ad9-b06c-144a025b413f"], "confirmed": false}', 79, '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-04-01 18:00:00+00', 45, '\xab393577db5217105b4d500047dae5cba8fda50765fb739d309589aaf8ae20bc', '2026-11-23 23:46:45.455355+00'),
	('acme', 5, 2, 'started', 'initiated', 'initiated', 'happy-returns', '{"units": ["e1ea24c4-f934-4c68-966b-aea148beab13"], "confirmed": false}', 87, '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 46, '\x8b1c0940d8e6ea683d0e7adc5b13f3ae3d5e69a236aa02c5d35533f7dfc78f7e', '2026-11-23 23:46:45.593558+00'),
	('acme', 5, 3, 'dropped-off', 'initiated', 'scanned', 'happy-returns', '{"units": ["e1ea24c4-f934-4c68-966b-aea148beab13"], "confirmed": false}', 89, '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 47, '\x682a216bb52a6cdd53b09d97b50a7f0bb89ba231d1e360822b096138b96d8b59', '2026-11-23 23:46:45.593558+00'),
	('acme', 5, 4, 'approved', 'scanned', 'scanned', 'happy-returns', '{"units": ["e1ea24c4-f934-4c68-966b-aea148beab13"], "confirmed": false}', 90, '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 48, '\x0e64141416a11660f51a26a2aa8f90b3b608c1ff00d309c95a1f2c7e06e2f22a', '2026-11-23 23:46:45.593558+00'),
	('acme', 5, 5, 'dropped-off', 'scanned', 'scanned', 'happy-returns', '{"units": ["e1ea24c4-f934-4c68-966b-aea148beab13"], "confirmed": true}', 93, '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 49, '\xea48474d92ec33f36e6e0a03bf8cf4cd31b9194399e536e8d455222dcac422a7', '2026-11-23 23:46:45.609327+00'),
	('acme', 5, 6, 'credit-falls-due', 'scanned', 'credit-pending', 'homeward', '{}', 93, '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 50, '\x4093d826e6549612708164602bbf6f3a9156f66edf92609932c375d0c152d091', '2026-11-23 23:46:45.609327+00');
INSERT INTO public.journal VALUES
	('acme', 5, 7, 'approved', 'credit-pending', 'credit-pending', 'happy-returns', '{"units": ["e1ea24c4-f934-4c68-966b-aea148beab13"], "confirmed": true}', 94, '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 51, '\x9c36f4a3550c831f0a6c755aaa3bf20f29cc4b8e8c4987542fe488da4600ac6c', '2026-11-23 23:46:45.609327+00'),
	('acme', 5, 8, 'credit-verified', 'credit-pending', 'credited', 'brightpearl', '{"net": "62.50", "tax": "12.50", "adopted": false, "currency": "GBP", "credit_id": 1069, "map_version": "", "external_ref": "HW-ceb40b6ec30e5267f7db-1"}', 95, '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 52, '\xae27481383deabf79457f3861761c42296abb610ccc2eaf4f291e4760ad3b1c4', '2026-11-23 23:46:45.624169+00'),
	('acme', 5, 9, 'payment-recorded', 'credited', 'credited', 'brightpearl', '{"amount": "75.00", "payment_id": 1070}', 96, '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', 53, '\x7ed4e2cc7199c8471ab435547c49752e90b216bdd9fbae56d3c53f8d0d76f9c2', '2026-11-23 23:46:45.635673+00'),
	('acme', 5, 10, 'credit-closed', 'credited', 'credited', 'brightpearl', '{"invoice_reference": "SC-1069"}', 97, '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 18:00:00+00', 54, '\xe4beadc3a9e8688f149eaef334672827438617f399eb00fb510ce4be6dc500f8', '2026-11-23 23:46:45.660379+00');
INSERT INTO public.journal_head VALUES
	('acme', 54, '\xe4beadc3a9e8688f149eaef334672827438617f399eb00fb510ce4be6dc500f8');
INSERT INTO public.machine_rule VALUES
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
	('credit-closed', 'credited', 'credited');
INSERT INTO public.machine_rule VALUES
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
	('troubled', 'scanned', 'exception'),
	('troubled', 'credit-pending', 'exception'),
	('troubled', 'credited', 'exception'),
	('troubled', 'restocked', 'exception'),
	('troubled', 'exception', 'exception'),
	('resumed', 'exception', 'initiated'),
	('resumed', 'exception', 'scanned'),
	('resumed', 'exception', 'credit-pending'),
	('resumed', 'exception', 'credited'),
	('resumed', 'exception', 'restocked'),
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
	('units-received', 'closed', 'credited');
INSERT INTO public.machine_rule VALUES
	('units-received', 'closed', 'exception'),
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
INSERT INTO public.machine_state VALUES
	('initiated', 'The shopper started a return; nothing has been handed over yet.'),
	('scanned', 'The goods were handed over at a Return Bar, a store or to the carrier.'),
	('credit-pending', 'A sales credit is due; it is being checked, created, or waits for a named fact.'),
	('credited', 'The sales credit exists in Brightpearl and was read back; the goods are still to be restocked.'),
	('restocked', 'Credit and goods-in note both exist in Brightpearl.'),
	('exception', 'A person or an outside fact is needed; cause, owner and next step are named.'),
	('closed', 'Over without stock being due: expired, cancelled, returnless or written off; the reason is stored.');
INSERT INTO public.merchant VALUES
	('acme', 'test', '2027-03-19 17:33:23.938439+00', 1, '2026-11-23 23:46:43.933236+00');
INSERT INTO public.notice VALUES
	('acme', 3, 8, 'order-cancelled', 'customer-service', 'warning', 0, '2026-03-07 12:00:00+00', '2026-03-07 18:00:00+00', '03d9952f-b6f7-4925-9fea-a11f6b20a4ba', NULL, '2026-11-23 23:46:44.359824+00'),
	('acme', 3, 9, 'order-cancelled', 'customer-service', 'warning', 1, '2026-03-10 12:00:00+00', '2026-03-10 18:00:00+00', '1fdaa6e0-be1b-4aa0-a7d9-fe148a90e09e', NULL, '2026-11-23 23:46:44.509333+00'),
	('acme', 3, 11, 'order-cancelled', 'customer-service', 'urgent', 2, '2026-03-12 12:00:00+00', '2026-03-12 18:00:00+00', 'aabe29fb-663a-4398-835a-b509fdf729e9', NULL, '2026-11-23 23:46:44.645523+00'),
	('acme', 3, 12, 'order-cancelled', 'operations', 'urgent', 3, '2026-03-18 12:00:00+00', '2026-03-18 18:00:00+00', '79ca2918-3b33-4a1c-b9de-865bfbe402db', NULL, '2026-11-23 23:46:44.934461+00');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES
	('acme', 1, 4, 'create-sales-credit', 'HW-876fd7bbfee144344234-2', '{}', '{"net": "38.00", "tax": "0.00", "body": {"ref": "HRGPAHQR", "rows": [{"net": "38.00", "tax": "0.00", "name": "Kids'' rain coat 8Y", "taxCode": "T0", "quantity": "1", "productId": 1039, "externalRef": "1048", "nominalCode": "4000"}], "taxDate": "2026-03-04T00:00:00.000+00:00", "currency": {"code": "GBP", "exchangeRate": "1.000000", "fixedExchangeRate": false}, "customer": {"id": 602}, "parentId": 1047, "placedOn": "2026-03-04T00:00:00.000+00:00", "channelId": 1, "externalRef": "HW-876fd7bbfee144344234-2", "priceListId": 1, "warehouseId": 2, "priceModeCode": "INC", "installedIntegrationInstanceId": 11}, "marks": {}, "places": {"a648a7dd-0683-4eb9-85b6-e6e307d4bedc": [{"ref": "1048", "quantity": 1, "product_id": null}]}, "currency": "GBP", "evidence": {"match": {"a648a7dd-0683-4eb9-85b6-e6e307d4bedc": "line id → row 1048"}, "tax_on": "2026-03-04", "order_id": 1047, "order_digest": "4ca737a5af0b307d"}, "order_id": 1047, "map_version": "", "order_digest": "4ca737a5af0b307d"}', '2026-03-04 00:00:00+00', 'done', '2026-03-04 00:00:00+00', NULL, 1, NULL, '{"adopted": false, "evidence": {"match": {"a648a7dd-0683-4eb9-85b6-e6e307d4bedc": "line id → row 1048"}, "tax_on": "2026-03-04", "order_id": 1047, "order_digest": "4ca737a5af0b307d"}, "order_id": 1047, "credit_id": 1057}', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.069014+00'),
	('acme', 2, 4, 'record-refund', 'HW-876fd7bbfee144344234-2-pay', '{}', '{"body": {"orderId": 1057, "amountPaid": "38.00", "journalRef": "Refund HRGPAHQR", "paymentDate": "2026-03-04T00:00:00.000+00:00", "paymentType": "PAYMENT", "exchangeRate": "1.000000", "transactionRef": "HW-876fd7bbfee144344234-2-pay", "currencyIsoCode": "GBP", "paymentMethodCode": "SHOPIFY"}}', '2026-03-04 00:00:00+00', 'done', '2026-03-04 00:00:00+00', NULL, 1, NULL, '{"payment_id": 1058}', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', '2026-03-04 00:00:00+00', '2026-11-23 23:46:44.092977+00'),
	('acme', 3, 4, 'close-credit', 'HW-876fd7bbfee144344234-2-close', '{}', '{"closes": 1, "tax_date": null, "credit_id": 1057}', '2026-03-04 00:00:00+00', 'done', '2026-03-04 00:00:05+00', NULL, 2, NULL, '{"closes": 1, "invoice_reference": "SC-1057"}', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', '2026-03-04 06:00:00+00', '2026-11-23 23:46:44.092977+00'),
	('acme', 4, 1, 'create-sales-credit', 'HW-a2cd8a7efde2bd5786dc-1', '{}', '{"net": "40.83", "tax": "8.17", "body": {"ref": "HRRNGR6N", "rows": [{"net": "40.83", "tax": "8.17", "name": "Linen shirt XL", "taxCode": "T20", "quantity": "1", "productId": 1010, "externalRef": "1044", "nominalCode": "4000"}], "taxDate": "2026-03-06T00:00:00.000+00:00", "currency": {"code": "GBP", "exchangeRate": "1.000000", "fixedExchangeRate": false}, "customer": {"id": 601}, "parentId": 1043, "placedOn": "2026-03-06T00:00:00.000+00:00", "channelId": 1, "externalRef": "HW-a2cd8a7efde2bd5786dc-1", "priceListId": 1, "warehouseId": 2, "priceModeCode": "INC", "installedIntegrationInstanceId": 11}, "marks": {}, "places": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": [{"ref": "1044", "quantity": 1, "product_id": null}]}, "currency": "GBP", "evidence": {"match": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": "line id → row 1044"}, "tax_on": "2026-03-06", "order_id": 1043, "order_digest": "303621749218b73e"}, "order_id": 1043, "map_version": "", "order_digest": "303621749218b73e"}', '2026-03-06 06:00:00+00', 'done', '2026-03-06 06:00:00+00', NULL, 1, NULL, '{"adopted": false, "evidence": {"match": {"c2ce6f44-7ed4-457b-9e2f-eb89414c343c": "line id → row 1044"}, "tax_on": "2026-03-06", "order_id": 1043, "order_digest": "303621749218b73e"}, "order_id": 1043, "credit_id": 1060}', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.228781+00'),
	('acme', 5, 1, 'record-refund', 'HW-a2cd8a7efde2bd5786dc-1-pay', '{}', '{"body": {"orderId": 1060, "amountPaid": "49.00", "journalRef": "Refund HRRNGR6N", "paymentDate": "2026-03-06T06:00:00.000+00:00", "paymentType": "PAYMENT", "exchangeRate": "1.000000", "transactionRef": "HW-a2cd8a7efde2bd5786dc-1-pay", "currencyIsoCode": "GBP", "paymentMethodCode": "SHOPIFY"}}', '2026-03-06 06:00:00+00', 'done', '2026-03-06 06:00:00+00', NULL, 1, NULL, '{"payment_id": 1061}', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', '2026-03-06 06:00:00+00', '2026-11-23 23:46:44.249037+00'),
	('acme', 6, 1, 'close-credit', 'HW-a2cd8a7efde2bd5786dc-1-close', '{}', '{"closes": 1, "tax_date": null, "credit_id": 1060}', '2026-03-06 06:00:00+00', 'done', '2026-03-06 06:00:05+00', NULL, 2, NULL, '{"closes": 1, "invoice_reference": "SC-1060"}', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-06 06:00:00+00', '2026-03-06 12:00:00+00', '2026-11-23 23:46:44.249037+00'),
	('acme', 7, 3, 'create-sales-credit', 'HW-ea2e292a1d675f336a7d-1', '{}', NULL, NULL, 'parked', '2026-03-07 12:00:00+00', NULL, 1, 'Order 10403 is cancelled in Brightpearl.', NULL, '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-07 12:00:00+00', '2026-03-07 12:00:00+00', '2026-11-23 23:46:44.345054+00'),
	('acme', 8, 4, 'receive-stock', 'HW-876fd7bbfee144344234-2-gf923cee3', '{"unit_keys": ["a648a7dd-0683-4eb9-85b6-e6e307d4bedc"]}', '{"notes": [{"body": {"transfer": false, "goodsMoved": [{"quantity": 1, "productId": 1039, "productValue": {"value": "13.3000", "currency": "GBP"}, "purchaseOrderRowId": 1056, "destinationLocationId": 22}], "receivedOn": "2026-03-11T11:43:56.660+00:00", "warehouseId": 2, "userBatchReference": "HW-876fd7bbfee144344234-2-gf923cee3-1"}, "row_id": 1056, "reference": "HW-876fd7bbfee144344234-2-gf923cee3-1", "unit_keys": ["a648a7dd-0683-4eb9-85b6-e6e307d4bedc"]}], "without_stock": []}', '2026-03-11 12:00:00+00', 'done', '2026-03-11 12:00:00+00', NULL, 1, NULL, '{"notes": [1062]}', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-11 12:00:00+00', '2026-03-11 12:00:00+00', '2026-11-23 23:46:44.564213+00'),
	('acme', 9, 1, 'receive-stock', 'HW-a2cd8a7efde2bd5786dc-1-g11c50def', '{"unit_keys": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"]}', '{"notes": [{"body": {"transfer": false, "goodsMoved": [{"quantity": 1, "productId": 1010, "productValue": {"value": "17.1500", "currency": "GBP"}, "purchaseOrderRowId": 1059, "destinationLocationId": 22}], "receivedOn": "2026-03-16T20:25:23.595+00:00", "warehouseId": 2, "userBatchReference": "HW-a2cd8a7efde2bd5786dc-1-g11c50def-1"}, "row_id": 1059, "reference": "HW-a2cd8a7efde2bd5786dc-1-g11c50def-1", "unit_keys": ["c2ce6f44-7ed4-457b-9e2f-eb89414c343c"]}], "without_stock": []}', '2026-03-17 00:00:00+00', 'done', '2026-03-17 00:00:00+00', NULL, 1, NULL, '{"notes": [1063]}', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-17 00:00:00+00', '2026-03-17 00:00:00+00', '2026-11-23 23:46:44.852238+00'),
	('acme', 10, 5, 'create-sales-credit', 'HW-ceb40b6ec30e5267f7db-1', '{}', '{"net": "62.50", "tax": "12.50", "body": {"ref": "HR5SUBH3", "rows": [{"net": "62.50", "tax": "12.50", "name": "Slim jeans 34", "taxCode": "T20", "quantity": "1", "productId": 1014, "externalRef": "1065", "nominalCode": "4000"}], "taxDate": "2026-04-04T00:00:00.000+01:00", "currency": {"code": "GBP", "exchangeRate": "1.000000", "fixedExchangeRate": false}, "customer": {"id": 604}, "parentId": 1064, "placedOn": "2026-04-04T00:00:00.000+01:00", "channelId": 1, "externalRef": "HW-ceb40b6ec30e5267f7db-1", "priceListId": 1, "warehouseId": 2, "priceModeCode": "INC", "installedIntegrationInstanceId": 11}, "marks": {}, "places": {"e1ea24c4-f934-4c68-966b-aea148beab13": [{"ref": "1065", "quantity": 1, "product_id": null}]}, "currency": "GBP", "evidence": {"match": {"e1ea24c4-f934-4c68-966b-aea148beab13": "line id → row 1065"}, "tax_on": "2026-04-04", "order_id": 1064, "order_digest": "cca315c44bacde4f"}, "order_id": 1064, "map_version": "", "order_digest": "cca315c44bacde4f"}', '2026-04-04 12:00:00+00', 'done', '2026-04-04 12:00:00+00', NULL, 1, NULL, '{"adopted": false, "evidence": {"match": {"e1ea24c4-f934-4c68-966b-aea148beab13": "line id → row 1065"}, "tax_on": "2026-04-04", "order_id": 1064, "order_digest": "cca315c44bacde4f"}, "order_id": 1064, "credit_id": 1069}', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.609327+00'),
	('acme', 11, 5, 'record-refund', 'HW-ceb40b6ec30e5267f7db-1-pay', '{}', '{"body": {"orderId": 1069, "amountPaid": "75.00", "journalRef": "Refund HR5SUBH3", "paymentDate": "2026-04-04T13:00:00.000+01:00", "paymentType": "PAYMENT", "exchangeRate": "1.000000", "transactionRef": "HW-ceb40b6ec30e5267f7db-1-pay", "currencyIsoCode": "GBP", "paymentMethodCode": "SHOPIFY"}}', '2026-04-04 12:00:00+00', 'done', '2026-04-04 12:00:00+00', NULL, 1, NULL, '{"payment_id": 1070}', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', '2026-04-04 12:00:00+00', '2026-11-23 23:46:45.624169+00'),
	('acme', 12, 5, 'close-credit', 'HW-ceb40b6ec30e5267f7db-1-close', '{}', '{"closes": 1, "tax_date": null, "credit_id": 1069}', '2026-04-04 12:00:00+00', 'done', '2026-04-04 12:00:05+00', NULL, 2, NULL, '{"closes": 1, "invoice_reference": "SC-1069"}', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-04 12:00:00+00', '2026-04-04 18:00:00+00', '2026-11-23 23:46:45.624169+00');
INSERT INTO public.returns VALUES
	('acme', 4, 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', 2, 'restocked', 13, '2026-03-11 12:00:00+00', 0, 'HRGPAHQR', '', 1047, 'HW-876fd7bbfee144344234-2', 'HW-876fd7bbfee144344234-2', 1057, 38.00, 0.00, 'GBP', '[{"id": 1056, "net": "38.00", "tax": "0.00", "quantity": "1", "product_id": 1039, "bundle_child": false, "external_ref": "1048", "exchange_rate": "1.000000", "parent_row_id": 0}]', false, 'SC-1057', true, true, 1058, 'HW-876fd7bbfee144344234-2-pay', 38.00, 'GBP', 'SHOPIFY', '', NULL, NULL, NULL, NULL, NULL, NULL, '', '{}', '{}', NULL, '', NULL, '', '4ca737a5af0b307d', '{}', false, '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-04 00:00:00+00', '2026-03-11 12:00:00+00'),
	('acme', 1, '008a05a6-c464-4159-8324-c9859b810e76', '10401', '10401', 1, 'restocked', 14, '2026-03-17 00:00:00+00', 0, 'HRRNGR6N', '', 1043, 'HW-a2cd8a7efde2bd5786dc-1', 'HW-a2cd8a7efde2bd5786dc-1', 1060, 40.83, 8.17, 'GBP', '[{"id": 1059, "net": "40.83", "tax": "8.17", "quantity": "1", "product_id": 1010, "bundle_child": false, "external_ref": "1044", "exchange_rate": "1.000000", "parent_row_id": 0}]', false, 'SC-1060', true, true, 1061, 'HW-a2cd8a7efde2bd5786dc-1-pay', 49.00, 'GBP', 'SHOPIFY', '', NULL, NULL, NULL, NULL, NULL, NULL, '', '{}', '{}', NULL, '', NULL, '', '303621749218b73e', '{}', false, '', '00-9a401c0bf7cad9ab82d9bb1da5e36027-5ffb1a89fc1701ab-01', '2026-03-02 18:00:00+00', '2026-03-17 00:00:00+00'),
	('acme', 3, 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', '10403', 1, 'exception', 13, '2026-03-07 12:00:00+00', 3, 'HRDWZKZ6', '', 1052, 'HW-ea2e292a1d675f336a7d-1', NULL, NULL, NULL, NULL, NULL, NULL, false, '', true, true, NULL, NULL, NULL, NULL, NULL, '', 'order-cancelled', 'customer-service', 'Order 10403 is cancelled in Brightpearl.', '{"verdict": "refuse", "order_id": 1052, "reference": "10403", "status_id": 5, "shipping_status": "ASS", "invoice_reference": ""}', 'credit-pending', NULL, '', '{order:1052}', '{}', NULL, '', NULL, '', '', '{}', false, 'order-cancelled:order=10403', '00-71b74aced593fe01ef7a3a64ae832229-a57caed7922d800a-01', '2026-03-02 18:00:00+00', '2026-03-19 00:00:00+00'),
	('acme', 2, 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '10402', 1, 'closed', 4, '2026-04-01 18:00:00+00', 0, 'HRGPAHQR', '', NULL, 'HW-876fd7bbfee144344234-1', NULL, NULL, NULL, NULL, NULL, NULL, false, '', true, true, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, NULL, NULL, 'expired', '', '{}', '{}', NULL, '', NULL, '', '', '{}', false, '', '00-1adf0606dd486a9faf7b2a18fa7db8f8-79c6cf3d4c7a5cc4-01', '2026-03-02 18:00:00+00', '2026-04-01 18:00:00+00'),
	('acme', 5, '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', '10404', 1, 'credited', 10, '2026-04-04 12:00:00+00', 0, 'HR5SUBH3', '', 1064, 'HW-ceb40b6ec30e5267f7db-1', 'HW-ceb40b6ec30e5267f7db-1', 1069, 62.50, 12.50, 'GBP', '[{"id": 1068, "net": "62.50", "tax": "12.50", "quantity": "1", "product_id": 1014, "bundle_child": false, "external_ref": "1065", "exchange_rate": "1.000000", "parent_row_id": 0}]', false, 'SC-1069', true, true, 1070, 'HW-ceb40b6ec30e5267f7db-1-pay', 75.00, 'GBP', 'SHOPIFY', '', NULL, NULL, NULL, NULL, NULL, NULL, '', '{}', '{}', NULL, '', NULL, '', 'cca315c44bacde4f', '{}', false, '', '00-f62b2604be77b32203302ecb30004a1e-783c9bed8dea96d9-01', '2026-04-01 18:00:00+00', '2026-04-04 18:00:00+00');
INSERT INTO public.schema_version VALUES
	(1, '2026-11-23 23:46:43.832072+00');
INSERT INTO public.unit VALUES
	('acme', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', '10403', 'ec148cb4-8e73-4a47-aa90-a8f0d66b829e', 3, 'ec148cb4-8e73-4a47-aa90-a8f0d66b829e', '881053', 'MCJ33-S', 'HR2450020001', '1ZTEST0000045002', '2026-03-10 00:00:00+00', '2026-03-18 19:17:22.379225+00', 'sellable', NULL, NULL, '{"bag": "HR2450020001", "fee": "0.00", "key": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "sku": "MCJ33-S", "name": "Merino crew jumper S", "hinted": 3, "places": [], "reason": "Arrived late", "barcode": "5000000001003", "tracking": "1ZTEST0000045002", "condition": "sellable", "confirmed": 3, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1003", "approved_at": "2026-03-07T08:13:37Z", "departed_at": "2026-03-10T00:00:00Z", "destination": "wh-main", "goods_in_id": null, "received_at": "2026-03-18T19:17:22.379225Z", "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881053", "happy_item_id": "ec148cb4-8e73-4a47-aa90-a8f0d66b829e", "refund_amount": "68.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-07T08:13:22Z", "refund_currency": "GBP"}'),
	('acme', '008a05a6-c464-4159-8324-c9859b810e76', '10401', 'c2ce6f44-7ed4-457b-9e2f-eb89414c343c', 1, 'c2ce6f44-7ed4-457b-9e2f-eb89414c343c', '881044', 'LS40-XL', 'HR2450010001', '1ZTEST0000045001', '2026-03-08 00:00:00+00', '2026-03-16 20:25:23.595157+00', 'sellable', 1063, NULL, '{"bag": "HR2450010001", "fee": "0.00", "key": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "sku": "LS40-XL", "name": "Linen shirt XL", "hinted": 3, "places": [{"ref": "1044", "quantity": 1, "product_id": null}], "reason": "Damaged", "barcode": "5000000001010", "tracking": "1ZTEST0000045001", "condition": "sellable", "confirmed": 3, "reason_id": "damaged", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1010", "approved_at": "2026-03-06T00:57:51Z", "departed_at": "2026-03-08T00:00:00Z", "destination": "wh-main", "goods_in_id": 1063, "received_at": "2026-03-16T20:25:23.595157Z", "refund_type": "refund", "goods_in_ref": "HW-a2cd8a7efde2bd5786dc-1-g11c50def", "line_item_id": "881044", "happy_item_id": "c2ce6f44-7ed4-457b-9e2f-eb89414c343c", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-06T00:57:36Z", "refund_currency": "GBP"}'),
	('acme', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', '619699cf-e198-4ad9-b06c-144a025b413f', 2, '619699cf-e198-4ad9-b06c-144a025b413f', '881049', 'LS38-M', '', '', NULL, NULL, NULL, NULL, NULL, '{"bag": "", "fee": "0.00", "key": "619699cf-e198-4ad9-b06c-144a025b413f", "sku": "LS38-M", "name": "Linen shirt M", "hinted": 1, "places": [], "reason": "Arrived late", "barcode": "5000000001008", "tracking": "", "condition": null, "confirmed": 1, "reason_id": "arrived-late", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1008", "approved_at": null, "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881049", "happy_item_id": "619699cf-e198-4ad9-b06c-144a025b413f", "refund_amount": "49.00", "dropoff_method": "return-bar", "dropped_off_at": null, "refund_currency": "GBP"}'),
	('acme', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', '10402', 'a648a7dd-0683-4eb9-85b6-e6e307d4bedc', 4, 'a648a7dd-0683-4eb9-85b6-e6e307d4bedc', '881048', 'KRC69-8Y', 'HR2450000001', '1ZTEST0000045000', '2026-03-07 00:00:00+00', '2026-03-11 11:43:56.660809+00', 'sellable', 1062, NULL, '{"bag": "HR2450000001", "fee": "0.00", "key": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "sku": "KRC69-8Y", "name": "Kids'' rain coat 8Y", "hinted": 3, "places": [{"ref": "1048", "quantity": 1, "product_id": null}], "reason": "Not as described", "barcode": "5000000001039", "tracking": "1ZTEST0000045000", "condition": "sellable", "confirmed": 3, "reason_id": "not-as-described", "started_at": "2026-03-02T12:00:01Z", "variant_id": "1039", "approved_at": "2026-03-03T18:00:28Z", "departed_at": "2026-03-07T00:00:00Z", "destination": "wh-main", "goods_in_id": 1062, "received_at": "2026-03-11T11:43:56.660809Z", "refund_type": "refund", "goods_in_ref": "HW-876fd7bbfee144344234-2-gf923cee3", "line_item_id": "881048", "happy_item_id": "a648a7dd-0683-4eb9-85b6-e6e307d4bedc", "refund_amount": "38.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-03-03T18:00:13Z", "refund_currency": "GBP"}'),
	('acme', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', '10404', 'e1ea24c4-f934-4c68-966b-aea148beab13', 5, 'e1ea24c4-f934-4c68-966b-aea148beab13', '881065', 'SJ44-34', '', '', NULL, NULL, NULL, NULL, NULL, '{"bag": "", "fee": "0.00", "key": "e1ea24c4-f934-4c68-966b-aea148beab13", "sku": "SJ44-34", "name": "Slim jeans 34", "hinted": 3, "places": [{"ref": "1065", "quantity": 1, "product_id": null}], "reason": "Damaged", "barcode": "5000000001014", "tracking": "", "condition": null, "confirmed": 3, "reason_id": "damaged", "started_at": "2026-04-01T12:00:01Z", "variant_id": "1014", "approved_at": "2026-04-04T08:01:33Z", "departed_at": null, "destination": "", "goods_in_id": null, "received_at": null, "refund_type": "refund", "goods_in_ref": "", "line_item_id": "881065", "happy_item_id": "e1ea24c4-f934-4c68-966b-aea148beab13", "refund_amount": "75.00", "dropoff_method": "return-bar", "dropped_off_at": "2026-04-04T08:01:18Z", "refund_currency": "GBP"}');
INSERT INTO public.watch VALUES
	('acme', 'return:008a05a6-c464-4159-8324-c9859b810e76', 'return', '008a05a6-c464-4159-8324-c9859b810e76', 'HRRNGR6N', '10401', '', '2026-03-02 18:00:00+00', '2026-04-11 18:00:00+00', '2026-03-08 06:00:00+00', 0, 'a564e5e798f9f42f0b3d953d8ce3632e1b94169af29ef78d817452f883b5a808', NULL),
	('acme', 'order:10401', 'order', '', '', '10401', '', '2026-03-02 18:00:00+00', '2026-04-11 18:00:00+00', '2026-03-22 18:00:00+00', 0, 'a564e5e798f9f42f0b3d953d8ce3632e1b94169af29ef78d817452f883b5a808', NULL),
	('acme', 'order:10402', 'order', '', '', '10402', '', '2026-03-02 18:00:00+00', '2026-04-11 18:00:00+00', '2026-03-22 18:00:00+00', 0, '7c3af7bab7a901601db7b52ec596b61ecfd09baad1b131c306a86cc3e2df9308', NULL),
	('acme', 'order:10403', 'order', '', '', '10403', '', '2026-03-02 18:00:00+00', '2026-04-11 18:00:00+00', '2026-03-22 18:00:00+00', 0, '0c63ceea86cbf1b780fc458c7c9b53f2a66b8368f0d37f58bec760cfc229854d', NULL),
	('acme', 'return:ad45f23d-3b1a-41df-987f-d2803bab6c39', 'return', 'ad45f23d-3b1a-41df-987f-d2803bab6c39', 'HRGPAHQR', '10402', '', '2026-03-02 18:00:00+00', NULL, '2026-04-01 18:00:00+00', 0, '0aa9297115cd935357bd4d4923b174297993cb9deaa36f6b52c6cdcafb7b6eb5', NULL),
	('acme', 'return:efba91fc-8034-48b6-b610-a9f7f9270f4e', 'return', 'efba91fc-8034-48b6-b610-a9f7f9270f4e', 'HRDWZKZ6', '10403', '', '2026-03-02 18:00:00+00', '2026-04-06 12:00:00+00', '2026-04-02 12:00:00+00', 0, '0c63ceea86cbf1b780fc458c7c9b53f2a66b8368f0d37f58bec760cfc229854d', NULL),
	('acme', 'return:5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', 'return', '5dfbd3d1-2c4a-4698-aa2c-a1af6a107b75', 'HR5SUBH3', '10404', '', '2026-04-01 18:00:00+00', '2026-04-06 12:00:00+00', '2026-04-04 12:00:00+00', 0, '8f8da09e52d27af4bcffc667e9e5ead37a8e3549f2b0fe3c2f4a0b6b47643e39', NULL);
SELECT pg_catalog.setval('public.access_log_id_seq', 1, false);
SELECT pg_catalog.setval('public.api_token_id_seq', 1, false);
SELECT pg_catalog.setval('public.batch_id_seq', 1, false);
SELECT pg_catalog.setval('public.books_check_id_seq', 1, false);
SELECT pg_catalog.setval('public.credit_map_id_seq', 1, false);
SELECT pg_catalog.setval('public.delivery_id_seq', 9, true);
SELECT pg_catalog.setval('public.finance_file_id_seq', 1, false);
SELECT pg_catalog.setval('public.inbox_id_seq', 97, true);
SELECT pg_catalog.setval('public.leg_id_seq', 1, false);
SELECT pg_catalog.setval('public.match_decision_id_seq', 1, false);
SELECT pg_catalog.setval('public.match_group_id_seq', 1, false);
SELECT pg_catalog.setval('public.match_run_id_seq', 1, false);
SELECT pg_catalog.setval('public.orphan_event_id_seq', 1, false);
SELECT pg_catalog.setval('public.outbox_id_seq', 12, true);
SELECT pg_catalog.setval('public.period_event_id_seq', 1, false);
SELECT pg_catalog.setval('public.return_id', 5, true);
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
CREATE TRIGGER credit_map_is_append_only BEFORE DELETE OR UPDATE ON public.credit_map FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
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
ALTER TABLE ONLY public.credit_map
    ADD CONSTRAINT credit_map_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.cursor
    ADD CONSTRAINT cursor_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.deadline
    ADD CONSTRAINT deadline_merchant_return_id_fkey FOREIGN KEY (merchant, return_id) REFERENCES public.returns(merchant, id);
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT delivery_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
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
ALTER TABLE ONLY public.unit
    ADD CONSTRAINT unit_merchant_return_id_fkey FOREIGN KEY (merchant, return_id) REFERENCES public.returns(merchant, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.watch
    ADD CONSTRAINT watch_merchant_fkey FOREIGN KEY (merchant) REFERENCES public.merchant(merchant);
ALTER TABLE ONLY public.web_session
    ADD CONSTRAINT web_session_account_fkey FOREIGN KEY (account) REFERENCES public.account(name) ON DELETE CASCADE;
