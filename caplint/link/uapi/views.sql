-- The UAPI headers: capabilities, layouts and numbers.

-- A definition of a capability in a UAPI header: an object-like integer macro KVM_CAP_*.
CREATE TEMP TABLE all_cap (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    role      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    name      TEXT NOT NULL,
    number    COLLATE number,   -- NULL: cannot be computed; TEXT if it does not fit into 64 bits with a sign
    alias     TEXT,             -- the capability that its body is, or that has its number and the beginning of its name
    header    TEXT NOT NULL,    -- uapi, copy, vmm; code: a definition in the VMM's code, no header
    arch      TEXT,
    condition TEXT NOT NULL,    -- presence condition, 1: always
    comment   TEXT              -- the comment on its lines
);

-- A macro KVM_CAP_X_Y in an architecture's header that is an argument of the capability KVM_CAP_X, and no capability: no switch over
-- capabilities has a case for it, and it is passed for no capability.
CREATE TEMP TABLE all_cap_value (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    role   TEXT NOT NULL,
    path   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    name   TEXT NOT NULL,
    cap    TEXT NOT NULL,       -- the capability whose argument it is
    header TEXT NOT NULL,       -- uapi, copy, vmm
    arch   TEXT
);

-- Capabilities that Linux removed or renamed: capabilities.toml.
CREATE TEMP TABLE former_cap (
    name   TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    reason TEXT NOT NULL
);

-- The first release of Linux that defines a capability, from 4.19 on: capabilities.toml.
CREATE TEMP TABLE cap_release (
    name    TEXT PRIMARY KEY,
    number  INTEGER NOT NULL,
    release TEXT NOT NULL
);

-- A capability that every supported kernel defines: `oldest-kernel` of the configuration. Empty if that is not set.
CREATE TEMP TABLE old_cap (
    name TEXT PRIMARY KEY
);

-- An occurrence of a capability's name in the code of a file, of any kind.
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

-- A macro KVM_* of the kernel's linux/kvm.h, and the architecture that its name tells: KVM_CAP_S390_PSW, KVM_EXIT_RISCV_SBI.
CREATE TEMP TABLE all_uapi_name (
    side TEXT NOT NULL,
    tree TEXT NOT NULL,
    name TEXT NOT NULL,
    arch TEXT                   -- NULL: it may be any architecture's
);

-- The layouts of one copy of the UAPI in a tree on one architecture, as JSON; the views struct_layout and
-- ioctl_number show its contents.
CREATE TEMP TABLE all_layout (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    role   TEXT NOT NULL,
    header TEXT NOT NULL,       -- uapi, copy, vmm
    arch   TEXT NOT NULL,       -- '' if the path of its asm/kvm.h names none
    path   TEXT NOT NULL,       -- of linux/kvm.h
    asm    TEXT NOT NULL,       -- of asm/kvm.h
    units  TEXT NOT NULL        -- JSON: ABI → structures, ioctls, unknown, constants
);

-- A constant of the UAPI that belongs to a numbering (numberings.toml), in a kernel's or VMM's own headers, not in tools/. A number that
-- depends on the ABI has a row for each value.
CREATE TEMP TABLE all_numbered_constant (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    role      TEXT NOT NULL,
    header    TEXT NOT NULL,    -- uapi, vmm
    arch      TEXT NOT NULL,    -- '' in linux/kvm.h
    abis      TEXT NOT NULL,    -- ABIs that its header is evaluated for; '' in linux/kvm.h
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    name      TEXT NOT NULL,
    number    COLLATE number NOT NULL,
    numbering TEXT NOT NULL,    -- set of constants of which no two may share a number
    alias     INTEGER NOT NULL  -- 1: defined as another constant, or its comment says that it is another name
);

-- An ioctl whose argument a 32-bit program lays out in another way than a 64-bit kernel of its architecture: it holds a pointer or
-- a `long`, or 64-bit integers are aligned differently.
CREATE TEMP TABLE all_compat_ioctl (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    arch      TEXT NOT NULL,
    ioctl     TEXT NOT NULL,
    abi       TEXT NOT NULL,        -- the 32-bit ABI
    renumbers INTEGER NOT NULL,     -- 1: its number differs as well, because the size does
    nr        INTEGER NOT NULL,     -- number field, the same for both
    names     TEXT NOT NULL,        -- JSON array: the kernel's names of the number that a 32-bit program passes
    change    TEXT NOT NULL,        -- a difference: `dirty_bitmap has 4 bytes, not 8`
    path      TEXT NOT NULL,        -- of its definition
    line      INTEGER NOT NULL
);

-- A structure, ioctl or constant whose layout, number or value differs between two copies of the UAPI, per pair of copies and architecture.
CREATE TEMP TABLE all_layout_drift (
    snapshot      TEXT NOT NULL,    -- now; base: every patched tree without its patch
    against       TEXT NOT NULL,    -- the other copy: vmm; copy (tools/); reference: another kernel; before: the kernel without its patch
    original      TEXT NOT NULL,    -- tree of the authoritative header: the kernel; for reference and before the other kernel
    tree          TEXT NOT NULL,    -- tree of the other header
    arch          TEXT NOT NULL,
    subject       TEXT NOT NULL,    -- tag of the structure, or name of the ioctl or constant
    kind          TEXT NOT NULL,    -- struct, ioctl, constant
    verdict       TEXT NOT NULL,    -- break: programs built with one misread the other; compatible: one has additional members
    abis          TEXT NOT NULL,    -- ABIs on which the verdict holds, separated by commas
    everywhere    INTEGER NOT NULL, -- 1: it holds on all ABIs for which both are known
    changes       TEXT NOT NULL,    -- the members or sizes of the other, and of the original
    original_path TEXT NOT NULL,
    original_line INTEGER NOT NULL,
    original_column INTEGER NOT NULL,
    path          TEXT NOT NULL,
    line          INTEGER NOT NULL,
    column        INTEGER NOT NULL
);

-- A member of a structure or union of the UAPI, as one ABI lays it out. Dotted names are members of nested types without a tag,
-- `[]` an array of such; members of a tagged type have rows under that tag. Offsets and sizes are bytes; bits count from the
-- beginning of the structure in the ABI's order: from a byte's least significant bit on little endian, otherwise from its most significant.
CREATE TEMP VIEW {base_}struct_layout AS
    SELECT l.tree, l.role, l.header, s.value ->> 4 AS path, m.value ->> 7 AS line, l.arch, u.key AS abi,
           s.value ->> 0 AS struct, s.value ->> 1 AS kind, s.value ->> 2 AS struct_size,
           s.value ->> 3 AS struct_alignment, s.value ->> 5 AS struct_line,
           s.value ->> 7 AS carried,       -- 1: an ioctl's argument is or contains it; 0: it is mapped, or its address is passed
           m.value ->> 0 AS member, m.value ->> 1 AS offset, m.value ->> 2 AS size,
           m.value ->> 3 AS bit_offset, m.value ->> 4 AS bits,    -- NULL: not a bit-field
           m.value ->> 5 AS type
    FROM all_layout l, json_each(l.units) u, json_each(u.value, '$.structures') s, json_each(s.value, '$[8]') m
    WHERE l.side = '{side}';

-- An ioctl's number in one ABI. An ioctl whose argument is a structure of another architecture has no row.
CREATE TEMP VIEW {base_}ioctl_number AS
    SELECT l.tree, l.role, l.header, i.value ->> 7 AS path, i.value ->> 8 AS line, l.arch, u.key AS abi,
           i.value ->> 0 AS name, i.value ->> 1 AS value,
           i.value ->> 2 AS direction,     -- none, read (_IOR), write (_IOW), both
           i.value ->> 3 AS size, i.value ->> 4 AS nr, i.value ->> 5 AS type, i.value ->> 6 AS argument
    FROM all_layout l, json_each(l.units) u, json_each(u.value, '$.ioctls') i
    WHERE l.side = '{side}';

-- An integer constant of the UAPI, a macro or an enumerator, with its value in one ABI; capabilities are in the view cap.
CREATE TEMP VIEW {base_}uapi_constant AS
    SELECT l.tree, l.role, l.header, c.value ->> 4 AS path, c.value ->> 5 AS line, l.arch, u.key AS abi,
           c.value ->> 0 AS name, iif(typeof(c.value ->> 1) = 'integer', c.value ->> 1, c.value -> 1) AS value,
           nullif(c.value ->> 2, '') AS alias,     -- the constant whose name alone is its value
           nullif(c.value ->> 3, '') AS enum       -- its enumeration's tag, or `enum of` and the first name; NULL for a macro
    FROM all_layout l, json_each(l.units) u, json_each(u.value, '$.constants') c
    WHERE l.side = '{side}';

-- A structure, ioctl or header of the UAPI whose layout or number is unknown on an ABI, with the reason.
CREATE TEMP VIEW {base_}layout_unknown AS
    SELECT l.tree, l.role, l.header,
           iif(n.value ->> 1 = 'linux/kvm.h', l.path, n.value ->> 1) AS path,     -- of a header that was not read, too
           n.value ->> 2 AS line, l.arch, u.key AS abi, n.value ->> 0 AS name, n.value ->> 3 AS reason,
           n.value ->> 4 AS follows        -- 1: unknown only because it contains another unknown type
    FROM all_layout l, json_each(l.units) u, json_each(u.value, '$.unknown') n
    WHERE l.side = '{side}';

CREATE TEMP VIEW layout_drift AS SELECT * FROM all_layout_drift WHERE snapshot = 'now' AND kind <> 'constant';

CREATE TEMP VIEW constant_drift AS SELECT * FROM all_layout_drift WHERE snapshot = 'now' AND kind = 'constant';

CREATE INDEX temp.all_cap_name ON all_cap (name);
CREATE INDEX temp.all_numbered_constant_number ON all_numbered_constant (side, numbering, number);
CREATE INDEX temp.all_numbered_constant_name ON all_numbered_constant (name);
CREATE INDEX temp.all_cap_use_cap ON all_cap_use (cap);
