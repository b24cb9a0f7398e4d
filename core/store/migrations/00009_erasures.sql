-- +goose Up
-- Threads of erased sessions that still stand on a platform, until their bridge has
-- removed them there. Ids of platforms alone: nothing here names a visitor.
CREATE TABLE erasures (
    bridge     TEXT   NOT NULL,
    thread     TEXT   NOT NULL,
    project_id TEXT   NOT NULL,
    links      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    tries      BIGINT NOT NULL,
    retry_at   BIGINT NOT NULL,
    PRIMARY KEY (bridge, thread)
);

-- +goose Down
DROP TABLE erasures;
