-- The views that rules speak in: the facts of the current snapshot, with what only the whole project
-- can tell. All of them are temporary and hold the trees of one run. `arch` is one of the
-- canonical architectures, `generic` for code that all share, NULL where a path does not say.

-- The trees of a run, their files, and what is the same for all links.

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

-- Numbers that the user has set aside for capabilities of their own: `vendor-range`.
CREATE TEMP TABLE vendor_range (
    low  COLLATE number NOT NULL,
    high COLLATE number NOT NULL
);

CREATE TEMP VIEW {base_}file AS SELECT tree, role, path, arch, header, api, blob FROM all_file WHERE side = '{side}' AND NOT made;

-- A function definition, also one that a macro makes. Its facts are those of its blob, between start and stop.
CREATE TEMP VIEW code_function AS
    SELECT f.side, f.tree, f.role, f.path, f.arch, f.blob, d.name, d.line, d.start, d.stop, d.static, d.parameters, d.condition
    FROM all_file f JOIN main.function d ON d.blob = f.blob
    WHERE f.made OR NOT EXISTS (
        SELECT 1 FROM superseded s WHERE s.side = f.side AND s.tree = f.tree AND s.path = f.path AND s.function = d.name
    );

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

CREATE INDEX temp.all_file_blob ON all_file (blob);
