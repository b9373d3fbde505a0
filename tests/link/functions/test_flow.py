"""Statements of a function as nested sequences, with labels, cases and presence conditions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.c.formula import text
from caplint.link.functions.flow import Sequence, flow

# Name → body; its statements: kind and text, what is in them in braces, `else` behind a bar.
BODIES = {
    "straight": ("int r = 1; r = 2; f(r); return r;", "init:1 expression:r = 2 expression:f(r) return:r"),
    "no_value": ("return;", "return:"),
    "branch": ("if (a) f(); g();", "if:(a){expression:f()} expression:g()"),
    "both": ("if (a) f(); else g();", "if:(a){expression:f()|expression:g()}"),
    "empty_else": ("if (a) f(); else { }", "if:(a){expression:f()|}"),
    "chain": ("if (a) f(); else if (b) g(); else h();",
              "if:(a){expression:f()|if:(b){expression:g()|expression:h()}}"),
    "blocks_dissolve": ("{ f(); { g(); } } if (a) { { h(); } }",
                        "expression:f() expression:g() if:(a){expression:h()}"),
    "loops": ("while (a) f(); do g(); while (b); for (i = 0; i < 3; i++) { h(); break; continue; }",
              "while:(a){expression:f()} do:(b){expression:g()} for:i < 3{expression:h() break: continue:}"),
    "switch": ("switch (a) { case 1: f(); case 2 ... 3: break; default: g(); }",
               "switch:(a){case:1 expression:f() case:2 break: default: expression:g()}"),
    "jumps": ("if (a) goto out; f(); out: g();", "if:(a){goto:out} expression:f() label:out expression:g()"),
    "nested": ("while (a) { if (b) { switch (c) { case 1: f(); } } }",
               "while:(a){if:(b){switch:(c){case:1 expression:f()}}}"),
    "seen_through": ("if (unlikely(a)) return READ_ONCE(b);", "if:(a){return:b}"),
}  # fmt: skip
CAP = "struct kvm_enable_cap *cap"
TEXT = "".join(f"int {name}({CAP})\n{{\n{body}\n}}\n" for name, (body, _) in BODIES.items())
TEXT += f"""\
int built({CAP})
{{
	f();
#ifdef CONFIG_A
	if (a)
		g();
#else
	h();
#endif
	return 0;
}}
int labels({CAP})
{{
	switch (a) {{
	case 1:
	case TWO:
		f();
	case 1:
		break;
	case 4 ... 6:
	default:
		g();
	}}
out:
again:
	return 0;
out:
	return 1;
}}
"""
# Without a capability in it, a function has no statements among its facts.
OTHER = """\
int plain(int a) { int r = a; r = 2; r += 3; return r; }
int choice(int a) { return a ? 1 : 2; }
int tested(int a) { if (a) return 1; return 2; }
int jumping(int a) { goto out; out: return 2; }
int nothing(void) { }
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, {"arch/x86/kvm/other.c": OTHER}) as found:
        yield found


def _told(sequence: Sequence | None) -> str:
    assert sequence is not None
    told = []
    for step in sequence.steps:
        inner = _told(step.body) + (f"|{_told(step.otherwise)}" if step.otherwise is not None else "")
        told.append(f"{step.kind}:{step.text}" + (f"{{{inner}}}" if inner else ""))
    return " ".join(told)


@pytest.mark.parametrize("name", BODIES)
def test_statements(code: LinkedCode, name: str) -> None:
    assert _told(flow(code.body(name))) == BODIES[name][1]


def test_conditions_are_those_of_the_statements(code: LinkedCode) -> None:
    sequence = flow(code.body("built"))
    assert sequence is not None
    assert [(step.kind, text(step.condition)) for step in sequence.steps] == [
        ("expression", "1"), ("if", "CONFIG_A"), ("expression", "!CONFIG_A"), ("return", "1"),
    ]  # fmt: skip


def test_labels_and_cases_are_found_by_name(code: LinkedCode) -> None:
    """Of a label that stands twice the first one counts, of a case both."""
    whole = flow(code.body("labels"))
    assert whole is not None
    assert whole.labels == {"out": 1, "again": 2}
    inner = whole.steps[0].body
    assert inner.cases == {"1": [0, 3], "TWO": [1], "": [6]}
    assert inner.ranges == [5]
    assert (inner.steps[5].text, inner.steps[5].extra) == ("4", "6")
    assert whole.cases == {}


def test_branches_know_where_they_begin(code: LinkedCode) -> None:
    sequence = flow(code.body("both"))
    assert sequence is not None
    (step,) = sequence.steps
    assert step.otherwise is not None
    assert code.text[step.body.start :].startswith("f();")
    assert code.text[: step.otherwise.start].endswith(" g();"[:1]) or code.text[step.otherwise.start :].startswith(
        "g();"
    )
    assert sequence.start == 0


@pytest.mark.parametrize(
    ("name", "told"),
    [("plain", "init:a init:2 return:r"), ("choice", "return:a ? 1 : 2"), ("nothing", "")],
)
def test_a_function_without_facts_of_its_flow_is_straight(code: LinkedCode, name: str, told: str) -> None:
    assert _told(flow(code.body(name))) == told


@pytest.mark.parametrize("name", ["tested", "jumping"])
def test_unknown_flow(code: LinkedCode, name: str) -> None:
    assert flow(code.body(name)) is None
