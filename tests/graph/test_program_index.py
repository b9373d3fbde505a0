"""What the index of a program knows of its files, and which definitions a name means in one of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Files
from programs import only, unread, whole_program

from caplint.graph.outlines import FileOutline
from caplint.graph.program_index import Program, definitions_of, is_live, plain_type, slot_name, static_slot

FILES = {
    "a.c": """\
static int local(void) { return 0; }
int both(void) { return 1; }
int use(struct o *o)
{
    local();
    o->run(1);
    tab[2](3);
    each(both, &local);
    o->run = both;
    hook = local;
    t->run = i->run;
    return kvm_x86_call(go)(1);
}
const struct ops ours = { .run = both, both };
struct ops { int (*run)(int); struct x *x; };
typedef struct _Dev Dev;
typedef Dev *DevPtr;
type_init(both, "a,b", 3)
""",
    "m.h": "#define ALIAS both\n#define both both\n#define GO(x) both(x)\n#define PASTE(x) kvm_##x()\n",
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return whole_program(tmp_path_factory.mktemp("index"), FILES)


def test_calls_by_name_and_through_members(program: Program) -> None:
    assert [(call.caller.name, call.line) for call in program.calls["both"]] == [("GO", 3)]
    assert [(call.caller.name, call.owner, call.line) for call in program.calls["local"]] == [("use", 1 + 1, 5)]
    assert {slot: [call.line for call in calls] for slot, calls in program.through.items()} == {
        "run": [6], "tab[]": [7], "go": [12],
    }  # fmt: skip


def test_names_that_are_handed_on_and_kept(program: Program) -> None:
    assert [(handed.call.callee, handed.position) for handed in program.handed["both"]] == [("each", 0)]
    assert [(handed.call.callee, handed.position) for handed in program.handed["local"]] == [("each", 1)]
    places = [(kept.variable, kept.path, kept.holder and kept.holder.name) for kept in program.kept["both"]]
    assert places == [("ours", ".run", None), ("ours", "#1", None), ("o->run", "", "use")]
    assert [kept.variable for kept in program.kept["local"]] == ["hook"]
    assert [(target, source) for _, _, target, source in program.copied["run"]] == [("t->run", "i->run")]


def test_macros(program: Program) -> None:
    assert [alias.function.name for alias in program.aliases["both"]] == ["ALIAS"]
    assert program.marked == {"both": {None}}
    assert program.pasting == [("kvm_##x()", "m.h:4")]
    assert [definition.macro for definition in program.definitions["GO"]] == [True]
    assert [definition.macro for definition in program.definitions["both"]] == [False]


def test_types_and_registrations(program: Program) -> None:
    assert program.members["ops"] == {"run": "int (*)(int)", "x": "struct x *"}
    assert program.positions["ops"] == {0: "run", 1: "x"}
    assert program.typedefs == {"DevPtr": "Dev"}
    assert program.globals == {"ours": {"ops"}}
    (registered,) = program.registered["both"]
    assert (registered.macro, registered.arguments, registered.line) == ("type_init", ("both", '""', "3"), 18)
    assert "a" not in program.registered


def test_the_definition_of_a_function(program: Program) -> None:
    function = only(program, "both")
    definition = program.defined(function)
    assert definition is not None
    assert (function.tree, function.path, function.line, definition.type) == ("qemu", "a.c", 2, "int")
    assert program.defined(function._replace(line=3)) is None


def test_definitions_in_given_files(program: Program) -> None:
    names = ["both", "nothing", "GO"]
    assert [found.name for found in definitions_of(program, names)] == ["both", "GO"]
    assert [found.name for found in definitions_of(program, names, ["m.h"])] == ["GO"]
    assert list(definitions_of(program, names, [])) == []


def test_only_files_with_a_word_are_read_and_once(tmp_path: Path) -> None:
    files = {"a.c": "int one(void) { return 1; }\n", "b.c": "int two(void) { return one(); }\n", "c.c": "int three;\n"}
    program = unread(tmp_path, files)
    assert program.name == "qemu"
    assert program.look(["two"])
    assert set(program.definitions) == {"two"}
    assert program.look(["one"])
    assert set(program.definitions) == {"two", "one"}
    assert not program.look(["one", "two", "nobody"])
    program.look_at_all()
    assert [len(found) for found in program.definitions.values()] == [1, 1]


def _in(program: Program, path: str) -> FileOutline:
    return next(call.file for calls in program.calls.values() for call in calls if call.file.path == path)


WEAK = "int __weak fall(void) { return 0; }\n"
STRONG = "int fall(void) { return 1; }\n"
STATIC = "static " + STRONG
CALL = "int g(void) { return fall(); }\n"
DEFINED = "#define fall fall\n"
FALLBACK = "#ifndef fall\nstatic inline int fall(void) { return 0; }\n#endif\n"


@pytest.mark.parametrize(
    ("files", "path", "expected"),
    [
        pytest.param({"a.c": STATIC + CALL, "b.c": STRONG}, "a.c", ["a.c"], id="its own comes first"),
        pytest.param({"a.c": CALL, "b.c": STATIC}, "a.c", [], id="private to another file"),
        pytest.param({"a.c": CALL, "b.h": STATIC}, "a.c", ["b.h"], id="static in a header is for all"),
        pytest.param({"a.c": CALL, "b.c": STRONG, "c.c": STRONG}, "a.c", ["b.c", "c.c"], id="two programs"),
        pytest.param({"d/a.c.inc": CALL, "d/b.c": STATIC, "e/b.c": STATIC}, "d/a.c.inc", ["d/b.c"], id="included"),
        pytest.param(
            {"a.c": WEAK + CALL, "target/i386/b.c": STRONG}, "a.c", ["a.c", "target/i386/b.c"], id="weak, seen by all"
        ),
        pytest.param(
            {"target/i386/a.c": CALL, "w.c": WEAK, "target/i386/b.c": STRONG},
            "target/i386/a.c", ["target/i386/b.c"], id="weak, and replaced",
        ),
        pytest.param(
            {"target/i386/a.c": CALL, "w.c": WEAK, "target/ppc/b.c": STRONG},
            "target/i386/a.c", ["w.c"], id="weak, and replaced elsewhere",
        ),
        pytest.param(
            {"target/i386/a.c": CALL, "target/ppc/b.c": STRONG}, "target/i386/a.c", [], id="elsewhere"
        ),
        pytest.param(
            {"target/i386/a.c": CALL, "g.h": FALLBACK, "target/i386/m.h": DEFINED, "target/i386/b.c": STRONG},
            "target/i386/a.c", ["target/i386/b.c"], id="a fallback that is marked as defined",
        ),
        pytest.param(
            {"target/i386/a.c": CALL, "g.h": FALLBACK, "target/ppc/m.h": DEFINED},
            "target/i386/a.c", ["g.h"], id="a fallback that another architecture replaces",
        ),
        pytest.param({"a.c": CALL, "b.c": STRONG, "m.h": "#define fall() h()\n"}, "a.c", ["m.h"], id="a macro instead"),
        pytest.param(
            {"a.c": CALL, "b.c": STRONG, "c.c": "#define fall() h()\n"}, "a.c", ["b.c"], id="a macro of another file"
        ),
        pytest.param(
            {"a.c": CALL, "b.c": "#ifdef CONFIG_WIN32\n" + STRONG + "#endif\n"}, "a.c", [], id="never compiled"
        ),
        pytest.param({"a.c": CALL}, "a.c", [], id="defined nowhere"),
    ],
)  # fmt: skip
def test_what_a_name_means(tmp_path: Path, files: Files, path: str, expected: list[str]) -> None:
    program = whole_program(tmp_path, files)
    assert sorted(found.function.path for found in program.meant("fall", _in(program, path))) == expected


@pytest.mark.parametrize(
    ("expression", "slot"),
    [
        ("o->run", "run"), ("a.b->run", "run"), ("(o->run)", "run"), ("(*o->run)", "run"), ("ops[i].run", "run"),
        ("o -> run", "run"), ("o->tab[i]", "tab"), ("o->tab[i]->x", "x"), ("tab[i]", "tab[]"), ("(*tab[i])", "tab[]"),
        ("kvm_x86_call(run)", "run"), ("static_call_cond(kvm_x86_pmu_run)", "run"), ("static_call(kvm_x86_run)", "run"),
        ("f(x)", None), ("(fn)", None), ("*fn", None), ("", None), ("->", None), ("o->run[", None),
        ("a->" * 5000 + "run", "run"), ("[" * 5000, None), ("(" * 5000, None),
    ],
)  # fmt: skip
def test_slots(expression: str, slot: str | None) -> None:
    assert slot_name(expression) == slot


@pytest.mark.parametrize(
    ("expression", "slot"),
    [
        ("static_call(kvm_x86_pmu_run)", ("kvm_pmu_ops", "run")),
        ("static_call(kvm_x86_run)", ("kvm_x86_ops", "run")),
        ("kvm_x86_call(run)", ("kvm_x86_ops", "run")),
        ("kvm_x86_call(run", None),
        ("o->run", None),
    ],
)
def test_static_calls(expression: str, slot: tuple[str, str] | None) -> None:
    assert static_slot(expression) == slot


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("const struct foo *", "foo"), ("_foo", "foo"), ("__foo_bar", "foo_bar"), ("struct foo *const restrict", "foo"),
        ("foo_t volatile *", "foo_t"), ("unsigned long", "long"), ("int (*)(int)", "int"),
        ("foo *const (*x)(struct bar)", "foo"), ("ärger *", "ärger"), ("struct", ""), ("(x)", ""), ("", ""),
    ],
)  # fmt: skip
def test_plain_types(text: str, expected: str) -> None:
    assert plain_type(text) == expected


@pytest.mark.parametrize(
    ("condition", "live"),
    [
        ("1", True), ("0", False), ("defined(CONFIG_KVM)", True), ("defined(WIN32)", False), ("WIN32", False),
        ("!defined(WIN32)", True), ("defined(CONFIG_WIN32) && defined(A)", False), ("defined(WIN32) || A", True),
        ("((", True), ("", True),
    ],
)  # fmt: skip
def test_live_conditions(condition: str, live: bool) -> None:
    assert is_live(condition) is live


@pytest.mark.parametrize("deep", [lambda n: "!" * n + "A", lambda n: "(" * n + "A" + ")" * n, lambda n: "A && " * n])
def test_a_condition_that_is_nested_without_end_is_live(deep: Callable[[int], str]) -> None:
    assert is_live(deep(5000))
