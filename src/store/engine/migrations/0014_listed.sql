-- What a list of packets is filtered by, in lower case and beside the packets so that an index holds all of it: the
-- deal's key, its name, and the customer's name while the record is kept. NULL until the packet was read for that.
ALTER TABLE packets ADD COLUMN deal TEXT;
ALTER TABLE packets ADD COLUMN name TEXT;
ALTER TABLE packets ADD COLUMN customer TEXT;
CREATE INDEX packets_listed ON packets (created_at, packet_id, deal, name, customer);
CREATE INDEX packets_unlisted ON packets (created_at) WHERE name IS NULL;
DROP INDEX packets_by_age;

-- Answers that the CRM refused, for people who mend why.
CREATE INDEX answers_refused ON answers (answered_at) WHERE state = 'refused';
