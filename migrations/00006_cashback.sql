-- Cashback and corrections. See domain/cashback and domain/ledger.

-- +goose Up
ALTER TABLE kinds ADD COLUMN earns boolean NOT NULL DEFAULT true, ADD COLUMN premium boolean NOT NULL DEFAULT false;

-- What kind of shop a wallet belongs to, so that the paying path need not ask the directory.
ALTER TABLE wallets ADD COLUMN category text NOT NULL DEFAULT '';
UPDATE wallets SET category = u.category FROM users u WHERE u.wallet_id = wallets.id AND u.role = 'merchant' AND u.category <> '';

ALTER TABLE entries DROP CONSTRAINT entries_type_known, ADD CONSTRAINT entries_type_known CHECK (type BETWEEN 1 AND 19);
ALTER TABLE entries ADD COLUMN corrects_id uuid;
ALTER TABLE entries ADD CONSTRAINT entries_corrects_by_type CHECK ((type IN (12, 16, 17)) = (corrects_id IS NOT NULL));
CREATE INDEX entries_correcting ON entries (corrects_id) WHERE corrects_id IS NOT NULL;
-- An entry is reversed once.
CREATE UNIQUE INDEX entries_reversed_once ON entries (corrects_id) WHERE type IN (12, 16);

ALTER TABLE pots DROP CONSTRAINT pots_kind_known, DROP CONSTRAINT pots_never_overdrawn;
ALTER TABLE pots ADD CONSTRAINT pots_kind_known CHECK (kind IN (1, 2, 3, 4, 6, 7)),
    ADD CONSTRAINT pots_never_overdrawn CHECK (CASE WHEN kind IN (1, 2, 7) THEN balance <= 0 ELSE balance >= 0 END);

-- What a line's entry returned at once: a payment may return all of itself, and a correction may net to nothing.
ALTER TABLE lines ADD COLUMN cashback bigint NOT NULL DEFAULT 0, DROP CONSTRAINT lines_delta_not_zero;
ALTER TABLE lines ADD CONSTRAINT lines_delta_not_zero CHECK (delta <> 0 OR cashback > 0 OR type IN (16, 17)),
    ADD CONSTRAINT lines_cashback_of_payments CHECK (cashback = 0 OR cashback > 0 AND type = 8);

CREATE INDEX postings_of_receivables ON postings (fund, at) WHERE source_kind = 7 OR destination_kind = 7;

-- How much of an entry each correction undid.
CREATE TABLE corrections (
    entry_id    uuid   CONSTRAINT corrections_pkey PRIMARY KEY,
    original_id uuid   NOT NULL,
    amount      bigint NOT NULL,
    receivable  bigint NOT NULL DEFAULT 0,
    CONSTRAINT corrections_amount CHECK (amount > 0 AND receivable >= 0)
);
CREATE INDEX corrections_of_original ON corrections (original_id);
CREATE TRIGGER corrections_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON corrections FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One row: units compare it with the version of the offers that they know.
CREATE TABLE offers (
    version bigint NOT NULL
);
INSERT INTO offers VALUES (0);

CREATE TABLE programmes (
    id          uuid        CONSTRAINT programmes_pkey PRIMARY KEY,
    merchant_id uuid        NOT NULL,
    name        text        NOT NULL,
    terms       jsonb       NOT NULL,
    from_on     date        NOT NULL,
    until_on    date        NOT NULL,
    created_by  uuid        NOT NULL,
    created_at  timestamptz NOT NULL,
    version     bigint      NOT NULL DEFAULT 1,
    CONSTRAINT programmes_span CHECK (from_on <= until_on)
);
CREATE INDEX programmes_of_merchant ON programmes (merchant_id, from_on);
CREATE INDEX programmes_by_end ON programmes (until_on);

CREATE TABLE campaigns (
    id          uuid        CONSTRAINT campaigns_pkey PRIMARY KEY,
    merchant_id uuid,
    name        text        NOT NULL,
    note        text        NOT NULL DEFAULT '',
    terms       jsonb       NOT NULL,
    from_on     date        NOT NULL,
    until_on    date        NOT NULL,
    weekdays    smallint[]  NOT NULL DEFAULT '{}',
    hour_from   integer     NOT NULL DEFAULT 0,
    hour_until  integer     NOT NULL DEFAULT 0,
    merchants   uuid[]      NOT NULL DEFAULT '{}',
    categories  text[]      NOT NULL DEFAULT '{}',
    fund        text        NOT NULL CONSTRAINT campaigns_fund_fkey REFERENCES funds,
    budget      bigint      NOT NULL,
    accrued     bigint      NOT NULL DEFAULT 0,
    state       text        NOT NULL,
    ended_early boolean     NOT NULL DEFAULT false,
    created_by  uuid        NOT NULL,
    created_at  timestamptz NOT NULL,
    opened_by   uuid,
    opened_at   timestamptz,
    ended_at    timestamptz,
    version     bigint      NOT NULL DEFAULT 1,
    CONSTRAINT campaigns_span CHECK (from_on <= until_on),
    CONSTRAINT campaigns_budget_kept CHECK (budget > 0 AND accrued BETWEEN 0 AND budget),
    CONSTRAINT campaigns_state_known CHECK (state IN ('draft', 'open', 'ended', 'paying', 'paid', 'dropped'))
) WITH (fillfactor = 50);
CREATE INDEX campaigns_live ON campaigns (id) WHERE state IN ('open', 'ended', 'paying');
CREATE INDEX campaigns_newest ON campaigns (created_at, id);

-- What each payment earned of each offer, and in rows of corrections what was taken back.
CREATE TABLE awards (
    payment_id uuid        NOT NULL,
    entry_id   uuid        NOT NULL,
    offer_id   uuid        NOT NULL,
    wallet_id  uuid        NOT NULL,
    shop_id    uuid        NOT NULL,
    at         timestamptz NOT NULL,
    campaign   boolean     NOT NULL,
    base       bigint      NOT NULL,
    earned     bigint      NOT NULL,
    amount     bigint      NOT NULL,
    cut        text        NOT NULL DEFAULT '',
    CONSTRAINT awards_pkey PRIMARY KEY (payment_id, offer_id, entry_id)
);
CREATE INDEX awards_accrued ON awards (offer_id, wallet_id) INCLUDE (amount) WHERE campaign AND amount <> 0;
CREATE TRIGGER awards_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON awards FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What people have had of offers with a cap per person. The wallet's lock is the lock of its shares.
CREATE TABLE shares (
    wallet_id uuid   NOT NULL,
    offer_id  uuid   NOT NULL,
    amount    bigint NOT NULL,
    CONSTRAINT shares_pkey PRIMARY KEY (wallet_id, offer_id),
    CONSTRAINT shares_not_negative CHECK (amount >= 0)
) WITH (fillfactor = 50);

-- +goose Down
DROP INDEX postings_of_receivables;
DROP TABLE shares, awards, campaigns, programmes, offers, corrections;
ALTER TABLE lines DROP CONSTRAINT lines_cashback_of_payments, DROP CONSTRAINT lines_delta_not_zero, DROP COLUMN cashback;
ALTER TABLE lines ADD CONSTRAINT lines_delta_not_zero CHECK (delta <> 0);
ALTER TABLE pots DROP CONSTRAINT pots_kind_known, DROP CONSTRAINT pots_never_overdrawn;
ALTER TABLE pots ADD CONSTRAINT pots_kind_known CHECK (kind IN (1, 2, 3, 4, 6)),
    ADD CONSTRAINT pots_never_overdrawn CHECK (CASE WHEN kind IN (1, 2) THEN balance <= 0 ELSE balance >= 0 END);
ALTER TABLE entries DROP COLUMN corrects_id, DROP CONSTRAINT entries_type_known, ADD CONSTRAINT entries_type_known CHECK (type BETWEEN 1 AND 10);
ALTER TABLE wallets DROP COLUMN category;
ALTER TABLE kinds DROP COLUMN earns, DROP COLUMN premium;
