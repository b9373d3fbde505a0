"""Extraction never fails and never takes long, whatever the bytes are."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caplint.facts.extract import extract
from caplint.facts.store.records import BlindSpot, Call, Function, Token

_BYTES = random.Random(1)
_IN = b"void f(void)\n{\n"

# Name, source, reasons of the blind spots (None: any).
HOSTILE: list[tuple[str, bytes, list[str] | None]] = [
    ("empty", b"", []),
    ("white space", b"\n\r\n \t\f", []),
    ("nul bytes", b"int a;\0", ["contains NUL bytes"]),
    ("not utf-8", b'/* \xff */ char *s = "\xe9";\n#define A \xc3\n', []),
    ("byte order mark", b"\xef\xbb\xbfint a;\n", None),
    ("long line", b"x " * (1 << 20), ["has a line longer than 1 MiB"]),
    ("long word", b"x" * (2 << 20), ["has a line longer than 1 MiB"]),
    ("large", b"int a;\n" * (5 << 19), ["larger than 16 MiB"]),
    ("open comment", b"int a; /* b", ["unterminated comment"]),
    ("open string", b'char *s = "abc', None),
    ("open directive", b"#define A \\", []),
    ("endifs", b"#endif\n" * 500, ["#endif without #if"] * 500),
    ("elses", b"#if A\n" + b"#else\n" * 500 + b"#endif\n", ["#else without #if"] * 499),
    ("parentheses", b"(" * 20_000, None),
    ("parentheses in a function", b"int f(void) { return " + b"(" * 20_000 + b"; }", None),
    ("braces", b"{" * 20_000, None),
    ("nested conditionals", b"#if A\n" * 10_000 + b"int a;\n" + b"#endif\n" * 10_000, None),
    ("alternatives", b"#if A\n" + b"#elif B\nint a;\n" * 3000 + b"#endif\n", None),
    ("bangs", b"#if " + b"!" * 20_000 + b"A\n#endif\n", []),
    ("quotes", b"'" * 20_000, None),
    ("backslashes", b"\\" * 20_000, None),
    ("cases", b"case " * 5_000, None),
    ("ternaries", b"int x = " + b"a?b:" * 5_000 + b"c;", None),
    ("else if", b"void f(void) { " + b"if (a) x(); else " * 90 + b"y(); }", []),
    ("else if without end", b"void f(void) { " + b"if (a) x(); else " * 2_000 + b"y(); }", ["nests deeper than 200"]),
    ("attributes", b"__attribute__((" * 2_000, None),
    ("groups in a function", _IN + b"#if A\na();\n#else\nb();\n#endif\n" * 10_000 + b"}\n", []),
    ("definitions", b"".join(b"#define A%d 1\n" % number for number in range(100_000)), []),
    ("any bytes", bytes(_BYTES.choices(range(1, 256), k=200_000)), None),
    ("utf-16", "int a;\n".encode("utf-16"), ["contains NUL bytes"]),
    ("10 MB of parentheses", b"(\n" * (5 << 20), ["nests brackets deeper than 160"]),
    ("10 MB of braces", b"{\n" * (5 << 20), ["nests brackets deeper than 160"]),
    ("open calls", b"f(\n" * 300_000, ["nests brackets deeper than 160"]),
    ("a sum", b"int b;\nint x = " + b"a+\n" * 300_000 + b"a;\nint c;\n", ["nests deeper than 200"]),
    ("tildes", b"~\n" * 100_000, ["syntax not understood"]),
    ("20 MB in a line", b"x " * (10 << 20), ["larger than 16 MiB"]),
    ("unclosed attributes", b"__free(\n" * 20_000, None),
    ("unclosed macros", b"a(\n" * 40_000, None),
    ("unclosed loops", b"void f(void)\n{\n" + b"\ta(\n" * 20_000, None),
    ("macros with names", b"void f(void)\n{\n" + b"g(KVM_A);\n" * 10_000 + b"}\n", None),
    ("operators", b"int f(int a) { return " + b"a || " * 4_000 + b"a; }", ["nests deeper than 200"]),
    ("jumps", b"void f(int a)\n{\n" + b"\tif (a) goto x;\nx:\n\t;\n" * 1_000 + b"}\n", []),
    ("gaps", (b"/*" + b" " * 120 + b"\n*/\nint a;\n") * 5_000, []),
]


@pytest.mark.parametrize(("source", "reasons"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_bounded(source: bytes, reasons: list[str] | None) -> None:
    begin = time.process_time()
    facts = extract(source, "c")
    assert time.process_time() - begin < 5
    spots = [record for record in facts.records if isinstance(record, BlindSpot)]
    assert reasons is None or [spot.reason for spot in spots] == reasons
    assert all(0 <= spot.start <= spot.stop <= len(source) and spot.line >= 1 for spot in spots)


PIECES = st.sampled_from(
    [
        b"#if A\n",
        b"#else\n",
        b"#elif B\n",
        b"#endif\n",
        b"#define X(a) \\\n",
        b"\n",
        b"{",
        b"}",
        b"(",
        b")",
        b";",
        b",",
        b'"',
        b"'",
        b"/*",
        b"*/",
        b"//",
        b"\\",
        b"case 1 ... 2:",
        b"switch (x) ",
        b"int f(int a)",
        b"KVM_CAP_X",
        b"asm(",
        b"= ",
        b"struct s",
        b"return ",
        b"if (",
        b"for_each_x(a)\n\t",
        b"DEFINE_MUTEX(",
        b"\xff",
        b"\r\n",
        b"F(3A)",
        b"__user",
        b".a = ",
    ]
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=40))
def test_any_mixture_is_read(pieces: list[bytes]) -> None:
    source = b"".join(pieces)
    facts = extract(source, "c")
    lines = source.count(b"\n") + 1
    assert all(1 <= line <= lines for record in facts.records if (line := getattr(record, "line", 1)))
    assert 0 <= facts.damaged <= facts.functions


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(max_size=200), st.sampled_from(["c", "rst"]))
def test_any_bytes_are_read(source: bytes, language: str) -> None:
    extract(source, language)


def test_a_comment_that_does_not_end_is_no_silent_loss() -> None:
    found = extract(b"int x;\n/* never\nint y = KVM_CAP_HLT;", "c").records
    assert BlindSpot(7, 36, 2, "unterminated comment") in found
    assert not [
        record for record in extract(b"int x; /* ends */ // here", "c").records if isinstance(record, BlindSpot)
    ]


def test_what_nests_too_deeply_is_left_out_and_nothing_else() -> None:
    deep = b"void f(void)\n{\n\ta(KVM_CAP_ONE);\n\tx = " + b"KVM_CAP_TWO + " * 1000 + b"1;\n\tb(KVM_CAP_SIX);\n}\n"
    records = extract(deep + b"void g(void) { }\n", "c").records
    start, stop = deep.index(b"x ="), deep.index(b"\n\tb(")
    assert [record for record in records if isinstance(record, BlindSpot)] == [
        BlindSpot(start, stop, 4, "nests deeper than 200")
    ]
    assert [record.name for record in records if isinstance(record, Function)] == ["f", "g"]
    assert [record.callee for record in records if isinstance(record, Call)] == ["a", "b"]
    unexplained = [record for record in records if isinstance(record, Token) and record.kind is None]
    assert [record.name for record in unexplained] == ["KVM_CAP_TWO"] * 1000


def test_no_alternative_of_what_is_passed_over_counts_as_never() -> None:
    deep = b"#if A\n" * 201 + b"#else\nint x = KVM_CAP_ONE;\n#endif\n" + b"#endif\n" * 200
    records = extract(deep, "c").records
    assert [record.kind for record in records if isinstance(record, Token)] == ["initialiser"]
    (spot,) = (record for record in records if isinstance(record, BlindSpot))
    assert spot.start <= deep.index(b"KVM_CAP_ONE") < spot.stop
