"""Typed access to kernel_idioms.toml, the effects of well-known calls of the kernel's C."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Any

from caplint.values.expression_text import calls

# A name, or a chain of members: it needs no parentheses wherever it is put.
_CHAIN = re.compile(r"(?:\w|->|\.|\[|\])+\Z")


class KernelIdioms:
    """Effects of calls, by the name of the callee."""

    def __init__(self, data: dict[str, Any]) -> None:
        locks, memory = data["locks"], data["user_memory"]
        self._logging = _names(data["logging"]["calls"])
        self._inert = _names(
            [
                *(word for table in ("logging", "assertions", "reads") for word in data[table]["calls"]),
                *(word for kind in ("take", "release", "make", "held", "vm_take") for word in locks[kind]),
            ]
        )
        self._transparent = _names(data["transparent"]["calls"])
        self._transparent_call = re.compile(rf"(?<![\w.>])({'|'.join(data['transparent']['calls'])})\s*\(")
        self._direct, self._of_pointer = _names(data["stores"]["direct"]), _names(data["stores"]["of_pointer"])
        self._take, self._release, self._held = (_names(locks[kind]) for kind in ("take", "release", "held"))
        self._vm_take, self._vm_lock = _names(locks["vm_take"]), re.compile(locks["vm"])
        self._access, self._pointers = _names(memory["access"]), _names(memory["pointers"])
        self._accessing = _names([*data["accesses"]["calls"], *locks["take"], *locks["release"]])
        self._true_of_null = _names(data["null_tests"]["true_of_null"])
        self._ignore_null = _names(data["null_tests"]["ignore_null"])
        self._same_object = _names(data["same_object"]["calls"])
        self._assigning = _names(data["assigning"]["calls"])
        self._judging = _names([*memory["access"], *memory["check"], *data["trusted"]["calls"]])
        self._error_tests, self._error_values = _names(data["errors"]["tests"]), _names(data["errors"]["values"])
        self._bounding = _names(data["bounding"]["calls"])
        self._bit_numbers = _names(data["bit_numbers"]["calls"])
        self._vcpu_loops = _names(data["vcpus"]["loops"])
        self.vcpu_count = re.compile(rf"\b{data['vcpus']['count']}\b")
        """Matches a mention of the number of a VM's vCPUs."""
        self.vcpu_created, self.vcpu_listed = data["vcpus"]["created"], data["vcpus"]["listed"]
        """Functions that create a vCPU: before it is on its VM's list, and when it is."""
        self.creation = frozenset([self.vcpu_created, self.vcpu_listed, *data["vcpus"]["creating"]])
        """Functions at which the creation of a vCPU begins."""
        self.creation_fields = frozenset(data["vcpus"]["creating_fields"])
        """Callbacks at which it goes on."""
        self.reset_again = re.compile(rf"\b{data['vcpus']['reset_again']}\b")
        """Matches the condition under which a vCPU that exists is reset."""
        self.vcpus_exist = re.compile(rf"\b(?:{data['vcpus']['existing']})\b")
        """Matches a mention of what changes once a vCPU exists."""
        self._reaching_vcpus = _names(data["vcpus"]["reached_by"])
        self.vm_state = re.compile(rf"\bkvm\s*->\s*(?!(?:{'|'.join(locks['members'])})\b)\w+")
        """Matches a member of the VM that is its state."""
        self._vm_locks = frozenset([*locks["members"], data["vcpus"]["count"]])
        compat = data["compat"]
        self.native_field, self.compat_field, self.compat_macro = (
            compat["native_field"],
            compat["field"],
            compat["macro"],
        )
        """Members of a table of file operations for ioctls, and the macro around the second one."""
        self.compat_tests: tuple[str, ...] = tuple(compat["tests"])
        """Functions that tell whether the program is a 32-bit one."""
        self.register_sets: tuple[str, ...] = tuple(data["register_sets"]["members"])
        """Members of `struct kvm_run` in which user space names registers."""
        settled = data["settled"]
        self._host_tests, self._vm_tests = _names(settled["host"]), _names(settled["vm"])
        self._creators = _names(settled["creators"])
        self.reports = re.compile(rf"\b(?:{'|'.join(data['reporting']['calls'])})\s*\(")
        """Matches a call that tells a VMM's user of something."""

    def reaches_vcpus(self, callee: str) -> bool:
        """Whether a call reaches the vCPUs that a VM has."""
        return self._reaching_vcpus.match(callee) is not None

    def logs(self, callee: str) -> bool:
        """Whether a call only writes to a log or a trace."""
        return self._logging.match(callee) is not None

    def is_inert(self, callee: str) -> bool:
        """Whether a call leaves no trace in KVM's own state: it logs, asserts, reads or locks."""
        return self._inert.match(callee) is not None

    def is_transparent(self, callee: str) -> bool:
        """Whether a call evaluates to its first argument."""
        return self._transparent.match(callee) is not None

    def seen_through(self, text: str) -> str:
        """Return an expression with the arguments of transparent macros in their place."""
        if "(" not in text or self._transparent_call.search(text) is None:
            return text
        pieces, position = [], 0
        for start, end, _, arguments in calls(text, self._transparent_call):
            inner = self.seen_through(arguments[0])
            whole = (start, end) == (0, len(text))
            pieces += [text[position:start], inner if whole or _CHAIN.match(inner) else f"({inner})"]
            position = end
        return "".join([*pieces, text[position:]])

    def stored(self, callee: str, arguments: Sequence[str]) -> tuple[str, str] | None:
        """Return target and value of a call that is an assignment, None of any other."""
        direct = self._direct.match(callee)
        if not direct and not self._of_pointer.match(callee):
            return None
        if len(arguments) != 2:
            return None
        target, value = map(str.strip, arguments)
        if direct:
            return target, value
        return (target[1:].strip() if target.startswith("&") else f"*{target}"), value

    def takes_vm_lock(self, callee: str, arguments: str) -> bool:
        """Whether the VM's lock is held behind a call: taken there, or by its caller."""
        named = self._take.match(callee) or self._held.match(callee)
        return self._vm_take.match(callee) is not None or bool(named and self._vm_lock.search(arguments))

    def releases_vm_lock(self, callee: str, arguments: str) -> bool:
        """Whether a call releases the VM's lock."""
        return bool(self._release.match(callee) and self._vm_lock.search(arguments))

    def accesses_user_memory(self, callee: str) -> bool:
        """Whether a call accesses the address that it gets in the caller's memory, and fails where that is 0."""
        return self._access.match(callee) is not None

    def makes_user_pointer(self, callee: str) -> bool:
        """Whether a call evaluates to the address that it gets, as a pointer into the caller's memory."""
        return self._pointers.match(callee) is not None

    def accesses(self, callee: str) -> bool:
        """Whether a call accesses the memory behind each pointer that it gets."""
        return self._accessing.match(callee) is not None

    def assigns(self, callee: str) -> bool:
        """Whether a macro may assign to an argument that it gets by value."""
        return self._assigning.match(callee) is not None

    def is_true_of_null(self, callee: str) -> bool:
        """Whether a call is true of NULL, so that its argument is not NULL where it is false."""
        return self._true_of_null.match(callee) is not None

    def ignores_null(self, callee: str) -> bool:
        """Whether the result of a call does not tell whether its argument is NULL."""
        return self._ignore_null.match(callee) is not None

    def is_same_object(self, callee: str) -> bool:
        """Whether a call evaluates to the structure that contains its first argument."""
        return self._same_object.match(callee) is not None

    def judges(self, callee: str) -> bool:
        """Whether a call finds out itself if the pointer, descriptor or number that it gets is good."""
        return self._judging.match(callee) is not None

    def is_error_test(self, callee: str) -> bool:
        """Whether a call tells if the pointer that it gets is an errno."""
        return self._error_tests.match(callee) is not None

    def is_error_value(self, callee: str) -> bool:
        """Whether a call turns an errno into a pointer, or a pointer into an errno."""
        return self._error_values.match(callee) is not None

    def bounds(self, callee: str) -> bool:
        """Whether a call's value stays within bounds whatever it gets."""
        return self._bounding.match(callee) is not None

    def numbers_a_bit(self, callee: str) -> bool:
        """Whether the first argument of a call is the number of a bit."""
        return self._bit_numbers.match(callee) is not None

    def is_host_test(self, callee: str) -> bool:
        """Whether a call with constant arguments asks for a property of the host."""
        return self._host_tests.match(callee) is not None

    def is_fixed_vm_test(self, callee: str) -> bool:
        """Whether a call asks for a property that a VM has as long as it exists."""
        return self._vm_tests.match(callee) is not None

    def is_vm_lock(self, member: str) -> bool:
        """Whether a member of the VM is a lock or the number of vCPUs, and so tells nothing else of it."""
        return member in self._vm_locks

    def creates_vm(self, function: str) -> bool:
        """Whether a function runs only while a VM is created."""
        return self._creators.match(function) is not None

    def is_vcpu_loop(self, macro: str) -> bool:
        """Whether a macro is the head of a loop over a VM's vCPUs."""
        return self._vcpu_loops.match(macro) is not None


def _names(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(words)})\Z")


@cache
def kernel_idioms() -> KernelIdioms:
    """Return the table that is part of the package."""
    return KernelIdioms(
        tomllib.loads(resources.files(__package__).joinpath("data", "kernel_idioms.toml").read_text("utf-8"))
    )
