-- Whether the direct entitlements and roles of an account are still to be read and taken from it (rule C6).
-- It stays with the account when the same person comes back before that was done.
ALTER TABLE bindings ADD COLUMN strip INTEGER NOT NULL DEFAULT 0;
-- Of the accounts of users deleted so far it is not known: each is looked at once more.
UPDATE bindings SET strip = 1 WHERE kind = 'User' AND role = 'tombstone';
INSERT INTO queue (target, resource_id, kind, class, queued_at, due_at, ticket)
SELECT DISTINCT target, resource_id, kind, 0, 0, 0, 1 FROM bindings WHERE strip = 1
ON CONFLICT (target, resource_id) DO NOTHING;
