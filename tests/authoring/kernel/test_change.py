"""Statements that test user space's value and set the state: what they refuse, how they lock, and how they end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from conftest import bare_kernel
from written import fresh, workshop

from caplint.authoring.kernel.change import WIDTH, Given, StateChange
from caplint.authoring.kernel.state import EnabledState
from caplint.authoring.request import parse
from caplint.authoring.topic import Topic
from caplint.authoring.workshop import Workshop

VM = EnabledState("a.h", 1, "\tbool bell_enabled;", "kvm", "arch.bell_enabled", None)
VCPU = replace(VM, variable="vcpu")
FLAG = replace(VM, member="arch.flags", flag="KVM_ARCH_FLAG_BELL_ENABLED")
ARGS = Given("cap->args[0]", ("cap->flags",), ("cap->args[1]", "cap->args[2]", "cap->args[3]"))


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with workshop(bare_kernel(tmp_path_factory.mktemp("tree"), {})) as made:
        yield made


@pytest.fixture
def topic(linked: Workshop) -> Topic:
    return fresh(linked)


def _change(topic: Topic, kind: str, scope: str = "vm", result: str | None = "r", given: Given = ARGS) -> StateChange:
    state, owner = (VCPU, "vcpu") if scope == "vcpu" else (VM, "kvm")
    return StateChange(parse("KVM_CAP_BELL", scope=scope, arguments=kind), topic, state, "a.c", owner, given, result)


def _code(change: StateChange) -> str:
    """The statements without comments."""
    return "\n".join(line for line in change.statements() if not line.startswith(("/*", " *")))


@pytest.mark.parametrize(
    ("kind", "test"),
    [
        ("none", "arg"), ("bool", "arg > 1"), ("mask:A", "(arg & ~KVM_BELL_VALID_MASK)"),
        ("size", "arg > KVM_BELL_MAX"), ("fd", "arg > INT_MAX"),
    ],
)  # fmt: skip
def test_values_without_a_meaning_are_refused_first(topic: Topic, kind: str, test: str) -> None:
    keeping = _code(_change(topic, kind, given=Given("arg")))
    assert keeping.startswith(f"r = -EINVAL;\nif ({test})\n\tbreak;\n\n")
    assert _code(_change(topic, kind, result=None, given=Given("arg"))).startswith(
        f"if ({test})\n\treturn -EINVAL;\n\n"
    )


def test_everything_else_has_to_be_0(topic: Topic) -> None:
    assert (
        "if (cap->flags || cap->args[0] > 1 || cap->args[1] ||\n    cap->args[2] || cap->args[3])\n\tbreak;\n"
        in _code(_change(topic, "bool"))
    )


def test_a_long_test_is_broken_between_its_parts(topic: Topic) -> None:
    given = Given("args.value", tuple(f"args.member_of_some_length[{number}]" for number in range(6)))
    lines = _code(_change(topic, "bool", given=given)).split("\n")
    tests = lines[1 : next(at for at, line in enumerate(lines) if line.endswith(")")) + 1]
    assert len(tests) > 3
    assert all(len(line) <= WIDTH + len("if (") for line in tests)
    assert " ".join(line.strip() for line in tests).count("||") == 6


def test_a_vm_is_set_under_its_lock_and_before_it_has_vcpus(topic: Topic) -> None:
    change = _change(topic, "bool")
    assert _code(change).endswith(
        "mutex_lock(&kvm->lock);\nif (!kvm->created_vcpus) {\n\tkvm->arch.bell_enabled = cap->args[0];\n\tr = 0;\n}\n"
        "mutex_unlock(&kvm->lock);\nbreak;"
    )
    assert change.declarations() == []
    assert [found.subject for found in topic.decisions] == ["order of BELL"]


def test_a_function_that_returns_keeps_the_result_of_its_own(topic: Topic) -> None:
    change = _change(topic, "none", result=None)
    assert change.declarations() == ["int r = -EINVAL;"]
    assert _code(change).endswith(
        "\tkvm->arch.bell_enabled = true;\n\tr = 0;\n}\nmutex_unlock(&kvm->lock);\n\nreturn r;"
    )


def test_a_guard_leaves_by_itself(topic: Topic) -> None:
    code = _code(replace(_change(topic, "bool"), guards=True))
    assert "scoped_guard(mutex, &kvm->lock) {\n\tif (!kvm->created_vcpus) {\n\t\tkvm->arch" in code
    assert code.endswith("\t\tr = 0;\n\t}\n}\nbreak;")
    assert "mutex_" not in code


def test_a_flag_is_set_as_a_bit(topic: Topic) -> None:
    change = replace(_change(topic, "bool"), state=FLAG)
    assert (
        "\tif (cap->args[0])\n\t\tset_bit(KVM_ARCH_FLAG_BELL_ENABLED, &kvm->arch.flags);\n\telse\n\t\tclear_bit("
        in _code(change)
    )


@pytest.mark.parametrize(("result", "end"), [("r", "r = 0;\nbreak;"), (None, "return 0;")])
def test_a_vcpu_needs_no_lock_of_the_vm(topic: Topic, result: str | None, end: str) -> None:
    change = _change(topic, "size", "vcpu", result)
    assert _code(change).endswith(f"\n\nvcpu->arch.bell_enabled = cap->args[0];\n{end}")
    assert (change.declarations(), topic.decisions) == ([], [])


def test_events_are_traced_before_the_end(topic: Topic) -> None:
    for scope in ("vm", "vcpu"):
        code = _code(replace(_change(topic, "bool", scope), event=("TRACE(1);",)))
        assert code.index("arch.bell_enabled") < code.index("TRACE(1);") < code.rindex("break;")


@pytest.mark.parametrize(
    ("result", "refused"),
    [
        ("r", "if (IS_ERR(eventfd)) {\n\tr = PTR_ERR(eventfd);\n\tbreak;\n}\n"),
        (None, "if (IS_ERR(eventfd))\n\treturn PTR_ERR(eventfd);\n"),
    ],
)
def test_a_descriptor_is_held_once_and_put_if_it_is_not_taken(topic: Topic, result: str | None, refused: str) -> None:
    change = _change(topic, "fd", result=result)
    code = _code(change)
    assert change.declarations()[0] == "struct eventfd_ctx *eventfd;"
    places = [code.index(words) for words in (
        "> INT_MAX", "eventfd = eventfd_ctx_fdget(cap->args[0]);", refused, "mutex_lock(",
        "if (!kvm->created_vcpus && !kvm->arch.bell_enabled) {", "\tkvm->arch.bell_enabled = eventfd;", "mutex_unlock(",
        "if (r)\n\teventfd_ctx_put(eventfd);")]  # fmt: skip
    assert places == sorted(places)
    assert [found.subject for found in topic.decisions] == ["descriptor of BELL", "order of BELL"]
