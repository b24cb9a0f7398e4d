-- +goose Up
-- Deliveries that can never be made, until somebody has them tried again or drops them.
CREATE TABLE dead_letters (
    bridge     TEXT    NOT NULL,
    session_id TEXT    NOT NULL,
    seq        BIGINT  NOT NULL,
    project_id TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    at         BIGINT  NOT NULL,
    again      BOOLEAN NOT NULL,
    PRIMARY KEY (bridge, session_id, seq)
);
CREATE INDEX dead_letters_session ON dead_letters (session_id);

-- +goose Down
DROP TABLE dead_letters;
