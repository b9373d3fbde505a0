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
    pattern       INTEGER NOT NULL,  -- 1: a pattern for several names
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
    scope   TEXT NOT NULL        -- system, vm, vcpu, device
);

-- Self-tests that name a capability; filled if a patch adds one. The self-tests are searched as plain text.
CREATE TEMP TABLE selftest (
    tree TEXT NOT NULL,
    path TEXT NOT NULL,
    line INTEGER NOT NULL,
    cap  TEXT NOT NULL
);

-- A numbered section of KVM's API documentation.
CREATE TEMP VIEW {base_}api_section AS
    SELECT f.tree, f.path, s.line, s.number, s.title,
           rtrim(rtrim(s.number, '0123456789'), '.') AS chapter,  -- number of the enclosing chapter or section; '' for a chapter
           CAST(replace(s.number, rtrim(s.number, '0123456789'), '') AS INTEGER) AS ordinal  -- its last number component
    FROM {base_}file f JOIN main.doc_section s ON s.blob = f.blob WHERE f.role = 'kernel' AND f.api AND s.number IS NOT NULL;

-- A field of a section of KVM's API documentation.
CREATE TEMP VIEW api_field AS
    SELECT f.tree, f.path, d.line, d.section, d.title, d.name, d.value
    FROM file f JOIN main.doc_field d ON d.blob = f.blob WHERE f.role = 'kernel' AND f.api;

CREATE INDEX temp.all_doc_cap_cap ON all_doc_cap (cap);
CREATE INDEX temp.all_doc_architecture_subject ON all_doc_architecture (subject);
CREATE INDEX temp.all_doc_type_subject ON all_doc_type (subject);
