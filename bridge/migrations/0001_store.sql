-- The whole store of the bridge. Times are microseconds since 1970-01-01 UTC.
--
-- Three groups of tables meet here: what the client wants (desired), what each
-- target was last confirmed and seen to hold (applied, observed), and what is
-- still to do and was done (queue, intents, revisions, steps, events, commands).

-- Facts about the store itself: epoch, high-water mark, when a scan was complete.
CREATE TABLE facts (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- ---------------------------------------------------------------- desired

-- One row a live resource. `document` is the SCIM resource as the client wrote it,
-- without id, meta, groups and members; the other columns are its indexed keys.
CREATE TABLE resources (
    pk             INTEGER PRIMARY KEY,     -- order of creation: listings page by it
    id             TEXT    NOT NULL UNIQUE, -- random, never reused (rule C1)
    endpoint       TEXT    NOT NULL,
    kind           TEXT    NOT NULL CHECK (kind IN ('User', 'Group')),
    name           TEXT    NOT NULL,        -- userName or displayName as written
    name_key       TEXT    NOT NULL,        -- the same, case-folded
    external_id    TEXT,
    work_email_key TEXT,
    manager_id     TEXT,
    active         INTEGER NOT NULL CHECK (active IN (0, 1)),
    document       TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    changed_at     INTEGER NOT NULL,
    version        INTEGER NOT NULL,        -- revision of the last change that changed something (rule A13)
    revision       INTEGER NOT NULL,        -- newest revision
    settled        INTEGER NOT NULL DEFAULT 0 -- newest revision whose outcome is known
) STRICT;
CREATE UNIQUE INDEX resources_name ON resources (endpoint, kind, name_key);
CREATE INDEX resources_listing ON resources (endpoint, kind, pk);
CREATE INDEX resources_external_id ON resources (endpoint, kind, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX resources_work_email ON resources (endpoint, work_email_key) WHERE work_email_key IS NOT NULL;
CREATE INDEX resources_manager ON resources (manager_id) WHERE manager_id IS NOT NULL;

-- Desired memberships, one row an edge.
CREATE TABLE members (
    group_pk  INTEGER NOT NULL REFERENCES resources (pk) ON DELETE CASCADE,
    member_pk INTEGER NOT NULL REFERENCES resources (pk) ON DELETE CASCADE,
    display   TEXT,                         -- as the client wrote it, if it did
    PRIMARY KEY (group_pk, member_pk)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_member ON members (member_pk, group_pk);

-- What was deleted, until Databricks has followed and the retention has passed (rules C6, C7).
CREATE TABLE tombstones (
    id          TEXT    PRIMARY KEY,
    endpoint    TEXT    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('User', 'Group')),
    name        TEXT    NOT NULL,
    name_key    TEXT    NOT NULL,
    external_id TEXT,
    deleted_at  INTEGER NOT NULL,
    revision    INTEGER NOT NULL,
    settled_at  INTEGER
) STRICT;
CREATE INDEX tombstones_name ON tombstones (endpoint, kind, name_key);

-- Every name a resource ever had: a rename onto a name of another resource is held (rule C5).
CREATE TABLE names (
    endpoint    TEXT NOT NULL,
    kind        TEXT NOT NULL,
    name_key    TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    PRIMARY KEY (endpoint, kind, name_key, resource_id)
) STRICT, WITHOUT ROWID;

-- ------------------------------------------------------ applied and observed

-- One row an upstream object that a resource has, had or is getting. A rename of a
-- user makes a second generation. `resource_id` names a live resource or a tombstone.
CREATE TABLE bindings (
    binding           INTEGER PRIMARY KEY,
    target            TEXT    NOT NULL,
    kind              TEXT    NOT NULL CHECK (kind IN ('User', 'Group')),
    resource_id       TEXT    NOT NULL,
    generation        INTEGER NOT NULL,
    role              TEXT    NOT NULL CHECK (role IN ('current', 'retiring', 'tombstone', 'gone')),
    name              TEXT    NOT NULL,     -- the name it has, or is to get, upstream
    name_key          TEXT    NOT NULL,
    external_id       TEXT,                 -- the client's, kept for name reuse (rule C6)
    upstream_id       TEXT,
    ownership         TEXT    CHECK (ownership IN ('ours', 'adopted', 'foreign')),
    existence         TEXT    NOT NULL CHECK (existence IN ('unknown', 'absent', 'present', 'maybe')),
    absent_seen_at    INTEGER,              -- absence was recorded before the create (rule C2)
    unknown_at        INTEGER,              -- end of the newest create or delete of unknown outcome (rule B2)
    agreed_at         INTEGER,              -- first of the two agreeing reads that prove absence (rule B2)
    sent              TEXT,                 -- values the create of unknown outcome carried (rule C2)
    hold              TEXT,                 -- why a person must decide first
    held_at           INTEGER,
    UNIQUE (target, resource_id, generation)
) STRICT;
CREATE UNIQUE INDEX bindings_owner ON bindings (target, kind, upstream_id) WHERE upstream_id IS NOT NULL AND role <> 'gone';
CREATE INDEX bindings_name ON bindings (target, kind, name_key) WHERE role <> 'gone';
CREATE INDEX bindings_resource ON bindings (resource_id);

-- Applied and observed state of one field of an upstream object.
CREATE TABLE fields (
    binding     INTEGER NOT NULL REFERENCES bindings (binding) ON DELETE CASCADE,
    field       TEXT    NOT NULL,
    applied     TEXT    NOT NULL,           -- last confirmed value, as JSON; null = confirmed empty
    observed    TEXT,                       -- last value a read showed, as JSON
    maybe       INTEGER NOT NULL DEFAULT 0, -- the newest attempt has no definite outcome (rule B2)
    unknown_at  INTEGER,                    -- end of the newest attempt of unknown outcome, until proven
    agreed_at   INTEGER,                    -- first of the two agreeing reads
    agreed      TEXT,                       -- what it showed
    verify_at   INTEGER,                    -- a verifying read is wanted from then on (rule B3)
    PRIMARY KEY (binding, field)
) STRICT, WITHOUT ROWID;

-- The same of one membership.
CREATE TABLE edges (
    group_binding  INTEGER NOT NULL REFERENCES bindings (binding) ON DELETE CASCADE,
    member_binding INTEGER NOT NULL REFERENCES bindings (binding) ON DELETE CASCADE,
    applied        INTEGER NOT NULL DEFAULT 0 CHECK (applied IN (0, 1)),
    observed       INTEGER CHECK (observed IN (0, 1)),
    maybe          INTEGER NOT NULL DEFAULT 0,
    unknown_at     INTEGER,
    agreed_at      INTEGER,
    agreed         INTEGER CHECK (agreed IN (0, 1)),
    verify_at      INTEGER,
    inherited      INTEGER NOT NULL DEFAULT 0, -- found at adoption: kept until removed on purpose (rule C3)
    batch_limit    INTEGER,                 -- at most so many edges beside it, after a refused batch (rule B8)
    refusals       INTEGER NOT NULL DEFAULT 0,
    parked_until   INTEGER,
    PRIMARY KEY (group_binding, member_binding)
) STRICT, WITHOUT ROWID;
CREATE INDEX edges_member ON edges (member_binding);

-- What a complete list scan saw upstream, so that a create needs no look-up of its own.
CREATE TABLE inventory (
    target      TEXT    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('User', 'Group')),
    upstream_id TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    name_key    TEXT    NOT NULL,
    active      INTEGER NOT NULL,
    PRIMARY KEY (target, kind, upstream_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX inventory_name ON inventory (target, kind, name_key);

-- ---------------------------------------------------------------- work

-- Resources that may differ from their target, with class and due time.
CREATE TABLE queue (
    target      TEXT    NOT NULL,
    resource_id TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    class       INTEGER NOT NULL,           -- 0 revocation, 1 grant, 2 verification
    verb        INTEGER NOT NULL DEFAULT 0, -- rate class of the next call: 0 not planned yet, 1 write, 2 group patch, 3 read
    queued_at   INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    ticket      INTEGER NOT NULL DEFAULT 0, -- raised by each enqueue: work done for an older ticket does not remove the row
    reason      TEXT,                       -- why it waits or last failed
    PRIMARY KEY (target, resource_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX queue_due ON queue (target, class, verb, due_at);

-- One row a call, written before it is sent (rule D1). A row without outcome when
-- the process starts is a call whose outcome is unknown.
CREATE TABLE intents (
    intent      INTEGER PRIMARY KEY,
    target      TEXT    NOT NULL,
    resource_id TEXT    NOT NULL,
    binding     INTEGER NOT NULL,
    revision    INTEGER NOT NULL,
    effect      TEXT    NOT NULL,           -- what the call is to change, as JSON
    started_at  INTEGER NOT NULL
) STRICT;

-- One row an accepted change, with its one answer (rule A3).
CREATE TABLE revisions (
    revision    INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    request_id  TEXT    NOT NULL,
    resource_id TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    action      TEXT    NOT NULL,           -- create, update, disable, restore, delete …
    answer      TEXT    NOT NULL CHECK (answer IN ('undecided', 'answered-accepted', 'answered-refused')),
    outcome     TEXT,                       -- applied, held, failing …; NULL while it is open
    settled_at  INTEGER
) STRICT;
CREATE INDEX revisions_resource ON revisions (resource_id, revision);
CREATE INDEX revisions_open ON revisions (resource_id) WHERE settled_at IS NULL;

-- One row a call that was made for a resource: the steps of its revisions.
CREATE TABLE steps (
    step        INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    target      TEXT    NOT NULL,
    resource_id TEXT    NOT NULL,
    revision    INTEGER NOT NULL,           -- newest revision the call took into account
    call        TEXT    NOT NULL,           -- method, path and what it does, no values
    status      INTEGER,                    -- HTTP status; NULL when no answer came
    outcome     TEXT    NOT NULL,
    millis      INTEGER NOT NULL
) STRICT;
CREATE INDEX steps_resource ON steps (resource_id, revision);

-- What concerns a whole target: an open circuit is one row with count, first and last (rule D5).
CREATE TABLE events (
    event    INTEGER PRIMARY KEY,
    target   TEXT    NOT NULL,
    what     TEXT    NOT NULL,
    cause    TEXT    NOT NULL,
    detail   TEXT    NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    count    INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

-- Orders of an operator for the running bridge (rule D2).
CREATE TABLE commands (
    command   INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    name      TEXT    NOT NULL,
    arguments TEXT    NOT NULL,
    done_at   INTEGER,
    outcome   TEXT
) STRICT;
