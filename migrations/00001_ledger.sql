-- The ledger: funds, kinds, rules, wallets, lots, pots, and the journal. See domain/ledger.
-- Amounts are points (1 pt = 1 yen). Cash pots (bank, till) carry their balance with the opposite sign.

-- +goose Up
CREATE TABLE funds (
    code       text        CONSTRAINT funds_pkey PRIMARY KEY,
    name       text        NOT NULL,
    note       text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    closed_at  timestamptz,
    version    integer     NOT NULL DEFAULT 1,
    CONSTRAINT funds_code_well_formed CHECK (code ~ '^[a-z][a-z0-9-]{1,19}$')
);

CREATE TABLE kinds (
    code                text    CONSTRAINT kinds_pkey PRIMARY KEY,
    name                text    NOT NULL,
    rank                integer NOT NULL,
    valid_months        integer NOT NULL DEFAULT 0,
    valid_days          integer NOT NULL DEFAULT 0,
    valid_until         date,
    valid_year_ends     integer NOT NULL DEFAULT 0,
    cleared_at_merchant boolean NOT NULL,
    transferable        boolean NOT NULL,
    retired_on          date    NOT NULL DEFAULT '9999-12-31',
    CONSTRAINT kinds_code_well_formed CHECK (code ~ '^[a-z][a-z0-9-]{1,19}$'),
    CONSTRAINT kinds_one_validity CHECK (num_nonnulls(nullif(valid_months, 0), nullif(valid_days, 0), valid_until, nullif(valid_year_ends, 0)) <= 1)
);

-- Every change of rules or kinds makes the next version; units of work compare versions to know theirs is current.
CREATE TABLE rules (
    version       bigint      CONSTRAINT rules_pkey PRIMARY KEY,
    precedence    text[]      NOT NULL,
    settings      jsonb       NOT NULL,
    decided_by    uuid,
    decided_at    timestamptz NOT NULL,
    reason        text        NOT NULL DEFAULT ''
);

CREATE TABLE wallets (
    id         uuid        CONSTRAINT wallets_pkey PRIMARY KEY,
    owner_id   uuid        NOT NULL CONSTRAINT wallets_owner_key UNIQUE,
    role       smallint    NOT NULL,
    closed     boolean     NOT NULL DEFAULT false,
    balance    bigint      NOT NULL DEFAULT 0,
    lines      bigint      NOT NULL DEFAULT 0,
    sent_month integer     NOT NULL DEFAULT 0,
    sent       bigint      NOT NULL DEFAULT 0,
    opened_at  timestamptz NOT NULL,
    CONSTRAINT wallets_balance_not_negative CHECK (balance >= 0),
    CONSTRAINT wallets_role_known CHECK (role IN (1, 2))
) WITH (fillfactor = 50);

-- open is generated so that the partial indexes below do not hinder heap-only updates while a lot stays open.
CREATE TABLE lots (
    id         uuid        CONSTRAINT lots_pkey PRIMARY KEY,
    wallet_id  uuid        NOT NULL,
    kind       text        NOT NULL,
    fund       text        NOT NULL,
    expires_on date        NOT NULL,
    hops       integer     NOT NULL,
    paid       boolean     NOT NULL,
    remaining  bigint      NOT NULL,
    since      timestamptz NOT NULL,
    open       boolean     GENERATED ALWAYS AS (remaining > 0) STORED,
    CONSTRAINT lots_remaining_not_negative CHECK (remaining >= 0),
    CONSTRAINT lots_hops_not_negative CHECK (hops >= 0)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX lots_open_key ON lots (wallet_id, kind, fund, expires_on, hops, paid) WHERE open;
CREATE INDEX lots_open_by_expiry ON lots (expires_on, wallet_id) WHERE open;

CREATE TABLE pots (
    kind    smallint NOT NULL,
    owner   uuid     NOT NULL,
    fund    text     NOT NULL CONSTRAINT pots_fund_fkey REFERENCES funds,
    balance bigint   NOT NULL DEFAULT 0,
    CONSTRAINT pots_pkey PRIMARY KEY (kind, owner, fund),
    CONSTRAINT pots_kind_known CHECK (kind IN (1, 2, 3, 4, 6)),
    CONSTRAINT pots_never_overdrawn CHECK (CASE WHEN kind IN (1, 2) THEN balance <= 0 ELSE balance >= 0 END)
) WITH (fillfactor = 50);

CREATE TABLE entries (
    id       uuid        CONSTRAINT entries_pkey PRIMARY KEY,
    seq      bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT entries_seq_key UNIQUE,
    type     smallint    NOT NULL,
    at       timestamptz NOT NULL,
    actor_id uuid,
    batch_id uuid,
    memo     text        NOT NULL DEFAULT '',
    CONSTRAINT entries_type_known CHECK (type BETWEEN 1 AND 10)
);
CREATE INDEX entries_of_batch ON entries (batch_id) WHERE batch_id IS NOT NULL;

CREATE TABLE postings (
    entry_id          uuid        NOT NULL,
    no                smallint    NOT NULL,
    at                timestamptz NOT NULL,
    fund              text        NOT NULL,
    source_kind       smallint    NOT NULL,
    source_owner      uuid        NOT NULL,
    source_lot        uuid,
    destination_kind  smallint    NOT NULL,
    destination_owner uuid        NOT NULL,
    destination_lot   uuid,
    kind              text,
    expires_on        date,
    hops              integer,
    paid              boolean,
    amount            bigint      NOT NULL,
    CONSTRAINT postings_pkey PRIMARY KEY (entry_id, no),
    CONSTRAINT postings_amount_positive CHECK (amount > 0),
    CONSTRAINT postings_two_sides CHECK ((source_kind, source_owner) <> (destination_kind, destination_owner)),
    CONSTRAINT postings_lots_only_in_wallets CHECK (
        (source_kind = 5) = (source_lot IS NOT NULL) AND (destination_kind = 5) = (destination_lot IS NOT NULL)
        AND (source_kind = 5 OR destination_kind = 5) = (kind IS NOT NULL))
);
CREATE INDEX postings_of_pots ON postings (fund, at) WHERE source_kind <> 5 OR destination_kind <> 5;
CREATE INDEX postings_into_lot ON postings (destination_lot, at) WHERE destination_lot IS NOT NULL;

CREATE TABLE lines (
    wallet_id         uuid        NOT NULL,
    no                bigint      NOT NULL,
    entry_id          uuid        NOT NULL,
    type              smallint    NOT NULL,
    at                timestamptz NOT NULL,
    delta             bigint      NOT NULL,
    balance           bigint      NOT NULL,
    counterpart_kind  smallint    NOT NULL,
    counterpart_owner uuid        NOT NULL,
    memo              text        NOT NULL DEFAULT '',
    CONSTRAINT lines_pkey PRIMARY KEY (wallet_id, no),
    CONSTRAINT lines_delta_not_zero CHECK (delta <> 0),
    CONSTRAINT lines_balance_not_negative CHECK (balance >= 0)
);

CREATE TABLE idempotency_keys (
    actor_id uuid  NOT NULL,
    key      text  NOT NULL,
    hash     bytea NOT NULL,
    result   uuid  NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (actor_id, key)
);

-- A block of the journal, sealed: hash covers the former seal's hash and every entry from first_seq to last_seq.
CREATE TABLE seals (
    no         bigint      CONSTRAINT seals_pkey PRIMARY KEY,
    first_seq  bigint      NOT NULL,
    last_seq   bigint      NOT NULL,
    entries    bigint      NOT NULL,
    previous   bytea       NOT NULL,
    hash       bytea       NOT NULL,
    signature  bytea       NOT NULL,
    sealed_at  timestamptz NOT NULL,
    CONSTRAINT seals_range CHECK (first_seq <= last_seq)
);

-- What is written once stays: corrections are further entries (clause 4.6.1).
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER postings_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON postings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER lines_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER idempotency_keys_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON idempotency_keys FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER seals_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON seals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rules_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON rules FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Inside every transaction: a wallet's balance is the sum of its lots. Lots are written before their wallets.
-- +goose StatementBegin
CREATE FUNCTION balances_equal_lots() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong uuid;
BEGIN
    SELECT c.id INTO wrong FROM changed c
    WHERE c.balance <> (SELECT coalesce(sum(l.remaining), 0) FROM lots l WHERE l.wallet_id = c.id AND l.open) LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'balance of wallet % differs from its lots', wrong USING ERRCODE = 'check_violation', CONSTRAINT = 'wallets_balance_equals_lots';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER wallets_balance_equals_lots AFTER UPDATE ON wallets REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION balances_equal_lots();

-- +goose Down
DROP TABLE seals, idempotency_keys, lines, postings, entries, pots, lots, wallets, rules, kinds, funds;
DROP FUNCTION refuse_change, balances_equal_lots;
