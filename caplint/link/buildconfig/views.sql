-- Presence conditions: of files, and of Kconfig symbols.

-- State of a Kconfig symbol, under the assumption that KVM is built for the architecture. Symbols that no Kconfig file of KVM
-- defines have no row and are possible.
CREATE TEMP TABLE all_kconfig (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    arch   TEXT NOT NULL,
    symbol TEXT NOT NULL,       -- without CONFIG_
    state  TEXT NOT NULL,       -- always, possible, never
    path   TEXT,                -- of its definition, otherwise of the line that decides it; NULL: the architecture itself
    line   INTEGER
);

-- The presence condition of a whole C file, from the Makefiles and meson.build files of its tree.
CREATE TEMP TABLE all_file_condition (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    condition TEXT NOT NULL,    -- under the assumption that KVM is built; 1 also if nothing is known
    PRIMARY KEY (side, tree, path)
) WITHOUT ROWID;
