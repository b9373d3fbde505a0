"""Parser of one expression: what is one, what would end or declare something, and hostile texts."""

from __future__ import annotations

import pytest
from pycparser import c_ast

from caplint.values.c_integers import UnknownValueError
from caplint.values.macro_text import MAX_TEXT
from caplint.values.parser import FIXED_TYPES, parse_expression


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1", c_ast.Constant), ("0x10UL", c_ast.Constant), ("'a'", c_ast.Constant), ("NAME", c_ast.ID),
        ("(NAME)", c_ast.ID), ("-1", c_ast.UnaryOp), ("~0U", c_ast.UnaryOp), ("1 + 2", c_ast.BinaryOp),
        ("1 << (2 | 3)", c_ast.BinaryOp), ("a ? b : c", c_ast.TernaryOp), ("(u8)1", c_ast.Cast),
        ("(__u64)(x)", c_ast.Cast), ("(unsigned long)1", c_ast.Cast), ("sizeof(int)", c_ast.UnaryOp),
        ("sizeof(struct a)", c_ast.UnaryOp), ("f(1, 2)", c_ast.FuncCall), ("  1\n", c_ast.Constant),
        ("a, b", c_ast.ExprList), ("x->y", c_ast.StructRef), ("a[1]", c_ast.ArrayRef), ('"text"', c_ast.Constant),
    ],
)  # fmt: skip
def test_expressions(text: str, kind: type) -> None:
    assert isinstance(parse_expression(text), kind)


def test_shape_of_the_tree() -> None:
    """Operators bind as in C."""
    node = parse_expression("1 | 2 << 3 - 4")
    assert isinstance(node, c_ast.BinaryOp)
    assert (node.op, node.left.value, node.right.op, node.right.right.op) == ("|", "1", "<<", "-")
    cast = parse_expression("(u16)-1")
    assert isinstance(cast, c_ast.Cast)
    assert cast.to_type.type.type.names == ["u16"]
    assert isinstance(parse_expression("(NAME)-1"), c_ast.BinaryOp)


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_nothing_is_no_expression(text: str) -> None:
    with pytest.raises(UnknownValueError, match="its body is empty"):
        parse_expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "1;", "1); int x = (2", ") + (", "(", "))((", "{ 1 }", "#define", "1 +", "+ *", "int x", "struct a b", "a b",
        "return 1", "1 2", "@", "\0", "a = ;", "({ 1; })", "\xe9", '"open', "0x", "1..2", "[1]", "a[",
        "(" * 2_000 + "1" + ")" * 2_000, "1" + " + 1" * 2_000, "-" * (MAX_TEXT + 1) + "1", "!" * 3_990 + "1",
    ],
)  # fmt: skip
def test_what_is_no_expression(text: str) -> None:
    """What would close the parenthesis around it, declare something, or nests too deep for the parser is an error."""
    with pytest.raises(UnknownValueError, match="is not an expression") as caught:
        parse_expression(text)
    assert len(str(caught.value)) < 100


def test_the_same_text_is_parsed_once() -> None:
    assert parse_expression("1 + sizeof(x)") is parse_expression("1 + sizeof(x)")


@pytest.mark.parametrize(
    ("name", "bits", "unsigned"),
    [
        ("u8", 8, True), ("__s16", 16, False), ("uint32_t", 32, True), ("int64_t", 64, False), ("__le32", 32, True),
        ("__be64", 64, True), ("int", 32, False), ("unsigned", 32, True), ("unsigned long long", 64, True),
        ("signed char", 8, False), ("short", 16, False),
    ],
)  # fmt: skip
def test_types_of_the_same_width_everywhere(name: str, bits: int, unsigned: bool) -> None:
    assert FIXED_TYPES[name] == (bits, unsigned)
    assert isinstance(parse_expression(f"({name})1"), c_ast.Cast)


@pytest.mark.parametrize("name", ["long", "unsigned long", "char", "size_t", "void"])
def test_types_that_differ_between_abis_are_left_out(name: str) -> None:
    assert name not in FIXED_TYPES
