-- An answer with a target is work: `due_at` is when it may next be claimed (of one in state writing: when the lease ends),
-- NULL when it is finished or has no target. `shown` is a fingerprint of what the target held when the person was asked,
-- `code` the CRM's code of a refusal, `begun_at` when it was first tried to be written: those of the last hour are counted.
ALTER TABLE answers ADD COLUMN shown TEXT;
ALTER TABLE answers ADD COLUMN code TEXT;
ALTER TABLE answers ADD COLUMN due_at BIGINT;
ALTER TABLE answers ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE answers ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE answers ADD COLUMN begun_at BIGINT;
CREATE INDEX answers_due ON answers (due_at) WHERE due_at IS NOT NULL;
