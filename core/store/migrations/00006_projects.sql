-- +goose Up
-- Projects that were made over the API are not the file's; identity is theirs alone.
ALTER TABLE projects ADD COLUMN editable BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE projects ADD COLUMN identity TEXT NOT NULL DEFAULT '';

-- Keys that others have replaced, and that work until then.
CREATE TABLE old_keys (
    hash       BYTEA  NOT NULL PRIMARY KEY,
    project_id TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    until      BIGINT NOT NULL
);
CREATE INDEX old_keys_project ON old_keys (project_id);

-- +goose Down
DROP TABLE old_keys;
ALTER TABLE projects DROP COLUMN identity;
ALTER TABLE projects DROP COLUMN editable;
