-- A packet that changed keeps its id and gets a new revision; `packets` holds the newest, `revisions` those before it.
-- `cause` says through what a revision came.
ALTER TABLE packets ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
ALTER TABLE packets ADD COLUMN revised_at BIGINT;
ALTER TABLE packets ADD COLUMN cause TEXT NOT NULL DEFAULT 'won';

CREATE TABLE revisions (
    packet_id TEXT NOT NULL REFERENCES packets (packet_id),
    revision BIGINT NOT NULL,
    at BIGINT NOT NULL,
    cause TEXT NOT NULL,
    packet TEXT NOT NULL,
    PRIMARY KEY (packet_id, revision)
);

-- Open packets, whose deals are looked at again. `looks` counts the looks since `since`.
CREATE TABLE follows (
    packet_id TEXT NOT NULL PRIMARY KEY REFERENCES packets (packet_id),
    deal TEXT NOT NULL,
    account TEXT NOT NULL,
    since BIGINT NOT NULL,
    looks BIGINT NOT NULL,
    due_at BIGINT NOT NULL
);
CREATE INDEX follows_due ON follows (due_at);
CREATE INDEX follows_of_deal ON follows (deal);

-- The version that the other side shows, and the one that it should show: a revision of the packet, or more where what
-- stands beside the packet has changed. `frozen` says why it can never be edited
-- again, `written_at` is when it was last created or edited.
ALTER TABLE deliveries ADD COLUMN shows BIGINT NOT NULL DEFAULT 1;
ALTER TABLE deliveries ADD COLUMN wants BIGINT NOT NULL DEFAULT 1;
ALTER TABLE deliveries ADD COLUMN frozen TEXT;
ALTER TABLE deliveries ADD COLUMN written_at BIGINT;
