-- +goose Up
-- The newest links of a thread are found without reading all of them.
CREATE INDEX links_newest ON links (bridge, thread, length(external_id), external_id COLLATE BYTEWISE);

-- +goose Down
DROP INDEX links_newest;
