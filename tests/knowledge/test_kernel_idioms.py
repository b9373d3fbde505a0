"""kernel_idioms.toml: every entry is a pattern, and what the questions answer for calls of each kind."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

from caplint.knowledge.kernel_idioms import kernel_idioms


def _patterns(table: Any) -> Iterator[str]:
    for value in table.values():
        if isinstance(value, dict):
            yield from _patterns(value)
        else:
            yield from value if isinstance(value, list) else [value]


def test_every_entry_is_a_pattern_without_groups_and_stands_once_in_its_list() -> None:
    data = tomllib.loads(resources.files("caplint.knowledge").joinpath("data", "kernel_idioms.toml").read_text("utf-8"))
    for pattern in _patterns(data):
        assert re.compile(pattern).groups == 0, pattern
    for table in data.values():
        for words in table.values():
            assert isinstance(words, str) or len(words) == len(set(words))


@pytest.mark.parametrize(
    ("callee", "logs", "inert"),
    [("pr_warn_once", True, True), ("trace_kvm_exit", True, True), ("kvm_pr_unimpl_rdmsr", True, True),
     ("vcpu_unimpl", True, True), ("WARN_ON_ONCE", False, True), ("BUILD_BUG_ON_MSG", False, True),
     ("lockdep_assert_held", False, True), ("atomic64_read", False, True), ("rcu_dereference", False, True),
     ("mutex_unlock", False, True), ("guard(mutex)", False, True), ("set_bit", False, False),
     ("test_and_clear_bit", False, False), ("WRITE_ONCE", False, False), ("atomic_inc", False, False),
     ("kvm_errno", False, False), ("my_pr_info", False, False), ("kvm->ops->pr_info", False, False)],
)  # fmt: skip
def test_calls_that_change_nothing(callee: str, logs: bool, inert: bool) -> None:
    assert (kernel_idioms().logs(callee), kernel_idioms().is_inert(callee)) == (logs, inert)


@pytest.mark.parametrize(
    ("text", "plain"),
    [("READ_ONCE(x)", "x"), ("READ_ONCE(kvm->arch.x) + 1", "kvm->arch.x + 1"), ("likely(a && b) || c", "(a && b) || c"),
     ("likely(a && b)", "a && b"), ("unlikely(READ_ONCE(x) > 1)", "x > 1"), ("a[array_index_nospec(i, 4)]", "a[i]"),
     ("f(READ_ONCE(x), likely(y))", "f(x, y)"), ("READ_ONCE(x", "READ_ONCE(x"), ("x", "x"), ("f(x)", "f(x)"),
     ("my_READ_ONCE(x)", "my_READ_ONCE(x)"), ("ops->likely(x)", "ops->likely(x)"), ("!WARN_ON(!kvm)", "!(!kvm)"),
     ("READ_ONCE (x)", "x"), ("READ_ONCE()", "")],
)  # fmt: skip
def test_expressions_are_seen_through(text: str, plain: str) -> None:
    assert kernel_idioms().seen_through(text) == plain


@pytest.mark.parametrize(
    ("callee", "arguments", "stored"),
    [("WRITE_ONCE", ["a->b", "1"], ("a->b", "1")), ("smp_store_release", ["&a->b", "1"], ("a->b", "1")),
     ("smp_store_release", ["p", "1"], ("*p", "1")), ("WRITE_ONCE", ["a"], None), ("set", ["a", "b"], None)],
)  # fmt: skip
def test_calls_that_assign(callee: str, arguments: list[str], stored: tuple[str, str] | None) -> None:
    assert kernel_idioms().stored(callee, arguments) == stored
