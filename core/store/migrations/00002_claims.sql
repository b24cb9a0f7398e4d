-- +goose Up
-- Which operator has claimed a session; a name that is empty: nobody has.
ALTER TABLE sessions ADD COLUMN claimed_id   TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN claimed_name TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE sessions DROP COLUMN claimed_name;
ALTER TABLE sessions DROP COLUMN claimed_id;
