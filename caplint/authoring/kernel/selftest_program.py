"""Program of a self-test, in the terms of the kernel's library for KVM's self-tests."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.authoring.ioctl_argument import has_structure
from caplint.authoring.request import CapabilityRequest, RequestedRegister
from caplint.authoring.style import indented

_TABLES = "vm_init_descriptor_tables"
"""Function that older libraries need before a guest may handle a fault."""


def program(request: CapabilityRequest, processor: str, calls: str) -> list[str]:
    """Return the lines of the program.

    `processor` is the text of the header for the architecture's processors, `calls` of that for a guest's calls.
    """
    return list(_Program(request, processor, calls).lines())


class _Program:
    """Program for one capability."""

    def __init__(self, request: CapabilityRequest, processor: str, calls: str) -> None:
        self._request = request
        self._processor = processor
        self._calls = calls
        self._kind = request.arguments.kind
        self._on_vcpu = request.scope == "vcpu"
        self._verb = "enable" if request.enabled else "set"
        reads = "rdmsr_safe" in processor or "SAFE_HELPERS(rdmsr)" in processor
        self._register = request.register if reads else None

    def lines(self) -> Iterator[str]:
        """Yield the whole program."""
        name = self._request.name
        yield "// SPDX-License-Identifier: GPL-2.0"
        yield "/*"
        done = "what enabling does" if self._request.ioctl is None else f"the use of {self._request.setter}"
        more = f", each request that must be refused, and {done}" if self._request.has_state else ""
        yield f" * Test {name}: the answer{more}."
        yield " */"
        yield from self._includes()
        yield from self._definitions()
        if self._request.has_state:
            yield from self._enable()
            yield from self._guest()
        if self._register:
            yield from self._register_test(self._register)
        yield from ["int main(int argc, char *argv[])", "{", *indented(self._main(), "\t"), "}"]

    def _includes(self) -> Iterator[str]:
        if self._request.has_state:
            yield "#include <errno.h>"
        yield from (
            ["#include <fcntl.h>", "#include <sys/eventfd.h>", "#include <unistd.h>"] if self._kind == "fd" else []
        )
        yield from ["", '#include "test_util.h"', '#include "kvm_util.h"']
        if self._processor:
            yield '#include "processor.h"'
        if self._calls and self._request.has_state:
            yield '#include "ucall_common.h"'
        yield ""

    def _definitions(self) -> Iterator[str]:
        """Yield the definitions that the library's own copies of the kernel's headers may lack."""
        bits = [self._request.macro(bit.name) for bit in self._request.arguments.bits]
        if bits:
            yield f"#define ALL_BITS ({' | '.join(bits[:1])}{'' if len(bits) > 1 else ')'}" + " | \\" * (len(bits) > 1)
            yield from (f"\t\t  {bit} | \\" for bit in bits[1:-1])
            yield from (f"\t\t  {bit})" for bit in bits[1:][-1:])
            yield ""
        if self._register and self._register.number is not None:
            name = self._register.name
            yield from (f"#ifndef {name}", f"#define {name} {self._register.number:#x}", "#endif", "")

    def _enable(self) -> Iterator[str]:
        """Yield the functions that set the state, and that expect a refusal."""
        owner, kind = ("struct kvm_vcpu *vcpu", "vcpu") if self._on_vcpu else ("struct kvm_vm *vm", "vm")
        call = f"return __{kind}_ioctl({kind}, {self._request.setter}"
        if self._request.enabled:
            body = [
                "struct kvm_enable_cap cap = {",
                f"\t.cap = {self._request.name},",
                "\t.flags = flags,",
                "\t.args = { arg, rest, rest, rest },",
                "};",
                "",
                f"{call}, &cap);",
            ]
        elif has_structure(self._request) and self._request.ioctl is not None:
            body = [
                f"struct {self._request.ioctl.struct} args = {{",
                "\t.value = arg,",
                "\t.flags = flags,",
                "\t.reserved = { rest, rest },",
                "};",
                "",
                f"{call}, &args);",
            ]
        else:
            body = [f"{call}, (void *)arg);"]
        given = "uint32_t flags, uint64_t arg, uint64_t rest" if self._has_others else "unsigned long arg"
        passed = "flags, arg, rest" if self._has_others else "arg"
        yield from (f"static int {self._verb}({owner}, {given})", "{", *indented(body, "\t"), "}", "")
        yield f"static void refused({owner}, {given},"
        yield "\t\t    int error, const char *what)"
        yield "{"
        yield f"\tint r = {self._verb}({kind}, {passed});"
        yield ""
        yield "\tTEST_ASSERT(r == -1 && errno == error,"
        yield f'\t\t    "{self._subject} with %s: expected errno %d, got %d (errno %d)",'
        yield "\t\t    what, error, r, errno);"
        yield "}"
        yield ""

    @property
    def _has_others(self) -> bool:
        """Whether user space gives more values than one."""
        return self._request.enabled or has_structure(self._request)

    @property
    def _subject(self) -> str:
        return self._request.name if self._request.enabled else self._request.setter

    def _given(self, value: str, flags: str = "0", rest: str = "0") -> str:
        """Return the arguments of the functions that set the state."""
        return f"{flags}, {value}, {rest}" if self._has_others else value

    def _accepted(self, owner: str) -> str:
        """Return the statement that sets the state."""
        return f'TEST_ASSERT(!{self._verb}({owner}, {self._given(self._valid)}), "It cannot be {self._done}");'

    @property
    def _done(self) -> str:
        return "enabled" if self._request.enabled else "set"

    def _guest(self) -> Iterator[str]:
        yield from ["static void guest_code(void)", "{"]
        if self._register:
            yield from ["\tuint64_t value = 0;", "\tuint8_t vector;", ""]
            yield f"\tvector = rdmsr_safe({self._register.name}, &value);"
            yield "\tGUEST_SYNC(vector ? -1ULL : value);"
        yield from ["\tGUEST_DONE();", "}", ""]

    def _register_test(self, register: RequestedRegister) -> Iterator[str]:
        """Yield the test that a guest reads the register if, and only if, the capability is enabled."""
        yield from ["static void test_register(bool enabled)", "{"]
        body = [
            "struct kvm_vm *vm = vm_create(1);",
            "struct kvm_vcpu *vcpu;",
            "struct ucall uc;",
            "",
            "if (enabled)",
            f"\t{self._accepted('vm')}",
            "vcpu = vm_vcpu_add(vm, 0, guest_code);",
        ]
        if _TABLES in self._processor:
            body += [f"{_TABLES}(vm);", "vcpu_init_descriptor_tables(vcpu);"]
        body += [
            f'TEST_ASSERT(!vcpu_get_msr(vcpu, {register.name}), "The register is not 0 at first");',
            f"TEST_ASSERT(_vcpu_set_msr(vcpu, {register.name}, 0x1234) == 1,",
            '\t    "User space cannot set the register");',
            "vcpu_run(vcpu);",
            'TEST_ASSERT(get_ucall(vcpu, &uc) == UCALL_SYNC, "The guest did not get that far");',
            "TEST_ASSERT(uc.args[1] == (enabled ? 0x1234 : -1ULL),",
            '\t    "The guest read %lx", (unsigned long)uc.args[1]);',
            "kvm_vm_free(vm);",
        ]
        yield from [*indented(body, "\t"), "}", ""]

    def _main(self) -> Iterator[str]:
        name = self._request.name
        if self._request.has_state:
            yield "struct kvm_vcpu *vcpu;"
        yield "struct kvm_vm *vm;"
        yield from ["int fd, other;"] * (self._kind == "fd")
        yield ""
        yield f"TEST_REQUIRE(kvm_has_cap({name}));"
        yield ""
        if self._kind == "fd":
            yield from ["fd = eventfd(0, 0);", 'other = open("/dev/null", O_RDONLY);']
            yield 'TEST_ASSERT(fd >= 0 && other >= 0, "The descriptors cannot be opened");'
        yield "vm = vm_create_with_one_vcpu(&vcpu, guest_code);" if self._on_vcpu else "vm = vm_create_barebones();"
        yield from self._answer()
        if self._request.has_state:
            yield from self._refusals()
            yield self._accepted(self._owner)
        if self._kind == "fd":
            yield f'refused(vm, {self._given("fd")}, EINVAL, "a second descriptor");'
        yield "kvm_vm_free(vm);"
        if self._request.scope == "vm":
            yield from ["", "vm = vm_create_with_one_vcpu(&vcpu, guest_code);"]
            yield f'refused(vm, {self._given(self._valid)}, EINVAL, "a vCPU");'
            yield "kvm_vm_free(vm);"
        if self._register:
            yield from ["", "test_register(false);", "test_register(true);"]
        yield from ["close(other);", "close(fd);"] if self._kind == "fd" else []
        yield from ["", "return 0;"]

    @property
    def _owner(self) -> str:
        return "vcpu" if self._on_vcpu else "vm"

    @property
    def _valid(self) -> str:
        return {"none": "0", "bool": "1", "mask": "ALL_BITS", "size": "1", "fd": "fd"}[self._kind]

    def _answer(self) -> Iterator[str]:
        check = f"vm_check_cap(vm, {self._request.name})"
        if self._request.answer == "count":
            yield f'TEST_ASSERT({check} > 0, "The answer is no number");'
        elif self._request.answer == "mask":
            yield f'TEST_ASSERT({check} == ALL_BITS, "The answer has other bits");'
        else:
            yield f'TEST_ASSERT({check} == 1, "The answer is not 1");'

    def _refusals(self) -> Iterator[str]:
        owner, valid = self._owner, self._valid
        if self._has_others:
            yield f'refused({owner}, {self._given(valid, flags="1")}, EINVAL, "a flag");'
            what = "an unknown argument" if self._request.enabled else "a reserved member"
            yield f'refused({owner}, {self._given(valid, rest="1")}, EINVAL, "{what}");'
        wrong = {
            "none": ["1"],
            "bool": ["2"],
            "mask": ["~ALL_BITS"],
            "size": ["-1ULL"],
            "fd": ["-1ULL", "other"],
        }[self._kind]
        yield from (f'refused({owner}, {self._given(value)}, EINVAL, "a wrong value");' for value in wrong)
