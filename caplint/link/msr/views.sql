-- Model-specific registers.

-- A definition of an MSR's number, in a header that numbers them.
CREATE TEMP TABLE all_msr (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    role   TEXT NOT NULL,
    path   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    column INTEGER NOT NULL,
    name   TEXT NOT NULL,
    number INTEGER             -- NULL: cannot be computed
);

-- A place in a handler of the kernel that answers for an MSR, or for a range of them.
CREATE TEMP TABLE all_msr_site (
    id        TEXT PRIMARY KEY,
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    verb      TEXT NOT NULL,    -- get, set, feature (KVM_GET_MSRS on the system descriptor)
    msr       TEXT NOT NULL,    -- as written; of a range the lower end
    high      TEXT NOT NULL,    -- the upper end, as msr where there is no range
    number    INTEGER,          -- NULL: cannot be computed
    last      INTEGER,
    function  TEXT NOT NULL,
    kind      TEXT NOT NULL,    -- case, comparison, range
    condition TEXT NOT NULL,
    how       TEXT NOT NULL,    -- where its value comes from or goes to: state, constant, delegated, other
    value     TEXT NOT NULL,    -- the expression, where there is one; of delegated the function
    gated     INTEGER NOT NULL  -- 1: more than who asks decides whether the access succeeds
);

-- A member that decides whether an MSR is accessible, or that its value is computed from.
CREATE TEMP TABLE all_msr_gate (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    site   TEXT NOT NULL,
    member TEXT NOT NULL        -- its last name
);

-- A member of KVM's own structures that an MSR's place reads (get) or writes (set).
CREATE TEMP TABLE all_msr_state (
    side    TEXT NOT NULL,
    tree    TEXT NOT NULL,
    site    TEXT NOT NULL,
    owner   TEXT NOT NULL,      -- kvm_vcpu_arch, kvm_arch, vcpu_vmx, vcpu_svm
    member  TEXT NOT NULL,      -- dotted path; of an unknown member as far as it goes
    unknown TEXT NOT NULL,      -- the step that the structure does not have, '' where it has all
    outside INTEGER NOT NULL,   -- 1: the chain leads on into a structure that is not in view
    written INTEGER NOT NULL,   -- 1: something in KVM may write it
    path    TEXT,               -- where the member is declared
    line    INTEGER
);

-- An MSR in a list behind KVM_GET_MSR_INDEX_LIST or KVM_GET_MSR_FEATURE_INDEX_LIST.
CREATE TEMP TABLE all_msr_saved (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    list      TEXT NOT NULL,
    feature   INTEGER NOT NULL, -- 1: a list of features, which nobody saves
    msr       TEXT NOT NULL,
    number    INTEGER,
    condition TEXT NOT NULL,
    filtered  INTEGER NOT NULL  -- 1: what the host can do decides at run time whether it is offered
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
    number   INTEGER,          -- NULL: cannot be computed; of one in a loop the first
    last     INTEGER,          -- of one in a loop at most the last, else as number
    listed   INTEGER NOT NULL   -- 1: only where KVM_GET_MSR_INDEX_LIST has named it
);

-- A member of a structure that holds the state of a VM or a vCPU, with whether anything in KVM writes it.
CREATE TEMP TABLE all_vcpu_field (
    side    TEXT NOT NULL,
    tree    TEXT NOT NULL,
    arch    TEXT NOT NULL,
    owner   TEXT NOT NULL,
    name    TEXT NOT NULL,      -- dotted path
    type    TEXT NOT NULL,
    array   TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    INTEGER NOT NULL,
    condition TEXT NOT NULL,
    reads   INTEGER NOT NULL,   -- places of the architecture, and of what all share, that use a member of this name
    writes  INTEGER NOT NULL    -- that assign or update it, or take its address
);

-- An MSR that a guest is let write without an exit.
CREATE TEMP TABLE all_msr_passthrough (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,
    function TEXT NOT NULL,
    msr      TEXT NOT NULL,
    switched INTEGER NOT NULL   -- 1: something switches its value between host and guest
);

-- Which MSR belongs to which capability, and how that is known.
CREATE TEMP TABLE all_cap_msr (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    cap      TEXT NOT NULL,
    msr      TEXT NOT NULL,
    number   INTEGER,
    evidence TEXT NOT NULL      -- config (msrs.toml), doc (same section), state (enabling writes what the handler reads), name, patch
);

-- MSRs that processors do not let be written or read, and those whose value is saved another way: msrs.toml.
CREATE TEMP TABLE msr_fact (
    kind   TEXT NOT NULL,       -- read_only, write_only, elsewhere
    msr    TEXT NOT NULL,
    source TEXT NOT NULL
);

CREATE TEMP VIEW {base_}msr_get AS SELECT * FROM all_msr_site WHERE side = '{side}' AND verb = 'get';

CREATE TEMP VIEW {base_}msr_set AS SELECT * FROM all_msr_site WHERE side = '{side}' AND verb = 'set';

CREATE TEMP VIEW {base_}msr_feature AS SELECT * FROM all_msr_site WHERE side = '{side}' AND verb = 'feature';

-- A place of a handler, a list or a VMM that names an MSR, or a definition of a capability, whose number is not known:
-- the header that has it is not in the tree, or says it in a way that is not understood. Rules leave such a place out.
CREATE TEMP VIEW unnumbered AS
    SELECT tree, path, line, column, msr AS name FROM msr_saved WHERE number IS NULL
    UNION SELECT tree, path, line, column, msr FROM all_msr_site WHERE side = 'now' AND number IS NULL
    UNION SELECT tree, path, line, column, msr FROM vmm_msr WHERE number IS NULL AND msr NOT GLOB '*[a-z]*'
    UNION SELECT tree, path, line, column, name FROM cap WHERE number IS NULL AND alias IS NULL;

CREATE INDEX temp.all_msr_site_number ON all_msr_site (number, verb);
CREATE INDEX temp.all_msr_saved_number ON all_msr_saved (number);
CREATE INDEX temp.all_msr_site_range ON all_msr_site (verb, number) WHERE last > number;
CREATE INDEX temp.all_msr_state_site ON all_msr_state (site);
