-- What people did in Slack, stored before it is acknowledged. `id` is made of what the click says, so that a second
-- delivery of it is the same row. state: ready, leased, done, dead; `due_at` is when the row may next be claimed (of a
-- leased row: when the lease ends), NULL when it is finished. `click` holds who did what, personal data included; it is
-- purged after the retention time.
CREATE TABLE clicks (
    id TEXT NOT NULL PRIMARY KEY,
    click TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT,
    epoch BIGINT NOT NULL,
    outcome TEXT
);
CREATE INDEX clicks_open ON clicks (due_at) WHERE state <> 'done';
CREATE INDEX clicks_by_age ON clicks (received_at);
