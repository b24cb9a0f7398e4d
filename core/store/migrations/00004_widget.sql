-- +goose Up
-- What operators say of their presence, and until when; empty: their hours say it.
ALTER TABLE projects ADD COLUMN presence       TEXT   NOT NULL DEFAULT '';
ALTER TABLE projects ADD COLUMN presence_until BIGINT NOT NULL DEFAULT 0;
-- What the visitor thinks of a session: 1 to 5; 0: nothing yet.
ALTER TABLE sessions ADD COLUMN rating         BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN rating_comment TEXT   NOT NULL DEFAULT '';
-- Of the visitor's browser, hashed with a key.
ALTER TABLE sessions ADD COLUMN fingerprint    TEXT   NOT NULL DEFAULT '';
CREATE INDEX sessions_fingerprint ON sessions (project_id, fingerprint) WHERE fingerprint <> '';
-- Files that nobody needs.
CREATE INDEX attachments_unclaimed ON attachments (created_at) WHERE message_id = '' OR removed = true;

-- +goose Down
DROP INDEX attachments_unclaimed;
DROP INDEX sessions_fingerprint;
ALTER TABLE sessions DROP COLUMN fingerprint;
ALTER TABLE sessions DROP COLUMN rating_comment;
ALTER TABLE sessions DROP COLUMN rating;
ALTER TABLE projects DROP COLUMN presence_until;
ALTER TABLE projects DROP COLUMN presence;
