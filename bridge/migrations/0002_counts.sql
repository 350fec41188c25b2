-- How many resources of each kind there are, so that a list need not count them.
CREATE TABLE counts (
    endpoint TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    number   INTEGER NOT NULL,
    PRIMARY KEY (endpoint, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO counts (endpoint, kind, number) SELECT endpoint, kind, count(*) FROM resources GROUP BY endpoint, kind;
CREATE TRIGGER resources_counted AFTER INSERT ON resources BEGIN
    INSERT INTO counts (endpoint, kind, number) VALUES (new.endpoint, new.kind, 1)
    ON CONFLICT (endpoint, kind) DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER resources_uncounted AFTER DELETE ON resources BEGIN
    UPDATE counts SET number = number - 1 WHERE endpoint = old.endpoint AND kind = old.kind;
END;
