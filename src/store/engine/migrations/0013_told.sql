-- Who is still to be told of a conflict, as JSON: a row in state conflict with a `due_at` is that work. Its `attempts` begin
-- anew with it.
ALTER TABLE answers ADD COLUMN tell TEXT;
