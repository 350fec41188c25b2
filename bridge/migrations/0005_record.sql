-- What the record needs beyond its entries: whom a change of a group was about, which changes
-- take access away, and how large it has become.

-- Whose membership a change of a group moved: the record of a person holds these changes too.
CREATE TABLE moved (
    member_id TEXT    NOT NULL,             -- the member's own id
    revision  INTEGER NOT NULL,             -- the change of the group
    added     INTEGER NOT NULL CHECK (added IN (0, 1)),
    PRIMARY KEY (member_id, revision)
) STRICT, WITHOUT ROWID;
CREATE INDEX moved_revision ON moved (revision);

-- Whether a change takes access away: its entry stays while it is open (rule D5).
ALTER TABLE revisions ADD COLUMN revokes INTEGER NOT NULL DEFAULT 0;
-- Of open changes of groups it is not known any more: each may.
UPDATE revisions SET revokes = 1
WHERE action IN ('disable', 'delete', 'member-gone') OR (settled_at IS NULL AND kind = 'Group' AND action = 'update');
CREATE INDEX revisions_revoking ON revisions (at) WHERE settled_at IS NULL AND revokes = 1;

CREATE INDEX steps_at ON steps (at);

-- About how many bytes the record takes, with its indexes: rows by their usual size, so that no text need be measured.
CREATE TABLE record_size (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    bytes INTEGER NOT NULL
) STRICT;
INSERT INTO record_size (one, bytes)
SELECT 1, 350 * (SELECT count(*) FROM revisions) + 300 * (SELECT count(*) FROM steps) + 500 * (SELECT count(*) FROM events);
CREATE TRIGGER revisions_sized AFTER INSERT ON revisions BEGIN UPDATE record_size SET bytes = bytes + 350; END;
CREATE TRIGGER revisions_unsized AFTER DELETE ON revisions BEGIN UPDATE record_size SET bytes = bytes - 350; END;
CREATE TRIGGER steps_sized AFTER INSERT ON steps BEGIN UPDATE record_size SET bytes = bytes + 300; END;
CREATE TRIGGER steps_unsized AFTER DELETE ON steps BEGIN UPDATE record_size SET bytes = bytes - 300; END;
CREATE TRIGGER moved_sized AFTER INSERT ON moved BEGIN UPDATE record_size SET bytes = bytes + 150; END;
CREATE TRIGGER moved_unsized AFTER DELETE ON moved BEGIN UPDATE record_size SET bytes = bytes - 150; END;
CREATE TRIGGER events_sized AFTER INSERT ON events BEGIN UPDATE record_size SET bytes = bytes + 500; END;
CREATE TRIGGER events_unsized AFTER DELETE ON events BEGIN UPDATE record_size SET bytes = bytes - 500; END;

CREATE INDEX bindings_held ON bindings (target, kind) WHERE hold IS NOT NULL;

-- Which resource got which upstream object, until it stands in the id map beside the store (rule C1).
CREATE TABLE id_feed (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    resource_id TEXT NOT NULL,
    kind        TEXT NOT NULL,
    upstream_id TEXT NOT NULL
) STRICT;
CREATE TRIGGER bindings_fed_new AFTER INSERT ON bindings WHEN new.upstream_id IS NOT NULL BEGIN
    INSERT INTO id_feed (resource_id, kind, upstream_id) VALUES (new.resource_id, new.kind, new.upstream_id);
END;
CREATE TRIGGER bindings_fed AFTER UPDATE ON bindings
WHEN new.upstream_id IS NOT NULL AND (old.upstream_id IS NOT new.upstream_id OR old.resource_id <> new.resource_id) BEGIN
    INSERT INTO id_feed (resource_id, kind, upstream_id) VALUES (new.resource_id, new.kind, new.upstream_id);
END;
