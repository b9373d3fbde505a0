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
    fails     INTEGER,          -- of enable: 1: the VMM gives up, reports an error or tells a caller if it is refused, 0: it goes on; NULL for a check
    only_tested INTEGER,        -- of a check in the system's scope: 1: no code does more with the answer than test it; NULL for others
    callers_known INTEGER NOT NULL -- 1: its function is static or has callers in view, so that checks in callers are found
);

-- A place in a VMM, or in a manager of VMMs, that issues an ioctl of KVM: one row per ioctl that it may be.
CREATE TEMP TABLE all_vmm_ioctl (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    ioctl     TEXT NOT NULL,
    arch      TEXT,
    function  TEXT NOT NULL,
    scope     TEXT NOT NULL,    -- system, vm, vcpu, unknown
    callee    TEXT NOT NULL,
    arguments TEXT NOT NULL,    -- JSON array, as written in the call
    condition TEXT NOT NULL,
    resolved_via TEXT NOT NULL  -- as in all_vmm_use
);

-- A capability that a VMM has asked for before an ioctl. Places of `all_vmm_ioctl`; of `required` that of a check.
CREATE TEMP TABLE all_vmm_asked (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    path   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    column INTEGER NOT NULL,
    cap    TEXT NOT NULL,       -- '' of unknown
    way    TEXT NOT NULL        -- guard (the answer decides whether control reaches the ioctl, here or in every caller), required (a branch
                                -- on the answer gives up or reports an error), unknown (a condition that is not understood)
);

-- A place where the result of an enable is lost: at the call, or in a caller of a function that passes it on.
CREATE TEMP TABLE all_vmm_loss (
    side        TEXT NOT NULL,
    tree        TEXT NOT NULL,
    path        TEXT NOT NULL,
    line        INTEGER NOT NULL,
    column      INTEGER NOT NULL,
    cap         TEXT NOT NULL,
    arch        TEXT,
    function    TEXT NOT NULL,
    callee      TEXT NOT NULL,      -- function whose result is lost
    kind        TEXT NOT NULL,      -- dropped, unread (assigned and never read)
    use_path    TEXT NOT NULL,      -- of the enable in all_vmm_use, with its line and column
    use_line    INTEGER NOT NULL,
    use_column  INTEGER NOT NULL,
    relied_path TEXT,               -- place that takes the capability as enabled: a flag that is set, or success that is returned
    relied_line INTEGER,
    relied_text TEXT
);

-- A check handler's answer that depends on the VM and is positive with and without one: `kvm ? kvm->max : LIMIT`.
CREATE TEMP TABLE all_cap_truth (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,  -- of the capability's case
    cap      TEXT NOT NULL,
    arch     TEXT NOT NULL,
    function TEXT NOT NULL
);

-- A place in a VMM that sets a feature bit for a new vCPU, with the capability that the bit needs: vcpu_features.toml.
CREATE TEMP TABLE all_vmm_feature (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,
    bit      TEXT NOT NULL,
    cap      TEXT NOT NULL,
    arch     TEXT,
    function TEXT NOT NULL,
    text     TEXT NOT NULL      -- the assignment, or the call that sets it
);

-- The meaning of a check handler's answer. A case whose answer is not understood has no row.
CREATE TEMP TABLE all_cap_kind (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    path   TEXT NOT NULL,
    line   INTEGER NOT NULL,    -- of the capability's case
    cap    TEXT NOT NULL,
    arch   TEXT NOT NULL,
    kind   TEXT NOT NULL,       -- yes or no; size (so many bytes are read or written), limit, mask, ioctl mask, flags, count: as in answers.toml
    source TEXT NOT NULL,       -- doc (answers.toml says where), code
    text   TEXT NOT NULL        -- the answers as written; the place in the documentation
);

-- A check in a VMM, and what the VMM does with the answers for this capability.
CREATE TEMP TABLE all_vmm_answer (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,
    column   INTEGER NOT NULL,
    cap      TEXT NOT NULL,
    arch     TEXT,
    function TEXT NOT NULL,
    used     TEXT NOT NULL,     -- yes or no (no code does more with an answer than test it or pass it on), tested (where the
                                -- check stands, and nothing else), number (calculated with),
                                -- whole (compared for equality with bits), replaced (by a number of the VMM's own), value
    text     TEXT               -- of number, whole and replaced: the expression
);

-- An architecture whose code leads to a function of a VMM's generic code. Only functions that check a capability, and that code of
-- single architectures alone reaches by calls; the call graph says which. A function without a row may run on all.
CREATE TEMP TABLE function_arch (
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    function TEXT NOT NULL,
    arch     TEXT NOT NULL
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

-- A place in a VMM that reads an MSR from the kernel (get) or writes one to it (put).
CREATE TEMP TABLE all_vmm_msr (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,
    column   INTEGER NOT NULL,
    function TEXT NOT NULL,
    verb     TEXT NOT NULL,     -- get, put
    msr      TEXT NOT NULL,
    number   INTEGER,          -- NULL: cannot be computed; in a loop the first
    last     INTEGER,          -- in a loop an upper bound of the last, otherwise equal to number
    listed   INTEGER NOT NULL, -- 1: only if KVM_GET_MSR_INDEX_LIST names it
    asked    TEXT NOT NULL,    -- the strongest question on the way: list, capability, cpuid, probe (the register is read first),
                               -- unknown (a condition that is not understood), '' without one
    value    TEXT NOT NULL,    -- what is written: state (a member), constant, other, none
    kept     INTEGER           -- of get: 1: the value goes into the VMM's state, 0: it does not, NULL: unknown, or a put
);

-- Where a VMM looks at the number of registers that KVM_GET_MSRS or KVM_SET_MSRS took, or does not.
CREATE TEMP TABLE all_vmm_msr_count (
    side       TEXT NOT NULL,
    tree       TEXT NOT NULL,
    path       TEXT NOT NULL,
    line       INTEGER NOT NULL,
    column     INTEGER NOT NULL,
    function   TEXT NOT NULL,
    callee     TEXT NOT NULL,    -- function whose result it is
    request    TEXT NOT NULL,
    use        TEXT NOT NULL,    -- compared (or used otherwise), error (only tested for one), loop (bounds one, tested for an error at most),
                                -- dropped, unknown
    ioctl_path TEXT NOT NULL,    -- of the ioctl, which may be in a function that the place calls
    ioctl_line INTEGER NOT NULL
);

-- A capability whose ioctls a VMM uses although no code of it asks for the capability: the ioctl that api.rst or the kernel's header
-- makes depend on it.
CREATE TEMP VIEW ioctl_unasked AS
    SELECT t.tree, i.cap, i.ioctl, t.path, min(t.line) AS line
    FROM ioctl_capability i JOIN vmm_ioctl t ON t.ioctl = i.ioctl
    WHERE NOT EXISTS (SELECT 1 FROM vmm_check c WHERE c.tree = t.tree AND c.cap = i.cap)
    GROUP BY t.tree, i.cap, i.ioctl, t.path;

CREATE TEMP VIEW {base_}vmm_check AS SELECT * FROM all_vmm_use WHERE side = '{side}' AND verb <> 'enable';

CREATE TEMP VIEW {base_}vmm_enable AS SELECT * FROM all_vmm_use WHERE side = '{side}' AND verb = 'enable';

CREATE INDEX temp.all_vmm_asked_place ON all_vmm_asked (path, line);
