-- `ended` says how the last work on the deal ended, where it matters: 'packet', 'not_covered'. `look` is 1 if only a look
-- at an open packet is due, which waits behind new wins.
ALTER TABLE deals ADD COLUMN ended TEXT;
ALTER TABLE deals ADD COLUMN look BIGINT NOT NULL DEFAULT 0;
UPDATE deals SET ended = 'packet' WHERE last_error LIKE 'packet %';
UPDATE deals SET ended = 'not_covered' WHERE last_error = 'not covered by applies_to';
DROP INDEX deals_open;
CREATE INDEX deals_open ON deals (account, look, due_at) WHERE state <> 'idle';

-- `seen` is a hash of what the CRM showed of the deal when it was last asked, '' if it showed no such deal; `changed`
-- is 1 as long as the deal has not been read since that changed. `contacts` are the ids of those on the deal, as a JSON
-- array. `gone_at` is when the deal was first not there any more.
ALTER TABLE follows ADD COLUMN seen TEXT;
ALTER TABLE follows ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE follows ADD COLUMN contacts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE follows ADD COLUMN gone_at BIGINT;
CREATE INDEX follows_changed ON follows (due_at) WHERE changed = 1;
