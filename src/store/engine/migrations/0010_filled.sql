-- When a gap was filled, and since when nothing about a packet is open; NULL while it is.
ALTER TABLE gaps ADD COLUMN filled_at BIGINT;
ALTER TABLE assessments ADD COLUMN completed_at BIGINT;
UPDATE assessments SET completed_at = created_at WHERE complete = 1;
