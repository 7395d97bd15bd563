-- Work beside the money: the outbox, bulk grants, the audit trail, the inbox of notices.

-- +goose Up
CREATE TABLE outbox (
    seq     bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_pkey PRIMARY KEY,
    id      uuid        NOT NULL CONSTRAINT outbox_id_key UNIQUE,
    topic   text        NOT NULL,
    at      timestamptz NOT NULL,
    payload json        NOT NULL,
    sent_at timestamptz -- null until it is on a queue; the row goes when it has been worked on
);
CREATE INDEX outbox_to_send ON outbox (seq) WHERE sent_at IS NULL;
-- Parcels live for a moment: compressing them costs more than it saves.
ALTER TABLE outbox ALTER payload SET STORAGE EXTERNAL;

CREATE TABLE batches (
    id         uuid        CONSTRAINT batches_pkey PRIMARY KEY,
    fund       text        NOT NULL CONSTRAINT batches_fund_fkey REFERENCES funds,
    kind       text        NOT NULL CONSTRAINT batches_kind_fkey REFERENCES kinds,
    expires_on date,
    memo       text        NOT NULL DEFAULT '',
    state      text        NOT NULL,
    rows       integer     NOT NULL,
    total      bigint      NOT NULL,
    done       integer     NOT NULL DEFAULT 0,
    granted    bigint      NOT NULL DEFAULT 0,
    refused    integer     NOT NULL DEFAULT 0,
    created_by uuid        NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz,
    CONSTRAINT batches_state_known CHECK (state IN ('running', 'ended')),
    CONSTRAINT batches_counts CHECK (rows >= 0 AND done BETWEEN 0 AND rows AND refused BETWEEN 0 AND done AND granted BETWEEN 0 AND total)
);
CREATE INDEX batches_newest ON batches (created_at, id);

CREATE TABLE batch_rows (
    batch_id  uuid     NOT NULL CONSTRAINT batch_rows_batch_fkey REFERENCES batches,
    no        integer  NOT NULL,
    wallet_id uuid,
    amount    bigint   NOT NULL,
    source    text     NOT NULL DEFAULT '', -- the row as it was handed in, for the list of what came back
    state     text     NOT NULL,
    fault     text     NOT NULL DEFAULT '',
    entry_id  uuid,
    CONSTRAINT batch_rows_pkey PRIMARY KEY (batch_id, no),
    CONSTRAINT batch_rows_state_known CHECK (state IN ('waiting', 'granted', 'refused')),
    CONSTRAINT batch_rows_granted_once CHECK ((state = 'granted') = (entry_id IS NOT NULL)),
    CONSTRAINT batch_rows_refused_for_a_reason CHECK ((state = 'refused') = (fault <> ''))
);
CREATE INDEX batch_rows_waiting ON batch_rows (batch_id, no) WHERE state = 'waiting';
CREATE INDEX batch_rows_refused ON batch_rows (batch_id, no) WHERE state = 'refused';

CREATE TABLE audit_acts (
    id       uuid        CONSTRAINT audit_acts_pkey PRIMARY KEY,
    at       timestamptz NOT NULL,
    actor_id uuid,
    role     text        NOT NULL,
    session  uuid,
    address  text        NOT NULL DEFAULT '',
    request  text        NOT NULL DEFAULT '',
    action   text        NOT NULL,
    target   text        NOT NULL DEFAULT '',
    before   jsonb,
    after    jsonb,
    reason   text        NOT NULL DEFAULT '',
    outcome  text        NOT NULL
);
CREATE INDEX audit_acts_newest ON audit_acts (at DESC, id DESC);
CREATE INDEX audit_acts_of_target ON audit_acts (target, at DESC);
CREATE TRIGGER audit_acts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_acts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The inbox: one row per person and event, whatever is delivered twice (clause 4.3.6).
CREATE TABLE notices (
    user_id  uuid        NOT NULL,
    id       uuid        NOT NULL,
    at       timestamptz NOT NULL,
    topic    text        NOT NULL,
    title    text        NOT NULL,
    body     text        NOT NULL,
    entry_id uuid,
    read_at  timestamptz,
    CONSTRAINT notices_pkey PRIMARY KEY (user_id, id)
);
CREATE INDEX notices_unread ON notices (user_id) WHERE read_at IS NULL;

CREATE TABLE notice_preferences (
    user_id uuid    NOT NULL,
    topic   text    NOT NULL,
    channel text    NOT NULL,
    wanted  boolean NOT NULL,
    CONSTRAINT notice_preferences_pkey PRIMARY KEY (user_id, topic, channel)
);

-- +goose Down
DROP TABLE notice_preferences, notices, audit_acts, batch_rows, batches, outbox;
