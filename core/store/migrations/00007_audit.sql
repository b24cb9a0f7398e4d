-- +goose Up
-- What was done that those who run the server answer for; it names no visitor.
CREATE TABLE audit (
    id         TEXT   NOT NULL PRIMARY KEY,
    project_id TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    actor      TEXT   NOT NULL,
    action     TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    detail     TEXT   NOT NULL
);
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_project ON audit (project_id, at, id);

-- What was sent is no longer kept, while its message is.
ALTER TABLE attachments ADD COLUMN expired BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX attachments_kept ON attachments (project_id, created_at) WHERE message_id <> '' AND removed = false AND expired = false;

-- What is removed with its session is found by it, however much there is of others.
CREATE INDEX inbound_session ON inbound (session_id) WHERE session_id <> '';
CREATE INDEX links_session ON links (session_id);
CREATE INDEX threads_session ON threads (session_id);
CREATE INDEX events_notice ON events (project_id, session_id) WHERE type = 'notice';

-- The first message of the visitor that nobody has answered yet, when it came, and how
-- far operators were reminded of it; zero: nobody waits.
ALTER TABLE sessions ADD COLUMN waiting_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN waiting_at  BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN reminded    BIGINT NOT NULL DEFAULT 0;
-- The bridges on standby that have the session, too.
ALTER TABLE sessions ADD COLUMN escalated   TEXT   NOT NULL DEFAULT '';
CREATE INDEX sessions_waiting ON sessions (project_id, reminded, waiting_at) WHERE waiting_seq > 0;

-- +goose Down
DROP INDEX sessions_waiting;
ALTER TABLE sessions DROP COLUMN escalated;
ALTER TABLE sessions DROP COLUMN reminded;
ALTER TABLE sessions DROP COLUMN waiting_at;
ALTER TABLE sessions DROP COLUMN waiting_seq;
DROP INDEX events_notice;
DROP INDEX threads_session;
DROP INDEX links_session;
DROP INDEX inbound_session;
DROP INDEX attachments_kept;
ALTER TABLE attachments DROP COLUMN expired;
DROP TABLE audit;
