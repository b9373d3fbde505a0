"""What is known to hold at a place: every claim is true on all paths, and what cannot be claimed is left out."""

from __future__ import annotations

import pytest

from caplint.facts.extract import extract
from caplint.facts.store.records import Call, GuardExtent

Claim = tuple[str, int, str]


def _claims(body: str) -> list[Claim]:
    """The guards at the call of `site()` in a function's body."""
    records = extract(f"int f(int a, int b)\n{{\n{body}\n}}\n".encode(), "c").records
    (site,) = (record.start for record in records if isinstance(record, Call) and record.callee == "site")
    found = [record for record in records if isinstance(record, GuardExtent) and record.start <= site < record.stop]
    return [(guard.kind, guard.negated, guard.expression) for guard in sorted(found, key=lambda guard: guard.start)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("site();", []),
        ("if (a) site();", [("enclosing", 0, "a")]),
        ("if (a) b(); else site();", [("enclosing", 1, "a")]),
        ("if (a) { b(); } site();", []),
        ("if (a) return 1; site();", [("early_exit", 1, "a")]),
        ("if (a) { b(); return 1; } site();", [("early_exit", 1, "a")]),
        ("if (a) b(); else return 1; site();", [("early_exit", 0, "a")]),
        ("if (a) exit(1); site();", [("early_exit", 1, "a")]),
        ("while (a) { if (b) continue; site(); }", [("enclosing", 0, "a"), ("early_exit", 1, "b")]),
        ("while (a) { if (b) break; } site();", []),
        ("for (;;) { if (b) return 1; } site();", []),
        ("do { if (b) return 1; } while (a); site();", []),
        ("b = a ? site() : 0;", [("ternary", 0, "a")]),
        ("b = a ? 0 : site();", [("ternary", 1, "a")]),
        ("b = a && site();", [("short_circuit", 0, "a")]),
        ("b = a || site();", [("short_circuit", 1, "a")]),
        ("if (a && site()) return 1;", [("short_circuit", 0, "a")]),
        ("if (((a))) site();", [("enclosing", 0, "((a))")]),
        ("if ((a) && (b)) site();", [("enclosing", 0, "(a) && (b)")]),
        # A label that is reached past the test ends what the test says.
        ("if (a) goto out; b(); out: site();", []),
        ("if (a) goto out; site(); out: b();", [("early_exit", 1, "a")]),
        ("again: if (a) return 1; site(); goto again;", [("early_exit", 1, "a")]),
        ("if (b) goto in; if (a) { in: site(); }", []),
        # A case ends what a test under another case says.
        ("switch (a) { case 1: if (b) break; case 2: site(); }", []),
        ("switch (a) { case 1: if (b) break; site(); }", [("early_exit", 1, "b")]),
        ("{ if (a) return 1; } site();", []),
    ],
)
def test_claims(body: str, expected: list[Claim]) -> None:
    assert _claims(body) == expected


def test_a_test_that_is_not_always_compiled_says_so() -> None:
    source = b"int f(int a)\n{\n#ifdef X\nif (a) return 1;\n#endif\nsite();\n}\n"
    guards = [record for record in extract(source, "c").records if isinstance(record, GuardExtent)]
    assert [(guard.kind, guard.condition) for guard in guards] == [
        ("enclosing", "defined(X)"),
        ("early_exit", "defined(X)"),
    ]
