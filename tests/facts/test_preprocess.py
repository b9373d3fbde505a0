"""Expansion of invocations, held against what a real preprocessor makes of them."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from caplint.c.pcpp_tokens import Preprocessor
from caplint.facts import preprocess
from caplint.facts.preprocess import Expander, ExpansionError, Macros

GCC = shutil.which("gcc")

MACROS: Macros = {
    "CASE2": (["x"], "case (x): case (x) + 1"),
    "FOUR": (["x"], "CASE2(x): CASE2(x + 2)"),
    "GET": (["f"], "int get_##f(struct v *v) { return v->f; }"),
    "BOTH": (["f", "g"], "GET(f) GET(g)"),
    "SAY": (["x"], "say(#x, x)"),
    "LOG": (["fmt", "..."], "log(fmt, __VA_ARGS__)"),
    "ALIAS": (None, "GET"),
    "NONE": ([], "nothing"),
}


@pytest.mark.parametrize(
    ("source", "expanded"),
    [
        ("\tCASE2(A):\n\t\tf();", "\tcase (A): case (A) + 1:\n\t\tf();"),
        ("GET(a)\nint x;", "int get_a(struct v *v) { return v->a; }\nint x;"),
        ("FOUR(\nA\n): x", "case (A): case (A) + 1: case (A + 2): case (A + 2) + 1\n\n: x"),
        ("ALIAS(b)", "int get_b(struct v *v) { return v->b; }"),
        ('SAY(a + "b")', r'say("a + \"b\"", a + "b")'),
        ("LOG(1, 2, 3)", "log(1, 2, 3)"),
        ("f(GET) GETS(a) // GET(b)\n/* GET(c) */", "f(GET) GETS(a) // GET(b)\n/* GET(c) */"),
        ('"GET(a)"', '"GET(a)"'),
        ("NONE()", "nothing"),
        ("", ""),
    ],
)  # fmt: skip
def test_expansion_keeps_the_lines(source: str, expanded: str) -> None:
    assert Expander(MACROS).text(source.encode()).decode() == expanded


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("GET(a, b)", "requires 1 arguments"),
        ("GET(a", "unbalanced parentheses"),
    ],
)
def test_what_cannot_be_expanded(source: str, reason: str) -> None:
    with pytest.raises(ExpansionError, match=reason):
        Expander(MACROS).text(source.encode())


def test_an_expansion_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preprocess, "MAX_EXPANSION", 100)
    doubling: Macros = {f"M{n}": (["x"], f"M{n + 1}(x) M{n + 1}(x)") for n in range(8)}
    with pytest.raises(ExpansionError, match="expands to more"):
        Expander(doubling).text(b"M0(a)")


def test_no_macros() -> None:
    assert Expander({}).text(b"f(a)\n") == b"f(a)\n"


WORDS = st.sampled_from(["a", "b", "x", "A(x)", "B(a, b)", "A", "1", "+", "(a)", "A(B(x, 1))"])
BODIES = st.lists(
    st.sampled_from(["x", "y", "a", "#x", "x##y", "x ## _", "A(x)", "B(y, x)", "case x:", "{", "}"]), max_size=6
)


@pytest.mark.skipif(GCC is None, reason="gcc is not installed: there is nothing to compare with")
@settings(deadline=None, max_examples=40)
@given(bodies=st.tuples(BODIES, BODIES), arguments=st.tuples(WORDS, WORDS))
def test_against_gcc(bodies: tuple[list[str], list[str]], arguments: tuple[str, str]) -> None:
    one = " ".join(word for word in bodies[0] if "y" not in word)
    macros: Macros = {"A": (["x"], one), "B": (["x", "y"], " ".join(bodies[1]))}
    if any(
        "##" in word for words in bodies for word in words
    ):  # pcpp expands what is to be pasted; nobody pastes calls
        arguments = (arguments[0].partition("(")[0] or "a", arguments[1].partition("(")[0] or "b")
        assume(not {"A"} & set(arguments))
    source = f"B({arguments[0]}, {arguments[1]})"
    text = f"#define A(x) {one}\n#define B(x, y) {' '.join(bodies[1])}\n{source}\n"
    assert GCC is not None
    truth = subprocess.run([GCC, "-E", "-P", "-"], input=text, capture_output=True, text=True, check=False)
    if truth.returncode == 0:  # pasting may make no token, which gcc refuses
        assert "".join(Expander(macros).text(source.encode()).decode().split()) == "".join(truth.stdout.split())


def test_every_invocation_has_the_whole_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The result depends on nothing that was expanded before."""
    monkeypatch.setattr(Preprocessor, "most_tokens", 100)
    expander = Expander({"TEA": (["x"], "x + x")})
    assert {expander.expansion(b"TEA(1)") for _ in range(100)} == {b"1 + 1"}
    with pytest.raises(ExpansionError, match="takes more than 100 steps"):
        expander.expansion(b"TEA(" * 30 + b"1" + b")" * 30)
