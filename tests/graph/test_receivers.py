"""Through which member of which structure an expression calls, and into which one a function is stored."""

from __future__ import annotations

import pytest
from programs import whole_program

from caplint.graph.outlines import FileOutline
from caplint.graph.program_index import Program
from caplint.graph.receivers import Receivers, Slot

FILES = {
    "ops.h": """\
struct ops { int (*run)(int); int (*stop)(int); };
struct dev { struct ops *o; struct ops in; struct ops *many[4]; DevPtr next; struct far *far; };
typedef struct _Dev Dev;
typedef Dev *DevPtr;
struct _Dev { struct ops *o; };
struct RunClass { int (*run)(int); };
OBJECT_DECLARE_TYPE(RunState, RunClass, RUN)
DECLARE_CLASS_CHECKERS(PLAIN)
OBJECT_DECLARE_SIMPLE_TYPE(Plain, PLAIN)
""",
    "a.c": """\
static struct dev *the_dev;
struct ops *get(int a) { return 0; }
int use(struct dev *d, DevPtr p, void *v, Unknown *u)
{
    d->o->run(1); p->o->run(1); the_dev->o->run(1); v->run(1); u->run(1);
}
int fn(int a) { return a; }
struct ops ours = { .run = fn };
struct ops list[] = { { fn, fn }, { .stop = fn } };
int (*array[])(int) = { fn, [3] = fn };
struct ops positional = { fn };
struct dev nested = { .in = { .run = fn } };
void set(struct ops *o, struct dev *d)
{
    o->run = fn;
    d->in.stop = fn;
    hook = fn;
    table[2] = fn;
    d->many[0]->run = fn;
}
""",
    "b.c": "struct one *same;\nstruct one *different;\n",
    "c.c": "struct one *same;\nstruct two *different;\n",
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return whole_program(tmp_path_factory.mktemp("receivers"), FILES)


@pytest.fixture
def receivers(program: Program) -> Receivers:
    return Receivers(program)


def _use(program: Program) -> tuple[FileOutline, int]:
    """The file and the ordinal of `use()`."""
    call = program.through["run"][0]
    return call.file, call.owner


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ("d->o->run", ("ops", "run")),
        ("d->in.run", ("ops", "run")),
        ("d->many[1]->run", ("ops", "run")),
        ("d->next->o->run", ("ops", "run")),
        ("p->o->run", ("ops", "run")),
        ("the_dev->o->stop", ("ops", "stop")),
        ("(d->o->run)", ("ops", "run")),
        ("(*d->o->run)", ("ops", "run")),
        ("((d->o->run))", ("ops", "run")),
        ("d -> o -> run", ("ops", "run")),
        ("get(1)->run", ("ops", "run")),
        ("get(f(1, 2))->run", ("ops", "run")),
        ("((struct ops *)v)->run", ("ops", "run")),
        ("((const struct ops *)v)->run", ("ops", "run")),
        ("RUN(v)->run", ("RunState", "run")),
        ("RUN_GET_CLASS(v)->run", ("RunClass", "run")),
        ("RUN_CLASS(v)->run", ("RunClass", "run")),
        ("PLAIN(v)->run", ("Plain", "run")),
        ("PLAIN_GET_CLASS(v)->run", (None, "run")),
        ("table[1]", ("=table", "[]")),
        ("(*table[1])", ("=table", "[]")),
        ("kvm_x86_call(go)", ("kvm_x86_ops", "go")),
        ("v->run", (None, "run")),
        ("u->run", ("Unknown", "run")),
        ("nobody->run", (None, "run")),
        ("d->none->run", (None, "run")),
        ("d->far->next->run", (None, "run")),
        ("get(1)", None),
        ("fn", None),
        ("", None),
    ],
)
def test_calls(program: Program, receivers: Receivers, chain: str, expected: Slot | None) -> None:
    assert receivers.called(*_use(program), chain) == expected


@pytest.mark.parametrize(
    ("chain", "missing"),
    [
        ("d->o->run", set()),
        ("nobody->run", {";nobody"}),
        ("d->far->next->run", {"{far"}),
        ("u->run", {"{Unknown"}),
        ("unread(1)->run", {"unread"}),
        ("OTHER(v)->run", {"@OTHER", "OTHER"}),
        ("OTHER_GET_CLASS(v)->run", {"@OTHER", "OTHER_GET_CLASS"}),
    ],
)
def test_what_would_have_to_be_read(program: Program, receivers: Receivers, chain: str, missing: set[str]) -> None:
    receivers.called(*_use(program), chain)
    assert receivers.missing == missing


def test_stored_functions(program: Program, receivers: Receivers) -> None:
    assert [(kept.variable, kept.path, receivers.kept(kept)) for kept in program.kept["fn"]] == [
        ("ours", ".run", [("ops", "run")]),
        ("list", "#0#0", [("ops", "run")]),
        ("list", "#0#1", [("ops", "stop")]),
        ("list", "#1.stop", [("ops", "stop")]),
        ("array", "#0", [("=array", "[]")]),
        ("array", "[]", [("=array", "[]")]),
        ("positional", "#0", [("=positional", "[]"), ("ops", "run")]),
        ("nested", ".in.run", [("ops", "run")]),
        ("o->run", "", [("ops", "run")]),
        ("d->in.stop", "", [("ops", "stop")]),
        ("hook", "", [("=hook", "")]),
        ("table[2]", "", [("=table", "[]")]),
        ("d->many[0]->run", "", [("ops", "run")]),
    ]


def test_stored_where_nothing_is_known(program: Program, receivers: Receivers) -> None:
    kept = program.kept["fn"][0]
    assert receivers.kept(kept._replace(type="", path=".run")) == [(None, "run")]
    assert receivers.kept(kept._replace(type="struct ops", path="#7#9")) == []
    assert receivers.kept(kept._replace(variable="f(x)", path="")) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("d", "dev"), ("p", "DevPtr"), ("the_dev", "dev"), ("same", "one"), ("different", ""), ("v", ""), ("nobody", "")],
)
def test_variables(program: Program, receivers: Receivers, name: str, expected: str) -> None:
    assert receivers.variable(*_use(program), name) == expected


@pytest.mark.parametrize(("kind", "expected"), [("DevPtr", "Dev"), ("Dev", "Dev"), ("ops", "ops"), ("none", "none")])
def test_typedefs(receivers: Receivers, kind: str, expected: str) -> None:
    assert receivers.resolved(kind) == expected


def test_typedefs_in_a_circle_end(program: Program) -> None:
    program.typedefs.update({"Round": "About", "About": "Round"})
    assert Receivers(program).resolved("Round") in {"Round", "About"}


def test_a_chain_without_end(program: Program, receivers: Receivers) -> None:
    assert receivers.called(*_use(program), "p->o" + "->o" * 20_000 + "->run") == (None, "run")
    assert receivers.called(*_use(program), "(" * 3_000 + "d->o->run" + ")" * 3_000) == ("ops", "run")
