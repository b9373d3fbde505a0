"""Functions to which ioctls hand the question for a capability, and the request to enable one."""

from __future__ import annotations

from pathlib import Path

import pytest
from bodies import linked

from caplint.link.handlers.ioctl_callees import HandedCall, handed_on

CHECK, ENABLE, VCPU = (
    HandedCall("f", "check", None), HandedCall("f", "enable", "vm"), HandedCall("f", "enable", "vcpu")
)  # fmt: skip
HEAD = "long vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)\n"
HEAD += "{\nstruct kvm_enable_cap cap;\nint r = 0;\n"


def _case(request: str, *lines: str, head: str = HEAD) -> str:
    return head + f"switch (ioctl) {{\ncase {request}:\n" + "\n".join(lines) + "\nbreak;\n}\nreturn r;\n}\n"


def _check(*lines: str) -> str:
    return _case("KVM_CHECK_EXTENSION", *lines)


def _enable(*lines: str, head: str = HEAD) -> str:
    return _case("KVM_ENABLE_CAP", *lines, head=head)


COPY = "if (copy_from_user(&cap, argp, sizeof(cap))) return -EFAULT;"
VCPU_HEAD = HEAD.replace("vm_ioctl", "kvm_arch_vcpu_ioctl")


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        # Checks: the last argument is the ioctl's.
        (_check("r = f(kvm, arg);"), [CHECK]),
        (_check("return f(arg);"), [CHECK]),
        (_check("r = f(NULL, (long)arg);"), [CHECK]),
        (_check("r = f(kvm, (unsigned long)arg);"), [CHECK]),
        (_check("f(kvm, arg);"), []),
        (_check("r = f(kvm, arg + 1);"), []),
        (_check("r = f(&kvm, arg);"), []),
        (_check("r = kvm->ops->f(kvm, arg);"), []),
        (_check("r = f();"), []),
        (_case("KVM_GET_TSC_KHZ", "r = f(kvm, arg);"), []),
        # Requests: the last argument is the address of a copy; the first one, or the function, names the scope.
        (_enable(COPY, "r = f(kvm, &cap);"), [ENABLE]),
        (_enable(COPY, "r = f(vcpu, &cap);"), [VCPU]),
        (_enable(COPY, "r = f(kvm, &cap);", head=VCPU_HEAD), [VCPU]),
        (_enable(COPY, "r = f(&cap);"), []),
        (_enable(COPY, "f(kvm, &cap);"), []),
        # Conditions instead of a switch
        (HEAD + "if (ioctl == KVM_CHECK_EXTENSION)\nreturn f(kvm, arg);\nreturn g(kvm, arg);\n}\n", [CHECK]),
        (HEAD + "if (ioctl != KVM_CHECK_EXTENSION)\nreturn g(kvm, arg);\nreturn f(kvm, arg);\n}\n", [CHECK]),
        (HEAD + "if (ioctl == KVM_ENABLE_CAP) {\nr = f(kvm, &cap);\n}\nreturn r;\n}\n", [ENABLE]),
        # Functions in between that copy the request
        ("static int g(struct kvm *kvm, void __user *argp) { struct kvm_enable_cap cap; return f(kvm, &cap); }\n"
         + _enable("r = g(kvm, argp);"), [ENABLE]),
        ("static int h(struct kvm *kvm, void __user *argp) { struct kvm_enable_cap cap; return f(kvm, &cap); }\n"
         "static int g(struct kvm *kvm, void __user *argp) { return h(kvm, argp); }\n"
         + _enable("r = g(kvm, argp);"), [ENABLE]),
        ("static int i(struct kvm *kvm, void *argp) { struct kvm_enable_cap cap; return f(kvm, &cap); }\n"
         "static int h(struct kvm *kvm, void *argp) { return i(kvm, argp); }\n"
         "static int g(struct kvm *kvm, void *argp) { return h(kvm, argp); }\n" + _enable("r = g(kvm, argp);"), []),
        ("static int g(struct kvm *kvm, void *argp) { return g(kvm, argp); }\n" + _enable("r = g(kvm, argp);"), []),
        ("static int g(struct kvm *kvm, void *argp) { struct kvm_enable_cap cap; return f(kvm, &cap); }\n"
         + _enable("r = (g)(kvm, argp);"), []),
    ],
)  # fmt: skip
def test_who_gets_a_request(tmp_path: Path, text: str, calls: list[HandedCall]) -> None:
    with linked(tmp_path, text) as code:
        assert handed_on(code.connection, "now", code.tree) == calls
        assert handed_on(code.connection, "base", code.tree) == []


def test_each_function_is_named_once_in_the_order_of_the_code(tmp_path: Path) -> None:
    text = _check("if (x) r = b(kvm, arg); else r = a(kvm, arg);", "if (y) r = b(kvm, arg);")
    with linked(tmp_path, text + _enable("r = a(kvm, &cap);", head=VCPU_HEAD)) as code:
        calls = handed_on(code.connection, "now", code.tree)
    assert calls == [
        HandedCall("b", "check", None), HandedCall("a", "check", None), HandedCall("a", "enable", "vcpu")
    ]  # fmt: skip
