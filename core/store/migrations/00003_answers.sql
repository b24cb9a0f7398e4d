-- +goose Up
-- What a platform's message answers, when that was not known as it came.
ALTER TABLE links ADD COLUMN answers TEXT NOT NULL DEFAULT '';
CREATE INDEX links_answers ON links (bridge, thread, answers) WHERE answers <> '';

-- +goose Down
DROP INDEX links_answers;
ALTER TABLE links DROP COLUMN answers;
