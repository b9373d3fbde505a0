-- Code that macros expand to.

-- Functions whose facts are in the expanded blob of their file, because macros generate labels in them.
CREATE TEMP TABLE superseded (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    function TEXT NOT NULL,
    PRIMARY KEY (side, tree, path, function)
) WITHOUT ROWID;

-- A macro invocation whose generated code is unknown.
CREATE TEMP TABLE all_unexpanded (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    path   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    name   TEXT,                -- the macro, or the included file
    reason TEXT NOT NULL
);
