-- Why a handoff was sent back, in a word, and the day to which first value moved ('2027-01-20').
ALTER TABLE acts ADD COLUMN reason TEXT;
ALTER TABLE acts ADD COLUMN day TEXT;

-- What was decided about a packet, kept when its acts are purged: `sent_back` is the latest reason, `first_value` is
-- reached or missed.
ALTER TABLE assessments ADD COLUMN accepted_at BIGINT;
ALTER TABLE assessments ADD COLUMN sent_back TEXT;
ALTER TABLE assessments ADD COLUMN reviewed_at BIGINT;
ALTER TABLE assessments ADD COLUMN first_value TEXT;
ALTER TABLE assessments ADD COLUMN first_value_at BIGINT;

-- The day by which the packet says that first value is there, the day to which a person moved it, and the day on which
-- the owner is to be asked whether it is: NULL once they were, or there is nothing to ask.
ALTER TABLE assessments ADD COLUMN first_value_due TEXT;
ALTER TABLE assessments ADD COLUMN first_value_moved TEXT;
ALTER TABLE assessments ADD COLUMN ask_on TEXT;
CREATE INDEX assessments_ask_on ON assessments (ask_on) WHERE ask_on IS NOT NULL;

-- The weekly messages, one row each, kept so that none is posted twice: `id` is channel and time. `due_at` is when it may
-- next be claimed, NULL once `outcome` says what became of it; `unknown`, `absent` and `intended_at` as in deliveries.
CREATE TABLE roll_ups (
    id TEXT NOT NULL PRIMARY KEY,
    due_at BIGINT,
    epoch BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    unknown BIGINT NOT NULL,
    absent BIGINT NOT NULL,
    intended_at BIGINT,
    outcome TEXT
);
