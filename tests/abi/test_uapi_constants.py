"""Values of macros and enumerators, per ABI: what a compiler computes, or none."""

from __future__ import annotations

import json
import time

import pytest

from caplint.abi.layout_reuse import move, moved
from caplint.abi.sources import HeaderSet, Sources, gather
from caplint.abi.unit import evaluate

ROOT, ASM = "include/uapi/linux/kvm.h", "arch/x86/include/uapi/asm/kvm.h"


ABIS = ["x86_64", "i386"]


PRELUDE = "#include <linux/types.h>\n#include <linux/ioctl.h>\n#include <asm/kvm.h>\n#define KVMIO 0xAE\n"


def _sources(text: str, asm: str = "") -> Sources:
    files = {ROOT: f"{PRELUDE}{text}".encode(), ASM: f"{asm}\n".encode()}
    return gather(HeaderSet(ROOT, ASM), files.get)


def _values(text: str, asm: str = "", abi: str = "x86_64") -> dict[str, int]:
    unit = evaluate(_sources(text, asm), [abi])[abi]
    return {constant.name: constant.value for constant in unit.constants if constant.name != "KVMIO"}


CASES: dict[str, tuple[str, dict[str, int]]] = {
    "plain": ("#define A 5\n#define B 0x10\n#define C (7)\n", {"A": 5, "B": 16, "C": 7}),
    "suffixes": ("#define A 1UL\n#define B 0xffULL\n#define C 2u\n", {"A": 1, "B": 255, "C": 2}),
    "octal": ("#define A 010\n", {"A": 8}),
    "the widest": ("#define A 0xffffffffffffffffULL\n#define B (~0ULL)\n", {"A": 2**64 - 1, "B": 2**64 - 1}),
    "signed": ("#define A -1\n#define B ((__u64)-1)\n", {"A": -1, "B": 2**64 - 1}),
    "shifts": ("#define A (1 << 3)\n#define B (1ULL << 40)\n", {"A": 8, "B": 1 << 40}),
    "other macros": ("#define B (A | 2)\n#define A 1\n#define C B\n", {"A": 1, "B": 3, "C": 3}),
    "precedence of the text": ("#define A 1 + 2\n#define B A * 2\n", {"A": 3, "B": 5}),
    "a macro with arguments": ("#define F(x) ((x) << 4)\n#define A F(2)\n", {"A": 32}),
    "pasted": ("#define P(x) KVM_##x\n#define KVM_A 3\n#define B P(A)\n", {"KVM_A": 3, "B": 3}),
    "pasted of a number and a name": (
        "#define S(x, n) ((x) << A_ ## n ## _S)\n#define F(x) S(x, 32_CRN)\n#define A_32_CRN_S 7\n#define B F(1)\n",
        {"A_32_CRN_S": 7, "B": 128},
    ),
    "a size": ("struct s {\n\t__u64 a[3];\n};\n#define A sizeof(struct s)\n", {"A": 24}),
    "an enumeration": ("enum e {\n\tA = 2,\n\tB,\n\tC = A + 8,\n};\n", {"A": 2, "B": 3, "C": 10}),
    "one without a tag": ("enum {\n\tA,\n\tB,\n};\n", {"A": 0, "B": 1}),
    "within a structure": ("struct s {\n\tenum { A = 4 } a;\n};\n", {"A": 4}),
    "a macro of an enumerator": ("enum {\n\tn,\n\tm,\n};\n#define A (1 << m)\n", {"n": 0, "m": 1, "A": 2}),
    "its own name": ("enum {\n\tA,\n#define A A\n\tB,\n#define B B\n};\n", {"A": 0, "B": 1}),
    "under a condition": ("#ifdef __x86_64__\n#define A 1\n#else\n#define A 2\n#endif\n", {"A": 1}),
    "under none that holds": ("#ifdef __KERNEL__\n#define A 1\n#endif\n", {}),
    "in several texts": ("#define A 1\n#undef A\n#define A 2\n", {"A": 2}),
    "undefined again": ("#define A 1\n#undef A\n", {}),
    "defined twice": ("#define A 1\n#define A 2\n", {"A": 2}),
    "on two lines": ("#define A \\\n\t(1 | \\\n\t 2)\n", {"A": 3}),
    "with comments": ("#define A /* one */ 1 // more\n", {"A": 1}),
    "no integers": ('#define A "a"\n#define B\n#define C struct c\n#define D 1.5\n#define E F\n', {}),
    "an overflow": ("#define A (1 << 40)\n#define B 3\n", {"B": 3}),
    "a circle": ("#define A B\n#define B A\n#define C 1\n", {"C": 1}),
    "a capability": ("#define KVM_CAP_TEA 1\n#define A 1\n", {"A": 1}),
    "an ioctl": ("#define KVM_TEA _IO(KVMIO, 1)\n#define A 1\n", {"A": 1}),
}


@pytest.mark.parametrize(("text", "values"), CASES.values(), ids=CASES)
def test_constants_have_the_values_of_a_compiler(text: str, values: dict[str, int]) -> None:
    assert _values(text) == values


def test_a_fallback_is_a_value_only_where_the_architecture_gives_none() -> None:
    fallback = "#ifndef A\n#define A 0\n#endif\n"
    assert (_values(fallback), _values(fallback, "#define A 64\n")) == ({"A": 0}, {"A": 64})


def test_values_depend_on_the_abi() -> None:
    text = "#define A sizeof(long)\n#ifdef __i386__\n#define B 4\n#else\n#define B 8\n#endif\n#define C (1UL << 40)\n"
    assert _values(text) == {"A": 8, "B": 8, "C": 1 << 40}
    assert _values(text, abi="i386") == {"A": 4, "B": 4}


def test_a_constant_knows_its_place_alias_and_enumeration() -> None:
    text = "#define A 1\n#define B A\nenum tea {\n\tC,\n\tD = C,\n};\nenum {\n\tE,\n\tF,\n};\n"
    rows = [row for row in evaluate(_sources(text), ["x86_64"])["x86_64"].constants if row.name != "KVMIO"]
    assert [(row.name, row.alias, row.enum, row.line, row.column) for row in rows] == [
        ("A", "", "", 5, 9),
        ("B", "A", "", 6, 9),
        ("C", "", "tea", 8, 2),
        ("D", "C", "tea", 9, 2),
        ("E", "", "enum of E", 12, 2),
        ("F", "", "enum of E", 13, 2),
    ]
    assert {row.path for row in rows} == {ROOT}


def test_constants_of_other_headers_are_left_out() -> None:
    files = {ROOT: b"#include <linux/tea.h>\n#define B A\n", "include/uapi/linux/tea.h": b"#define A 4\nenum { C };\n"}
    unit = evaluate(gather(HeaderSet(ROOT, ""), files.get), ["x86_64"])["x86_64"]
    assert [(row.name, row.value) for row in unit.constants] == [("B", 4)]


def _units(text: str, asm: str = "") -> str:
    return json.dumps({name: vars(unit) for name, unit in evaluate(_sources(text, asm), ABIS).items()})


def test_constants_move_with_their_lines() -> None:
    text = "#define KVM_CAP_TEA 1\n#define A 1\nenum { B };\n"
    new = text.replace("#define A", "#define KVM_CAP_POT 2\n#define A")
    lines = moved(_sources(text), _sources(new))
    assert lines is not None
    assert json.loads(move(_units(text), lines) or "") == json.loads(_units(new))


HOSTILE = {
    "doubling": "#define A0 1\n" + "".join(f"#define A{n} (A{n - 1} + A{n - 1})\n" for n in range(1, 200)),
    "a chain": "#define A0 1\n" + "".join(f"#define A{n} A{n - 1}\n" for n in range(1, 4000)),
    "a long chain of terms": "#define A " + " | ".join("1" for _ in range(20_000)) + "\n",
    "many": "".join(f"#define KVM_EXIT_A{n} {n}\n" for n in range(20_000)),
    "a large enumeration": "enum {\n" + "".join(f"\tA{n},\n" for n in range(20_000)) + "};\n",
    "digits": f"#define A {'9' * 5000}\n#define B 0x{'f' * 5000}\n",
    "brackets": f"#define A {'(' * 3000}1{')' * 3000}\n",
    "a long name": f"#define KVM_EXIT{'_A' * 20_000} 1\n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_constants_take_little_time(text: str) -> None:
    begun = time.process_time()
    assert len(evaluate(_sources(text), ["x86_64"])["x86_64"].constants) <= 10_001
    assert time.process_time() - begun < 6
