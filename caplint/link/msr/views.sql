-- Model-specific registers.

-- A definition of an MSR's number, in a header that defines MSR numbers.
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

-- A place in a kernel handler that answers an MSR, or a range of MSRs.
CREATE TEMP TABLE all_msr_site (
    id        TEXT PRIMARY KEY,
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    verb      TEXT NOT NULL,    -- get, set, feature (KVM_GET_MSRS on the system descriptor)
    msr       TEXT NOT NULL,    -- as written; for a range the lower end
    high      TEXT NOT NULL,    -- the upper end; equal to msr if it is not a range
    number    INTEGER,          -- NULL: cannot be computed
    last      INTEGER,
    function  TEXT NOT NULL,
    kind      TEXT NOT NULL,    -- case, comparison, range
    condition TEXT NOT NULL,
    value_kind TEXT NOT NULL,   -- source (get) or target (set) of the value: state (a member of KVM's structures), constant, delegated, other
    value     TEXT NOT NULL,    -- the expression, if there is one; for delegated the function
    gated     INTEGER NOT NULL, -- 1: a condition other than host_initiated decides whether the access succeeds
    gate      TEXT NOT NULL,    -- the first such condition, '' without one
    by_feature INTEGER NOT NULL -- 1: a condition tests a feature of the guest, itself or in a function that it calls
);

-- A member that decides whether an MSR is accessible, or from which its value is computed.
CREATE TEMP TABLE all_msr_gate (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    site   TEXT NOT NULL,
    member TEXT NOT NULL        -- its last name
);

-- A member of KVM's own structures that an `msr_get` site reads or an `msr_set` site writes.
CREATE TEMP TABLE all_msr_state (
    side    TEXT NOT NULL,
    tree    TEXT NOT NULL,
    site    TEXT NOT NULL,
    owner   TEXT NOT NULL,      -- kvm_vcpu_arch, kvm_arch, vcpu_vmx, vcpu_svm
    member  TEXT NOT NULL,      -- dotted path; up to the unknown step if there is one
    unknown TEXT NOT NULL,      -- the step that the structure does not have, '' if it has all
    outside INTEGER NOT NULL,   -- 1: the chain continues into a structure that is not in view
    written INTEGER NOT NULL,   -- 1: some code in KVM may write it
    path    TEXT,               -- file that declares the member
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
    feature   INTEGER NOT NULL, -- 1: a list of feature MSRs, which are not saved
    by_vendor INTEGER NOT NULL, -- 1: the vendor's module decides which of the list's MSRs exist
    msr       TEXT NOT NULL,
    number    INTEGER,
    condition TEXT NOT NULL,
    filtered  INTEGER NOT NULL, -- 1: the host's features decide at run time whether it is in the list
    family    TEXT NOT NULL     -- pattern for registers of its kind: MSR_K7_*, HV_X64_MSR_*
);

-- A member of a structure with the state of a VM or vCPU, and how often KVM reads and writes members of its name.
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
    reads   INTEGER NOT NULL,   -- number of places in the architecture's and the shared code that use a member of this name
    writes  INTEGER NOT NULL    -- number of those that assign or update it, or take its address
);

-- An MSR that a guest may write without an exit.
CREATE TEMP TABLE all_msr_passthrough (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,
    function TEXT NOT NULL,
    msr      TEXT NOT NULL,
    switched INTEGER NOT NULL   -- 1: its value is switched between host and guest
);

-- What the module of one vendor does with accesses of user space to a listed MSR. Registers that cases of all vendors serve
-- without a condition, and those of a bank of which the list names the first register too, are left out; so are vendors
-- whose way to decide is not understood.
CREATE TEMP TABLE all_msr_service (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,     -- of the entry of the list
    line     INTEGER NOT NULL,
    column   INTEGER NOT NULL,
    list     TEXT NOT NULL,
    msr      TEXT NOT NULL,
    number   INTEGER NOT NULL,
    family   TEXT NOT NULL,     -- beginning of the names of its kin: MSR_KVM, MSR_IA32_VMX
    vendor   TEXT NOT NULL,     -- vmx, svm; '' if the tree has no vendor's module
    by_vendor INTEGER NOT NULL, -- 1: the vendor's module decides which of the list's MSRs exist
    filter   TEXT NOT NULL,     -- its function that filters the list; '' for a list that the processor's registers filter
    listed   TEXT NOT NULL,     -- presence condition under which the list may have the register
    unread   TEXT NOT NULL,     -- presence condition under which it is listed and cannot be read
    unwritten TEXT NOT NULL     -- presence condition under which it is listed and cannot be written
);

-- The features on which a guest's access to an MSR depends. Only of MSRs that cases of their own read and write, one of them
-- under a condition, and only if the guest may both read and write it.
CREATE TEMP TABLE all_msr_gating (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,     -- of the case
    line     INTEGER NOT NULL,
    column   INTEGER NOT NULL,
    function TEXT NOT NULL,
    vendor   TEXT NOT NULL,
    verb     TEXT NOT NULL,     -- get, set
    msr      TEXT NOT NULL,
    number   INTEGER NOT NULL,
    family   TEXT NOT NULL,     -- beginning of the names of its kin: MSR_KVM, MSR_IA32_RTIT
    gated    INTEGER NOT NULL,  -- 1: the access fails if the guest has none of the features
    features TEXT NOT NULL,     -- JSON list of CPUID features and of members that enabling a capability sets
    each     INTEGER NOT NULL,  -- 1: it fails if the guest lacks one of them; 0: one of them may be enough
    by_host  INTEGER NOT NULL,  -- 1: user space's access fails as well if the guest has none of them
    undecided TEXT NOT NULL     -- JSON list of other conditions that may refuse the access
);

-- The MSRs that belong to a capability, with the evidence.
CREATE TEMP TABLE all_cap_msr (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    cap      TEXT NOT NULL,
    msr      TEXT NOT NULL,
    number   INTEGER,
    evidence TEXT NOT NULL      -- config (msrs.toml), doc (same section), state (enabling writes what the handler reads), name, patch
);

-- MSRs that processors do not allow to be written or read, MSRs whose value is saved by other means, those that VMMs save
-- although no list names them (alone, or with a companion), and those of lists that every processor has: msrs.toml.
CREATE TEMP TABLE msr_fact (
    kind   TEXT NOT NULL,       -- read_only, write_only, elsewhere, by_vmm, companion (source: the MSR that it goes with), everywhere
    msr    TEXT NOT NULL,
    source TEXT NOT NULL
);

CREATE TEMP VIEW {base_}msr_get AS SELECT * FROM all_msr_site WHERE side = '{side}' AND verb = 'get';

CREATE TEMP VIEW {base_}msr_set AS SELECT * FROM all_msr_site WHERE side = '{side}' AND verb = 'set';

CREATE TEMP VIEW {base_}msr_feature AS SELECT * FROM all_msr_site WHERE side = '{side}' AND verb = 'feature';

-- An access of a guest (`verb`) to an MSR that depends on other features than the other access: on none (`open`), although
-- nothing else that is not understood may refuse it, or, of reading, on none of those that writing needs (`different`).
CREATE TEMP VIEW msr_drift AS
WITH pair AS (
    SELECT a.*, b.features AS other_features, b.path AS other_path, b.line AS other_line,
           b.each AS other_each, b.gated AS other_gated, b.undecided AS other_undecided
    FROM msr_gating a
    JOIN msr_gating b ON b.tree = a.tree AND b.vendor = a.vendor AND b.number = a.number AND b.verb <> a.verb
)
SELECT *, 'open' AS kind FROM pair p
WHERE NOT gated AND other_gated AND NOT EXISTS (
    SELECT value FROM json_each(p.undecided) EXCEPT SELECT value FROM json_each(p.other_undecided))
UNION ALL
SELECT *, 'different' FROM pair p
WHERE verb = 'get' AND gated AND other_gated AND each AND other_each AND NOT EXISTS (
    SELECT value FROM json_each(p.features) INTERSECT SELECT value FROM json_each(p.other_features));

-- An MSR at a site of a handler, a list or a VMM, or a definition of a capability, whose number is unknown because
-- the header that defines it is not in the tree or is not understood. Rules leave it out.
CREATE TEMP VIEW unnumbered AS
    SELECT tree, path, line, column, msr AS name FROM msr_saved WHERE number IS NULL
    UNION SELECT tree, path, line, column, msr FROM all_msr_site WHERE side = 'now' AND number IS NULL
    UNION SELECT tree, path, line, column, msr FROM vmm_msr WHERE number IS NULL AND msr NOT GLOB '*[a-z]*'
    UNION SELECT tree, path, line, column, name FROM cap WHERE number IS NULL AND alias IS NULL;

CREATE INDEX temp.all_msr_site_number ON all_msr_site (number, verb);
CREATE INDEX temp.all_msr_saved_number ON all_msr_saved (number);
CREATE INDEX temp.all_msr_site_range ON all_msr_site (verb, number) WHERE last > number;
CREATE INDEX temp.all_msr_state_site ON all_msr_state (site);
