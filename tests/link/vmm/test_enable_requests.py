"""Content of a `struct kvm_enable_cap` where KVM_ENABLE_CAP is issued, in the ways in which programs fill one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.functions.call_sites import Budget
from caplint.link.vmm.enable_requests import Request, request_of

# Name → body with one ioctl(); the request.
BODIES = {
    "designated": (
        "struct kvm_enable_cap cap = { .cap = KVM_CAP_A, .flags = 2, .args[0] = x, .args[2] = 7 };"
        " ioctl(fd, KVM_ENABLE_CAP, &cap);", Request("KVM_CAP_A", "2", ("x", "0", "7"))),
    "list": ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A, .args = { x, f(a, b) } };"
             " ioctl(fd, KVM_ENABLE_CAP, &cap);",
             Request("KVM_CAP_A", "0", ("x", "f(a, b)"))),
    "no_arguments": ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A }; ioctl(fd, KVM_ENABLE_CAP, &cap);",
                     Request("KVM_CAP_A", "0", ())),
    "assigned": ("struct kvm_enable_cap cap = {}; cap.cap = KVM_CAP_A; cap.args[1] = n;"
                 " ioctl(fd, KVM_ENABLE_CAP, &cap);",
                 Request("KVM_CAP_A", "0", ("0", "n"))),
    "zeroed": ("struct kvm_enable_cap cap = { 0 }; cap.cap = KVM_CAP_A; ioctl(fd, KVM_ENABLE_CAP, &cap);",
               Request("KVM_CAP_A", "0", ())),
    "not_zeroed": ("struct kvm_enable_cap cap; cap.cap = KVM_CAP_A; cap.flags = 1; ioctl(fd, KVM_ENABLE_CAP, &cap);",
                   Request("KVM_CAP_A", "1", None)),
    "positional": ("struct kvm_enable_cap cap = { KVM_CAP_A, 0 }; ioctl(fd, KVM_ENABLE_CAP, &cap);",
                   Request("cap.cap", "0", None)),
    "pointer": ("cap->cap = KVM_CAP_A; cap->args[0] = 1; ioctl(fd, KVM_ENABLE_CAP, cap);",
                Request("KVM_CAP_A", "0", ("1",))),
    "cast": ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A }; ioctl(fd, KVM_ENABLE_CAP, (unsigned long)&cap);",
             Request("KVM_CAP_A", "0", ())),
    "cast_to_pointer": ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A };"
                        " ioctl(fd, KVM_ENABLE_CAP, (struct kvm_enable_cap *)&cap);", Request("KVM_CAP_A", "0", ())),
    "set_again": ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A, .args[0] = 1 };"
                  " cap = (struct kvm_enable_cap){ .cap = KVM_CAP_B }; ioctl(fd, KVM_ENABLE_CAP, &cap);",
                  Request("KVM_CAP_B", "0", ())),
    "set_behind": ("struct kvm_enable_cap cap = {}; ioctl(fd, KVM_ENABLE_CAP, &cap); cap.cap = KVM_CAP_A;",
                   Request("cap.cap", "0", ())),
    "copied_from_another": ("struct kvm_enable_cap cap = other; ioctl(fd, KVM_ENABLE_CAP, &cap);",
                            Request("cap.cap", "0", None)),
    "chosen": ("struct kvm_enable_cap cap = {}; if (x) cap.cap = KVM_CAP_A; else cap.cap = KVM_CAP_B;"
               " ioctl(fd, KVM_ENABLE_CAP, &cap);", Request("cap.cap", None, None)),
    "set_sometimes": ("struct kvm_enable_cap cap = {}; if (x) cap.cap = KVM_CAP_A; ioctl(fd, KVM_ENABLE_CAP, &cap);",
                      Request("cap.cap", None, None)),
    "arguments_copied": ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A }; memcpy(cap.args, a, 8);"
                         " ioctl(fd, KVM_ENABLE_CAP, &cap);", Request("KVM_CAP_A", "0", None)),
    "arguments_copied_by_address": ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A }; memcpy(&cap.args[0], a, 8);"
                                    " ioctl(fd, KVM_ENABLE_CAP, &cap);", Request("KVM_CAP_A", "0", None)),
    "copied_behind": ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A }; ioctl(fd, KVM_ENABLE_CAP, &cap);"
                      " memcpy(cap.args, a, 8);", Request("KVM_CAP_A", "0", ())),
    "in_a_loop": ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A }; cap.args[i] = 1; ioctl(fd, KVM_ENABLE_CAP, &cap);",
                  Request("KVM_CAP_A", "0", None)),
    "member": ("ioctl(fd, KVM_ENABLE_CAP, &s->request);", Request("s->request.cap", None, None)),
    "whole": ("ioctl(fd, KVM_ENABLE_CAP, &(struct kvm_enable_cap){ .cap = KVM_CAP_A, .args = { 3 } });",
              Request("KVM_CAP_A", "0", ("3",))),
    "whole_positional": ("ioctl(fd, KVM_ENABLE_CAP, &(struct kvm_enable_cap){ KVM_CAP_A });",
                         Request("&(struct kvm_enable_cap){ KVM_CAP_A }", None, None)),
    "another_array": ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A, .args = other };"
                      " ioctl(fd, KVM_ENABLE_CAP, &cap);",
                      Request("KVM_CAP_A", "0", None)),
    "expression": ("ioctl(fd, KVM_ENABLE_CAP, KVM_CAP_A + 1);", Request("KVM_CAP_A + 1", None, None)),
    "last": ("cap.args[63] = 1; ioctl(fd, KVM_ENABLE_CAP, &cap);", Request("cap.cap", "0", ("0",) * 63 + ("1",))),
    "one_more": ("cap.args[64] = 1; ioctl(fd, KVM_ENABLE_CAP, &cap);", Request("cap.cap", "0", None)),
    "far_too_many": ("cap.args[4000000000] = 1; ioctl(fd, KVM_ENABLE_CAP, &cap);", Request("cap.cap", "0", None)),
    "many_digits": (f"cap.args[{'9' * 380}] = 1; ioctl(fd, KVM_ENABLE_CAP, &cap);", Request("cap.cap", "0", None)),
}  # fmt: skip
TEXT = "".join(f"int {name}(int fd)\n{{\n{body}\n}}\n" for name, (body, _) in BODIES.items())
TEXT += "int by_macro(int fd)\n{\n\tENABLE(fd);\n\treturn ioctl(fd, KVM_ENABLE_CAP, &cap);\n}\n"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _request(code: LinkedCode, name: str, body: str = "", steps: int = 1_000) -> Request:
    function = code.body(name)
    (call,) = function.calls_of["ioctl"]
    from_request_on = call._replace(arguments=call.arguments[2:])
    return request_of(function, from_request_on, Budget(steps), body)


@pytest.mark.parametrize("name", BODIES)
def test_request(code: LinkedCode, name: str) -> None:
    assert _request(code, name) == BODIES[name][1]


@pytest.mark.parametrize(
    ("body", "request_made"),
    [
        ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A, .args[0] = 3 }; ioctl(fd, KVM_ENABLE_CAP, &cap);",
         Request("KVM_CAP_A", "0", ("3",))),
        ("u64 list[] = { a, b }; struct kvm_enable_cap cap = { .cap = c }; memcpy(cap.args, list, sizeof(list));",
         Request("c", "0", ("a", "b"))),
        ("u64 list[4] = { }; struct kvm_enable_cap cap = { .cap = c }; memcpy(cap.args, &list, sizeof(list));",
         Request("c", "0", ())),
        ("struct kvm_enable_cap cap = { .cap = c }; memcpy(cap.args, elsewhere, 8);", Request("c", "0", None)),
        ("struct kvm_enable_cap other = { .cap = c };", Request("cap.cap", "0", None)),
    ],
)  # fmt: skip
def test_a_request_within_a_macro(code: LinkedCode, body: str, request_made: Request) -> None:
    assert _request(code, "by_macro", body) == request_made


def test_without_a_budget_the_first_assignment_counts(code: LinkedCode) -> None:
    assert _request(code, "chosen", steps=0).cap == "KVM_CAP_B"
