"""A function of the kernel in the role of a handler: macros are seen through, and what decides on its answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import X86, bare_kernel

from caplint.config.settings import Config
from caplint.link.functions.body import Body, insert_cuts
from caplint.link.functions.callees import Helpers
from caplint.session import open_session

TEXT = """\
int helper(struct kvm *kvm, bool careful, long ext)
{
	bool seen = READ_ONCE(kvm->seen);
	int r = 0;

	if (seen && careful)
		return -EINVAL;
	if (ext == 1)
		r = 1;
	switch (ext) {
	case KVM_CAP_A:
	case KVM_CAP_B:
		WRITE_ONCE(kvm->a, READ_ONCE(kvm->b) + 1);
		r = 2;
		break;
	case KVM_CAP_C:
		smp_store_release(&kvm->c, ext);
		r = kvm->max;
		break;
	}
	return r;
}
"""


@contextmanager
def _body(tmp_path: Path, text: str = TEXT, name: str = "helper") -> Iterator[Body]:
    session = open_session([bare_kernel(tmp_path, {X86: text})], Config(cache="none", jobs=1))
    (tree,) = session.trees
    try:
        yield Helpers(session.connection, "now", tree.name).functions(name, "x86")[0]
    finally:
        session.store.close()


def test_values_are_seen_through_and_writes_by_calls_count(tmp_path: Path) -> None:
    with _body(tmp_path) as body:
        assert [(store.target, store.operator, store.value, store.local) for store in body.stores] == [
            ("seen", "init", "kvm->seen", True),
            ("r", "init", "0", True),
            ("r", "=", "1", True),
            ("kvm->a", "=", "kvm->b + 1", False),
            ("r", "=", "2", True),
            ("kvm->c", "=", "ext", False),
            ("r", "=", "kvm->max", True),
        ]
        assert [store.line for store in body.assigned["kvm->c"]] == [17]


def test_place_of_a_function(tmp_path: Path) -> None:
    with _body(tmp_path) as body:
        assert (body.name, body.line, body.static, body.arch) == ("helper", 1, False, "x86")
        assert (body.selector, body.bools) == ("ext", frozenset({"careful", "seen"}))
        assert TEXT[body.first_label or 0 :].startswith("case KVM_CAP_A")


def test_labels_of_the_same_code_share_a_line(tmp_path: Path) -> None:
    with _body(tmp_path) as body:
        assert list(body.first_lines.values()) == [11, 11, 16]


def test_breaks_are_told_with_what_they_leave(tmp_path: Path) -> None:
    text = (
        "int f(struct kvm *kvm, long ext)\n{\nfor (;;) { if (a) break; }\nswitch (ext) { "
        "case KVM_CAP_A: while (b) { c(); }\nif (d) { break; }\ndo { break; } while (0); return 1; }\nreturn 0;\n}\n"
    )
    with _body(tmp_path, text, "f") as body:
        left = [(text[:offset].count("\n") + 1, text[start:][:4].rstrip(" (")) for offset, start in body.breaks]
    assert left == [(3, "for"), (5, "swit"), (6, "do {")]


def test_answers(tmp_path: Path) -> None:
    with _body(tmp_path) as body:
        assert body.answers == {"r"}
        assert body.last_results == {"r": TEXT.index("return r")}
        assert [store.value for store in body.result_stores] == ["0", "1", "2", "kvm->max"]


def test_guards_behind_a_return_do_not_decide(tmp_path: Path) -> None:
    """`if (seen && careful) return …;` is known below, but every answer is behind it."""
    with _body(tmp_path) as body:
        offset = TEXT.index("r = 1")
        assert "early_exit" in {guard.kind for guard in body.guards_at(offset)}
        assert {guard.text for guard in body.deciding.at(offset)} == {"ext == 1"}


def test_weight_counts_what_is_evaluated(tmp_path: Path) -> None:
    with _body(tmp_path) as body:
        start, stop = TEXT.index("case KVM_CAP_C"), TEXT.index("return r")
        assert body.weight(start, stop) == 3  # a call, which is an assignment, and an assignment
        assert body.weight(stop, start) <= 0
        assert list(body.texts(start, stop)) == ["ext", "kvm->max", "&kvm->c, ext", "kvm->c", "r", "smp_store_release"]


def test_tests_by_word(tmp_path: Path) -> None:
    with _body(tmp_path) as body:
        assert [test.kind for test in body.tests_by_word["ext"]] == ["if", "switch"]
        assert "kvm" not in body.tests_by_word


@pytest.mark.parametrize(("at", "line"), [("if (ext", 8), ("return r", 1)])
def test_cuts_are_listed_once_per_reason(tmp_path: Path, at: str, line: int) -> None:
    """A cut is at the line of the test that begins at its offset; elsewhere at line 1."""
    with _body(tmp_path) as body:
        body.cut_at(TEXT.index(at), "too much")
        body.cut(99, 0, "too much")
        insert_cuts(body)
        rows = body.connection.execute("SELECT path, line, start, reason FROM temp.all_cut").fetchall()
        assert rows == [(X86, line, TEXT.index(at), "too much")]
