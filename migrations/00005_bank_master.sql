-- The lists of banks and branches that administrators brought in. The newest row is in force; the others stay, so that
-- it can be told which list a transfer file was checked against. See domain/bank.

-- +goose Up
CREATE TABLE bank_masters (
    version     bigint      CONSTRAINT bank_masters_pkey PRIMARY KEY,
    as_of       date        NOT NULL,
    source      text        NOT NULL,
    sha256      text        NOT NULL, -- of the canonical form
    data        bytea       NOT NULL, -- the canonical form, compressed
    replaced_by uuid        NOT NULL,
    replaced_at timestamptz NOT NULL,
    CONSTRAINT bank_masters_version_positive CHECK (version > 0),
    CONSTRAINT bank_masters_source_given CHECK (source <> ''),
    CONSTRAINT bank_masters_sha256_well_formed CHECK (sha256 ~ '^[0-9a-f]{64}$')
);
-- The data are compressed already.
ALTER TABLE bank_masters ALTER data SET STORAGE EXTERNAL;
CREATE TRIGGER bank_masters_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_masters FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE bank_masters;
