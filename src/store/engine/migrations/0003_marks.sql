-- Instants in the life of the database itself, by name: `restored`, up to when another database may have
-- delivered what this one does not know of.
CREATE TABLE marks (
    name TEXT NOT NULL PRIMARY KEY,
    until BIGINT NOT NULL
);
