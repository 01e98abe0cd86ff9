-- The CRM field that a gap is about: NULL where it is about none, and for gaps that an earlier version raised.
ALTER TABLE gaps ADD COLUMN field TEXT;
