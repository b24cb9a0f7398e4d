-- +goose Up
-- What a visitor who is signed in only says of themselves.
ALTER TABLE visitors ADD COLUMN claimed TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE visitors DROP COLUMN claimed;
