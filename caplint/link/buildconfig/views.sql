-- Presence conditions: of files, and of Kconfig symbols.

-- What is known of a Kconfig symbol, given that KVM is built for an architecture. Symbols of which nothing is
-- known (no Kconfig file of KVM's own has them) have no row and are possible.
CREATE TEMP TABLE all_kconfig (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    arch   TEXT NOT NULL,
    symbol TEXT NOT NULL,       -- without CONFIG_
    state  TEXT NOT NULL,       -- always, possible, never
    path   TEXT,                -- where it is defined, or else what decides it; NULL: the architecture itself
    line   INTEGER
);

-- The presence condition of a whole C file, from the Makefiles and meson.build files of its tree.
CREATE TEMP TABLE all_file_condition (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    condition TEXT NOT NULL,    -- given that KVM is built; 1 also where nothing is known
    PRIMARY KEY (side, tree, path)
) WITHOUT ROWID;
