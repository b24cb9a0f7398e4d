-- +goose Up
-- One set for SQLite and Postgres: only TEXT, BIGINT, BOOLEAN and BYTEA, and COLLATE
-- BYTEWISE. Times are milliseconds since the Unix epoch, zero means none. Later
-- migrations only add.

CREATE TABLE projects (
    id         TEXT    NOT NULL PRIMARY KEY,
    slug       TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    origins    TEXT    NOT NULL,
    widget     TEXT    NOT NULL,
    reopen_ms  BIGINT  NOT NULL,
    last_pos   BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL
);

-- value is empty where only the hash may be kept.
CREATE TABLE project_keys (
    project_id TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    value      TEXT    NOT NULL,
    hash       BYTEA   NOT NULL UNIQUE,
    created_at BIGINT  NOT NULL,
    PRIMARY KEY (project_id, kind)
);

CREATE TABLE operators (
    code_hash   BYTEA  NOT NULL PRIMARY KEY,
    code_until  BIGINT NOT NULL,
    cookie_hash BYTEA  UNIQUE,
    id          TEXT   NOT NULL,
    name        TEXT   NOT NULL
);

CREATE TABLE visitors (
    id         TEXT    NOT NULL PRIMARY KEY,
    project_id TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    email      TEXT    NOT NULL,
    verified   BOOLEAN NOT NULL,
    traits     TEXT    NOT NULL,
    waiting    TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    last_seen  BIGINT  NOT NULL
);
CREATE UNIQUE INDEX visitors_subject ON visitors (project_id, subject) WHERE subject <> '';

CREATE TABLE visitor_tokens (
    hash       BYTEA   NOT NULL PRIMARY KEY,
    project_id TEXT    NOT NULL,
    visitor_id TEXT    NOT NULL,
    created_at BIGINT  NOT NULL
);
CREATE INDEX visitor_tokens_visitor ON visitor_tokens (visitor_id);

CREATE TABLE sessions (
    id            TEXT   NOT NULL PRIMARY KEY,
    project_id    TEXT   NOT NULL,
    visitor_id    TEXT   NOT NULL,
    status        TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    last_activity BIGINT NOT NULL,
    closed_at     BIGINT NOT NULL,
    last_seq      BIGINT NOT NULL,
    delivered     BIGINT NOT NULL,
    read_seq      BIGINT NOT NULL,
    metadata      TEXT   NOT NULL
);
CREATE UNIQUE INDEX sessions_active ON sessions (visitor_id) WHERE status = 'active';
CREATE INDEX sessions_visitor ON sessions (visitor_id);
CREATE INDEX sessions_project ON sessions (project_id, last_activity, id);

CREATE TABLE messages (
    id            TEXT    NOT NULL PRIMARY KEY,
    project_id    TEXT    NOT NULL,
    session_id    TEXT    NOT NULL,
    seq           BIGINT  NOT NULL,
    sender        TEXT    NOT NULL,
    text          TEXT    NOT NULL,
    author_name   TEXT    NOT NULL,
    author_avatar TEXT    NOT NULL,
    operator      TEXT    NOT NULL,
    via           TEXT    NOT NULL,
    reply_to      TEXT    NOT NULL,
    client_id     TEXT    NOT NULL,
    note          BOOLEAN NOT NULL,
    failed        BOOLEAN NOT NULL,
    files         BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL,
    edited_at     BIGINT  NOT NULL,
    deleted_at    BIGINT  NOT NULL
);
CREATE UNIQUE INDEX messages_seq ON messages (session_id, seq);

CREATE TABLE attachments (
    id         TEXT    NOT NULL PRIMARY KEY,
    project_id TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    session_id TEXT    NOT NULL,
    message_id TEXT    NOT NULL,
    place      BIGINT  NOT NULL,
    name       TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    size       BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL,
    removed    BOOLEAN NOT NULL
);
CREATE INDEX attachments_message ON attachments (message_id);
CREATE INDEX attachments_owner ON attachments (owner);

CREATE TABLE events (
    session_id TEXT   NOT NULL,
    seq        BIGINT NOT NULL,
    project_id TEXT   NOT NULL,
    pos        BIGINT NOT NULL,
    type       TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    message_id TEXT   NOT NULL,
    data       TEXT   NOT NULL,
    PRIMARY KEY (session_id, seq)
);
CREATE UNIQUE INDEX events_pos ON events (project_id, pos);

CREATE TABLE deliveries (
    bridge     TEXT   NOT NULL,
    session_id TEXT   NOT NULL,
    seq        BIGINT NOT NULL,
    project_id TEXT   NOT NULL,
    type       TEXT   NOT NULL,
    PRIMARY KEY (bridge, session_id, seq)
);

CREATE TABLE threads (
    bridge      TEXT   NOT NULL,
    session_id  TEXT   NOT NULL,
    project_id  TEXT   NOT NULL,
    external_id TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (bridge, session_id)
);
CREATE UNIQUE INDEX threads_external ON threads (bridge, external_id);

CREATE TABLE links (
    bridge      TEXT    NOT NULL,
    thread      TEXT    NOT NULL,
    external_id TEXT    NOT NULL,
    message_id  TEXT    NOT NULL,
    session_id  TEXT    NOT NULL,
    project_id  TEXT    NOT NULL,
    part        BIGINT  NOT NULL,
    revision    TEXT    NOT NULL,
    deleted     BOOLEAN NOT NULL,
    PRIMARY KEY (bridge, thread, external_id)
);
CREATE INDEX links_message ON links (message_id, bridge);

-- bridge is the scope of the key: a bridge, a visitor, or a project for its back end.
CREATE TABLE inbound (
    bridge     TEXT   NOT NULL,
    effect_key TEXT   NOT NULL,
    project_id TEXT   NOT NULL,
    session_id TEXT   NOT NULL,
    message_id TEXT   NOT NULL,
    seq        BIGINT NOT NULL,
    digest     BYTEA,
    raw        BYTEA,
    at         BIGINT NOT NULL,
    PRIMARY KEY (bridge, effect_key)
);

CREATE TABLE plugin_state (
    bridge TEXT  NOT NULL,
    name   TEXT  NOT NULL,
    value  BYTEA NOT NULL,
    PRIMARY KEY (bridge, name)
);

CREATE TABLE leases (
    bridge     TEXT   NOT NULL PRIMARY KEY,
    generation BIGINT NOT NULL
);

-- +goose Down
DROP TABLE leases;
DROP TABLE plugin_state;
DROP TABLE inbound;
DROP TABLE links;
DROP TABLE threads;
DROP TABLE deliveries;
DROP TABLE events;
DROP TABLE attachments;
DROP TABLE messages;
DROP TABLE sessions;
DROP TABLE visitor_tokens;
DROP TABLE visitors;
DROP TABLE operators;
DROP TABLE project_keys;
DROP TABLE projects;
