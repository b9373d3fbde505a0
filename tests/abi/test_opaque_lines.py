"""What is put aside before preprocessing changes nothing of what comes out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caplint.abi import preprocess
from caplint.abi.opaque_lines import MARKER, Thin, thin
from caplint.abi.preprocess import HeaderError, PlacedToken, Preprocessed
from caplint.abi.sources import ROOT, HeaderSet, Sources, gather

Seen = tuple[list[PlacedToken], list[tuple[str, str, int, str]]]

OTHER = "#ifndef OTHER\n#define OTHER\n#define B_OTHER 2\nint other[B_OTHER];\nint c;\n#endif\n"
STRUCT = "struct kvm_a {\n\t__u32 a;\n\t__u64 b[2];\n};\n"


def _sources(text: str, **others: str) -> Sources:
    files = {"linux/kvm.h": text, **{f"linux/{name}.h": content for name, content in others.items()}}
    return gather(HeaderSet("linux/kvm.h", ""), lambda path: files[path].encode() if path in files else None)


def _seen(sources: Sources) -> Seen | tuple[str, str | None, int]:
    """Everything that the layouts and numbers are made of."""
    try:
        found = Preprocessed(sources, {"__LP64__": "1", "FLAG": "7"})
        numbers = [(one.name, one.path, one.line) for one in found.macros if any("_IO" in word for word in one.words)]
        return found.tokens, [(*place, found.expansion(place[0])) for place in numbers]
    except HeaderError as error:
        return str(error), error.path, error.line


@contextmanager
def _nothing_aside() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preprocess, "thin", lambda sources, _: Thin(dict(sources.files), {}))
        patch.setattr(preprocess, "_EXPANSIONS", {})
        yield


def _same(sources: Sources) -> Seen | tuple[str, str | None, int]:
    with _nothing_aside():
        expected = _seen(sources)
    assert _seen(sources) == expected
    return expected


CASES = {
    "a structure": STRUCT,
    "a macro of one of its lines": f"#define WIDTH 3\n{STRUCT}struct kvm_b {{\n\t__u8 a[WIDTH];\n\t__u8 b;\n}};\n",
    "arguments on the next line": "#define F(x) struct x { int a; };\nF\n(kvm_a)\nint b;\n",
    "arguments on several lines": "#define F(x, y) x y;\nF(int,\n  a\n)\nint b;\n",
    "a macro that stands for another's name": "#define F(x) x\n#define G F\nG\n(int a;)\nint b;\n",
    "a condition between a name and its arguments": "#define F(x) x\nF\n#ifdef NO\nint no;\n#endif\n(int a;)\n",
    "a macro that is defined later": "int LATER;\n#define LATER 3\nint LATER2, b[LATER];\n",
    "a macro that is undefined": "#define A 1\nint a[A];\n#undef A\nint A;\n",
    "a number that a condition asks for": "#define KVM_A 1\n#if KVM_A\nint a;\n#endif\n",
    "a number that another one holds": "#define KVM_A 1\n#define KVM_B KVM_A\nint b[KVM_B];\n",
    "a number that stands for itself": "enum {\n\tKVM_A,\n#define KVM_A KVM_A\n\tKVM_B,\n#define KVM_B KVM_B\n};\n",
    "a number that is put together": "#define KVM_NR_MAX 4\n#define NR(x) KVM_NR_##x\nint a[NR(MAX)];\n",
    "a number of which each half stands elsewhere": "#define AB 4\n#define P(x, y) x##y\nint a[P(A, B)];\n",
    "three parts": "#define ABC 4\n#define P(x, y, z) x##y##z\nint a[P(A, B, C)];\n",
    "an ioctl": "#include <linux/ioctl.h>\n#define KVMIO 0xAE\n#define KVM_A _IO(KVMIO, 1)\n#define KVM_B KVM_A\n",
    "an ioctl with a structure": f"#include <linux/ioctl.h>\n{STRUCT}#define KVM_A _IOR(0xAE, 2, struct kvm_a)\n",
    "an ioctl on two lines": "#include <linux/ioctl.h>\n#define KVM_A \\\n\t_IO(0xAE, 1)\n",
    "a number on two lines": "#define KVM_A (1 | \\\n\t2)\nint b;\n",
    "a comment over lines": "int a; /* KVM_A\n * more\n */ int b;\n\nint c;\n",
    "a comment in a directive": "#define KVM_A 1 /* more\n\nof it */\nint a[KVM_A];\n",
    "a comment before a directive": "/* x */ #define KVM_A 1\nint a[KVM_A];\n",
    "a directive with blanks": "  #  define KVM_A  1\nint a[KVM_A];\n# undef KVM_A\n",
    "a string": 'int a;\nchar *b = "(";\n#define F(x) x\nF\n(int c;)\n',
    "an apostrophe": "int a = '(';\nint b;\n",
    "a backslash": "int a\\\nb;\nint c;\n",
    "a form feed": "int a;\n\fint b;\nint c;\n",
    "ends of lines as elsewhere": "int a;\r\nint b;\r\n#define KVM_A 1\r\nint c[KVM_A];\r\n",
    "Unicode's ends of lines": "int a;\u2028int b;\nint c;\n",
    "a number with a suffix": "enum { KVM_A = 1ULL, KVM_B = 2UL };\nint a[FLAG];\n",
    "a predefined name": "int a[FLAG];\nint FLAGS;\n",
    "the line's number": "int a;\nint b[__LINE__];\n",
    "a header of other people's": f"#include <linux/other.h>\n{STRUCT}",
    "a name like a marker": f"int {MARKER}0;\nint a;\n",
    "a number between a name and its arguments": "#define F(x) x\nF\n#define KVM_A 1\n(int a;)\nint b;\n",
    "a comment without an end": "int a;\n/* int b;\n#define KVM_A 1\nint c;\n",
    "#error": f"{STRUCT}#ifdef NO\n#error no\n#endif\n#error yes\n",
    "a bracket that nothing closes": "#define F(x) x\nF(int a;\nint b;\n",
    "nothing": "",
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_it_changes_nothing(text: str) -> None:
    _same(_sources(text, other=OTHER))


def test_a_list_that_is_included_twice() -> None:
    text = "#define X(a) int a;\n#include <linux/list.h>\n#undef X\n#define X(a) long a##_;\n#include <linux/list.h>\n"
    _same(_sources(text, list="X(one)\nX(two)\nshort three;\n"))


PIECES = [
    "int a;", "struct s {", "};", "__u32 b[N];", "M", "(x)", "F(int", "c)", "F(int d;)", ";", "", "KVM_A", "G",
    "#define N 3", "#define M F", "#define F(x) x", "#define G(x, y) x##y", "#define KVM_A 1", "#define KVM_B KVM_A",
    "#define K _IOR(0xAE, N, struct s)", "#undef N", "#ifdef N", "#if KVM_B", "#else", "#endif", "/* N", "*/", "// x",
    "G(KVM_, A)", "int e = 'x';", "\\", "#define J \\", "\tint f, g;", "enum { P = 1ULL,", "Q };", "J", "int KVM_B;",
]  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_it_changes_nothing_of_any_text(pieces: list[str]) -> None:
    _same(_sources("#include <linux/ioctl.h>\n" + "\n".join(pieces) + "\n"))


def test_most_of_a_header_is_put_aside() -> None:
    caps = "".join(f"#define KVM_CAP_{number}A {number}\n" for number in range(50))
    sources = _sources(f"{STRUCT}{caps}{STRUCT.replace('_a', '_b')}")
    found = thin(sources, {})
    path = sources.targets["", ROOT]
    assert found.files[path].split() == [f"{MARKER}0"]
    assert [number for _, number, _ in found.aside[f"{MARKER}0"]] == [1, 2, 3, 4, 55, 56, 57, 58]
