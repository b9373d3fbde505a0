-- KVM's documentation, and its self-tests.

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
    heading       INTEGER NOT NULL,  -- 1: the section's title contains the name
    pattern       INTEGER NOT NULL,  -- 1: a pattern for several names, and no header defines it
    type          TEXT,
    architectures TEXT,
    parameters    TEXT
);

-- A capability with which an ioctl is available, by `:Capability:` in api.rst or "Available with" in a comment of the
-- UAPI header: one row per alternative. An ioctl that api.rst calls always available has no row from api.rst.
CREATE TEMP TABLE all_ioctl_capability (
    side    TEXT NOT NULL,
    tree    TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    INTEGER NOT NULL,   -- of the field or comment
    section TEXT,               -- NULL also for a comment
    ioctl   TEXT NOT NULL,
    cap     TEXT NOT NULL,
    type    TEXT,               -- `:Type:` of the same part of the section: vcpu ioctl, vm ioctl, system ioctl; NULL also for a comment
    source  TEXT NOT NULL,      -- doc, header
    descriptor TEXT             -- whose ioctl it stands for: vcpu, vm, device, system, separated by commas; NULL: any
);

-- An architecture that api.rst names for a capability or ioctl, in the section whose title contains its name: one row per name
-- and architecture. A line with a word that is not understood yields no row.
CREATE TEMP TABLE all_doc_architecture (
    side    TEXT NOT NULL,
    tree    TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    INTEGER NOT NULL,
    section TEXT,
    title   TEXT NOT NULL,
    text    TEXT NOT NULL,       -- as written: `x86, arm64`, `all`
    subject TEXT NOT NULL,       -- the capability or ioctl
    arch    TEXT NOT NULL        -- canonical name; none if the text says that no architecture has it
);

-- The descriptor that api.rst names for a capability or ioctl, from `:Type:` or `:Target:` of its section; for a capability without
-- either, from its chapter.
CREATE TEMP TABLE all_doc_type (
    side    TEXT NOT NULL,
    tree    TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    INTEGER NOT NULL,
    section TEXT,
    title   TEXT NOT NULL,
    text    TEXT NOT NULL,       -- as written, otherwise the chapter's title
    subject TEXT NOT NULL,
    scope   TEXT NOT NULL,       -- system, vm, vcpu, device
    enables INTEGER NOT NULL     -- 1: the chapter says that its capabilities can be enabled, and the section does not call this one informational
);

-- An ioctl whose section of api.rst says that the `flags` of its structure must be zero, or that unknown ones are refused.
CREATE TEMP TABLE all_flag_promise (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    path   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    ioctl  TEXT NOT NULL,
    struct TEXT NOT NULL
);

-- An architecture's function for an ioctl whose case is in shared code: kvm_arch_vcpu_ioctl_get_fpu() for KVM_GET_FPU.
CREATE TEMP TABLE all_ioctl_architecture (
    side     TEXT NOT NULL,
    tree     TEXT NOT NULL,
    ioctl    TEXT NOT NULL,
    arch     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,
    function TEXT NOT NULL,
    served   INTEGER             -- 1: the function may succeed, 0: it returns errors only; NULL: unknown
);

-- A place that registers what carries out an ioctl of shared code, such as a device for KVM_CREATE_DEVICE: where nothing is registered,
-- an architecture does not serve it.
CREATE TEMP TABLE all_ioctl_registration (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    ioctl     TEXT NOT NULL,
    path      TEXT NOT NULL,
    arch      TEXT NOT NULL,    -- generic: every one for which it is built
    line      INTEGER NOT NULL,
    function  TEXT NOT NULL,    -- '' for an entry of the table's initialiser
    condition TEXT NOT NULL     -- its presence condition, that of its file included
);

-- A case of an ioctl that stands for a capability, once for each architecture that has it: cases of shared code for all.
CREATE TEMP TABLE all_ioctl_handling (
    side      TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    ioctl     TEXT NOT NULL,
    arch      TEXT NOT NULL,    -- never generic
    function  TEXT,
    scope     TEXT,             -- as in all_ioctl_case
    condition TEXT NOT NULL     -- Kconfig condition under which the ioctl may be carried out; macros other than CONFIG_ symbols do not count
);

-- A structure that the documentation prints and a UAPI header defines, with its differences from the most similar definition of
-- the architectures for which the text is written.
CREATE TEMP TABLE all_printed_structure (
    side         TEXT NOT NULL,
    tree         TEXT NOT NULL,
    path         TEXT NOT NULL,
    line         INTEGER NOT NULL,
    column       INTEGER NOT NULL,
    struct       TEXT NOT NULL,
    arch         TEXT NOT NULL,      -- of the definition
    lacks        TEXT NOT NULL,      -- JSON array: members that the definition has and the text does not; none of an excerpt
    has          TEXT NOT NULL,      -- JSON array: members that the text has and the definition does not
    differs      TEXT NOT NULL,      -- JSON array: texts such as `state is __u8 and not __u32`
    defined_path TEXT NOT NULL,
    defined_line INTEGER NOT NULL    -- of its first member
);

-- Self-tests that name a capability; filled if a patch adds one. The self-tests are searched as plain text.
CREATE TEMP TABLE selftest (
    tree TEXT NOT NULL,
    path TEXT NOT NULL,
    line INTEGER NOT NULL,
    cap  TEXT NOT NULL
);

-- An ioctl that a self-test issues which a patch changes or adds.
CREATE TEMP TABLE all_selftest_ioctl (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    path   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    column INTEGER NOT NULL,
    ioctl  TEXT NOT NULL,
    fresh  INTEGER NOT NULL,    -- 1: the file did not issue it before the patch
    asked  TEXT NOT NULL,       -- JSON array of the capabilities that its code, or that of the self-tests' library, names
    lost   TEXT NOT NULL        -- JSON array of those that its code named before the patch only
);

-- A capability that the code of a self-test names and no header of the tree defines. Under a patch that leaves all definitions in place only the
-- self-tests that it changes are searched.
CREATE TEMP TABLE all_selftest_undefined (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    path   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    column INTEGER NOT NULL,
    cap    TEXT NOT NULL
);

-- A capability that a comment of the UAPI headers names, at its first place in the file. A name that stands for several, such as
-- KVM_CAP_S390_* or KVM_CAP_xxx, is left out, unless a header defines it.
CREATE TEMP VIEW header_comment_cap AS
    SELECT f.tree, f.path, t.line, t.column, t.name AS cap
    FROM file f JOIN main.token t ON t.blob = f.blob
    WHERE f.role = 'kernel' AND f.header = 'uapi' AND t.kind = 'comment' AND t.name GLOB 'KVM_CAP_*'
      AND (t.name NOT GLOB '*_' AND t.name NOT GLOB '*XXX*' AND t.name NOT GLOB '*FOO*' AND t.name NOT GLOB '*[a-z]*'
           OR EXISTS (SELECT 1 FROM cap c WHERE c.tree = f.tree AND c.name = t.name));

-- A numbered section of KVM's API documentation.
CREATE TEMP VIEW {base_}api_section AS
    SELECT f.tree, f.path, s.line, s.number, s.title,
           rtrim(rtrim(s.number, '0123456789'), '.') AS chapter,  -- number of the enclosing chapter or section; '' for a chapter
           CAST(replace(s.number, rtrim(s.number, '0123456789'), '') AS INTEGER) AS ordinal  -- its last number component
    FROM {base_}file f JOIN main.doc_section s ON s.blob = f.blob WHERE f.role = 'kernel' AND f.api AND s.number IS NOT NULL;

-- A field of a section of KVM's API documentation. Of a capability's section also `args` (the sentence about an argument) and `order`
-- (the sentence which says that it is enabled before vCPUs are created).
CREATE TEMP VIEW api_field AS
    SELECT f.tree, f.path, d.line, d.section, d.title, d.name, d.value
    FROM file f JOIN main.doc_field d ON d.blob = f.blob WHERE f.role = 'kernel' AND f.api;

-- An MSR by which a guest uses a feature of KVM's CPUID leaves, by cpuid.rst.
CREATE TEMP VIEW doc_feature_msr AS
    SELECT f.tree, f.path, d.line, d.title AS feature, CAST(d.value AS INTEGER) AS number
    FROM file f JOIN main.doc_field d ON d.blob = f.blob WHERE f.role = 'kernel' AND d.name = 'msr';

-- An architecture that serves a capability or ioctl, as `available_on`; ioctls of shared code by the architectures' functions.
CREATE TEMP VIEW served_on AS
    SELECT a.tree, a.subject, a.arch, coalesce(i.path, a.path) AS path, coalesce(i.line, a.line) AS line,
           coalesce(i.function, a.function) AS function,
           a.shared AND i.served IS NULL AS shared    -- 1: the case is in shared code, and the architecture may refuse it
    FROM available_on a LEFT JOIN ioctl_architecture i ON i.tree = a.tree AND i.ioctl = a.subject AND i.arch = a.arch AND a.shared
    WHERE i.served IS NOT 0;

CREATE INDEX temp.all_doc_cap_cap ON all_doc_cap (cap);
CREATE INDEX temp.all_doc_architecture_subject ON all_doc_architecture (subject);
CREATE INDEX temp.all_doc_type_subject ON all_doc_type (subject);
