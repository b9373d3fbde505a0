"""Words are proposed that make a file understood, and no others."""

from __future__ import annotations

import time

import pytest

from caplint.c import repair_trials
from caplint.c.repair_trials import Bench, RepairWord, RepairWords, mending
from caplint.c.syntax import parse
from caplint.c.tables import tables

# Source with words that no table holds; the entries that mend it.
MENDED: list[tuple[str, list[str]]] = [
    ("__odd static int f(void)\n{\n\treturn 0;\n}\n", ["__odd"]),
    ("static int __odd f(void)\n{\n\treturn 0;\n}\n", ["__odd"]),
    ("static __odd int f(void)\n{\n\treturn 0;\n}\n", ["__odd"]),
    ("static int f(void) __odd;\n", ["__odd"]),
    ("static int f(void) odd;\n", ["odd"]),
    ("int f(int a __odd, int b);\n", ["__odd"]),
    ("int f(struct x __odd *a, u32 __odd *b)\n{\n}\n", ["__odd"]),
    ("struct s {\n\tstruct t a ODD_ALIGN;\n};\n", ["ODD_ALIGN"]),
    ("struct s {\n\tint a __odd(4);\n};\n", ["__odd()"]),
    ("static int __odd(3) f(void)\n{\n\treturn 0;\n}\n", ["__odd()"]),
    ('static int a __odd(".data") = 1;\n', ["__odd()"]),
    ("typedef int (__odd *fn)(void);\n", ["__odd"]),
    ("int __odd __even f(void)\n{\n}\n", ["__odd", "__even"]),
    ("int __odd f(void)\n{\n}\nint __even(1) g(void)\n{\n}\n", ["__odd", "__even()"]),
    ("#ifdef A\nint f(void)\n#else\nint __odd f(void)\n#endif\n{\n}\n", ["__odd"]),
    ("void f(int a)\n{\n\todd_walk(b, c) g(b);\n\tint d = 1;\n}\n", ["odd_walk"]),
]

# Source that no word mends.
HOPELESS = [
    'int g;\nvoid f(int a)\n{\n\tb = odd("x", , c);\n}\n',
    "int f(void\n{\n}\n",
    "int f(void\n{\n}\n= =\n",
    "= = =\n",
    "@ ODD @ __odd\n",
    "int ODD = 3;\nint f(void)\n{\n\treturn (ODD;\n}\n",
]


@pytest.mark.parametrize(("source", "words"), MENDED, ids=[source[:40] for source, _ in MENDED])
def test_mending(source: str, words: list[str]) -> None:
    assert parse(source.encode(), tables()).problems
    found = mending(source.encode(), RepairWords())
    assert sorted(entry.word for entry in found) == sorted(words)
    assert parse(source.encode(), tables(*RepairWords().having(*found))).problems == []


def test_a_head_that_a_word_follows_is_an_iterator() -> None:
    source = b"void f(int a)\n{\n\todd_walk(b, c) g(b);\n}\n"
    assert mending(source, RepairWords()) == [RepairWord("iterators", "odd_walk")]
    uses = parse(source, tables((), ("odd_walk",))).views[0].repaired.uses
    assert [use.kind for use in uses] == ["loop"]


@pytest.mark.parametrize("source", HOPELESS)
def test_nothing_is_proposed_that_does_not_help(source: str) -> None:
    assert parse(source.encode(), tables()).problems
    assert mending(source.encode(), RepairWords()) == []


def test_what_the_configuration_holds_is_not_proposed_again() -> None:
    source = b"int __odd f(void)\n{\n}\nint __even g(void)\n{\n}\n"
    assert mending(source, RepairWords(("__odd",))) == [RepairWord("attributes", "__even")]


def test_damage() -> None:
    bench = Bench(b"int __odd f(void)\n{\n}\nint g(void)\n{\n}\n")
    before, after = bench.damage(RepairWords()), bench.damage(RepairWords(("__odd",)))
    assert (before.bytes, before.functions, after.bytes, after.functions) == (5, 2, 0, 2)
    assert after.is_better_than(before)
    assert not before.is_better_than(after)
    assert not before.is_better_than(before)


def test_a_token_that_is_missing_costs_something() -> None:
    damage = Bench(b"void f(int a)\n{\n\todd_walk(b, c) g(b);\n}\n").damage(RepairWords())
    assert (damage.bytes, damage.cost) == (0, 1)


def test_the_effort_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair_trials, "MAX_TRIALS", 5)
    source = b"".join(b"int __odd%d f%d(void)\n{\n}\n" % (number, number) for number in range(50))
    assert 0 < len(mending(source, RepairWords())) < 5


def test_hostile_text_ends() -> None:
    begin = time.perf_counter()
    for piece in (b"A B C D\n", b"f(", b"__a(", b"{ __b( }", b"x y (z) w "):
        mending(piece * 4000, RepairWords())
    assert time.perf_counter() - begin < 60
