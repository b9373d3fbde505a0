"""Definitions of macros at a place: the file's own in force there, or those of the headers that it can see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked
from conftest import X86

from caplint.c.formula import text
from caplint.link.macros.definitions import Definitions, MacroSite, UnknownDefinitionError
from caplint.link.macros.includes import Includes

HOST = "arch/x86/include/asm/kvm_host.h"
LIST = "arch/x86/kvm/list.h"
TEXT = """\
#define TWICE(x) first(x)
int a;
#define TWICE(x) second(x)
int b;
#undef TWICE
int c;
#ifdef CONFIG_A
#define EITHER(x) with(x)
#else
#define EITHER(x) without(x)
#endif
#ifdef CONFIG_A
#define MAYBE(x) maybe(x)
#endif
#define LISTED(x) listed(x)
#include "list.h"
int d;
#define SHADOWED(x) own(x)
#define ALIAS SHADOWED
#define NUMBER 3
#define CASES(x) case x: case x + 1
#define OUTER(x) CASES(x): return 1
#define INNER(x) switch (x) { case 1: return 2; }
#define ASKS(x) (x ? case_of : other)
#define DEFAULTS(x) default: return x
#define MAKES(n) int n(void) { return HELP(n); } DECLARE(n)
#define DECLARE(n) int n##_more(void);
#define HELP(n) n##_help()
#define HIDES(x) { CASES(x); HELP(x); }
#if defined(CONFIG_A)
#define OVERLAP(x) one(x)
#endif
#if defined(CONFIG_B)
#define OVERLAP(x) other(x)
#endif
"""
FILES = {
    HOST: "#define SHADOWED(x) header(x)\n#define ONLY_HEADER(x) header(x)\n#define TWO(x) one(x)\n",
    "arch/x86/kvm/two.h": "#define TWO(x) two(x)\n#define SAME(x) same(x)\n#define GONE(x) gone(x)\n#undef GONE\n",
    "arch/x86/kvm/same.h": "#define SAME(x) same(x)\n",
    "arch/arm64/include/asm/kvm_host.h": "#define ARM(x) arm(x)\n#define TWO(x) arm(x)\n",
    "virt/kvm/other.c": "#define ONLY_C(x) only_c(x)\n",
    LIST: "LISTED(1)\n#undef LISTED\n",
}
LAST = 99


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, FILES) as found:
        yield found


@pytest.fixture(scope="module")
def definitions(code: LinkedCode) -> Definitions:
    includes = Includes(code.connection, "now", code.tree)
    return Definitions(code.connection, "now", code.tree, includes)


def _site(mark: str = "", path: str = X86, arch: str | None = "x86", condition: str = "1") -> MacroSite:
    line = TEXT[: TEXT.index(mark)].count("\n") + 1 if mark else LAST
    return MacroSite(path, arch, line, condition)


def _at(definitions: Definitions, name: str, site: MacroSite) -> dict[str, str]:
    """Condition → body, '!' alone for a macro without a usable definition."""
    try:
        return {text(choice.condition): choice.definition.body for choice in definitions.at(name, site)}
    except UnknownDefinitionError as error:
        return {"!": str(error)}


@pytest.mark.parametrize(
    ("name", "mark", "bodies"),
    [
        ("TWICE", "int a", {"1": "first(x)"}), ("TWICE", "int b", {"1": "second(x)"}),
        ("TWICE", "int c", {"!": "TWICE is not defined in the files that were read"}),
        ("EITHER", "int d", {"CONFIG_A": "with(x)", "!CONFIG_A": "without(x)"}), ("MAYBE", "int d", {"1": "maybe(x)"}),
        ("LISTED", "#include", {"1": "listed(x)"}),
        ("LISTED", "int d", {"!": "LISTED is not defined in the files that were read"}),
        ("SHADOWED", "int d", {"1": "header(x)"}), ("SHADOWED", "", {"1": "own(x)"}), ("ALIAS", "", {"1": "SHADOWED"}),
        ("ONLY_HEADER", "", {"1": "header(x)"}), ("SAME", "", {"1": "same(x)"}),
        ("TWO", "", {"!": "TWO is defined in 2 ways"}), ("OVERLAP", "", {"!": "OVERLAP is defined in 2 ways"}),
        ("GONE", "", {"!": "GONE is not defined in the files that were read"}),
        ("ARM", "", {"!": "ARM is not defined in the files that were read"}),
        ("ONLY_C", "", {"!": "ONLY_C is not defined in the files that were read"}),
    ],
)  # fmt: skip
def test_the_definition_in_force(definitions: Definitions, name: str, mark: str, bodies: dict[str, str]) -> None:
    """A file's own above the place, one per condition; else a header's, if all agree."""
    assert _at(definitions, name, _site(mark)) == bodies


def test_a_place_with_a_condition_sees_what_fits_it(definitions: Definitions) -> None:
    assert _at(definitions, "EITHER", _site(condition="CONFIG_A && CONFIG_X")) == {"CONFIG_A": "with(x)"}
    assert _at(definitions, "EITHER", _site(condition="!CONFIG_A")) == {"!CONFIG_A": "without(x)"}


def test_generic_code_may_be_built_for_any_architecture(definitions: Definitions) -> None:
    site = _site(path="virt/kvm/kvm_main.c", arch="generic")
    assert _at(definitions, "ARM", site) == {"1": "arm(x)"}
    assert _at(definitions, "TWO", site) == {"!": "TWO is defined in 3 ways"}


def test_macros_that_make_labels(definitions: Definitions) -> None:
    """Directly or through others; a switch of its own and a ternary make none."""
    assert definitions.case_makers == {"CASES", "OUTER", "DEFAULTS", "HIDES"}


def test_macros_in_a_body_that_make_code(definitions: Definitions) -> None:
    """Labels count anywhere, what declares only outside of braces."""
    bodies = {name: definitions.at(name, _site())[0].definition.body for name in ("MAKES", "OUTER", "HIDES", "HELP")}
    assert {name: definitions.makers_in(body) for name, body in bodies.items()} == {
        "MAKES": ("DECLARE",), "OUTER": ("CASES",), "HIDES": ("CASES",), "HELP": ()
    }  # fmt: skip


def test_closures(definitions: Definitions) -> None:
    found = definitions.closures({"MAKES", "EITHER"}, _site())
    assert sorted((text(condition), sorted(macros)) for condition, macros in found) == [
        ("!CONFIG_A", ["DECLARE", "EITHER", "MAKES"]), ("CONFIG_A", ["DECLARE", "EITHER", "MAKES"])
    ]  # fmt: skip
    assert len(definitions.closures({"EITHER"}, _site(condition="CONFIG_A"))) == 1
    with pytest.raises(UnknownDefinitionError, match="TWO is defined"):
        definitions.closures({"MAKES", "TWO"}, _site())


def test_closures_of_many_variants_are_given_up(tmp_path_factory: pytest.TempPathFactory) -> None:
    names = [f"M{at}" for at in range(5)]
    lines = [f"#ifdef CONFIG_{name}\n#define {name}(x) a(x)\n#else\n#define {name}(x) b(x)\n#endif\n" for name in names]
    with linked(tmp_path_factory.mktemp("kernel"), "".join(lines)) as code:
        many = Definitions(code.connection, "now", code.tree, Includes(code.connection, "now", code.tree))
        assert len(many.closures(set(names[:3]), _site())) == 8
        with pytest.raises(UnknownDefinitionError, match="more than 8 ways"):
            many.closures(set(names[:4]), _site())


def test_what_a_file_defines_itself(definitions: Definitions) -> None:
    assert definitions.defines(X86)
    assert not definitions.defines(f"{X86}x")
    assert definitions.defined_before("SHADOWED", _site())
    assert not definitions.defined_before("SHADOWED", _site("int d"))
    assert not definitions.defined_before("ONLY_HEADER", _site())
    assert [entry.body for entry in definitions.own("EITHER", _site("int d"))] == ["with(x)", "without(x)"]
    assert "NUMBER" not in definitions.names
    assert {"ALIAS", "TWICE"} <= definitions.names
