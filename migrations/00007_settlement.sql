-- Settlement: periods, statements, claims, payouts, bank files, accounts; and requests that wait for a second person.
-- See domain/settlement and domain/approval.

-- +goose Up
CREATE TABLE periods (
    id         uuid        CONSTRAINT periods_pkey PRIMARY KEY,
    name       text        NOT NULL,
    from_on    date        NOT NULL,
    until_on   date        NOT NULL,
    first_seq  bigint      NOT NULL DEFAULT 0,
    last_seq   bigint      NOT NULL DEFAULT 0,
    closed     boolean     NOT NULL DEFAULT false,
    closed_by  uuid,
    closed_at  timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT periods_span CHECK (from_on <= until_on),
    CONSTRAINT periods_from_key UNIQUE (from_on),
    CONSTRAINT periods_closed_by_somebody CHECK (closed = (closed_at IS NOT NULL))
);

-- Never changed, and recomputable from the journal.
CREATE TABLE statements (
    period_id    uuid   NOT NULL CONSTRAINT statements_period_fkey REFERENCES periods,
    merchant_id  uuid   NOT NULL,
    first_line   bigint NOT NULL,
    last_line    bigint NOT NULL,
    payments     bigint NOT NULL,
    carried_over bigint NOT NULL,
    received     bigint NOT NULL,
    returned     bigint NOT NULL,
    granted      bigint NOT NULL,
    spent        bigint NOT NULL,
    corrected    bigint NOT NULL,
    lapsed       bigint NOT NULL,
    claimed      bigint NOT NULL,
    owed         bigint NOT NULL,
    due          bigint NOT NULL,
    hash         bytea  NOT NULL,
    CONSTRAINT statements_pkey PRIMARY KEY (period_id, merchant_id),
    CONSTRAINT statements_add_up CHECK (due = carried_over + received - returned + granted - spent + corrected - lapsed - claimed - owed)
);
CREATE INDEX statements_of_merchant ON statements (merchant_id);
CREATE TRIGGER statements_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON statements FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What a merchant has claimed since a closing, what a wallet was adjusted by, and what was booked as owed: a few among the millions of their tables.
CREATE INDEX lines_of_claims ON lines (wallet_id) WHERE type IN (11, 12);
CREATE INDEX lines_of_adjustments ON lines (wallet_id, at) WHERE type = 18;
CREATE INDEX postings_of_debts ON postings (entry_id) WHERE source_kind = 7 OR destination_kind = 7;

CREATE TABLE claims (
    id           uuid        CONSTRAINT claims_pkey PRIMARY KEY,
    no           bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT claims_no_key UNIQUE,
    period_id    uuid        NOT NULL CONSTRAINT claims_period_fkey REFERENCES periods,
    merchant_id  uuid        NOT NULL,
    amount       bigint      NOT NULL,
    state        text        NOT NULL,
    entry_id     uuid,
    parts        jsonb       NOT NULL DEFAULT '[]',
    offsets      jsonb       NOT NULL DEFAULT '[]',
    claimed_by   uuid,
    claimed_at   timestamptz,
    confirmed_by uuid,
    confirmed_at timestamptz,
    approved_by  uuid,
    approved_at  timestamptz,
    ended_at     timestamptz,
    reason       text        NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL,
    version      bigint      NOT NULL DEFAULT 1,
    CONSTRAINT claims_amount_positive CHECK (amount > 0),
    CONSTRAINT claims_state_known CHECK (state IN ('draft', 'claimed', 'confirmed', 'approved', 'exported', 'paid', 'returned', 'corrected', 'withdrawn', 'refused', 'superseded')),
    CONSTRAINT claims_moved_points CHECK ((state IN ('draft', 'superseded')) = (entry_id IS NULL)),
    CONSTRAINT claims_two_people CHECK (approved_by IS NULL OR approved_by <> confirmed_by)
);
CREATE UNIQUE INDEX claims_one_draft ON claims (merchant_id) WHERE state = 'draft';
CREATE INDEX claims_of_merchant ON claims (merchant_id, id);
CREATE INDEX claims_of_period ON claims (period_id, id);
CREATE INDEX claims_by_state ON claims (state, id);

CREATE TABLE bank_accounts (
    id          uuid        CONSTRAINT bank_accounts_pkey PRIMARY KEY,
    merchant_id uuid        NOT NULL,
    sealed      bytea       NOT NULL,
    bank        text        NOT NULL,
    branch      text        NOT NULL,
    masked      text        NOT NULL,
    state       text        NOT NULL,
    proposed_by uuid        NOT NULL,
    proposed_at timestamptz NOT NULL,
    decided_by  uuid,
    decided_at  timestamptz,
    reason      text        NOT NULL DEFAULT '',
    version     bigint      NOT NULL DEFAULT 1,
    CONSTRAINT bank_accounts_state_known CHECK (state IN ('proposed', 'active', 'replaced', 'declined')),
    CONSTRAINT bank_accounts_two_people CHECK (decided_by IS NULL OR decided_by <> proposed_by)
);
CREATE UNIQUE INDEX bank_accounts_one_active ON bank_accounts (merchant_id) WHERE state = 'active';
CREATE UNIQUE INDEX bank_accounts_one_proposed ON bank_accounts (merchant_id) WHERE state = 'proposed';
CREATE INDEX bank_accounts_of_merchant ON bank_accounts (merchant_id, id);

CREATE TABLE bank_files (
    id         uuid        CONSTRAINT bank_files_pkey PRIMARY KEY,
    no         integer     NOT NULL,
    name       text        NOT NULL,
    format     text        NOT NULL,
    date       date        NOT NULL,
    count      integer     NOT NULL,
    total      bigint      NOT NULL,
    sha256     bytea       NOT NULL,
    sealed     bytea       NOT NULL,
    state      text        NOT NULL,
    replaces   uuid        CONSTRAINT bank_files_replaces_fkey REFERENCES bank_files,
    made_by    uuid        NOT NULL,
    made_at    timestamptz NOT NULL,
    taken_by   uuid,                 -- who was the first to get the content
    taken_at   timestamptz,
    sent_by    uuid,
    sent_at    timestamptz,
    version    bigint      NOT NULL DEFAULT 1,
    CONSTRAINT bank_files_no_key UNIQUE (date, no),
    CONSTRAINT bank_files_replaced_once UNIQUE (replaces),
    CONSTRAINT bank_files_state_known CHECK (state IN ('made', 'sent', 'voided'))
);

CREATE TABLE payouts (
    id           uuid    CONSTRAINT payouts_pkey PRIMARY KEY,
    claim_id     uuid    NOT NULL CONSTRAINT payouts_claim_fkey REFERENCES claims,
    merchant_id  uuid    NOT NULL,
    attempt      integer NOT NULL,
    file_id      uuid    NOT NULL CONSTRAINT payouts_file_fkey REFERENCES bank_files,
    record       integer NOT NULL,
    account_id   uuid    NOT NULL CONSTRAINT payouts_account_fkey REFERENCES bank_accounts,
    amount       bigint  NOT NULL,
    fee          bigint  NOT NULL,
    bearer       text    NOT NULL,
    transfer     bigint  NOT NULL,
    new_code     smallint NOT NULL,
    reference    text    NOT NULL,
    state        text    NOT NULL,
    entry_id     uuid,
    return_entry uuid,
    paid_on      date,
    returned_on  date,
    reason       text    NOT NULL DEFAULT '',
    version      bigint  NOT NULL DEFAULT 1,
    CONSTRAINT payouts_record_key UNIQUE (file_id, record),
    CONSTRAINT payouts_transfer_positive CHECK (transfer >= 1 AND transfer <= amount),
    CONSTRAINT payouts_state_known CHECK (state IN ('exported', 'paid', 'returned', 'voided'))
);
-- A claim is on its way to the bank, or paid, at most once.
CREATE UNIQUE INDEX payouts_one_live ON payouts (claim_id) WHERE state IN ('exported', 'paid');
CREATE INDEX payouts_of_claim ON payouts (claim_id, id);
CREATE INDEX payouts_of_merchant ON payouts (merchant_id, id);

CREATE TABLE settlement_settings (
    version    bigint      CONSTRAINT settlement_settings_pkey PRIMARY KEY,
    settings   jsonb       NOT NULL,
    sealed     bytea,               -- the originator's account
    decided_by uuid,
    decided_at timestamptz NOT NULL,
    reason     text        NOT NULL DEFAULT ''
);
CREATE TRIGGER settlement_settings_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_settings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE approval_requests (
    id           uuid        CONSTRAINT approval_requests_pkey PRIMARY KEY,
    action       text        NOT NULL,
    subject      text        NOT NULL,
    summary      text        NOT NULL,
    payload      bytea       NOT NULL,
    reason       text        NOT NULL DEFAULT '',
    requested_by uuid        NOT NULL,
    requested_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    state        text        NOT NULL,
    decided_by   uuid,
    decided_at   timestamptz,
    note         text        NOT NULL DEFAULT '',
    result       uuid,
    version      bigint      NOT NULL DEFAULT 1,
    CONSTRAINT approval_requests_state_known CHECK (state IN ('waiting', 'approved', 'refused', 'withdrawn', 'expired')),
    CONSTRAINT approval_requests_two_people CHECK (state NOT IN ('approved', 'refused') OR decided_by <> requested_by)
);
CREATE INDEX approval_requests_newest ON approval_requests (requested_at, id);
CREATE INDEX approval_requests_waiting ON approval_requests (subject) WHERE state = 'waiting';

-- Reports that are frozen: the figures of a day, as they were counted, with their hash.
CREATE TABLE frozen_reports (
    kind     text        NOT NULL,
    day      date        NOT NULL,
    last_seq bigint      NOT NULL,
    content  json        NOT NULL, -- byte for byte as it was hashed
    sha256   bytea       NOT NULL,
    made_by  uuid,
    made_at  timestamptz NOT NULL,
    CONSTRAINT frozen_reports_pkey PRIMARY KEY (kind, day)
);
CREATE TRIGGER frozen_reports_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON frozen_reports FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP INDEX lines_of_claims, lines_of_adjustments, postings_of_debts;
DROP TABLE frozen_reports, approval_requests, settlement_settings, payouts, bank_files, bank_accounts, claims, statements, periods;
