-- People, their credentials and their codes (QR). See domain/user and domain/access.

-- +goose Up

CREATE TABLE users (
    id          uuid PRIMARY KEY,
    role        text NOT NULL CHECK (role IN ('resident', 'merchant', 'clerk', 'administrator')),
    email       text NOT NULL CHECK (email = lower(btrim(email)) AND length(email) <= 254),
    name        text NOT NULL,
    kana        text NOT NULL,
    birth       date,                                   -- NULL is calendar.Never
    postal_code text NOT NULL CHECK (postal_code ~ '^([0-9]{7})?$'),
    address     text NOT NULL,
    phone       text NOT NULL CHECK (phone ~ '^([0-9]{10,11})?$'),
    category    text NOT NULL,
    employer_id uuid CONSTRAINT users_employer_fkey REFERENCES users (id),
    wallet_id   uuid,                                   -- a clerk's is the merchant's
    search      text NOT NULL,                          -- user.SearchText(u); matched by position(user.SearchKey(text) IN search) > 0
    created_at  timestamptz NOT NULL,
    deleted_at  timestamptz,
    CONSTRAINT users_employer_of_clerks CHECK ((role = 'clerk') = (employer_id IS NOT NULL)),
    CONSTRAINT users_category_of_merchants CHECK ((role = 'merchant') = (category <> '')),
    CONSTRAINT users_wallet_by_role CHECK ((role = 'administrator') = (wallet_id IS NULL))
);
-- 23505 on this one is user.ErrEmailTaken
CREATE UNIQUE INDEX users_email_live ON users (email) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_wallet_owner ON users (wallet_id) WHERE role IN ('resident', 'merchant');
CREATE INDEX users_role_live ON users (role, id) WHERE deleted_at IS NULL;
CREATE INDEX users_postal_live ON users (postal_code text_pattern_ops, id) WHERE deleted_at IS NULL;

CREATE TABLE credentials (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    hash    text NOT NULL CHECK (hash LIKE '$argon2id$%'),
    set_at  timestamptz NOT NULL
);

CREATE TABLE codes (
    token         text PRIMARY KEY CHECK (length(token) = 28),
    purpose       text NOT NULL CHECK (purpose IN ('standing', 'amount', 'presented')),
    owner_id      uuid NOT NULL CONSTRAINT codes_owner_fkey REFERENCES users (id),
    wallet_id     uuid,
    amount        bigint NOT NULL DEFAULT 0 CHECK (amount >= 0),
    amount_max    bigint NOT NULL DEFAULT 0 CHECK (amount_max >= 0),
    issued_at     timestamptz NOT NULL,
    expires_at    timestamptz,
    revoked_at    timestamptz,
    used_by       uuid,                                 -- the entry that consumed it; written by the ledger
    print_version integer NOT NULL DEFAULT 0,
    CONSTRAINT codes_amount_of_amount_codes CHECK ((purpose = 'amount') = (amount > 0)),
    CONSTRAINT codes_standing_is_not_used CHECK (purpose <> 'standing' OR (used_by IS NULL AND expires_at IS NULL)),
    CONSTRAINT codes_one_time_expires CHECK (purpose = 'standing' OR expires_at > issued_at),
    CONSTRAINT codes_one_time_has_wallet CHECK (purpose = 'standing' OR wallet_id IS NOT NULL),
    CONSTRAINT codes_print_version_of_standing CHECK ((purpose = 'standing') = (print_version > 0))
) WITH (fillfactor = 80);
-- 23505 on this one is user.ErrCodeStanding
CREATE UNIQUE INDEX codes_standing_live ON codes (owner_id) WHERE purpose = 'standing' AND revoked_at IS NULL;
CREATE UNIQUE INDEX codes_print_version ON codes (owner_id, print_version) WHERE purpose = 'standing';
CREATE INDEX codes_one_time_expired ON codes (expires_at) WHERE purpose <> 'standing' AND used_by IS NULL;  -- to clear them away


-- +goose Down
DROP TABLE codes, credentials, users;
