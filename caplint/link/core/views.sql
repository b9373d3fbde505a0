-- The views that rules query: facts of the current snapshot, and tables that need the whole project.
-- All of them are temporary and contain the trees of one run. `arch` is one of the
-- canonical architectures, `generic` for code that all share, NULL if the path does not tell.

-- The trees of a run, their files, and tables that all links share.

-- The trees of this run.
CREATE TEMP TABLE tree (
    name     TEXT PRIMARY KEY,  -- kernel, qemu, libvirt, or as the user named it
    role     TEXT NOT NULL,     -- kernel, vmm, manager, reference
    project  TEXT NOT NULL,     -- linux, qemu, libvirt, kvmtool
    location TEXT NOT NULL,     -- directory or revision
    patched  INTEGER NOT NULL,  -- 1: a patch is applied to it; the base_ views show it without the patch
    complete INTEGER NOT NULL   -- 0: only the hunks of diffs are known (--diff-only)
);

-- The relevant files of each tree. `side` is 'now', or 'base' for a patched tree without its patch.
CREATE TEMP TABLE all_file (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    role   TEXT NOT NULL,
    path   TEXT NOT NULL,
    arch   TEXT,
    header TEXT,                -- copy of the UAPI: uapi, copy (the kernel's tools/), vmm; NULL: not a UAPI header
    api    INTEGER NOT NULL,    -- 1: the file is KVM's API documentation
    blob   INTEGER NOT NULL,
    expanded INTEGER NOT NULL   -- 1: the blob is not the file but the code that its macros expand to; lines are those of the file
);

-- Code that links analysed only in part, because analysing all of it would have taken too long.
CREATE TEMP TABLE all_cut (
    side   TEXT NOT NULL,
    tree   TEXT NOT NULL,
    path   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    start  INTEGER NOT NULL,
    stop   INTEGER NOT NULL,
    reason TEXT NOT NULL
);

-- Reachability of a place from the program's entry, by the call graph. Filled by `check --deep` only.
CREATE TEMP TABLE reaches (
    kind     TEXT NOT NULL,     -- use (a VMM checks or enables a capability), handler (of the kernel, from its ioctl)
    tree     TEXT NOT NULL,
    path     TEXT NOT NULL,
    line     INTEGER NOT NULL,  -- of the use; of the handler's definition
    function TEXT NOT NULL,     -- function that contains the use; the handler
    subject  TEXT NOT NULL,     -- the capability; the ioctl
    arch     TEXT,
    reached  INTEGER,           -- 1, 0; NULL: unknown
    reason   TEXT NOT NULL      -- why it is not reached, or why that is unknown; '' if it is reached
);

-- Whether a VMM can reach a place that enables a capability without a check, by the call graph. Only places whose result is
-- ignored and that have no check before them in their own function. Filled by `check --deep` only.
CREATE TEMP TABLE enable_way (
    tree    TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    INTEGER NOT NULL,
    column  INTEGER NOT NULL,
    cap     TEXT NOT NULL,
    checked INTEGER,            -- 1: on every path some caller checks, 0: not on the path in `route`; NULL: unknown
    reason  TEXT NOT NULL,      -- the callers that check, or why it is unknown; '' for a path without a check
    route   TEXT NOT NULL,      -- functions on a path without a check, from the entry on
    way     TEXT NOT NULL       -- places on that path: JSON array of tree, path, line and message
);

-- Lines that a patch adds or changes, in the patched file.
CREATE TEMP TABLE changed_line (
    tree TEXT NOT NULL,
    path TEXT NOT NULL,
    line INTEGER NOT NULL
);

-- Files that the patches of a run change: one row per patch and file of a tree.
CREATE TEMP TABLE patch_file (
    series  TEXT NOT NULL,      -- file that the series was read from
    ordinal INTEGER NOT NULL,   -- position of the patch in its series, from 1
    patch   TEXT NOT NULL,      -- its subject, otherwise the file that it was read from
    tree    TEXT NOT NULL,
    path    TEXT NOT NULL,      -- path after the patch; for a removed file the path before
    kind    TEXT NOT NULL,      -- modified, added, removed, renamed, copied
    synced  INTEGER NOT NULL    -- 1: a header that only a script writes, from a kernel
);

-- Capabilities that other series checked at the same time add to a kernel.
CREATE TEMP TABLE pending_cap (
    series TEXT NOT NULL,
    tree   TEXT NOT NULL,
    path   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    name   TEXT NOT NULL,
    number COLLATE number NOT NULL
);

-- Constants of numberings that other series checked at the same time add to a kernel.
CREATE TEMP TABLE pending_constant (
    series    TEXT NOT NULL,
    tree      TEXT NOT NULL,
    path      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    name      TEXT NOT NULL,
    number    COLLATE number NOT NULL,
    numbering TEXT NOT NULL,
    abis      TEXT NOT NULL         -- ABIs that its header is evaluated for; '' in linux/kvm.h
);

-- Numbered sections of KVM's API documentation that other series checked at the same time add.
CREATE TEMP TABLE pending_section (
    series  TEXT NOT NULL,
    tree    TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    INTEGER NOT NULL,
    section TEXT NOT NULL,
    title   TEXT NOT NULL
);

-- Errors that appear after a patch in the middle of a series and that a later patch of it resolves.
CREATE TEMP TABLE step_finding (
    series   TEXT NOT NULL,
    ordinal  INTEGER NOT NULL,  -- position of the patch that causes it
    patch    TEXT NOT NULL,
    until    INTEGER NOT NULL,  -- position of the patch that resolves it
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

-- Number ranges that the user reserves for their own capabilities: `vendor-range`.
CREATE TEMP TABLE vendor_range (
    low  COLLATE number NOT NULL,
    high COLLATE number NOT NULL
);

CREATE TEMP VIEW {base_}file AS SELECT tree, role, path, arch, header, api, blob FROM all_file WHERE side = '{side}' AND NOT expanded;

-- A function definition, including macro-generated ones. Its facts are those of its blob between start and stop.
CREATE TEMP VIEW code_function AS
    SELECT f.side, f.tree, f.role, f.path, f.arch, f.blob, d.name, d.line, d.start, d.stop, d.static, d.parameters, d.condition
    FROM all_file f JOIN main.function d ON d.blob = f.blob
    WHERE f.expanded OR NOT EXISTS (
        SELECT 1 FROM superseded s WHERE s.side = f.side AND s.tree = f.tree AND s.path = f.path AND s.function = d.name
    );

-- A call, store, return or case of a function, as a site for `guard`.
CREATE TEMP VIEW site AS
    SELECT f.tree, f.role, f.path, f.arch, f.blob, s.* FROM all_file f JOIN (
        SELECT blob, function, 'call' AS what, callee AS text, line, start AS site, condition FROM main.call
        UNION ALL SELECT blob, function, 'store', target, line, start, condition FROM main.store
        UNION ALL SELECT blob, function, 'return', value, line, start, condition FROM main.return_value
        UNION ALL SELECT blob, function, 'case', low, line, start, condition FROM main.case_label
    ) s ON s.blob = f.blob WHERE f.side = 'now' AND s.function IS NOT NULL AND (f.expanded OR NOT EXISTS (
        SELECT 1 FROM superseded o WHERE o.side = 'now' AND o.tree = f.tree AND o.path = f.path AND o.function = s.function
    ));

-- The conditions that hold when control reaches a site: one row per site and guard, outermost first. A tested variable may be
-- assigned again between test and site; that is not tracked. A guard counts only if its test is compiled whenever the
-- site is. If a site has several `case` guards of one switch, one of them holds.
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

-- A call in the relevant files, resolved by name only. `caplint path` resolves calls by types and over all files.
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

-- The names of the ledger in the current trees.
CREATE TEMP VIEW token_use AS
    SELECT f.tree, f.role, f.path, f.arch, t.name, t.kind, t.occurrences, t.line, t.column
    FROM file f JOIN main.token t ON t.blob = f.blob;

-- The blind spots of the current trees.
CREATE TEMP VIEW blind AS
    SELECT f.tree, f.role, f.path, f.arch, b.line, b.start, b.stop, b.reason
    FROM file f JOIN main.blind_spot b ON b.blob = f.blob
    UNION
    SELECT f.tree, f.role, f.path, f.arch, c.line, c.start, c.stop, c.reason
    FROM all_cut c JOIN file f ON f.tree = c.tree AND f.path = c.path WHERE c.side = 'now';

CREATE INDEX temp.all_file_blob ON all_file (blob);
