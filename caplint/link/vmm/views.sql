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
    value    COLLATE number,    -- NULL: it is no constant; TEXT where 64 bits with a sign do not hold it
    bits     INTEGER,           -- of value, or all that a local variable is given, as in cap_mask; NULL: not known
    asked    INTEGER            -- 1: the answer of a check goes into it, or more is done with that than take it for yes or no,
                                -- 0: neither, NULL: no check stands before
);

-- A place in a VMM that asks for a capability or enables it.
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
    arguments TEXT NOT NULL,    -- JSON array, as the call has them
    result    TEXT NOT NULL,    -- dropped, void, returned, assigned, tested, argument, value
    condition TEXT NOT NULL,
    resolved_via TEXT NOT NULL, -- how the capability is named: direct, variable, table, pasted (KVM_CAP_INFO), parameter (of the function called)
    flags     TEXT,             -- of enable, as written; NULL where they are not known
    arguments_written TEXT,     -- of enable: JSON array of what is passed in args; NULL where that is not known
    ignored   TEXT NOT NULL,    -- how the result is lost: dropped, unread (assigned, and never looked at), callers (all drop it), '' where it is not
    callers_known INTEGER NOT NULL -- 1: its function is static or has callers in view, so that checks in callers have been looked for
);

-- What a VMM asks or enables without its being known which capability that is.
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

-- A check of a capability that stands before a place which enables it. Whether it is tested for the right answer is not judged.
CREATE TEMP TABLE all_checked_before (
    side       TEXT NOT NULL,
    tree       TEXT NOT NULL,
    path       TEXT NOT NULL,   -- where it is enabled
    line       INTEGER NOT NULL,
    column     INTEGER NOT NULL,
    cap        TEXT NOT NULL,
    found_by   TEXT NOT NULL,   -- same function, every caller, stored flag, required (at start-up)
    check_path TEXT NOT NULL,   -- where it is asked for
    check_line INTEGER NOT NULL
);

CREATE TEMP VIEW {base_}vmm_check AS SELECT * FROM all_vmm_use WHERE side = '{side}' AND verb <> 'enable';

CREATE TEMP VIEW {base_}vmm_enable AS SELECT * FROM all_vmm_use WHERE side = '{side}' AND verb = 'enable';
