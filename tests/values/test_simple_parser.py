"""Plain expressions: the trees that pycparser makes of them, or none."""

from __future__ import annotations

import io
import re

import pytest
from pycparser import c_ast, c_parser

from caplint.values.simple_parser import plain_expression

PLAIN = """
1  0  017  0x1F  10u  10UL  10lu  0xfULL  1LLU  (1)  ((A))  -1  - 1  !~+1  a-1  (1)-2  (A) & ~(B)  1<<2+3  a<<2>>1
a&b==c  a|b^c&d  a&&b||c&&d  a<b<c  a<=b>=c!=d  a%b*c/d  a?b:c?d:e  (a?1:2)?3:4  a?b?1:2:3  -(-a)  a -b  BIT|OTHER|0x8
"""
NOT_PLAIN = """
08  1.5  1e5  0b11  'a'  "a"  f(1)  sizeof(a)  (u32)-1  (unsigned)1  a.b  a->b  a[1]  a,b  a=1  a&=1  --a  a++  a--b
&a  *a  (  )  ()  (1  1)  1a  0x  a?b  a?:b  1+  +  __x  a$  ☕
"""


def shown(node: c_ast.Node) -> str:
    text = io.StringIO()
    node.show(buf=text, attrnames=True, nodenames=True)
    return re.sub(r"type=[\w ]+, ", "", text.getvalue())  # of a constant: its suffix says as much


@pytest.mark.parametrize("text", re.split(r"\s{2,}", PLAIN.replace("\n", "  ").strip()))
def test_as_pycparser_has_it(text: str) -> None:
    found = plain_expression(text, frozenset())
    assert found is not None
    assert shown(found) == shown(c_parser.CParser().parse(f"int value = ({text});").ext[-1].init)


C_WORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int long register
restrict
return short signed sizeof static struct switch typedef union unsigned void volatile while offsetof _Bool __typeof__
"""


@pytest.mark.parametrize("word", C_WORDS.split())
def test_cs_own_words_are_no_names(word: str) -> None:
    assert plain_expression(word, frozenset()) is None
    assert plain_expression(f"{word}_x" if not word.startswith("_") else f"x{word}", frozenset()) is not None


@pytest.mark.parametrize("text", ["", *re.split(r"\s{2,}", NOT_PLAIN.replace("\n", "  ").strip())])
def test_left_to_pycparser(text: str) -> None:
    assert plain_expression(text, frozenset({"u32"})) is None


def test_deep_nesting_is_left_too() -> None:
    assert plain_expression("(" * 500 + "1" + ")" * 500, frozenset()) is None
    assert plain_expression("-" * 500 + "1", frozenset()) is None
    assert plain_expression("a?" * 500 + "1" + ":2" * 500, frozenset()) is None
