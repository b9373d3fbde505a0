"""Conditions around the lines of a header, as user space sees them: followed directive by directive, within bounds."""

from __future__ import annotations

import time

import pytest

from caplint.history.header_conditions import HeaderConditions


def _after(*directives: str) -> str:
    """The conditions after some directives; `define X` is one too."""
    conditions = HeaderConditions()
    for directive in directives:
        word, _, rest = directive.partition(" ")
        if word == "define":
            conditions.define(rest)
        else:
            conditions.read(word, rest)
    return conditions.text


@pytest.mark.parametrize(
    ("directives", "text"),
    [
        ((), ""),
        (("ifdef X",), "defined(X)"),
        (("ifndef X",), "!defined(X)"),
        (("if X > 2",), "X > 2"),
        (("ifdef X and more words",), "defined(X)"),
        (("ifdef X", "else"), "!defined(X)"),
        (("ifdef X", "endif"), ""),
        (("ifdef X", "elif Y"), "Y && !defined(X)"),
        (("ifdef X", "elifdef Y", "else"), "!defined(X) && !defined(Y)"),
        (("ifdef X", "elifndef Y"), "!defined(X) && !defined(Y)"),
        (("ifdef X", "ifdef Y"), "defined(X) && defined(Y)"),
        (("ifdef X", "ifdef Y", "else"), "defined(X) && !defined(Y)"),
        (("ifdef X", "ifdef Y", "endif"), "defined(X)"),
        (("ifdef X", "ifdef Y", "endif", "else"), "!defined(X)"),
        (("if 1",), ""),
        (("if 0",), "0"),
        (("if 0", "else"), ""),
        (("if 1", "else"), "0"),
    ],
)
def test_groups_and_their_branches(directives: tuple[str, ...], text: str) -> None:
    assert _after(*directives) == text


@pytest.mark.parametrize(
    ("directives", "text"),
    [
        (("ifdef __KERNEL__",), "0"),
        (("ifndef __KERNEL__",), ""),
        (("ifdef __KERNEL__", "else"), ""),
        (("ifdef __KERNEL__", "elif X"), "X"),
        (("ifdef __KERNEL__", "ifdef X"), "0"),
        (("if defined(__KERNEL__) || defined(X)",), "defined(X)"),
    ],
)
def test_code_of_the_kernel_is_never_there(directives: tuple[str, ...], text: str) -> None:
    assert _after(*directives) == text


@pytest.mark.parametrize(
    ("directives", "text"),
    [
        (("ifndef H", "define H"), ""),
        (("ifndef H", "define H", "ifdef X"), "defined(X)"),
        (("ifdef Y", "ifndef H", "define H"), "defined(Y)"),
        (("ifndef H", "define OTHER", "define H"), "!defined(H)"),
        (("ifndef H", "ifdef X", "endif", "define H"), "!defined(H)"),
        (("ifdef H", "define H"), "defined(H)"),
        (("ifndef KVM_CAP_A", "define KVM_CAP_A"), "!defined(KVM_CAP_A)"),
        (("define H",), ""),
    ],
)
def test_the_guard_of_the_header_is_no_condition(directives: tuple[str, ...], text: str) -> None:
    assert _after(*directives) == text


@pytest.mark.parametrize("word", ["endif", "else", "elif X", "elifdef X"])
def test_a_branch_of_no_group_is_none(word: str) -> None:
    assert _after(word) == ""
    assert _after(word, "ifdef X") == "defined(X)"
    assert _after("ifdef X", "endif", word) == ""


def test_the_text_of_a_condition_is_bounded() -> None:
    nested = [f"if defined(A{number}) && B{number} > {number}" for number in range(300)]
    assert len(_after(*nested)) <= 800
    chain = ["if A", *(f"elif defined(LONG_NAME_OF_A_SYMBOL_{number})" for number in range(300))]
    assert len(_after(*chain)) <= 800
    assert _after(*chain, "endif") == ""


def test_many_long_groups_take_little_time_and_still_end() -> None:
    start = time.process_time()
    directives = [f"if {'(' * 90}X{number}{')' * 90} || Y > {number}" for number in range(20_000)]
    assert _after(*directives, *["endif"] * 20_000) == ""
    assert time.process_time() - start < 1.5
