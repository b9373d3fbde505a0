"""Tests of a request in the callers of an enable handler."""

from __future__ import annotations

from pathlib import Path

import pytest
from bodies import linked
from conftest import X86

from caplint.link.handlers.request_callers import level_at_callers
from caplint.link.handlers.request_names import Part
from caplint.link.handlers.request_tests import Readers
from caplint.link.handlers.value_tests import Level

HANDLER = "int h(struct kvm *kvm, struct kvm_enable_cap *cap) { return 0; }\n"
HEAD = "(struct kvm *kvm, struct kvm_enable_cap *cap)"
TESTED = "if (cap->flags) return -EINVAL;"
UNTESTED_CALL = f"int b{HEAD} {{ return h(kvm, cap); }}\n"
TESTED_CALL = f"int a{HEAD} {{ {TESTED} return h(kvm, cap); }}\n"
COPY = "long ioctl(void __user *argp) {{ struct kvm_enable_cap cap; {} return h(kvm, {}); }}\n"


@pytest.mark.parametrize(
    ("callers", "level"),
    [
        ("", Level.UNTESTED),
        (TESTED_CALL, Level.TESTED),
        (UNTESTED_CALL, Level.UNTESTED),
        # The lowest of all calls, in whatever order they stand
        (TESTED_CALL + UNTESTED_CALL, Level.UNTESTED),
        (UNTESTED_CALL + TESTED_CALL, Level.UNTESTED),
        (TESTED_CALL + f"int b{HEAD} {{ {TESTED} kvm->x = 1; return h(kvm, cap); }}\n", Level.TESTED),
        # A copy on the stack, its address, a cast; anything else is no request that is known.
        (COPY.format("if (cap.flags) return -EINVAL;", "&cap"), Level.TESTED),
        (COPY.format("if (cap.flags) return -EINVAL;", "(struct kvm_enable_cap *)&cap"), Level.TESTED),
        (COPY.format("", "&cap"), Level.UNTESTED),
        (COPY.format("if (cap.flags) return -EINVAL;", "next(cap)"), Level.UNTESTED),
        # Behind the call, or in another branch, is too late.
        (f"int a{HEAD} {{ int r = h(kvm, cap); {TESTED} return r; }}\n", Level.UNTESTED),
        (f"int a{HEAD} {{ if (kvm->x) {{ {TESTED} }} return h(kvm, cap); }}\n", Level.UNTESTED),
        # In a caller's caller, but not further
        (f"int b{HEAD} {{ return h(kvm, cap); }} int c{HEAD} {{ {TESTED} return b(kvm, cap); }}\n", Level.TESTED),
        (f"int b{HEAD} {{ return h(kvm, cap); }} int c{HEAD} {{ return b(kvm, cap); }}"
         f" int d{HEAD} {{ {TESTED} return c(kvm, cap); }}\n", Level.UNTESTED),
        # A case of its own above the call; the test stands in the case.
        (f"int a{HEAD} {{ switch (cap->cap) {{ case KVM_CAP_B: break; default: {TESTED} return h(kvm, cap); }}"
         " return 0; }\n", Level.TESTED),
        (f"int a{HEAD} {{ switch (cap->cap) {{ case KVM_CAP_B: {TESTED} break; default: return h(kvm, cap); }}"
         " return 0; }\n", Level.UNTESTED),
        (f"int a{HEAD} {{ if (nowhere(cap)) return -EINVAL; return h(kvm, cap); }}\n", Level.UNKNOWN),
    ],
)  # fmt: skip
def test_level_of_the_flags(tmp_path: Path, callers: str, level: Level) -> None:
    assert _level(tmp_path, HANDLER + callers, {}) is level


def _level(root: Path, text: str, files: dict[str, str], value: Part = ("flags",), arch: str = "x86") -> Level:
    with linked(root, text, files) as code:
        readers = Readers(code.helpers, code.constants, lambda _, __: None)
        return level_at_callers(readers, code.body("h", arch), value)


ARM = "arch/arm64/kvm/arm.c"


@pytest.mark.parametrize(
    ("path", "caller", "level"),
    [
        # An architecture's handler is called by its own code and the generic one, which calls every architecture's.
        ("virt/kvm/kvm_main.c", TESTED_CALL, Level.TESTED),
        (ARM, UNTESTED_CALL, Level.TESTED),
        (X86.replace("x86.c", "other.c"), UNTESTED_CALL, Level.UNTESTED),
    ],
)
def test_callers_by_architecture(tmp_path: Path, path: str, caller: str, level: Level) -> None:
    own = "" if caller is TESTED_CALL else TESTED_CALL
    assert _level(tmp_path, HANDLER + own, {path: caller}) is level


def test_a_generic_handler_is_called_by_every_architecture(tmp_path: Path) -> None:
    files = {"virt/kvm/kvm_main.c": HANDLER, ARM: UNTESTED_CALL}
    assert _level(tmp_path, TESTED_CALL, files, arch="generic") is Level.UNTESTED


def test_other_parts_of_the_request_are_looked_at_alone(tmp_path: Path) -> None:
    assert _level(tmp_path, HANDLER + TESTED_CALL, {}, ("args", "0")) is Level.UNTESTED


def test_calls_are_found_once(tmp_path: Path) -> None:
    with linked(tmp_path, HANDLER + TESTED_CALL) as code:
        readers, body = Readers(code.helpers, code.constants, lambda _, __: None), code.body("h")
        level_at_callers(readers, body, ("flags",))
        (calls,) = [found for found in readers.callers.values() if found]
        assert [(caller.name, given) for caller, _, given in calls] == [("a", "cap")]
        code.connection.execute("DELETE FROM main.call")
        assert level_at_callers(readers, body, ("flags",)) is Level.TESTED
