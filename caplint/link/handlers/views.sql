-- The kernel's handlers of capabilities and ioctls.

-- A kernel function that answers KVM_CHECK_EXTENSION or carries out KVM_ENABLE_CAP.
CREATE TEMP TABLE all_handler (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    function TEXT NOT NULL,
    arch     TEXT NOT NULL,
    verb     TEXT NOT NULL,     -- check, enable
    scope    TEXT,              -- vm, vcpu for enable
    found_by TEXT NOT NULL,     -- evidence: name, ioctl (its case calls the function), table (assigned to a callback field), delegation (a handler returns its answer)
    understood INTEGER NOT NULL, -- 0: it decides in a way that is not understood, so it may serve capabilities that no row names
    negative_condition TEXT NOT NULL -- presence condition under which it may return an errno for capabilities that it does not name
);

-- A capability that a check handler names. The view `cap_check` has those that it answers with more than 0 in some
-- configuration, the view `check_site` all.
CREATE TEMP TABLE all_cap_check (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    cap       TEXT NOT NULL,
    arch      TEXT NOT NULL,
    function  TEXT NOT NULL,
    kind      TEXT NOT NULL,    -- case, comparison, table (an element of an array)
    condition TEXT NOT NULL,
    reads_vm  INTEGER,          -- 1: the answer depends on the VM, so the system descriptor may answer otherwise; NULL: unknown
    answer    TEXT,             -- the returned expression, if there is exactly one
    returns_condition TEXT NOT NULL, -- presence condition under which the case always returns, so that no code after the switch runs
    nonzero_condition TEXT NOT NULL, -- presence condition under which the answer may exceed 0
    positive  INTEGER NOT NULL,      -- 1: the answer may exceed 0; 0: it is 0 or an error in every configuration
    certain_condition TEXT NOT NULL, -- presence condition under which the answer exceeds 0 whatever the host and the VM are
    negative_condition TEXT NOT NULL -- presence condition under which the answer may be an errno that the code writes out
);

-- A capability that an architecture can answer with more than 0: by its own handler, or by the generic one if its condition is
-- possible on the architecture.
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

-- A capability that an enable handler names. The view `cap_enable` has those that it accepts on some way in some
-- configuration, the view `enable_site` all.
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
    kind          TEXT NOT NULL,    -- case, comparison, table (an element of an array)
    condition     TEXT NOT NULL,
    flags_checked INTEGER,          -- 1: cap->flags is tested on every way to success; NULL: code that is not in view, or not understood, may test it
    stores        INTEGER NOT NULL, -- number of assignments that outlive the function
    calls         INTEGER NOT NULL, -- number of calls other than logging
    succeeds      INTEGER,          -- 1: returns 0 on some path; NULL: it may, by a value that is not known; 0: it always refuses
    max_argument  INTEGER,          -- highest index of cap->args that is read; NULL: none is read
    returns_condition TEXT NOT NULL, -- presence condition under which the case always returns, so that no code after the switch runs
    accept_condition TEXT NOT NULL,  -- presence condition under which enabling may succeed
    guarded       INTEGER NOT NULL, -- 0: enabling succeeds whatever the state of the VM is, but for its number of vCPUs; 1: a condition other than the request decides
    first_line    INTEGER NOT NULL, -- of the first case label of the same code
    hands_on      INTEGER NOT NULL  -- 1: the whole request goes to a function that is not in view
);

-- A condition on the host or the VM without which enabling fails, of a capability that the check answers without it.
CREATE TEMP TABLE all_enable_condition (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL, -- of the capability's case
    column    INTEGER NOT NULL,
    cap       TEXT NOT NULL,
    arch      TEXT NOT NULL,
    function  TEXT NOT NULL,
    text      TEXT NOT NULL,    -- the condition, as written
    refused   INTEGER NOT NULL, -- 1: enabling is refused where it holds; 0: where it fails
    kind      TEXT NOT NULL,    -- operation (a function pointer), host, vm
    lacking   TEXT NOT NULL,    -- tables that lack the function pointer, separated by commas; '' of other conditions
    at_path   TEXT NOT NULL,    -- of the test
    at_line   INTEGER NOT NULL,
    condition TEXT NOT NULL,    -- presence condition under which the capability is answered without it
    partial   INTEGER NOT NULL, -- 1: in other configurations enabling does not need it
    certain   INTEGER NOT NULL  -- 0: the check asks for another condition of the same kind, which may imply it
);

CREATE TEMP VIEW {base_}cap_check AS SELECT * FROM all_cap_check WHERE side = '{side}' AND positive = 1;

CREATE TEMP VIEW {base_}check_site AS SELECT * FROM all_cap_check WHERE side = '{side}';

CREATE TEMP VIEW {base_}cap_enable AS SELECT * FROM all_cap_enable WHERE side = '{side}' AND succeeds IS NOT 0;

CREATE TEMP VIEW {base_}enable_site AS SELECT * FROM all_cap_enable WHERE side = '{side}';

-- A place where a check handler dereferences the VM without a test for NULL; the system descriptor passes NULL.
CREATE TEMP TABLE all_vm_dereference (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL, -- of the capability's case
    column    INTEGER NOT NULL,
    cap       TEXT NOT NULL,    -- KVM_CHECK_EXTENSION if it happens for every capability
    arch      TEXT NOT NULL,
    function  TEXT NOT NULL,    -- the handler
    text      TEXT NOT NULL,    -- the dereference: a chain of members, or a macro's body
    at_path   TEXT NOT NULL,    -- file of the dereference, in the handler or a helper
    at_line   INTEGER NOT NULL,
    condition TEXT NOT NULL
);

-- An argument of KVM_ENABLE_CAP that an enable case, a helper of it, or a test above its switch reads.
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
    use       TEXT NOT NULL,    -- stored, passed (to a function), tested (only)
    validated INTEGER,          -- 1: it is tested before every use, or every value is valid; NULL: code that is not in view, or not understood, may test it
    zero      TEXT NOT NULL,    -- effect of the value 0: rejected, required, accepted
    mask      TEXT,             -- accepted bits, as written
    first_line INTEGER NOT NULL -- of the first case label of the same code
);

-- An enable case that reads the vCPUs of the VM.
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
    text      TEXT NOT NULL,    -- created_vcpus, kvm_for_each_vcpu, or the helper that reads them
    at_line   INTEGER NOT NULL,
    locked    INTEGER NOT NULL, -- 1: kvm->lock is held
    writes    INTEGER NOT NULL, -- 1: the case changes the VM
    missed    INTEGER NOT NULL  -- 1: a vCPU created meanwhile misses the change; 0: it was written before the vCPUs are read
);

-- An enable case that accepts bits by a constant, which a check answers only where a run-time condition allows them.
CREATE TEMP TABLE all_cap_subset (
    side           TEXT NOT NULL,
    tree           TEXT NOT NULL,
    path           TEXT NOT NULL,
    line           INTEGER NOT NULL, -- of the capability's case
    column         INTEGER NOT NULL,
    cap            TEXT NOT NULL,
    arch           TEXT NOT NULL,
    function       TEXT NOT NULL,
    position       INTEGER NOT NULL, -- index in cap->args
    bits           INTEGER NOT NULL, -- accepted, and not answered on every machine
    mask           TEXT NOT NULL,    -- what the case accepts, as written
    condition      TEXT NOT NULL,    -- what decides, as written in the check
    is_set         INTEGER NOT NULL, -- 1: the condition is the set of bits that the check answers
    check_path     TEXT NOT NULL,
    check_line     INTEGER NOT NULL,
    check_function TEXT NOT NULL
);

-- A check case that answers a constant set of bits, of which a function accepts those in a variable filled at run time.
CREATE TEMP TABLE all_cap_supported (
    side        TEXT NOT NULL,
    tree        TEXT NOT NULL,
    path        TEXT NOT NULL,
    line        INTEGER NOT NULL, -- of the capability's case
    column      INTEGER NOT NULL,
    cap         TEXT NOT NULL,
    arch        TEXT NOT NULL,
    function    TEXT NOT NULL,
    answer      TEXT NOT NULL,    -- as written
    variable    TEXT NOT NULL,
    at_path     TEXT NOT NULL,    -- place of the test of the variable
    at_line     INTEGER NOT NULL,
    at_function TEXT NOT NULL
);

-- An enable case of a VM that changes what only the creation of a vCPU reads, although vCPUs may exist.
CREATE TEMP TABLE all_cap_late (
    side       TEXT NOT NULL,
    tree       TEXT NOT NULL,
    path       TEXT NOT NULL,
    line       INTEGER NOT NULL, -- of the capability's case
    column     INTEGER NOT NULL,
    cap        TEXT NOT NULL,
    arch       TEXT NOT NULL,
    function   TEXT NOT NULL,
    target     TEXT NOT NULL,    -- the state, as the case writes it
    reader     TEXT NOT NULL,    -- a function of the creation that reads it
    read_path  TEXT NOT NULL,
    read_line  INTEGER NOT NULL,
    first_line INTEGER NOT NULL, -- of the first case label of the same code
    copy       TEXT NOT NULL     -- member of the vCPU that the creation derives from it and nothing renews; '' if the state is read nowhere else
);

-- An enable case of a VM, and whether it looks at the vCPUs that exist.
CREATE TEMP TABLE all_cap_order (
    side       TEXT NOT NULL,
    tree       TEXT NOT NULL,
    path       TEXT NOT NULL,
    line       INTEGER NOT NULL, -- of the capability's case
    column     INTEGER NOT NULL,
    cap        TEXT NOT NULL,
    arch       TEXT NOT NULL,
    function   TEXT NOT NULL,
    heeds      INTEGER NOT NULL, -- 1: it asks for vCPUs, reaches them, or calls what may do so; 0: it certainly does not
    asks       INTEGER NOT NULL, -- 1: it asks itself, or in functions in view, if there are vCPUs
    reader     TEXT NOT NULL,    -- function of a vCPU's creation that reads what a case that asks changes; '' if none is known
    first_line INTEGER NOT NULL  -- of the first case label of the same code
);

-- A case from which control falls into another one, so that its answer is lost, or so that other work is done as well.
CREATE TEMP TABLE all_cap_fall_through (
    side        TEXT NOT NULL,
    tree        TEXT NOT NULL,
    path        TEXT NOT NULL,
    line        INTEGER NOT NULL, -- of the first label of the case
    column      INTEGER NOT NULL,
    cap         TEXT NOT NULL,
    arch        TEXT NOT NULL,
    function    TEXT NOT NULL,
    verb        TEXT NOT NULL,    -- check, enable
    kind        TEXT NOT NULL,    -- answer (an assigned answer is replaced), work (what the case does is followed by the other's work)
    value       TEXT NOT NULL,    -- the answer that is lost
    replaced_by TEXT NOT NULL,    -- the value that replaces it
    fallen_into TEXT NOT NULL,    -- value of the other case's label, or default
    into_line   INTEGER NOT NULL
);

-- The bits that a check case can answer, or that an enable case accepts in an argument.
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
    value    INTEGER            -- as 64 bits, negative if the highest is set; NULL: cannot be computed, or is not a set of named bits
);

-- A capability that shared code enables on an architecture where no check handler ever answers it, and nothing refuses it there.
CREATE TEMP TABLE all_denied_enable (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,  -- of the capability's case
    column   INTEGER NOT NULL,
    cap      TEXT NOT NULL,
    arch     TEXT NOT NULL,     -- never generic
    function TEXT NOT NULL
);

-- A `case` of the kernel for a KVM ioctl, or a comparison with its number if the function has no case for it.
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
    scope     TEXT              -- vcpu, vm, device, system, by the function's name; NULL: the name does not tell
);

-- A case in which the kernel converts an ioctl of a 32-bit program: of a compat handler, or of another one that asks for such a program.
CREATE TEMP TABLE all_compat_case (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    arch      TEXT NOT NULL,
    function  TEXT NOT NULL,
    name      TEXT,             -- the ioctl that a header defines; NULL: its number is defined beside the headers, or not known
    nr        INTEGER,          -- number field of such a number; NULL: the case has a name, or is not understood
    condition TEXT NOT NULL
);

-- A function that gets the ioctls of 32-bit programs only: a compat handler, or a function that it hands the number to.
CREATE TEMP TABLE all_compat_handler (
    side       TEXT NOT NULL,
    tree       TEXT NOT NULL,
    path       TEXT NOT NULL,
    line       INTEGER NOT NULL,
    arch       TEXT NOT NULL,
    function   TEXT NOT NULL,
    understood INTEGER NOT NULL -- 0: it may serve ioctls that have no row in all_compat_case
);

-- Code of an architecture, or generic code, that has a UAPI structure with `flags`, or reads a set of registers of struct kvm_run.
CREATE TEMP TABLE all_flag_test (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    struct TEXT NOT NULL,
    member TEXT NOT NULL,       -- flags, kvm_valid_regs, kvm_dirty_regs
    arch   TEXT NOT NULL,
    path   TEXT NOT NULL,       -- of the first function that has the structure, or of the first read
    line   INTEGER NOT NULL,
    tested INTEGER NOT NULL     -- 0: nothing in the code of this architecture may be a test for unknown bits
);

-- An attribute that KVM_HAS_DEVICE_ATTR, KVM_SET_DEVICE_ATTR or KVM_GET_DEVICE_ATTR of a device, VM, vCPU or the system names.
-- Devices that are not understood have no rows.
CREATE TEMP TABLE all_device_attribute (
    side            TEXT NOT NULL,
    tree            TEXT NOT NULL,
    path            TEXT NOT NULL,  -- of a case label that names it, of KVM_HAS_DEVICE_ATTR if that does
    line            INTEGER NOT NULL,
    arch            TEXT NOT NULL,
    device          TEXT NOT NULL,  -- variable that holds its functions, or function that handles the ioctls
    attribute_group TEXT NOT NULL,  -- '' without groups
    attribute       TEXT NOT NULL,  -- '' for a group that names no attributes
    function        TEXT NOT NULL,  -- that holds the label
    has             INTEGER,        -- 1: may be affirmed; 0: always denied; NULL: may be affirmed by a value that is not known
    sets            INTEGER,        -- likewise, whether it can be set
    gets            INTEGER,        -- likewise, whether it can be read
    has_function    TEXT NOT NULL,  -- that answers KVM_HAS_DEVICE_ATTR
    has_path        TEXT NOT NULL,
    has_line        INTEGER NOT NULL
);

-- State written by enabling a capability that outlives the handler.
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
    read     INTEGER NOT NULL   -- 1: some code in the tree reads a member of that name
);

-- Capabilities whose number is reserved although no handler answers them any more: handlers.toml.
CREATE TEMP TABLE retired (
    name   TEXT PRIMARY KEY,
    reason TEXT NOT NULL
);

-- Capabilities that the system descriptor answers like every VM, although a check handler reads the VM: handlers.toml.
CREATE TEMP TABLE system_answer (
    name   TEXT PRIMARY KEY,
    reason TEXT NOT NULL
);

CREATE TEMP VIEW {base_}ioctl_case AS
    SELECT tree, path, line, column, ioctl, arch, function, condition, scope FROM all_ioctl_case WHERE side = '{side}';

-- An architecture on which a capability or ioctl is available: the code answers it, enables it, or has a case for it.
CREATE TEMP VIEW available_on AS
    SELECT tree, cap AS subject, arch, path, line, function, 0 AS shared FROM cap_answer
    UNION ALL
    SELECT tree, cap, arch, path, line, function, 0 FROM cap_enable
    WHERE arch <> 'generic' AND possible(arch, condition, tree)
    UNION ALL
    SELECT i.tree, i.ioctl, h.arch, i.path, i.line, i.function,
           i.arch = 'generic' AS shared    -- 1: the case is in shared code, and the architecture may refuse it in a callee
    FROM ioctl_case i
    JOIN (SELECT DISTINCT tree, arch FROM handler WHERE verb = 'check' AND arch <> 'generic') h
         ON h.tree = i.tree AND i.arch IN ('generic', h.arch)
    WHERE possible(h.arch, i.condition, i.tree);

-- A descriptor (scope) on which a capability can be enabled, or an ioctl is handled.
CREATE TEMP VIEW handled_on AS
    SELECT tree, cap AS subject, scope, arch, path, line, function FROM cap_enable
    UNION ALL
    SELECT tree, ioctl, scope, arch, path, line, function FROM ioctl_case;

CREATE INDEX temp.all_cap_check_cap ON all_cap_check (cap);
CREATE INDEX temp.all_cap_enable_cap ON all_cap_enable (cap);
CREATE INDEX temp.all_cap_answer_cap ON all_cap_answer (cap);

-- An architecture that the kernel's linux/kvm.h names and that has no check handler in view: the tree has only a part of the
-- kernel, or the handler was not recognised. Nothing is known of its answers.
CREATE TEMP VIEW {base_}absent_arch AS
    SELECT DISTINCT n.tree, n.arch FROM {base_}uapi_name n
    WHERE n.arch IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM {base_}handler h WHERE h.tree = n.tree AND h.verb = 'check' AND h.arch = n.arch);

-- A capability or ioctl of the kernel's header of which every architecture that may have it is in view: all of them, or the one
-- that the name tells.
CREATE TEMP VIEW {base_}known_name AS
    SELECT DISTINCT n.tree, n.name FROM {base_}uapi_name n
    WHERE NOT EXISTS (SELECT 1 FROM {base_}absent_arch a WHERE a.tree = n.tree AND a.arch = coalesce(n.arch, a.arch));
