-- +goose Up
-- Who signs in to the admin's pages, and not to those of operators.
ALTER TABLE operators ADD COLUMN admin BOOLEAN NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE operators DROP COLUMN admin;
