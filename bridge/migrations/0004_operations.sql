-- What an operator has decided about a held resource, under one name.
CREATE TABLE decisions (
    resource_id TEXT    NOT NULL,
    name_key    TEXT    NOT NULL,
    decision    TEXT    NOT NULL CHECK (decision IN ('adopt', 'rename', 'keep-old-name')),
    at          INTEGER NOT NULL,
    PRIMARY KEY (resource_id, name_key, decision)
) STRICT, WITHOUT ROWID;

-- A create that was answered with a refusal, and with which one (rule A4).
ALTER TABLE revisions ADD COLUMN refusal TEXT;
CREATE INDEX revisions_refused ON revisions (refusal, settled_at) WHERE refusal IS NOT NULL;

-- Imported and not yet written by the client (rule C4): never changed upstream.
ALTER TABLE resources ADD COLUMN claimed INTEGER NOT NULL DEFAULT 1 CHECK (claimed IN (0, 1));

-- Whom the guard has counted (rule E6), by class, until the hour is over.
CREATE TABLE guarded (
    target    TEXT    NOT NULL,
    class     TEXT    NOT NULL,
    principal TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (target, class, principal)
) STRICT, WITHOUT ROWID;

-- Classes that the guard holds, and who may pass all the same.
CREATE TABLE guard_holds (
    target  TEXT    NOT NULL,
    class   TEXT    NOT NULL,
    held_at INTEGER NOT NULL,
    number  INTEGER NOT NULL,               -- distinct principals counted when it closed
    alarmed INTEGER NOT NULL DEFAULT 0,     -- when it was last said
    PRIMARY KEY (target, class)
) STRICT, WITHOUT ROWID;
CREATE TABLE guard_passes (
    target    TEXT    NOT NULL,
    class     TEXT    NOT NULL,
    principal TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (target, class, principal)
) STRICT, WITHOUT ROWID;

-- From when on an object is to be read again, besides what its parts ask for (rule B4).
ALTER TABLE bindings ADD COLUMN look_at INTEGER;

-- Whether a read has shown the applied value since it was written (rule B5).
ALTER TABLE fields ADD COLUMN shown INTEGER NOT NULL DEFAULT 0;

-- Differences that a foreign hand made (rule B4), one row a field or edge; and parts that the client has asked for
-- since ('asked'), whose repair may widen.
CREATE TABLE drift (
    target       TEXT    NOT NULL,
    binding      INTEGER NOT NULL REFERENCES bindings (binding) ON DELETE CASCADE,
    kind         TEXT    NOT NULL CHECK (kind IN ('field', 'member-missing', 'member-extra', 'vanished', 'asked')),
    part         TEXT    NOT NULL,          -- the field's name, the member's upstream id, or 'object'
    widens       INTEGER NOT NULL,          -- whether undoing it gives access
    first_at     INTEGER NOT NULL,
    confirmed_at INTEGER,                   -- seen by two reads a proof interval apart
    contested    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (target, binding, kind, part)
) STRICT, WITHOUT ROWID;
-- Repairs that were made: more than two of a part in a day make it contested.
CREATE TABLE repairs (
    target  TEXT    NOT NULL,
    binding INTEGER NOT NULL REFERENCES bindings (binding) ON DELETE CASCADE,
    part    TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX repairs_part ON repairs (binding, part, at);

-- What the target is seen to ignore silently (rule B5), until the value or the target changes.
CREATE TABLE ignored (
    binding INTEGER NOT NULL REFERENCES bindings (binding) ON DELETE CASCADE,
    field   TEXT    NOT NULL,
    value   TEXT    NOT NULL,               -- as JSON
    at      INTEGER NOT NULL,
    PRIMARY KEY (binding, field)
) STRICT, WITHOUT ROWID;

-- Definite refusals in a row (rule B10): what is no refusal does not count.
ALTER TABLE queue ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;

-- A decision on the members found at a group's adoption may come with each of them.
CREATE INDEX edges_inherited ON edges (group_binding) WHERE inherited = 1;
-- Whose a name ever was is asked for each user that is planned.
CREATE INDEX names_key ON names (kind, name_key);
CREATE INDEX commands_open ON commands (command) WHERE done_at IS NULL;
