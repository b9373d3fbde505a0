-- The facts: what the text of one file says, and nothing else. Every row hangs on a blob, a file's
-- content, named as git names it; which tree and path hold that content is said by the snapshot.
-- Lines and columns count from 1, offsets are bytes from 0. This file and views.sql are the
-- vocabulary of the rule pages.

-- A file's content that has been read.
CREATE TABLE blob (
    id        INTEGER PRIMARY KEY,
    oid       TEXT NOT NULL,     -- git's object id of the content
    language  TEXT NOT NULL,     -- c, rst, kconfig, make, meson; made: what a C file's macros expand to
    extractor TEXT NOT NULL,     -- hash of the extractors, grammar and repair tables that read it
    size      INTEGER NOT NULL,  -- bytes
    functions INTEGER NOT NULL,  -- function definitions seen
    damaged   INTEGER NOT NULL,  -- those of them in which something was not understood
    used      INTEGER NOT NULL,  -- day of the last run that needed it, in days since 1970
    UNIQUE (oid, language, extractor)
) STRICT;

-- A presence condition in canonical form: 1 is always, 0 never.
CREATE TABLE condition (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- A function definition.
CREATE TABLE function (
    blob       INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    name       TEXT NOT NULL,
    line       INTEGER NOT NULL,  -- of its name
    start      INTEGER NOT NULL,  -- offset of its first byte
    stop       INTEGER NOT NULL,  -- offset behind its last byte
    static     INTEGER NOT NULL,  -- 1: file scope
    parameters TEXT NOT NULL,     -- JSON array of the parameters' names
    condition  INTEGER NOT NULL
) STRICT;

-- A `#define`.
CREATE TABLE macro (
    blob       INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    name       TEXT NOT NULL,
    parameters TEXT,              -- JSON array of names; NULL for an object-like macro
    body       TEXT NOT NULL,     -- on one line, without comments
    comment    TEXT,              -- the comment on its lines
    line       INTEGER NOT NULL,
    column     INTEGER NOT NULL,
    condition  INTEGER NOT NULL
) STRICT;

-- A comment that names KVM_* and stands above `#define`s: one row for each of them, down to a blank line, code,
-- another directive or comment.
CREATE TABLE definition_comment (
    blob         INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    name         TEXT NOT NULL,     -- what is defined
    text         TEXT NOT NULL,     -- the comment, on one line and without its marks
    position     INTEGER NOT NULL,  -- ordinal of the definition from 0
    line         INTEGER NOT NULL,  -- of the definition
    comment_line INTEGER NOT NULL   -- where the comment begins
) STRICT;

-- An `#undef`.
CREATE TABLE undefinition (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    name      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    condition INTEGER NOT NULL
) STRICT;

-- An `#include`.
CREATE TABLE include (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    path      TEXT NOT NULL,
    system    INTEGER NOT NULL,   -- 1: <…>, 0: "…"
    line      INTEGER NOT NULL,
    start     INTEGER NOT NULL,   -- offset of its line
    condition INTEGER NOT NULL
) STRICT;

-- A `case` or `default` label.
CREATE TABLE case_label (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function  TEXT,
    selector  TEXT NOT NULL,      -- the switch's expression
    low       TEXT,               -- the label's expression; NULL for default
    high      TEXT NOT NULL,      -- the upper end of `case A ... B`, else as low; '' for default
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    start     INTEGER NOT NULL,   -- offset of the label
    stop      INTEGER NOT NULL,   -- offset where control leaves, fallthrough followed
    condition INTEGER NOT NULL
) STRICT;

-- A call, or the use of a function-like macro that looks like one.
CREATE TABLE call (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function  TEXT,               -- the caller; NULL outside functions
    callee    TEXT NOT NULL,      -- as written: `f`, `ops->get`
    arguments TEXT NOT NULL,      -- JSON array of expressions
    use       TEXT NOT NULL,      -- of its result: dropped, void, returned, assigned, tested, argument, value
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    condition INTEGER NOT NULL
) STRICT;

-- An assignment, increment, or initialised local variable.
CREATE TABLE store (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function  TEXT,
    target    TEXT NOT NULL,      -- as written: `r`, `kvm->arch.user_sigp`
    operator  TEXT NOT NULL,      -- =, |=, ++ …; `init` for a declaration
    value     TEXT NOT NULL,      -- '' for ++ and --
    local     INTEGER NOT NULL,   -- 1: the target is a local variable or a member of one
    line      INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    condition INTEGER NOT NULL
) STRICT;

-- A condition that decides what runs.
CREATE TABLE test (
    blob       INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function   TEXT,
    kind       TEXT NOT NULL,     -- if, while, do, for, switch, ternary
    expression TEXT NOT NULL,
    leaves     INTEGER NOT NULL,  -- 1: where it holds, control leaves (return, goto, break, continue)
    line       INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    stop       INTEGER NOT NULL,  -- offset behind the whole statement
    condition  INTEGER NOT NULL
) STRICT;

-- An extent over which a condition is known to hold, or not to; the view `guard` joins it with what stands there.
CREATE TABLE guard_extent (
    blob       INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function   TEXT NOT NULL,
    kind       TEXT NOT NULL,     -- enclosing, early_exit, short_circuit, ternary
    negated    INTEGER NOT NULL,  -- 1: the expression is false there
    expression TEXT NOT NULL,
    line       INTEGER NOT NULL,  -- of the expression
    start      INTEGER NOT NULL,
    stop       INTEGER NOT NULL,
    condition  INTEGER NOT NULL   -- under which the test itself is compiled
) STRICT;

-- A `return`.
CREATE TABLE return_value (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function  TEXT,
    value     TEXT NOT NULL,      -- '' where nothing is returned
    line      INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    condition INTEGER NOT NULL
) STRICT;

-- A `goto`.
CREATE TABLE jump (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function  TEXT,
    label     TEXT NOT NULL,      -- where it leads, in the same function
    line      INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    condition INTEGER NOT NULL
) STRICT;

-- A comparison with a constant-like name: `ext == KVM_CAP_X`.
CREATE TABLE comparison (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function  TEXT,
    operand   TEXT NOT NULL,      -- the other side
    operator  TEXT NOT NULL,      -- ==, !=
    constant  TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    condition INTEGER NOT NULL
) STRICT;

-- `.field = value` in an initialiser.
CREATE TABLE table_entry (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    variable  TEXT,
    type      TEXT,
    field     TEXT NOT NULL,
    value     TEXT NOT NULL,
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    condition INTEGER NOT NULL
) STRICT;

-- A member of a struct or union, in its definition. One that is defined inside another without a tag of its
-- own is spelt out there.
CREATE TABLE member (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    owner     TEXT NOT NULL,      -- tag of the struct or union, else its typedef's name; '' for neither
    name      TEXT NOT NULL,      -- path from the owner: `apf.data`; unnamed structs and unions add nothing
    type      TEXT NOT NULL,      -- `u64`, `struct kvm_mmu *`, `int (*)(int)`; where a macro declares it, `MACRO(…)`
    array     TEXT NOT NULL,      -- `[NR]`; '' for none
    bits      TEXT NOT NULL,      -- width of a bit-field; '' for none
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    start     INTEGER NOT NULL,   -- offset of the name
    condition INTEGER NOT NULL
) STRICT;

-- An entry of an array's initialiser, at the first level of braces; `.field = value` there is none.
CREATE TABLE element (
    blob       INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function   TEXT,
    variable   TEXT,              -- the array; NULL for a compound literal
    position   INTEGER NOT NULL,  -- ordinal in the list from 0, over all configurations
    designator TEXT NOT NULL,     -- `[FOO]`, `[A ... B]`; '' for none
    value      TEXT NOT NULL,     -- at most 400 characters
    line       INTEGER NOT NULL,
    column     INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    condition  INTEGER NOT NULL
) STRICT;

-- A name that an enumeration defines.
CREATE TABLE enumerator (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    owner     TEXT NOT NULL,      -- tag of the enum, else its typedef's name; '' for neither
    name      TEXT NOT NULL,
    value     TEXT NOT NULL,      -- '' where none is given
    position  INTEGER NOT NULL,   -- ordinal in the enum from 0, over all configurations
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    condition INTEGER NOT NULL
) STRICT;

-- What is done with a member: one row per chain of `->` and `.` that no longer one holds, and per line for
-- those that say the same. Chains inside indices and arguments have rows of their own.
CREATE TABLE access (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function  TEXT,
    chain     TEXT NOT NULL,      -- `vcpu->arch.mce_banks[offset]`, `to_vmx(vcpu)->nested.vmxon`
    mode      TEXT NOT NULL,      -- read, write (=), update (|=, ++ …), address (&), call, sizeof
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    condition INTEGER NOT NULL
) STRICT;

-- A macro invocation that is no expression: a loop head, a file-scope declaration, a label, asm.
CREATE TABLE macro_use (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function  TEXT,
    name      TEXT NOT NULL,
    kind      TEXT NOT NULL,      -- file, head, loop, label, statement, declarator, asm, enumerator, entries
    arguments TEXT NOT NULL,      -- as written
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    stop      INTEGER NOT NULL,   -- offset behind its `)`
    condition INTEGER NOT NULL
) STRICT;

-- The ledger: names that a plain lexical count finds, and what each occurrence is.
CREATE TABLE token (
    blob   INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    name   TEXT NOT NULL,         -- KVM_*, MSR_*, HV_X64_MSR_*
    kind   TEXT,                  -- what explains it: case, argument, comparison, comment …; NULL: nothing does
    occurrences INTEGER NOT NULL,
    line   INTEGER NOT NULL,      -- of the first
    column INTEGER NOT NULL
) STRICT;

-- Bytes that could not be understood.
CREATE TABLE blind_spot (
    blob   INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    start  INTEGER NOT NULL,
    stop   INTEGER NOT NULL,
    line   INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- A capability or MSR named in the documentation, once per section that names it.
CREATE TABLE doc_mention (
    blob          INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    name          TEXT NOT NULL,  -- KVM_CAP_*, line breaks inside the name mended; MSR_*, HV_X64_MSR_*
    line          INTEGER NOT NULL,
    column        INTEGER NOT NULL,
    section       TEXT,           -- its number, such as 7.2; NULL outside numbered sections
    title         TEXT,
    heading       INTEGER NOT NULL,  -- 1: the section's title names it
    pattern       INTEGER NOT NULL,  -- 1: stands for several: KVM_CAP_S390_*, KVM_CAP_XXX
    type          TEXT,           -- `:Type:` or `:Target:` of the section
    architectures TEXT,           -- `:Architecture(s):` of the section
    parameters    TEXT            -- `:Parameters:` of the section
) STRICT;

-- A heading of the documentation.
CREATE TABLE doc_section (
    blob    INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    number  TEXT,                 -- such as 7.2; NULL for one without
    title   TEXT NOT NULL,        -- without its number
    line    INTEGER NOT NULL
) STRICT;

-- A field of a section of the documentation: `:Capability: KVM_CAP_X`. Only sections whose title names KVM_*.
CREATE TABLE doc_field (
    blob    INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    section TEXT,                 -- its number, such as 4.25; NULL outside numbered sections
    title   TEXT NOT NULL,        -- of the section, without its number
    name    TEXT NOT NULL,        -- in lower case and without a plural's s: capability, architecture, type, parameter, return
    value   TEXT NOT NULL,        -- on one line
    line    INTEGER NOT NULL
) STRICT;

-- A `config` or `menuconfig` entry of a Kconfig file. Symbols are written without CONFIG_, as there; in
-- formulas they are atoms CONFIG_X, on as y or m, and CONFIG_X_MODULE, on as m.
CREATE TABLE kconfig_symbol (
    blob    INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    name    TEXT NOT NULL,
    type    TEXT NOT NULL,        -- bool, tristate, int, hex, string; '' where another entry says it
    prompt  INTEGER NOT NULL,     -- 1: a person may choose it, 0: only select and default set it
    depends TEXT NOT NULL,        -- canonical formula, with the conditions of what encloses the entry
    line    INTEGER NOT NULL
) STRICT;

-- A `select` or `imply`.
CREATE TABLE kconfig_select (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    symbol    TEXT NOT NULL,      -- whose entry it stands in
    target    TEXT NOT NULL,      -- what it turns on
    kind      TEXT NOT NULL,      -- select, imply
    condition INTEGER NOT NULL,   -- behind its `if`
    line      INTEGER NOT NULL
) STRICT;

-- A `default`, `def_bool` or `def_tristate`.
CREATE TABLE kconfig_default (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    symbol    TEXT NOT NULL,      -- whose entry it stands in
    value     TEXT NOT NULL,      -- a canonical formula; of numbers and strings the text
    condition INTEGER NOT NULL,   -- behind its `if`
    line      INTEGER NOT NULL
) STRICT;

-- An object, source file or directory that a Makefile or meson.build has built. What is not understood of
-- the condition is an atom in double quotes.
CREATE TABLE build_rule (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    object    TEXT NOT NULL,      -- `xen.o`, `hyp/`, `xen-emu.c`: relative to the file, or virt/kvm/… for $(KVM)/…
    condition INTEGER NOT NULL,   -- with that of the module or source set that it goes into
    line      INTEGER NOT NULL
) STRICT;

-- What the call graph needs of a C file; blobs of the language `outline` have nothing else.
CREATE TABLE outline (
    blob INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    text TEXT NOT NULL            -- JSON object of lists; caplint/graph/outlines.py takes it apart
) STRICT;

-- The names by which a C file is found before it is parsed; blobs of the language `words` have nothing else.
CREATE TABLE words (
    blob INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    text TEXT NOT NULL            -- separated by blanks, with the marks of caplint/facts/words.py
) STRICT;

-- What a link has worked out for a state of a tree, so that it need not be worked out again.
CREATE TABLE memo (
    name  TEXT PRIMARY KEY,       -- hash of everything that it depends on
    value TEXT NOT NULL,          -- JSON
    used  INTEGER NOT NULL        -- day of the last run that needed it, in days since 1970
) STRICT, WITHOUT ROWID;

-- Which file of a working tree held which content when it was last read, so that it need not be read again.
CREATE TABLE stat_cache (
    directory TEXT NOT NULL,
    path      TEXT NOT NULL,
    size      INTEGER NOT NULL,
    mtime     INTEGER NOT NULL,   -- ns
    inode     INTEGER NOT NULL,
    oid       TEXT NOT NULL,
    relevant  INTEGER NOT NULL,   -- 1: holds a token of interest
    reader    TEXT NOT NULL,      -- hash of the code that said so
    PRIMARY KEY (directory, path)
) STRICT, WITHOUT ROWID;

-- What an object of a git repository was found to hold, so that a revision costs only what it changes.
CREATE TABLE object_cache (
    oid      TEXT PRIMARY KEY,    -- git's object id
    size     INTEGER NOT NULL,
    relevant INTEGER NOT NULL,    -- 1: holds a token of interest
    reader   TEXT NOT NULL        -- hash of the code that said so
) STRICT, WITHOUT ROWID;

CREATE INDEX function_blob ON function (blob);
CREATE INDEX function_name ON function (name, blob);
CREATE INDEX macro_blob ON macro (blob);
CREATE INDEX macro_name ON macro (name, blob);
CREATE INDEX definition_comment_blob ON definition_comment (blob);
CREATE INDEX undefinition_blob ON undefinition (blob);
CREATE INDEX include_blob ON include (blob);
CREATE INDEX case_label_blob ON case_label (blob, start);
CREATE INDEX call_blob ON call (blob, start);
CREATE INDEX call_callee ON call (callee, blob);
CREATE INDEX store_blob ON store (blob, start);
CREATE INDEX test_blob ON test (blob, start);
CREATE INDEX guard_extent_blob ON guard_extent (blob, function);
CREATE INDEX return_value_blob ON return_value (blob, start);
CREATE INDEX jump_blob ON jump (blob, start);
CREATE INDEX comparison_blob ON comparison (blob, start);
CREATE INDEX table_entry_blob ON table_entry (blob);
CREATE INDEX table_entry_field ON table_entry (field, blob);
CREATE INDEX member_blob ON member (blob);
CREATE INDEX member_owner ON member (owner, blob);
CREATE INDEX element_blob ON element (blob);
CREATE INDEX enumerator_blob ON enumerator (blob);
CREATE INDEX access_blob ON access (blob, start);
CREATE INDEX macro_use_blob ON macro_use (blob, start);
CREATE INDEX token_blob ON token (blob);
CREATE INDEX blind_spot_blob ON blind_spot (blob);
CREATE INDEX doc_mention_blob ON doc_mention (blob);
CREATE INDEX doc_section_blob ON doc_section (blob);
CREATE INDEX doc_field_blob ON doc_field (blob);
CREATE INDEX kconfig_symbol_blob ON kconfig_symbol (blob);
CREATE INDEX kconfig_select_blob ON kconfig_select (blob);
CREATE INDEX kconfig_default_blob ON kconfig_default (blob);
CREATE INDEX build_rule_blob ON build_rule (blob);
CREATE INDEX outline_blob ON outline (blob);
CREATE INDEX words_blob ON words (blob);
CREATE INDEX memo_used ON memo (used);
