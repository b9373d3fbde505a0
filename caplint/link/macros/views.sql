-- Code that macros expand to.

-- Functions that a file's text shows only in part, because macros make labels in them: their facts are in the made blob.
CREATE TEMP TABLE superseded (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    function TEXT NOT NULL,
    PRIMARY KEY (side, tree, path, function)
) WITHOUT ROWID;

-- An invocation of a macro that makes code which is not known.
CREATE TEMP TABLE all_unexpanded (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    path   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    name   TEXT,                -- the macro, or the included file
    reason TEXT NOT NULL
);
