-- The views that rules speak in: the facts of the current snapshot, with what only the whole project
-- can tell. All of them are temporary and hold the trees of one run. `arch` is one of kvm.toml's
-- canonical architectures, `generic` for code that all share, NULL where a path does not say.

-- The trees of this run.
CREATE TEMP TABLE tree (
    name     TEXT PRIMARY KEY,  -- kernel, qemu, libvirt, or as the user named it
    role     TEXT NOT NULL,     -- kernel, vmm, manager, reference
    project  TEXT NOT NULL,     -- linux, qemu, libvirt, kvmtool
    location TEXT NOT NULL,     -- directory or revision
    patched  INTEGER NOT NULL,  -- 1: a patch lies over it, and the base_ views show it without
    complete INTEGER NOT NULL   -- 0: only the hunks of diffs are in view
);

-- The files that matter of each tree. `side` is 'now', or 'base' for a patched tree without its patch.
CREATE TEMP TABLE all_file (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    role   TEXT NOT NULL,
    path   TEXT NOT NULL,
    arch   TEXT,
    header TEXT,                -- which copy of the UAPI it is: uapi, copy (the kernel's tools/), vmm; NULL: none
    api    INTEGER NOT NULL,    -- 1: KVM's API documentation
    blob   INTEGER NOT NULL,
    made   INTEGER NOT NULL     -- 1: the blob is not the file but what its macros make; lines are those of the file
);

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

-- What links looked at in part only, for it would have taken too long.
CREATE TEMP TABLE all_cut (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    path   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    start  INTEGER NOT NULL,
    stop   INTEGER NOT NULL,
    reason TEXT NOT NULL
);

-- A definition of a capability in a UAPI header: an object-like integer macro KVM_CAP_*.
CREATE TEMP TABLE all_cap (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    role      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    name      TEXT NOT NULL,
    number    COLLATE number,   -- NULL: cannot be computed; TEXT where 64 bits with a sign do not hold it
    alias     TEXT,             -- the capability that its body names
    header    TEXT NOT NULL,    -- uapi, copy, vmm
    arch      TEXT,
    condition TEXT NOT NULL,    -- presence condition, 1: always
    comment   TEXT              -- the comment on its lines
);

-- A function of the kernel that answers KVM_CHECK_EXTENSION or carries out KVM_ENABLE_CAP.
CREATE TEMP TABLE all_handler (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    function TEXT NOT NULL,
    arch     TEXT NOT NULL,
    verb     TEXT NOT NULL,     -- check, enable
    scope    TEXT,              -- vm, vcpu for enable
    because  TEXT NOT NULL      -- name, table (through a callback field), delegation (a handler returns its answer)
);

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

-- A capability that a check handler answers.
CREATE TEMP TABLE all_cap_check (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    cap       TEXT NOT NULL,
    arch      TEXT NOT NULL,
    function  TEXT NOT NULL,
    kind      TEXT NOT NULL,    -- case, comparison
    condition TEXT NOT NULL,
    reads_vm  INTEGER,          -- 1: the answer reads the VM, so the system descriptor may differ; NULL: not known
    answer    TEXT,             -- what is returned, where that is one expression
    returns   TEXT NOT NULL,    -- presence condition under which the case always returns, and nothing behind the switch runs
    positive  TEXT NOT NULL     -- presence condition under which the answer may be other than 0
);

-- A capability that an architecture answers with more than 0: by its own handler, or by the generic one where that is possible there.
CREATE TEMP TABLE all_cap_answer (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    cap       TEXT NOT NULL,
    arch      TEXT NOT NULL,    -- never generic
    condition TEXT NOT NULL,
    function  TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL
);

-- A capability that an enable handler accepts.
CREATE TEMP TABLE all_cap_enable (
    side          TEXT NOT NULL,
    tree          TEXT NOT NULL,
    path          TEXT NOT NULL,
    line          INTEGER NOT NULL,
    column        INTEGER NOT NULL,
    cap           TEXT NOT NULL,
    arch          TEXT NOT NULL,
    function      TEXT NOT NULL,
    scope         TEXT NOT NULL,    -- vm, vcpu
    kind          TEXT NOT NULL,    -- case, comparison
    condition     TEXT NOT NULL,
    flags_checked INTEGER,          -- 1: cap->flags is tested on the way; NULL: a helper that is not in view may do it
    stores        INTEGER NOT NULL, -- assignments that outlive the function
    calls         INTEGER NOT NULL, -- calls other than logging
    succeeds      INTEGER,          -- 1: returns 0 on some way; NULL: not known
    max_argument  INTEGER,          -- highest index of cap->args that is read; NULL: none
    returns       TEXT NOT NULL     -- presence condition under which the case always returns, and nothing behind the switch runs
);

-- Where a check handler dereferences the VM with no test for NULL on the way: the system descriptor hands NULL on.
CREATE TEMP TABLE all_vm_dereference (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL, -- of the capability's case
    column    INTEGER NOT NULL,
    cap       TEXT NOT NULL,    -- KVM_CHECK_EXTENSION where it happens for every capability
    arch      TEXT NOT NULL,
    function  TEXT NOT NULL,    -- the handler
    text      TEXT NOT NULL,    -- what dereferences it: a chain of members, or a macro's body
    at_path   TEXT NOT NULL,    -- where that stands, in the handler or a helper
    at_line   INTEGER NOT NULL,
    condition TEXT NOT NULL
);

-- An argument of KVM_ENABLE_CAP that an enable case reads.
CREATE TEMP TABLE all_cap_argument (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL, -- of the capability's case
    column    INTEGER NOT NULL,
    cap       TEXT NOT NULL,
    arch      TEXT NOT NULL,
    function  TEXT NOT NULL,
    scope     TEXT NOT NULL,    -- vm, vcpu
    position  INTEGER NOT NULL, -- index in cap->args
    use       TEXT NOT NULL,    -- stored, passed (to a function), tested (and nothing else)
    validated INTEGER,          -- 1: its valid values are tested, or every value is valid; NULL: a function that is not in view may do it
    zero      TEXT NOT NULL,    -- what 0 leads to: rejected, required, accepted
    mask      TEXT              -- the bits that are accepted, as written
);

-- An enable case that looks at the vCPUs of the VM.
CREATE TEMP TABLE all_vcpu_walk (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL, -- of the capability's case
    column    INTEGER NOT NULL,
    cap       TEXT NOT NULL,
    arch      TEXT NOT NULL,
    function  TEXT NOT NULL,
    scope     TEXT NOT NULL,
    text      TEXT NOT NULL,    -- created_vcpus, kvm_for_each_vcpu, or the helper that does it
    at_line   INTEGER NOT NULL,
    locked    INTEGER NOT NULL, -- 1: kvm->lock is held
    writes    INTEGER NOT NULL  -- 1: the case changes the VM
);

-- The bits that a check case answers, or that an enable case accepts in an argument.
CREATE TEMP TABLE all_cap_mask (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,  -- of the capability's case
    column   INTEGER NOT NULL,
    cap      TEXT NOT NULL,
    arch     TEXT NOT NULL,
    function TEXT NOT NULL,
    verb     TEXT NOT NULL,     -- check, enable
    position INTEGER NOT NULL,  -- index in cap->args
    text     TEXT NOT NULL,     -- as written, several joined by |
    value    INTEGER            -- as 64 bits, negative where the highest is set; NULL: cannot be computed, or is no set of named bits
);

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
    how       TEXT NOT NULL,    -- how the capability is named: direct, variable, table, pasted (KVM_CAP_INFO), parameter (of the function called)
    flags     TEXT,             -- of enable, as written; NULL where they are not known
    given     TEXT,             -- of enable: JSON array of what is passed in args; NULL where that is not known
    ignored   TEXT NOT NULL,    -- how the result is lost: dropped, unread (assigned, and never looked at), callers (all drop it), '' where it is not
    followed  INTEGER NOT NULL  -- 1: its function is static or has callers in view, so that checks in callers have been looked for
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
    how        TEXT NOT NULL,   -- same function, every caller, stored flag, required (at start-up)
    check_path TEXT NOT NULL,   -- where it is asked for
    check_line INTEGER NOT NULL
);

-- A capability named in KVM's API documentation, once per section.
CREATE TEMP TABLE all_doc_cap (
    side          TEXT NOT NULL,
    tree          TEXT NOT NULL,
    path          TEXT NOT NULL,
    line          INTEGER NOT NULL,
    column        INTEGER NOT NULL,
    cap           TEXT NOT NULL,
    api           INTEGER NOT NULL,  -- 1: in api.rst itself, 0: elsewhere below Documentation/virt/kvm
    section       TEXT,
    title         TEXT,
    heading       INTEGER NOT NULL,  -- 1: the section's title names it
    pattern       INTEGER NOT NULL,  -- 1: stands for several
    type          TEXT,
    architectures TEXT,
    parameters    TEXT
);

-- An ioctl with a capability under which it is there, as `:Capability:` in api.rst or "Available with" in a comment of the
-- UAPI header says: one row per alternative, none from api.rst for an ioctl that is always there.
CREATE TEMP TABLE all_ioctl_capability (
    side    TEXT NOT NULL,
    tree    TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    INTEGER NOT NULL,   -- of the field or comment
    section TEXT,               -- NULL also for a comment
    ioctl   TEXT NOT NULL,
    cap     TEXT NOT NULL,
    type    TEXT,               -- `:Type:` that goes with it: vcpu ioctl, vm ioctl, system ioctl; NULL also for a comment
    source  TEXT NOT NULL       -- doc, header
);

-- A case of the kernel for an ioctl of KVM; or a comparison with one, where the function has no case for it.
CREATE TEMP TABLE all_ioctl_case (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    ioctl     TEXT NOT NULL,
    arch      TEXT,
    function  TEXT,
    condition TEXT NOT NULL,
    scope     TEXT              -- vcpu, vm, device, system, by the function's name; NULL: it does not say
);

-- An architecture that api.rst gives to a capability or ioctl, in the section whose title names it: one row per name and
-- architecture. A line with a word that is not understood has none.
CREATE TEMP TABLE all_doc_architecture (
    side    TEXT NOT NULL,
    tree    TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    INTEGER NOT NULL,
    section TEXT,
    title   TEXT NOT NULL,
    text    TEXT NOT NULL,       -- as written: `x86, arm64`, `all`
    subject TEXT NOT NULL,       -- the capability or ioctl
    arch    TEXT NOT NULL        -- canonical; none where it says that there is none
);

-- What api.rst says a capability or ioctl is for, in the same way: with `:Type:` or `:Target:`; of a capability without
-- either, what its chapter is for.
CREATE TEMP TABLE all_doc_type (
    side    TEXT NOT NULL,
    tree    TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    INTEGER NOT NULL,
    section TEXT,
    title   TEXT NOT NULL,
    text    TEXT NOT NULL,       -- as written, or the chapter's title
    subject TEXT NOT NULL,
    scope   TEXT NOT NULL        -- system, vm, vcpu, device
);

-- A capability whose name stands in a file's code, whatever for.
CREATE TEMP TABLE all_cap_use (
    side  TEXT NOT NULL,
    tree  TEXT NOT NULL,
    role  TEXT NOT NULL,
    path  TEXT NOT NULL,
    line  INTEGER NOT NULL,
    column INTEGER NOT NULL,
    cap   TEXT NOT NULL,
    arch  TEXT,
    kind  TEXT NOT NULL
);

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

-- State that outlives the handler and that enabling a capability writes.
CREATE TEMP TABLE all_cap_state (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    cap      TEXT NOT NULL,
    arch     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,
    function TEXT NOT NULL,
    target   TEXT NOT NULL,     -- as written
    member   TEXT NOT NULL,     -- its last name
    read     INTEGER NOT NULL   -- 1: something in the tree reads a member of that name
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
    evidence TEXT NOT NULL      -- config (kvm.toml), doc (same section), state (enabling writes what the handler reads), name, patch
);

-- The layouts that one of a tree's copies of the UAPI has on one architecture, as JSON; the views struct_layout and
-- ioctl_number are what it says.
CREATE TEMP TABLE all_layout (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    role   TEXT NOT NULL,
    header TEXT NOT NULL,       -- uapi, copy, vmm
    arch   TEXT NOT NULL,       -- '' where the path of its asm/kvm.h says none
    path   TEXT NOT NULL,       -- of linux/kvm.h
    asm    TEXT NOT NULL,       -- of asm/kvm.h
    units  TEXT NOT NULL        -- ABI → structures, ioctls, unknown
);

-- A structure or ioctl that two copies of the UAPI lay out or number differently, per pair of copies and architecture.
CREATE TEMP TABLE all_layout_drift (
    world         TEXT NOT NULL,    -- now; base: with every patched tree as it is without its patch
    against       TEXT NOT NULL,    -- vmm; copy (tools/); reference: another kernel; before: the kernel without its patch
    original      TEXT NOT NULL,    -- tree of the header that counts: the kernel; of reference and before that one
    tree          TEXT NOT NULL,    -- tree of the other
    arch          TEXT NOT NULL,
    subject       TEXT NOT NULL,    -- tag, or the ioctl's name
    kind          TEXT NOT NULL,    -- struct, ioctl
    verdict       TEXT NOT NULL,    -- break: programs built with one misread the other; compatible: one has more
    abis          TEXT NOT NULL,    -- on which that holds, separated by commas
    everywhere    INTEGER NOT NULL, -- 1: on all that both are known for
    changes       TEXT NOT NULL,    -- what the other has, and what the original has
    original_path TEXT NOT NULL,
    original_line INTEGER NOT NULL,
    original_column INTEGER NOT NULL,
    path          TEXT NOT NULL,
    line          INTEGER NOT NULL,
    column        INTEGER NOT NULL
);

-- MSRs that processors do not let be written or read, and those whose value is saved another way: kvm.toml.
CREATE TEMP TABLE msr_fact (
    kind   TEXT NOT NULL,       -- read_only, write_only, elsewhere
    msr    TEXT NOT NULL,
    source TEXT NOT NULL
);

-- Whether a program's entry leads to a place, over the call graph. Filled by `check --deep` only.
CREATE TEMP TABLE reaches (
    kind     TEXT NOT NULL,     -- use (a VMM checks or enables a capability), handler (of the kernel, from its ioctl)
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,  -- of the use; of a handler where it is defined
    function TEXT NOT NULL,     -- that holds the use; the handler
    subject  TEXT NOT NULL,     -- the capability; the ioctl
    arch     TEXT,
    reached  INTEGER,           -- 1, 0; NULL: not known
    reason   TEXT NOT NULL      -- why it is not, or why that is not known; '' where it is reached
);

-- Whether a VMM gets to a place that enables a capability without asking for it, by the call graph: of places whose
-- result is lost and that no check stands before in their own function. Filled by `check --deep` only.
CREATE TEMP TABLE enable_way (
    tree    TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    INTEGER NOT NULL,
    column  INTEGER NOT NULL,
    cap     TEXT NOT NULL,
    checked INTEGER,            -- 1: some caller asks on every way, 0: not on this one; NULL: not known
    reason  TEXT NOT NULL,      -- the callers that ask, or why it is not known; '' for a way without a check
    route   TEXT NOT NULL,      -- the functions on a way without a check, from the entry on
    way     TEXT NOT NULL       -- its places: JSON array of tree, path, line and message
);

-- Lines that a patch adds or changes, in the patched file.
CREATE TEMP TABLE changed_line (
    tree TEXT NOT NULL,
    path TEXT NOT NULL,
    line INTEGER NOT NULL
);

-- What the patches of a run do to files: one row per patch and file of a tree.
CREATE TEMP TABLE patch_file (
    series  TEXT NOT NULL,      -- the file that the series was read from
    ordinal INTEGER NOT NULL,   -- which patch of its series, from 1
    patch   TEXT NOT NULL,      -- its subject, or the file that it was read from
    tree    TEXT NOT NULL,
    path    TEXT NOT NULL,      -- after the patch; of a removed file before it
    kind    TEXT NOT NULL       -- modified, added, removed, renamed, copied
);

-- Self-tests that name a capability, where a patch adds one. They are searched as plain text.
CREATE TEMP TABLE selftest (
    tree TEXT NOT NULL,
    path TEXT NOT NULL,
    line INTEGER NOT NULL,
    cap  TEXT NOT NULL
);

-- Capabilities that other series, which are checked at the same time, add to a kernel.
CREATE TEMP TABLE pending_cap (
    series TEXT NOT NULL,
    tree   TEXT NOT NULL,
    path   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    name   TEXT NOT NULL,
    number COLLATE number NOT NULL
);

-- Numbered sections of KVM's API documentation that they add.
CREATE TEMP TABLE pending_section (
    series  TEXT NOT NULL,
    tree    TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    INTEGER NOT NULL,
    section TEXT NOT NULL,
    title   TEXT NOT NULL
);

-- Errors that trees show after a patch in the middle of a series and that a later patch of it resolves.
CREATE TEMP TABLE step_finding (
    series   TEXT NOT NULL,
    ordinal  INTEGER NOT NULL,  -- the patch after which it shows first
    patch    TEXT NOT NULL,
    until    INTEGER NOT NULL,  -- the patch that resolves it
    fix      TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,  -- in the tree after that patch
    code     TEXT NOT NULL,
    subject  TEXT NOT NULL,
    arch     TEXT,
    function TEXT,
    message  TEXT NOT NULL
);

-- Capabilities whose number is kept although nothing answers for them any more.
CREATE TEMP TABLE retired (
    name   TEXT PRIMARY KEY,
    reason TEXT NOT NULL
);

-- Capabilities for which the system answers as any VM does, although a check handler reads the VM: kvm.toml.
CREATE TEMP TABLE system_answer (
    name   TEXT PRIMARY KEY,
    reason TEXT NOT NULL
);

-- What a running machine answers, as `caplint probe` recorded it: a row for each number that it answers, and for each that a tree
-- defines. Empty without --probe.
CREATE TEMP TABLE machine_answer (
    machine TEXT NOT NULL,      -- its host name
    arch    TEXT NOT NULL,
    release TEXT NOT NULL,      -- of its kernel, as uname -r says it
    number  INTEGER NOT NULL,
    cap     TEXT,               -- as the kernel tree calls the number, else another tree; NULL: no tree defines it
    system  INTEGER NOT NULL,   -- the answer on the system descriptor; negative: an error's number
    vm      INTEGER,            -- the answer on a VM's descriptor; NULL: no VM could be asked
    PRIMARY KEY (machine, number)
) WITHOUT ROWID;

-- A capability that a machine answers and a kernel tree, built for the machine's architecture, would not, or the reverse.
-- Values are not compared, only whether an answer is more than 0.
CREATE TEMP TABLE all_machine_difference (
    side           TEXT NOT NULL,
    tree           TEXT NOT NULL,
    machine        TEXT NOT NULL,
    arch           TEXT NOT NULL,
    release        TEXT NOT NULL,
    source_release TEXT,            -- what the tree's Makefile states; NULL: nothing
    same           TEXT NOT NULL,   -- how far the two agree: version (6.12.3), series (6.12), none
    number         INTEGER NOT NULL,
    cap            TEXT,            -- as the tree calls it; NULL: it defines no such number
    system         INTEGER NOT NULL,
    vm             INTEGER,
    source         INTEGER NOT NULL,  -- 1: the source answers and the machine does not; 0: the reverse
    reason         TEXT NOT NULL,   -- configuration, run_time, release, blind_spot, unexplained
    why            TEXT NOT NULL,   -- in words
    path           TEXT NOT NULL,   -- of the case, else of the definition, else of the header
    line           INTEGER NOT NULL,
    function       TEXT             -- the handler; NULL where none has a case
);

-- Numbers that the user has set aside for capabilities of their own: `vendor-range`.
CREATE TEMP TABLE vendor_range (
    low  COLLATE number NOT NULL,
    high COLLATE number NOT NULL
);

CREATE INDEX temp.all_file_blob ON all_file (blob);
CREATE INDEX temp.all_cap_name ON all_cap (name);
CREATE INDEX temp.all_cap_check_cap ON all_cap_check (cap);
CREATE INDEX temp.all_cap_enable_cap ON all_cap_enable (cap);
CREATE INDEX temp.all_cap_answer_cap ON all_cap_answer (cap);
CREATE INDEX temp.all_doc_cap_cap ON all_doc_cap (cap);
CREATE INDEX temp.all_doc_architecture_subject ON all_doc_architecture (subject);
CREATE INDEX temp.all_doc_type_subject ON all_doc_type (subject);
CREATE INDEX temp.all_cap_use_cap ON all_cap_use (cap);
CREATE INDEX temp.all_msr_site_number ON all_msr_site (number, verb);
CREATE INDEX temp.all_msr_saved_number ON all_msr_saved (number);
CREATE INDEX temp.all_msr_site_range ON all_msr_site (verb, number) WHERE last > number;
CREATE INDEX temp.all_msr_state_site ON all_msr_state (site);

CREATE TEMP VIEW file AS SELECT tree, role, path, arch, header, api, blob FROM all_file WHERE side = 'now' AND NOT made;
CREATE TEMP VIEW base_file AS SELECT tree, role, path, arch, header, api, blob FROM all_file WHERE side = 'base' AND NOT made;
-- A function definition, also one that a macro makes. Its facts are those of its blob, between start and stop.
CREATE TEMP VIEW code_function AS
    SELECT f.side, f.tree, f.role, f.path, f.arch, f.blob, d.name, d.line, d.start, d.stop, d.static, d.parameters, d.condition
    FROM all_file f JOIN main.function d ON d.blob = f.blob
    WHERE f.made OR NOT EXISTS (
        SELECT 1 FROM superseded s WHERE s.side = f.side AND s.tree = f.tree AND s.path = f.path AND s.function = d.name
    );
CREATE TEMP VIEW unexpanded AS SELECT * FROM all_unexpanded WHERE side = 'now';
CREATE TEMP VIEW cap AS SELECT * FROM all_cap WHERE side = 'now';
CREATE TEMP VIEW base_cap AS SELECT * FROM all_cap WHERE side = 'base';
CREATE TEMP VIEW handler AS SELECT * FROM all_handler WHERE side = 'now';
CREATE TEMP VIEW base_handler AS SELECT * FROM all_handler WHERE side = 'base';
CREATE TEMP VIEW cap_check AS SELECT * FROM all_cap_check WHERE side = 'now';
CREATE TEMP VIEW base_cap_check AS SELECT * FROM all_cap_check WHERE side = 'base';
CREATE TEMP VIEW kconfig AS SELECT * FROM all_kconfig WHERE side = 'now';
CREATE TEMP VIEW base_kconfig AS SELECT * FROM all_kconfig WHERE side = 'base';
CREATE TEMP VIEW file_condition AS SELECT * FROM all_file_condition WHERE side = 'now';
CREATE TEMP VIEW base_file_condition AS SELECT * FROM all_file_condition WHERE side = 'base';
CREATE TEMP VIEW cap_answer AS SELECT * FROM all_cap_answer WHERE side = 'now';
CREATE TEMP VIEW base_cap_answer AS SELECT * FROM all_cap_answer WHERE side = 'base';
CREATE TEMP VIEW machine_difference AS SELECT * FROM all_machine_difference WHERE side = 'now';
CREATE TEMP VIEW cap_enable AS SELECT * FROM all_cap_enable WHERE side = 'now';
CREATE TEMP VIEW base_cap_enable AS SELECT * FROM all_cap_enable WHERE side = 'base';
CREATE TEMP VIEW vm_dereference AS SELECT * FROM all_vm_dereference WHERE side = 'now';
CREATE TEMP VIEW cap_argument AS SELECT * FROM all_cap_argument WHERE side = 'now';
CREATE TEMP VIEW base_cap_argument AS SELECT * FROM all_cap_argument WHERE side = 'base';
CREATE TEMP VIEW cap_mask AS SELECT * FROM all_cap_mask WHERE side = 'now';
CREATE TEMP VIEW vmm_argument AS SELECT * FROM all_vmm_argument WHERE side = 'now';
CREATE TEMP VIEW vcpu_walk AS SELECT * FROM all_vcpu_walk WHERE side = 'now';
CREATE TEMP VIEW vmm_check AS SELECT * FROM all_vmm_use WHERE side = 'now' AND verb <> 'enable';
CREATE TEMP VIEW base_vmm_check AS SELECT * FROM all_vmm_use WHERE side = 'base' AND verb <> 'enable';
CREATE TEMP VIEW vmm_enable AS SELECT * FROM all_vmm_use WHERE side = 'now' AND verb = 'enable';
CREATE TEMP VIEW base_vmm_enable AS SELECT * FROM all_vmm_use WHERE side = 'base' AND verb = 'enable';
CREATE TEMP VIEW vmm_unresolved AS SELECT * FROM all_vmm_unresolved WHERE side = 'now';
CREATE TEMP VIEW checked_before AS SELECT * FROM all_checked_before WHERE side = 'now';
CREATE TEMP VIEW base_checked_before AS SELECT * FROM all_checked_before WHERE side = 'base';
CREATE TEMP VIEW doc_cap AS SELECT * FROM all_doc_cap WHERE side = 'now';
CREATE TEMP VIEW base_doc_cap AS SELECT * FROM all_doc_cap WHERE side = 'base';
CREATE TEMP VIEW msr AS SELECT * FROM all_msr WHERE side = 'now';
CREATE TEMP VIEW base_msr AS SELECT * FROM all_msr WHERE side = 'base';
CREATE TEMP VIEW msr_get AS SELECT * FROM all_msr_site WHERE side = 'now' AND verb = 'get';
CREATE TEMP VIEW base_msr_get AS SELECT * FROM all_msr_site WHERE side = 'base' AND verb = 'get';
CREATE TEMP VIEW msr_set AS SELECT * FROM all_msr_site WHERE side = 'now' AND verb = 'set';
CREATE TEMP VIEW base_msr_set AS SELECT * FROM all_msr_site WHERE side = 'base' AND verb = 'set';
CREATE TEMP VIEW msr_feature AS SELECT * FROM all_msr_site WHERE side = 'now' AND verb = 'feature';
CREATE TEMP VIEW msr_state AS SELECT * FROM all_msr_state WHERE side = 'now';
CREATE TEMP VIEW msr_saved AS SELECT * FROM all_msr_saved WHERE side = 'now';
CREATE TEMP VIEW base_msr_saved AS SELECT * FROM all_msr_saved WHERE side = 'base';
CREATE TEMP VIEW vmm_msr AS SELECT * FROM all_vmm_msr WHERE side = 'now';
CREATE TEMP VIEW base_vmm_msr AS SELECT * FROM all_vmm_msr WHERE side = 'base';
CREATE TEMP VIEW vcpu_field AS SELECT * FROM all_vcpu_field WHERE side = 'now';
CREATE TEMP VIEW base_vcpu_field AS SELECT * FROM all_vcpu_field WHERE side = 'base';
CREATE TEMP VIEW cap_state AS SELECT * FROM all_cap_state WHERE side = 'now';
CREATE TEMP VIEW base_cap_state AS SELECT * FROM all_cap_state WHERE side = 'base';
CREATE TEMP VIEW msr_passthrough AS SELECT * FROM all_msr_passthrough WHERE side = 'now';
CREATE TEMP VIEW cap_msr AS SELECT * FROM all_cap_msr WHERE side = 'now';
CREATE TEMP VIEW base_cap_msr AS SELECT * FROM all_cap_msr WHERE side = 'base';
CREATE TEMP VIEW ioctl_capability AS SELECT * FROM all_ioctl_capability WHERE side = 'now';
CREATE TEMP VIEW doc_architecture AS SELECT * FROM all_doc_architecture WHERE side = 'now';
CREATE TEMP VIEW doc_type AS SELECT * FROM all_doc_type WHERE side = 'now';
-- A numbered section of KVM's API documentation.
CREATE TEMP VIEW api_section AS
    SELECT f.tree, f.path, s.line, s.number, s.title,
           rtrim(rtrim(s.number, '0123456789'), '.') AS chapter,  -- the number of what it is numbered in; '' for a chapter
           CAST(replace(s.number, rtrim(s.number, '0123456789'), '') AS INTEGER) AS ordinal  -- its own number there
    FROM file f JOIN main.doc_section s ON s.blob = f.blob WHERE f.role = 'kernel' AND f.api AND s.number IS NOT NULL;
CREATE TEMP VIEW base_api_section AS
    SELECT f.tree, f.path, s.line, s.number, s.title,
           rtrim(rtrim(s.number, '0123456789'), '.') AS chapter,
           CAST(replace(s.number, rtrim(s.number, '0123456789'), '') AS INTEGER) AS ordinal
    FROM base_file f JOIN main.doc_section s ON s.blob = f.blob WHERE f.role = 'kernel' AND f.api AND s.number IS NOT NULL;
-- A field of a section of KVM's API documentation.
CREATE TEMP VIEW api_field AS
    SELECT f.tree, f.path, d.line, d.section, d.title, d.name, d.value
    FROM file f JOIN main.doc_field d ON d.blob = f.blob WHERE f.role = 'kernel' AND f.api;
CREATE TEMP VIEW ioctl_case AS
    SELECT tree, path, line, column, ioctl, arch, function, condition, scope FROM all_ioctl_case WHERE side = 'now';
-- An architecture on which a capability or ioctl is there: the code answers for it, enables it, or has a case for it.
CREATE TEMP VIEW offered AS
    SELECT tree, cap AS subject, arch, path, line, function, 0 AS shared FROM cap_answer
    UNION ALL
    SELECT tree, cap, arch, path, line, function, 0 FROM cap_enable
    WHERE arch <> 'generic' AND possible(arch, condition, tree)
    UNION ALL
    SELECT i.tree, i.ioctl, h.arch, i.path, i.line, i.function,
           i.arch = 'generic' AS shared    -- 1: the case is in code that all share, and the architecture may refuse it further down
    FROM ioctl_case i
    JOIN (SELECT DISTINCT tree, arch FROM handler WHERE verb = 'check' AND arch <> 'generic') h
         ON h.tree = i.tree AND i.arch IN ('generic', h.arch)
    WHERE possible(h.arch, i.condition, i.tree);
-- A descriptor on which a capability is enabled, or an ioctl handled.
CREATE TEMP VIEW served AS
    SELECT tree, cap AS subject, scope, arch, path, line, function FROM cap_enable
    UNION ALL
    SELECT tree, ioctl, scope, arch, path, line, function FROM ioctl_case;
CREATE TEMP VIEW cap_use AS SELECT * FROM all_cap_use WHERE side = 'now';
CREATE TEMP VIEW base_cap_use AS SELECT * FROM all_cap_use WHERE side = 'base';

-- A member of a structure or union of the UAPI, as one ABI lays it out. Dotted names go into members without a tag of their
-- own, `[]` into an array of such; a member of a tagged type has rows under that tag. Bytes, and bits from the beginning of
-- the structure in the ABI's order: from a byte's least significant bit where it is little endian, else from its most.
CREATE TEMP VIEW struct_layout AS
    SELECT l.tree, l.role, l.header, s.value ->> 4 AS path, m.value ->> 7 AS line, l.arch, u.key AS abi,
           s.value ->> 0 AS struct, s.value ->> 1 AS kind, s.value ->> 2 AS struct_size,
           s.value ->> 3 AS struct_alignment, s.value ->> 5 AS struct_line,
           s.value ->> 7 AS carried,       -- 1: an ioctl's argument is one or holds one; 0: mapped, or its address is passed
           m.value ->> 0 AS member, m.value ->> 1 AS offset, m.value ->> 2 AS size,
           m.value ->> 3 AS bit_offset, m.value ->> 4 AS bits,    -- NULL: no bit-field
           m.value ->> 5 AS type
    FROM all_layout l, json_each(l.units) u, json_each(u.value, '$.structures') s, json_each(s.value, '$[8]') m
    WHERE l.side = 'now';
CREATE TEMP VIEW base_struct_layout AS
    SELECT l.tree, l.role, l.header, s.value ->> 4 AS path, m.value ->> 7 AS line, l.arch, u.key AS abi,
           s.value ->> 0 AS struct, s.value ->> 1 AS kind, s.value ->> 2 AS struct_size,
           s.value ->> 3 AS struct_alignment, s.value ->> 5 AS struct_line,
           s.value ->> 7 AS carried,       -- 1: an ioctl's argument is one or holds one; 0: mapped, or its address is passed
           m.value ->> 0 AS member, m.value ->> 1 AS offset, m.value ->> 2 AS size,
           m.value ->> 3 AS bit_offset, m.value ->> 4 AS bits,    -- NULL: no bit-field
           m.value ->> 5 AS type
    FROM all_layout l, json_each(l.units) u, json_each(u.value, '$.structures') s, json_each(s.value, '$[8]') m
    WHERE l.side = 'base';

-- An ioctl's number in one ABI. One whose argument is a structure that only another architecture has is none there.
CREATE TEMP VIEW ioctl_number AS
    SELECT l.tree, l.role, l.header, i.value ->> 7 AS path, i.value ->> 8 AS line, l.arch, u.key AS abi,
           i.value ->> 0 AS name, i.value ->> 1 AS value,
           i.value ->> 2 AS direction,     -- none, read (_IOR), write (_IOW), both
           i.value ->> 3 AS size, i.value ->> 4 AS nr, i.value ->> 5 AS type, i.value ->> 6 AS argument
    FROM all_layout l, json_each(l.units) u, json_each(u.value, '$.ioctls') i
    WHERE l.side = 'now';
CREATE TEMP VIEW base_ioctl_number AS
    SELECT l.tree, l.role, l.header, i.value ->> 7 AS path, i.value ->> 8 AS line, l.arch, u.key AS abi,
           i.value ->> 0 AS name, i.value ->> 1 AS value,
           i.value ->> 2 AS direction,     -- none, read (_IOR), write (_IOW), both
           i.value ->> 3 AS size, i.value ->> 4 AS nr, i.value ->> 5 AS type, i.value ->> 6 AS argument
    FROM all_layout l, json_each(l.units) u, json_each(u.value, '$.ioctls') i
    WHERE l.side = 'base';

-- A structure, ioctl or header of the UAPI whose layout or number is not known on an ABI, with the reason.
CREATE TEMP VIEW layout_unknown AS
    SELECT l.tree, l.role, l.header, n.value ->> 1 AS path, n.value ->> 2 AS line, l.arch, u.key AS abi,
           n.value ->> 0 AS name, n.value ->> 3 AS reason,
           n.value ->> 4 AS follows        -- 1: only because it holds something else that is not known
    FROM all_layout l, json_each(l.units) u, json_each(u.value, '$.unknown') n
    WHERE l.side = 'now';
-- A place of a handler, a list or a VMM that names an MSR, or a definition of a capability, whose number is not known:
-- the header that has it is not in the tree, or says it in a way that is not understood. Rules leave such a place out.
CREATE TEMP VIEW unnumbered AS
    SELECT tree, path, line, column, msr AS name FROM msr_saved WHERE number IS NULL
    UNION SELECT tree, path, line, column, msr FROM all_msr_site WHERE side = 'now' AND number IS NULL
    UNION SELECT tree, path, line, column, msr FROM vmm_msr WHERE number IS NULL AND msr NOT GLOB '*[a-z]*'
    UNION SELECT tree, path, line, column, name FROM cap WHERE number IS NULL AND alias IS NULL;
CREATE TEMP VIEW layout_drift AS SELECT * FROM all_layout_drift WHERE world = 'now';

-- What holds when control reaches a call, store, return or case of a function: one row per site and guard.
-- Outermost first. What is tested may be assigned again between test and site: that is not followed. A guard counts only where its test is compiled whenever the site is. Where a site stands
-- under several `case` guards of one switch, any one of them holds.
CREATE TEMP VIEW site AS
    SELECT f.tree, f.role, f.path, f.arch, f.blob, s.* FROM all_file f JOIN (
        SELECT blob, function, 'call' AS what, callee AS text, line, start AS site, condition FROM main.call
        UNION ALL SELECT blob, function, 'store', target, line, start, condition FROM main.store
        UNION ALL SELECT blob, function, 'return', value, line, start, condition FROM main.return_value
        UNION ALL SELECT blob, function, 'case', low, line, start, condition FROM main.case_label
    ) s ON s.blob = f.blob WHERE f.side = 'now' AND s.function IS NOT NULL AND (f.made OR NOT EXISTS (
        SELECT 1 FROM superseded o WHERE o.side = 'now' AND o.tree = f.tree AND o.path = f.path AND o.function = s.function
    ));
CREATE TEMP VIEW guard AS
    SELECT s.tree, s.role, s.path, s.arch, s.function, s.what, s.text, s.line, s.site,
           row_number() OVER (PARTITION BY s.blob, s.site ORDER BY g.start, g.stop DESC) AS ordinal,
           g.kind, g.negated, g.expression, symbols(g.expression) AS symbols, g.line AS guard_line
    FROM site s JOIN (
        SELECT blob, function, kind, negated, expression, line, start, stop, condition FROM main.guard_extent
        UNION ALL
        SELECT blob, function, 'case', 0,
               selector || iif(high = low, ' == ' || low, ' in ' || low || ' ... ' || high), line, start, stop, condition
        FROM main.case_label WHERE low IS NOT NULL
    ) g ON g.blob = s.blob AND g.function = s.function AND g.start <= s.site AND s.site < g.stop
    JOIN main.condition cs ON cs.id = s.condition
    JOIN main.condition cg ON cg.id = g.condition
    WHERE NOT (s.what = 'case' AND g.kind = 'case' AND g.start = s.site)  -- a label does not guard itself
      AND (s.condition = g.condition OR implies(cs.text, cg.text));

-- A call in the files that matter, resolved by name: what `caplint path` follows, it follows with types and over all files.
CREATE TEMP VIEW call_edge AS
    SELECT f.tree, f.role, f.path, f.arch, k.function AS caller, k.callee, k.line,
           CASE WHEN instr(k.callee, '->') OR instr(k.callee, '.') THEN 'table'
                WHEN EXISTS (SELECT 1 FROM file h JOIN main.macro m ON m.blob = h.blob
                             WHERE h.tree = f.tree AND m.name = k.callee AND m.parameters IS NOT NULL) THEN 'macro'
                ELSE 'direct' END AS kind,
           (SELECT l.low FROM main.case_label l WHERE l.blob = k.blob AND l.function = k.function AND l.low IS NOT NULL
                AND l.start <= k.start AND k.start < l.stop ORDER BY l.start DESC LIMIT 1) AS case_label,
           c.text AS condition
    FROM file f JOIN main.call k ON k.blob = f.blob JOIN main.condition c ON c.id = k.condition
    WHERE k.function IS NOT NULL;

-- The ledger's names in the current trees.
CREATE TEMP VIEW token_use AS
    SELECT f.tree, f.role, f.path, f.arch, t.name, t.kind, t.occurrences, t.line, t.column
    FROM file f JOIN main.token t ON t.blob = f.blob;

-- What could not be understood in the current trees.
CREATE TEMP VIEW blind AS
    SELECT f.tree, f.role, f.path, f.arch, b.line, b.start, b.stop, b.reason
    FROM file f JOIN main.blind_spot b ON b.blob = f.blob
    UNION
    SELECT f.tree, f.role, f.path, f.arch, c.line, c.start, c.stop, c.reason
    FROM all_cut c JOIN file f ON f.tree = c.tree AND f.path = c.path WHERE c.side = 'now';
