-- Indexes for what is looked up in a journal of millions. See adapter/postgres/statements.go.

-- +goose Up
-- What a till took and handed in, so that looking at tills does not read every charge and grant of their fund.
-- Payments are in neither index.
CREATE INDEX postings_out_of_tills ON postings (source_owner, fund, at) INCLUDE (amount) WHERE source_kind = 2;
CREATE INDEX postings_into_tills ON postings (destination_owner, fund, at) WHERE destination_kind = 2;

-- The lines of one entry, so that a receipt or a replay does not read the whole history of a shop.
CREATE INDEX lines_of_entry ON lines (entry_id);

-- +goose Down
DROP INDEX postings_out_of_tills, postings_into_tills, lines_of_entry;
