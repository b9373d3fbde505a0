-- Answers of running machines, compared with the sources.

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
