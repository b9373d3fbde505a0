"""Functions that a macro's body defines, stores and registers."""

from __future__ import annotations

import time

import pytest

from caplint.graph.macro_functions import StoredPointer, macro_functions


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("static void f(int a) { g(a); }", ["f"]),
        ("static void pre ## fix(void) { } void *other(void) { }", ["pre ## fix", "other"]),
        ("int NAME(a, __VA_ARGS__)(struct s *s) { if (s) { g(s); } return 0; }", ["NAME(a, __VA_ARGS__)"]),
        ("static void f(void (*hook)(int)) { hook(1); }", ["f"]),
        ("do { g(x); } while (0)", []),
        ("for (i = 0; i < 9; i++) { g(i); }", []),
        ("if (x) { g(x); } else if (y) { h(y); }", []),
        ("({ int r = g(x); r; })", []),
        ("each(x) { g(x); }", []),
        ("g(x)", []),
        ("static const struct info i = { .f = g, }", []),
        ("(struct info) { .f = g }", []),
        ("static void f(void) { g(\"}\"); h('{'); }", ["f"]),
        ("static void f(void) { g(; ", []),
        ("} { ) ( static void f(void) { }", []),
        ("", []),
    ],
)
def test_functions(body: str, names: list[str]) -> None:
    assert list(macro_functions(body).extents) == names


@pytest.mark.parametrize(
    ("end", "stored"),
    [
        ("static void set(struct ops *o) { o->run = n##_f; }", [StoredPointer("n##_f", "ops", "run")]),
        ("static void set(void *v) { Ops *o = OPS(v); o->run = &n##_f; }", [StoredPointer("n##_f", "Ops", "run")]),
        ("static const struct ops n = { .run = n##_f, };", [StoredPointer("n##_f", "ops", "run")]),
        ("static struct ops n[] = { { .run = n##_f } };", [StoredPointer("n##_f", "ops", "run")]),
        ("static Ops NAME(ops, n) = { .stop = NULL, .run = n##_f }", [StoredPointer("n##_f", "Ops", "run")]),
        ("static void set(void) { o->run = n##_f; }", []),  # a type that the body does not tell
        ("static void set(struct ops *o) { o->run = n##_f(1); }", []),
        ("static void set(struct ops *o) { o->run == n##_f; }", []),
        ("static void set(struct ops *o) { o->run = n##_fast; }", []),
        ("static int x = 1;", []),
    ],
)
def test_what_is_stored(end: str, stored: list[StoredPointer]) -> None:
    assert list(macro_functions(f"static int n##_f(int a) {{ return g(a); }} {end}").stored()) == stored


def test_what_is_registered() -> None:
    body = "static void n##_f(void) { type_init(n##_f); } type_init(n##_f) other(n##_f, 1)"
    assert list(macro_functions(body).passed()) == [("type_init", "n##_f")]


@pytest.mark.parametrize("unit", ["a ## ", "f(", "{", "void f(void) { } ", "o->x = ", "a " * 3, "(", "->"])
def test_the_longest_body_takes_little_time(unit: str) -> None:
    body = (unit * 2_000)[:2_000]
    started = time.process_time()
    for _ in range(5):
        found = macro_functions(body)
        list(found.stored())
        list(found.passed())
        found.holder(1_000)
    assert time.process_time() - started < 2
