-- Which stage raised a gap: `certain` rules, the `model`, or a `hint` of either.
ALTER TABLE gaps ADD COLUMN stage TEXT NOT NULL DEFAULT 'certain';
UPDATE gaps SET stage = 'model' WHERE gap IN ('vague', 'activity');
UPDATE gaps SET stage = 'hint' WHERE counts = 0;
