"""Capabilities that a handler names: cases, ranges, comparisons, and the code that runs for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked
from conftest import UAPI

from caplint.link.handlers.sites import Numbered, Site, sites

HEADER = "".join(
    f"#define KVM_CAP_{name} {number}\n" for name, number in zip("ABCDEF", (1, 2, 4, 5, 5, 9), strict=True)
)
SWITCH = "switch (ext) { %s } return 0;"
# Name → body; what is found, with the code that runs for it.
BODIES = {
    "cases": (SWITCH % "case KVM_CAP_A: return 1; case KVM_CAP_B: x(); break;",
              ["A case KVM_CAP_A: return 1;", "B case KVM_CAP_B: x(); break;"]),
    "shared": (SWITCH % "case KVM_CAP_A: case KVM_CAP_B: return 1;",
               ["A case KVM_CAP_A: case KVM_CAP_B: return 1;", "B case KVM_CAP_B: return 1;"]),
    "parentheses": (SWITCH % "case (KVM_CAP_A): return 1;", ["A case (KVM_CAP_A): return 1;"]),
    "other_labels": (SWITCH % "case 7: return 1; case OTHER: return 2; default: return 3;", []),
    "range": (SWITCH % "case KVM_CAP_A ... KVM_CAP_D: return 1;",
              [f"{name} case KVM_CAP_A ... KVM_CAP_D: return 1;" for name in "ABCDE"]),
    "range_backwards": (SWITCH % "case KVM_CAP_D ... KVM_CAP_A: return 1;",
                        [f"{name} case KVM_CAP_D ... KVM_CAP_A: return 1;" for name in "DA"]),
    "range_of_unknown": (SWITCH % "case KVM_CAP_A ... KVM_CAP_X: return 1;",
                         [f"{name} case KVM_CAP_A ... KVM_CAP_X: return 1;" for name in "AX"]),
    "compared": ("if (ext == KVM_CAP_A) return 1; return 0;", ["A if (ext == KVM_CAP_A) return 1;"]),
    "compared_from_the_left": ("if (KVM_CAP_A == ext) return 1; return 0;", ["A if (KVM_CAP_A == ext) return 1;"]),
    "compared_two": ("if (ext == KVM_CAP_A || ext == KVM_CAP_B) return 1; return 0;",
                     [f"{name} if (ext == KVM_CAP_A || ext == KVM_CAP_B) return 1;" for name in "AB"]),
    "returned": ("return ext == KVM_CAP_A;", ["A r"]),
    "unequal": ("if (ext != KVM_CAP_A) return 0; return 1;", []),
    "not_decided": ("int r; r = ext == KVM_CAP_A; return r;", []),
    "within_a_case": (SWITCH % "case KVM_CAP_A: if (ext == KVM_CAP_A) x(); return 1;",
                      ["A case KVM_CAP_A: if (ext == KVM_CAP_A) x(); return 1;"]),
    "within_another_case": (SWITCH % "case KVM_CAP_A: if (ext == KVM_CAP_B) x(); return 1;",
                            ["A case KVM_CAP_A: if (ext == KVM_CAP_B) x(); return 1;",
                             "B if (ext == KVM_CAP_B) x();"]),
    "none": ("return 0;", []),
}  # fmt: skip
TEXT = "".join(f"int {name}(struct kvm *kvm, long ext)\n{{\n{body}\n}}\n" for name, (body, _) in BODIES.items())
TEXT += """\
int built(long ext)
{
	switch (ext) {
#ifdef CONFIG_A
	case KVM_CAP_A:
		return 1;
#endif
	case KVM_CAP_B:
		return 2;
	}
	return 0;
}
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, {UAPI: HEADER}) as found:
        yield found


def _numbered(code: LinkedCode) -> Numbered:
    return Numbered(code.connection, "now", code.tree)


def _found(code: LinkedCode, name: str) -> list[Site]:
    return list(sites(code.body(name), _numbered(code)))


@pytest.mark.parametrize("name", BODIES)
def test_sites(code: LinkedCode, name: str) -> None:
    found = [
        f"{site.capability.removeprefix('KVM_CAP_')} {' '.join(code.text[site.start : site.stop].split())}"
        for site in _found(code, name)
    ]
    assert found == BODIES[name][1]
    kinds = [site.kind for site in _found(code, name)]
    assert kinds == ["case" if text[2:].startswith("case") else "comparison" for text in found]


def test_places_and_conditions(code: LinkedCode) -> None:
    first = code.body("built").line
    assert [(site.capability, site.line - first, site.column, site.condition) for site in _found(code, "built")] == [
        ("KVM_CAP_A", 4, 7, "CONFIG_A"), ("KVM_CAP_B", 7, 7, "1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "names"),
    [
        ("A", "A", "A"), ("A", "C", "ABC"), ("B", "D", "BCDE"), ("D", "D", "DE"), ("E", "F", "DEF"), ("C", "A", ""),
        ("A", "X", ""), ("X", "A", ""),
    ],
)  # fmt: skip
def test_numbers_between(code: LinkedCode, low: str, high: str, names: str) -> None:
    """Two names of one number are both in between."""
    found = _numbered(code).between(f"KVM_CAP_{low}", f"KVM_CAP_{high}")
    assert "".join(name.removeprefix("KVM_CAP_") for name in found) == names
