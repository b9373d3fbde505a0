-- The facts: rows extracted from the text of one file. Every row belongs to a blob, a file's content,
-- identified by git's object id; the snapshot (`all_file`) maps trees and paths to blobs.
-- In a query, a plain name shows the rows of the run's own files; `main.X` has those of every tree in the store.
-- Lines and columns count from 1, offsets are bytes from 0. This file and the files views.sql are
-- the vocabulary of the rule pages.

-- The content of a file that has been read.
CREATE TABLE blob (
    id        INTEGER PRIMARY KEY,
    oid       TEXT NOT NULL,     -- git's object id of the content
    language  TEXT NOT NULL,     -- c, rust, description, rst, kconfig, make, meson, cargo_lock, cargo_manifest; expanded: the code that a C file's macros expand to
    extractor TEXT NOT NULL,     -- hash of the extractors, grammar and repair tables that read it
    size      INTEGER NOT NULL,  -- bytes
    functions INTEGER NOT NULL,  -- number of function definitions
    damaged   INTEGER NOT NULL,  -- function definitions that contain a blind spot
    used      INTEGER NOT NULL,  -- day of the last run that needed the row, in days since 1970
    UNIQUE (oid, language, extractor)
) STRICT;

-- A presence condition in canonical form: 1 means always, 0 never.
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
    stop       INTEGER NOT NULL,  -- offset after its last byte
    static     INTEGER NOT NULL,  -- 1: file scope
    parameters TEXT NOT NULL,     -- JSON array of the parameters' names
    bools      TEXT NOT NULL,     -- JSON array of the parameters and local variables of type bool, in alphabetical order
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

-- A comment above `#define`s that names KVM_*: one row for each `#define` below it, up to a blank line, code,
-- another directive or comment.
CREATE TABLE definition_comment (
    blob         INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    name         TEXT NOT NULL,     -- the macro that is defined
    text         TEXT NOT NULL,     -- the comment, on one line and without comment markers
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

-- A crate with KVM's UAPI in Rust: the version that a Cargo.lock names, or that a Cargo.toml is of.
CREATE TABLE crate (
    blob    INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    name    TEXT NOT NULL,     -- '' for a file that cannot be read
    version TEXT NOT NULL,     -- such as 0.14.1
    role    TEXT NOT NULL,     -- locked, own, unread
    line    INTEGER NOT NULL   -- of the name (locked), of the version (own)
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
    high      TEXT NOT NULL,      -- the upper end of `case A ... B`, otherwise equal to low; '' for default
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    start     INTEGER NOT NULL,   -- offset of the label
    stop      INTEGER NOT NULL,   -- offset where control leaves the case, including fallthrough
    condition INTEGER NOT NULL
) STRICT;

-- A call, or an invocation of a function-like macro that looks like a call.
CREATE TABLE call (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function  TEXT,               -- the caller; NULL outside functions
    callee    TEXT NOT NULL,      -- as written: `f`, `ops->get`
    arguments TEXT NOT NULL,      -- JSON array of expressions
    use       TEXT NOT NULL,      -- use of the result: dropped, void, returned, assigned, tested, argument, value
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

-- A condition that controls execution.
CREATE TABLE test (
    blob       INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function   TEXT,
    kind       TEXT NOT NULL,     -- if, while, do, for, switch, ternary
    expression TEXT NOT NULL,
    leaves     INTEGER NOT NULL,  -- 1: if it is true, control leaves (return, goto, break, continue)
    line       INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    stop       INTEGER NOT NULL,  -- offset after the whole statement
    condition  INTEGER NOT NULL
) STRICT;

-- An extent in which a condition is known to be true or false; the view `guard` joins it with the sites inside.
CREATE TABLE guard_extent (
    blob       INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function   TEXT NOT NULL,
    kind       TEXT NOT NULL,     -- enclosing, early_exit, short_circuit, ternary
    negated    INTEGER NOT NULL,  -- 1: the expression is false in the extent
    expression TEXT NOT NULL,
    line       INTEGER NOT NULL,  -- of the expression
    start      INTEGER NOT NULL,
    stop       INTEGER NOT NULL,
    condition  INTEGER NOT NULL   -- presence condition of the test itself
) STRICT;

-- A `return`.
CREATE TABLE return_value (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function  TEXT,
    value     TEXT NOT NULL,      -- '' for a `return` without a value
    line      INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    condition INTEGER NOT NULL
) STRICT;

-- A statement, or part of one, of a function that names a capability or a table of capabilities, or gets a
-- `struct kvm_enable_cap`, a `struct msr_data` or an MSR's number: the control flow that decides on an answer.
CREATE TABLE statement (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function  TEXT NOT NULL,
    kind      TEXT NOT NULL,      -- if, then, else, while, for, do, switch, case, default, label, goto, break, continue, return, expression, init
    text      TEXT NOT NULL,      -- its condition, value, label or expression
    extra     TEXT NOT NULL,      -- upper end of a case, variable of an init, first part of a for
    line      INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    stop      INTEGER NOT NULL,   -- offset after the whole statement
    condition INTEGER NOT NULL
) STRICT;

-- A `goto`.
CREATE TABLE jump (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function  TEXT,
    label     TEXT NOT NULL,      -- its target, in the same function
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

-- A member of a struct or union, in its definition. Members of a nested struct or union without a tag are listed
-- under the outer one.
CREATE TABLE member (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    owner     TEXT NOT NULL,      -- tag of the struct or union, otherwise its typedef's name; '' if it has neither
    name      TEXT NOT NULL,      -- path from the owner: `apf.data`; unnamed structs and unions add no part
    type      TEXT NOT NULL,      -- `u64`, `struct kvm_mmu *`, `int (*)(int)`; if a macro declares it, `MACRO(…)`
    array     TEXT NOT NULL,      -- `[NR]`; '' if it is no array
    bits      TEXT NOT NULL,      -- width of a bit-field; '' if it is none
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    start     INTEGER NOT NULL,   -- offset of the name
    condition INTEGER NOT NULL
) STRICT;

-- An entry of an array's initialiser, at the first level of braces, except `.field = value`.
CREATE TABLE element (
    blob       INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function   TEXT,
    variable   TEXT,              -- name of the array; NULL for a compound literal
    position   INTEGER NOT NULL,  -- ordinal in the list from 0, over all configurations
    designator TEXT NOT NULL,     -- `[FOO]`, `[A ... B]`; '' without one
    value      TEXT NOT NULL,     -- at most 400 characters
    line       INTEGER NOT NULL,
    column     INTEGER NOT NULL,
    start      INTEGER NOT NULL,
    condition  INTEGER NOT NULL
) STRICT;

-- A variable outside functions with its initial value; the entries of arrays are in `element`.
CREATE TABLE file_variable (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    name      TEXT NOT NULL,
    static    INTEGER NOT NULL,   -- 1: file scope
    value     TEXT NOT NULL,      -- at most 400 characters
    line      INTEGER NOT NULL,
    start     INTEGER NOT NULL,   -- offset of its declarator
    condition INTEGER NOT NULL
) STRICT;

-- A constant of an enumeration.
CREATE TABLE enumerator (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    owner     TEXT NOT NULL,      -- tag of the enum, otherwise its typedef's name; '' if it has neither
    name      TEXT NOT NULL,
    value     TEXT NOT NULL,      -- '' without an explicit value
    position  INTEGER NOT NULL,   -- ordinal in the enum from 0, over all configurations
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    condition INTEGER NOT NULL
) STRICT;

-- An access to a structure member: one row per longest chain of `->` and `.`; equal chains on one line
-- share a row. Chains inside indices and arguments have rows of their own.
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

-- A macro invocation that is not an expression: a loop head, a file-scope declaration, a label, asm.
CREATE TABLE macro_use (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    function  TEXT,
    name      TEXT NOT NULL,
    kind      TEXT NOT NULL,      -- file, head, loop, label, statement, declarator, asm, enumerator, entries
    arguments TEXT NOT NULL,      -- as written
    line      INTEGER NOT NULL,
    column    INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    stop      INTEGER NOT NULL,   -- offset after its `)`
    condition INTEGER NOT NULL
) STRICT;

-- The ledger: KVM and MSR names that a lexical count finds in a file, by the kind of fact that explains them.
CREATE TABLE token (
    blob   INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    name   TEXT NOT NULL,         -- KVM_*, MSR_*, HV_X64_MSR_*
    kind   TEXT,                  -- fact that explains it: case, argument, comparison, comment …; NULL: unaccounted
    occurrences INTEGER NOT NULL,
    line   INTEGER NOT NULL,      -- of the first occurrence
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
    name          TEXT NOT NULL,  -- KVM_CAP_*, rejoined if a line break splits it; MSR_*, HV_X64_MSR_*
    line          INTEGER NOT NULL,
    column        INTEGER NOT NULL,
    section       TEXT,           -- its number, such as 7.2; NULL outside numbered sections
    title         TEXT,
    heading       INTEGER NOT NULL,  -- 1: the section's title contains the name
    pattern       INTEGER NOT NULL,  -- 1: a pattern for several names: KVM_CAP_S390_*, KVM_CAP_XXX
    type          TEXT,           -- `:Type:` or `:Target:` of the section
    architectures TEXT,           -- `:Architecture(s):` of the section
    parameters    TEXT            -- `:Parameters:` of the section
) STRICT;

-- A heading of the documentation.
CREATE TABLE doc_section (
    blob    INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    number  TEXT,                 -- such as 7.2; NULL for a heading without a number
    title   TEXT NOT NULL,        -- without its number
    line    INTEGER NOT NULL
) STRICT;

-- A field of a section of the documentation: `:Capability: KVM_CAP_X`. Only of sections whose title names KVM_*.
CREATE TABLE doc_field (
    blob    INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    section TEXT,                 -- its number, such as 4.25; NULL outside numbered sections
    title   TEXT NOT NULL,        -- of the section, without its number
    name    TEXT NOT NULL,        -- in lower case and without a plural's s: capability, architecture, type, parameter, return; args for a sentence of a capability's section about `args[n]`, with which the value begins
    value   TEXT NOT NULL,        -- on one line
    line    INTEGER NOT NULL
) STRICT;

-- A structure or union that the documentation prints; one that it defines inside another has a row of its own.
CREATE TABLE doc_structure (
    blob    INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    name    TEXT NOT NULL,        -- its tag, otherwise its typedef's name
    line    INTEGER NOT NULL,
    column  INTEGER NOT NULL,
    excerpt INTEGER NOT NULL,     -- 1: `...` says that something is left out
    members TEXT NOT NULL         -- JSON array of [name, type, array], as in `member`, in file order
) STRICT;

-- A `config` or `menuconfig` entry of a Kconfig file. Symbols are written without CONFIG_, as in Kconfig; in
-- formulas the atom CONFIG_X means y or m, and CONFIG_X_MODULE means m.
CREATE TABLE kconfig_symbol (
    blob    INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    name    TEXT NOT NULL,
    type    TEXT NOT NULL,        -- bool, tristate, int, hex, string; '' if another entry declares the type
    prompt  INTEGER NOT NULL,     -- 1: the user can choose it, 0: only select and default set it
    depends TEXT NOT NULL,        -- canonical formula, including the conditions of enclosing blocks
    line    INTEGER NOT NULL
) STRICT;

-- A `select` or `imply`.
CREATE TABLE kconfig_select (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    symbol    TEXT NOT NULL,      -- symbol of the enclosing entry
    target    TEXT NOT NULL,      -- symbol that it turns on
    kind      TEXT NOT NULL,      -- select, imply
    condition INTEGER NOT NULL,   -- of its `if` clause
    line      INTEGER NOT NULL
) STRICT;

-- A `default`, `def_bool` or `def_tristate`.
CREATE TABLE kconfig_default (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    symbol    TEXT NOT NULL,      -- symbol of the enclosing entry
    value     TEXT NOT NULL,      -- canonical formula; for numbers and strings the text
    condition INTEGER NOT NULL,   -- of its `if` clause
    line      INTEGER NOT NULL
) STRICT;

-- An object, source file or directory that a Makefile or meson.build builds. A part of the condition that is not
-- understood is an atom in double quotes.
CREATE TABLE build_rule (
    blob      INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    object    TEXT NOT NULL,      -- `xen.o`, `hyp/`, `xen-emu.c`: relative to the file, or virt/kvm/… for $(KVM)/…
    condition INTEGER NOT NULL,   -- including that of the module or source set it belongs to
    line      INTEGER NOT NULL
) STRICT;

-- Data of a C file for the call graph; blobs of the language `outline` have no other facts.
CREATE TABLE outline (
    blob INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    text TEXT NOT NULL            -- JSON object of lists, read by caplint/graph/outlines.py
) STRICT;

-- Names in a C file, so that it can be found without parsing it; blobs of the language `name_index` have no other facts.
CREATE TABLE name_index (
    blob INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    text TEXT NOT NULL            -- separated by blanks, with the markers of caplint/facts/kinds/name_index.py
) STRICT;

-- Cached results of links, by state of a tree.
CREATE TABLE memo (
    name  TEXT PRIMARY KEY,       -- cache key: hash of everything that the result depends on
    value TEXT NOT NULL,          -- JSON
    used  INTEGER NOT NULL        -- day of the last run that needed the row, in days since 1970
) STRICT, WITHOUT ROWID;

-- Content of each file of a working tree when it was last read, so that an unchanged file is not read again.
CREATE TABLE stat_cache (
    directory TEXT NOT NULL,
    path      TEXT NOT NULL,
    size      INTEGER NOT NULL,
    mtime     INTEGER NOT NULL,   -- ns
    inode     INTEGER NOT NULL,
    oid       TEXT NOT NULL,
    relevant  INTEGER NOT NULL,   -- 1: contains a token of interest
    reader    TEXT NOT NULL,      -- hash of the code that decided this
    PRIMARY KEY (directory, path)
) STRICT, WITHOUT ROWID;

-- Cached properties of objects of git repositories, so that a further revision costs only its changes.
CREATE TABLE object_cache (
    oid      TEXT PRIMARY KEY,    -- git's object id
    size     INTEGER NOT NULL,
    relevant INTEGER NOT NULL,    -- 1: contains a token of interest
    reader   TEXT NOT NULL        -- hash of the code that decided this
) STRICT, WITHOUT ROWID;

CREATE INDEX function_blob ON function (blob);
CREATE INDEX function_name ON function (name, blob);
CREATE INDEX macro_blob ON macro (blob);
CREATE INDEX macro_name ON macro (name, blob);
CREATE INDEX definition_comment_blob ON definition_comment (blob);
CREATE INDEX crate_blob ON crate (blob);
CREATE INDEX undefinition_blob ON undefinition (blob);
CREATE INDEX include_blob ON include (blob);
CREATE INDEX case_label_blob ON case_label (blob, start);
CREATE INDEX call_blob ON call (blob, start);
CREATE INDEX call_callee ON call (callee, blob);
CREATE INDEX store_blob ON store (blob, start);
CREATE INDEX statement_blob ON statement (blob, start);
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
CREATE INDEX element_variable ON element (variable, blob);
CREATE INDEX file_variable_blob ON file_variable (blob);
CREATE INDEX enumerator_blob ON enumerator (blob);
CREATE INDEX access_blob ON access (blob, start);
CREATE INDEX macro_use_blob ON macro_use (blob, start);
CREATE INDEX token_blob ON token (blob);
CREATE INDEX blind_spot_blob ON blind_spot (blob);
CREATE INDEX doc_mention_blob ON doc_mention (blob);
CREATE INDEX doc_section_blob ON doc_section (blob);
CREATE INDEX doc_field_blob ON doc_field (blob);
CREATE INDEX doc_structure_blob ON doc_structure (blob);
CREATE INDEX kconfig_symbol_blob ON kconfig_symbol (blob);
CREATE INDEX kconfig_select_blob ON kconfig_select (blob);
CREATE INDEX kconfig_default_blob ON kconfig_default (blob);
CREATE INDEX build_rule_blob ON build_rule (blob);
CREATE INDEX outline_blob ON outline (blob);
CREATE INDEX name_index_blob ON name_index (blob);
CREATE INDEX memo_used ON memo (used);
