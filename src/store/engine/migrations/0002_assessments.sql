-- How each packet came out when it was made. Rows stay for ever, as in `wins`, and hold nobody's words, with
-- three exceptions that are emptied when the packet is purged: who sold it, that person's name, and why
-- somebody dismissed a gap.
CREATE TABLE assessments (
    packet_id TEXT NOT NULL PRIMARY KEY REFERENCES wins (packet_id),
    created_at BIGINT NOT NULL,
    complete BIGINT NOT NULL,
    seller TEXT,
    seller_name TEXT
);
CREATE INDEX assessments_by_age ON assessments (created_at);

-- The gaps of each packet. `counts` is 1 unless the gap is only a hint; `dismissed_at` is when somebody said
-- that it was none.
CREATE TABLE gaps (
    packet_id TEXT NOT NULL REFERENCES assessments (packet_id),
    section TEXT NOT NULL,
    gap TEXT NOT NULL,
    addressee TEXT NOT NULL,
    counts BIGINT NOT NULL,
    dismissed_at BIGINT,
    reason TEXT,
    PRIMARY KEY (packet_id, section, gap)
);

-- Packets that an earlier version made, or still makes beside this one, have no rows above yet.
ALTER TABLE packets ADD COLUMN assessed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX packets_unassessed ON packets (created_at) WHERE assessed = 0;

-- The record may leave before its packet; then `record` is empty.
ALTER TABLE packets ADD COLUMN record_deleted_at BIGINT;
CREATE INDEX packets_with_record ON packets (created_at) WHERE record_deleted_at IS NULL;
