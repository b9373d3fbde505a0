"""Chains of member accesses, in every position that C knows for them."""

from __future__ import annotations

import pytest

from caplint.c.lexer import lex
from caplint.c.member_chains import chains

# Code with the chains that it holds, in the order of their ends, and what is done with each.
CHAINS = [
    ("x = a->b;", "a->b read"),
    ("x = a.b.c->d;", "a.b.c->d read"),
    ("x = a\n\t->b\n\t. c;", "a\n\t->b\n\t. c read"),
    ("a;", ""),
    # bases
    ("f(x)->y;", "f(x)->y read"),
    ("f(x, g(1))->y[2].z;", "f(x, g(1))->y[2].z read"),
    ("((struct x *)p)->y;", "((struct x *)p)->y read"),
    ("(struct x *)p->y;", "p->y read"),
    ("(struct x *)(p)->y;", "(p)->y read"),
    ("(*p)->y;", "(*p)->y read"),
    ("(*f)(x)->y;", "(*f)(x)->y read"),
    ("ops[1](x)->y;", "ops[1](x)->y read"),
    ("return (x)->y;", "(x)->y read"),
    ("if (x) (p)->q = 1;", "(p)->q write"),
    ("a[i].b;", "a[i].b read"),
    ("a[i][j].b;", "a[i][j].b read"),
    ("a . b [i] [j] . c;", "a . b [i] [j] . c read"),
    # chains inside chains
    ("a[b->c].d;", "b->c read, a[b->c].d read"),
    ("a->b[c->d] = 1;", "a->b[c->d] write, c->d read"),
    ("a->b[c->d[e.f]].g++;", "c->d[e.f] read, e.f read, a->b[c->d[e.f]].g update"),
    ("a->b(c->d)->e;", "a->b call, c->d read, a->b(c->d)->e read"),
    ("a->b((c))->d(e)->f = 1;", "a->b call, a->b((c))->d call, a->b((c))->d(e)->f write"),
    ("(a->b)->c;", "a->b read, (a->b)->c read"),
    # writes
    ("a->b = 1;", "a->b write"),
    ("a->b = c->d = 0;", "a->b write, c->d write"),
    ("a->b[i] = 1;", "a->b[i] write"),
    ("*a->b = 1;", "a->b read"),
    ("*(a->b) = 1;", "a->b read"),
    ("(*a->b).c = 1;", "a->b read, (*a->b).c write"),
    ("(a->b) = 1;", "a->b write"),
    ("a->b == 1;", "a->b read"),
    ("a->b <= 1 || a->c >= 1 || a->d != 1;", "a->b read, a->c read, a->d read"),
    ("*x = a->b;", "a->b read"),
    # updates
    ("a.b += 1; a.c |= 1; a.d <<= 1;", "a.b update, a.c update, a.d update"),
    ("a.e >>= 1; a.f %= 2;", "a.e update, a.f update"),
    ("a->b++; a->c --;", "a->b update, a->c update"),
    ("++a->b; --a->c;", "a->b update, a->c update"),
    ("x = y - --a->b;", "a->b update"),
    ("x = y - -a->b + +a->c;", "a->b read, a->c read"),
    ("(a->b)++;", "a->b update"),
    ("(*a->b)++;", "a->b read"),
    ("*a->b++ = 1;", "a->b update"),
    # addresses
    ("x = &a->b;", "a->b address"),
    ("f(&a->b, & a->c);", "a->b address, a->c address"),
    ("x = (u64 *)&a->b;", "a->b address"),
    ("x = (unsigned long)&a->b;", "a->b address"),
    ("x = (struct x)&a->b;", "a->b address"),
    ("return &a->b;", "a->b address"),
    ("x = &(a->b);", "a->b address"),
    ("x = &a->b[1].c;", "a->b[1].c address"),
    ("x = y & a->b;", "a->b read"),
    ("x = (y) & a->b;", "a->b read"),
    ("x = f(y) & a->b;", "a->b read"),
    ("x = y[1] & a->b;", "a->b read"),
    ("x = y++ & a->b;", "a->b read"),
    ("x = y && a->b;", "a->b read"),
    ("x = y && &a->b;", "a->b address"),
    ("x = y ? &a->b : &a->c;", "a->b address, a->c address"),
    # calls
    ("a->b(1);", "a->b call"),
    ("a.b[i] (1);", "a.b[i] call"),
    ("x = (a->b)(1);", "a->b call"),
    # not evaluated
    ("sizeof(a->b) + a->c;", "a->b sizeof, a->c read"),
    ("sizeof a->b + a->c;", "a->b sizeof, a->c read"),
    ("sizeof(*a->b[i]);", "a->b[i] sizeof"),
    ("sizeof *a->b;", "a->b sizeof"),
    ("offsetof(struct x, a.b[c.d]);", "a.b[c.d] sizeof, c.d sizeof"),
    ("typeof(a->b) x; __typeof__(a->c) y; __alignof__(a->d);", "a->b sizeof, a->c sizeof, a->d sizeof"),
    ("sizeof(f(x)) + g(a->b);", "a->b read"),
    ("container_of(a->b, x, y);", "a->b read"),
    # asm
    ('asm("x %0" : "=m" (a->b), "+r"(a->c) : "r" (a->d));', "a->b write, a->c update, a->d read"),
    # none
    ("struct x y = { .a = 1, .b.c = 2 };", ""),
    ("int x[] = { [A].b = 1, [A][B].c = 2 };", ""),
    ("x = 1.5f + 2.f + 0x1.p3;", ""),
    ("f(int a, ...);", ""),
    ("case A ... B:", ""),
    ("case 1 ... a.b:", "a.b read"),
    ('f("a->b", \'.\', "x.y");', ""),
    ('f("(", a->b, ")", "[");', "a->b read"),
    ('f(")")->b;', 'f(")")->b read'),
    ("x = a-> ; ->b; .c;", ""),
    # unbalanced
    ("a->b[c = 1;", "a->b read"),
    (")->a; ]->b;", ""),
    ("f((((((((((x))))))))))->a[[[[[[[[[y]]]]]]]]].b = 1;", "f((((((((((x))))))))))->a[[[[[[[[[y]]]]]]]]].b write"),
]  # fmt: skip


def _found(code: str) -> list[str]:
    lexed = lex(code.encode())
    return [f"{code[start:end]} {mode}" for start, end, mode in chains(lexed.code, lexed.strings.extents)]


@pytest.mark.parametrize(("code", "expected"), CHAINS)
@pytest.mark.parametrize("frame", ["{}", "{{ {} }}", "\n\n\t{}\n"])
def test_chains(code: str, expected: str, frame: str) -> None:
    rows = [row for row in expected.split(", ") if row] if "g(1)" not in code else [expected]
    assert _found(frame.format(code)) == rows


@pytest.mark.parametrize(
    "unit",
    [
        "(",
        "a.b[",
        ")->x",
        "]->x",
        "(a)->x",
        "&",
        "a->b(",
        "a.b = ",
        "f(x)->y[",
        "(((a->b)))",
        "sizeof(a.b ",
        "*&(",
        "a->b(x)",
    ],
)
def test_cost_is_linear(unit: str) -> None:
    """What is quadratic would take minutes."""
    code = unit * (200_000 // len(unit))
    assert sum(1 for _ in chains(code.encode(), [])) <= len(code)
