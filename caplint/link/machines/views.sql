-- Answers of running machines, compared with the sources.

-- The answers of a running machine, as recorded by `caplint probe`: a row for each number that it answers or that a tree
-- defines. Empty without --probe.
CREATE TEMP TABLE machine_answer (
    machine TEXT NOT NULL,      -- its host name
    arch    TEXT NOT NULL,
    release TEXT NOT NULL,      -- of its kernel, as printed by uname -r
    number  INTEGER NOT NULL,
    cap     TEXT,               -- name of the number in the kernel tree, otherwise in another tree; NULL: no tree defines it
    system  INTEGER NOT NULL,   -- the answer on the system descriptor; negative: an error's number
    vm      INTEGER,            -- the answer on a VM's descriptor; NULL: no VM could be created
    PRIMARY KEY (machine, number)
) WITHOUT ROWID;

-- A capability that a machine answers but a kernel tree, built for the machine's architecture, would not, or the reverse.
-- Only whether an answer is more than 0 is compared, not its value.
CREATE TEMP TABLE all_machine_difference (
    side           TEXT NOT NULL,
    tree           TEXT NOT NULL,
    machine        TEXT NOT NULL,
    arch           TEXT NOT NULL,
    release        TEXT NOT NULL,
    source_release TEXT,            -- version in the tree's Makefile; NULL: none
    same           TEXT NOT NULL,   -- how far the releases agree: version (6.12.3), series (6.12), none
    number         INTEGER NOT NULL,
    cap            TEXT,            -- name in the tree; NULL: the tree does not define the number
    system         INTEGER NOT NULL,
    vm             INTEGER,
    source         INTEGER NOT NULL,  -- 1: the source answers but the machine does not; 0: the reverse
    reason         TEXT NOT NULL,   -- configuration, run_time, release, blind_spot, unexplained
    why            TEXT NOT NULL,   -- the reason as a sentence
    path           TEXT NOT NULL,   -- of the case, otherwise of the definition, otherwise of the header
    line           INTEGER NOT NULL,
    function       TEXT             -- the handler; NULL if no handler has a case
);
