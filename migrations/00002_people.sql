-- People, their credentials and their codes (QR). See domain/user and domain/access.
-- The wallets that users and codes name are the ledger's: no foreign key ties the two, so that either can be moved.

-- +goose Up
CREATE TABLE users (
    id          uuid        CONSTRAINT users_pkey PRIMARY KEY,
    role        text        NOT NULL,
    email       text        NOT NULL,
    name        text        NOT NULL,
    kana        text        NOT NULL,
    birth       date,                 -- null is calendar.Never
    postal_code text        NOT NULL,
    address     text        NOT NULL,
    phone       text        NOT NULL,
    category    text        NOT NULL,
    employer_id uuid        CONSTRAINT users_employer_fkey REFERENCES users,
    wallet_id   uuid,                 -- a clerk's is the merchant's
    search      text        NOT NULL, -- user.SearchText; what is looked for in it is folded by user.SearchKey
    created_at  timestamptz NOT NULL,
    deleted_at  timestamptz,
    CONSTRAINT users_role_known CHECK (role IN ('resident', 'merchant', 'clerk', 'administrator')),
    CONSTRAINT users_email_folded CHECK (email = lower(btrim(email)) AND length(email) <= 254),
    CONSTRAINT users_postal_code_well_formed CHECK (postal_code ~ '^([0-9]{7})?$'),
    CONSTRAINT users_phone_well_formed CHECK (phone ~ '^([0-9]{10,11})?$'),
    CONSTRAINT users_employer_of_clerks CHECK ((role = 'clerk') = (employer_id IS NOT NULL)),
    CONSTRAINT users_category_of_merchants CHECK ((role = 'merchant') = (category <> '')),
    CONSTRAINT users_wallet_by_role CHECK ((role = 'administrator') = (wallet_id IS NULL))
);
-- An address is one person's as long as that person is not deleted (clause 3.1.2).
CREATE UNIQUE INDEX users_live_email_key ON users (email) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_own_wallet_key ON users (wallet_id) WHERE role IN ('resident', 'merchant');
CREATE INDEX users_live_by_role ON users (role, id) WHERE deleted_at IS NULL;
CREATE INDEX users_live_by_postal_code ON users (postal_code text_pattern_ops, id) WHERE deleted_at IS NULL;

CREATE TABLE credentials (
    user_id uuid        CONSTRAINT credentials_pkey PRIMARY KEY CONSTRAINT credentials_user_fkey REFERENCES users,
    hash    text        NOT NULL,
    set_at  timestamptz NOT NULL,
    CONSTRAINT credentials_hash_is_argon2id CHECK (hash LIKE '$argon2id$%')
);

CREATE TABLE codes (
    token         text        CONSTRAINT codes_pkey PRIMARY KEY,
    purpose       text        NOT NULL,
    owner_id      uuid        NOT NULL CONSTRAINT codes_owner_fkey REFERENCES users,
    wallet_id     uuid,
    amount        bigint      NOT NULL DEFAULT 0,
    amount_max    bigint      NOT NULL DEFAULT 0,
    issued_at     timestamptz NOT NULL,
    expires_at    timestamptz,
    revoked_at    timestamptz,
    used_by       uuid,       -- the entry that consumed it, written by the ledger in the payment's own transaction
    print_version integer     NOT NULL DEFAULT 0,
    CONSTRAINT codes_token_well_formed CHECK (length(token) = 28),
    CONSTRAINT codes_purpose_known CHECK (purpose IN ('standing', 'amount', 'presented')),
    CONSTRAINT codes_amount_of_amount_codes CHECK (CASE WHEN purpose = 'amount' THEN amount > 0 ELSE amount = 0 END),
    CONSTRAINT codes_amount_max_not_negative CHECK (amount_max >= 0),
    CONSTRAINT codes_standing_is_not_used CHECK (purpose <> 'standing' OR used_by IS NULL AND expires_at IS NULL),
    CONSTRAINT codes_one_time_expires CHECK (purpose = 'standing' OR expires_at IS NOT NULL AND expires_at > issued_at),
    CONSTRAINT codes_one_time_has_wallet CHECK (purpose = 'standing' OR wallet_id IS NOT NULL),
    CONSTRAINT codes_print_version_of_standing CHECK (CASE WHEN purpose = 'standing' THEN print_version > 0 ELSE print_version = 0 END)
) WITH (fillfactor = 80);
-- Every user has one live standing code (clause 3.1.6).
CREATE UNIQUE INDEX codes_live_standing_key ON codes (owner_id) WHERE purpose = 'standing' AND revoked_at IS NULL;
CREATE UNIQUE INDEX codes_print_version_key ON codes (owner_id, print_version) WHERE purpose = 'standing';
CREATE INDEX codes_unused_by_expiry ON codes (expires_at) WHERE purpose <> 'standing' AND used_by IS NULL; -- to clear them away

-- +goose Down
DROP TABLE codes, credentials, users;
