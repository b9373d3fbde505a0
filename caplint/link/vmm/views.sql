-- A VMM's checks and enable requests.

-- An argument that a VMM passes when it enables a capability.
CREATE TEMP TABLE all_vmm_argument (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,
    column   INTEGER NOT NULL,
    cap      TEXT NOT NULL,
    arch     TEXT,
    function TEXT NOT NULL,
    position INTEGER NOT NULL,
    text     TEXT NOT NULL,
    value    COLLATE number,    -- NULL: not a constant; TEXT if it does not fit into 64 bits with a sign
    bits     INTEGER,           -- bits of value, or of all values assigned to a local variable, as in cap_mask; NULL: unknown
    asked    INTEGER            -- 1: the answer of a check goes into it, or is used for more than a yes or no,
                                -- 0: neither, NULL: there is no check before it
);

-- A place in a VMM that checks a capability or enables it.
CREATE TEMP TABLE all_vmm_use (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    cap       TEXT NOT NULL,
    arch      TEXT,
    function  TEXT,
    verb      TEXT NOT NULL,    -- check, enable, require (a list of required capabilities)
    scope     TEXT NOT NULL,    -- system, vm, vcpu, unknown
    callee    TEXT NOT NULL,
    arguments TEXT NOT NULL,    -- JSON array, as written in the call
    result    TEXT NOT NULL,    -- dropped, void, returned, assigned, tested, argument, value
    condition TEXT NOT NULL,
    resolved_via TEXT NOT NULL, -- how the capability was resolved: direct, constant (a macro, enumerator or constant), variable, table,
                                -- pasted (by a macro), returned (by a function), parameter (of the function called)
    flags     TEXT,             -- of enable, as written; NULL if unknown
    arguments_written TEXT,     -- of enable: JSON array of the arguments in args; NULL if unknown
    ignored   TEXT NOT NULL,    -- how the result is ignored: dropped, unread (assigned and never read), callers (all drop it), '' if it is used
    callers_known INTEGER NOT NULL -- 1: its function is static or has callers in view, so that checks in callers are found
);

-- A check or enable in a VMM whose capability cannot be resolved.
CREATE TEMP TABLE all_vmm_unresolved (
    side       TEXT NOT NULL,
    tree       TEXT NOT NULL,
    path       TEXT NOT NULL,
    line       INTEGER NOT NULL,
    function   TEXT NOT NULL,
    verb       TEXT NOT NULL,   -- check, enable
    callee     TEXT NOT NULL,
    expression TEXT NOT NULL
);

-- A check of a capability before a place that enables it. Whether the answer is tested for the right value is not judged.
CREATE TEMP TABLE all_checked_before (
    side       TEXT NOT NULL,
    tree       TEXT NOT NULL,
    path       TEXT NOT NULL,   -- of the place that enables it
    line       INTEGER NOT NULL,
    column     INTEGER NOT NULL,
    cap        TEXT NOT NULL,
    found_by   TEXT NOT NULL,   -- place of the check: same function, every caller, stored flag, required (at start-up),
                                -- unknown check (of a capability that cannot be told, and so may be this one)
    check_path TEXT NOT NULL,   -- of the check
    check_line INTEGER NOT NULL
);

CREATE TEMP VIEW {base_}vmm_check AS SELECT * FROM all_vmm_use WHERE side = '{side}' AND verb <> 'enable';

CREATE TEMP VIEW {base_}vmm_enable AS SELECT * FROM all_vmm_use WHERE side = '{side}' AND verb = 'enable';
