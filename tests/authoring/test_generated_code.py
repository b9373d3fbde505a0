"""Generated C is what a compiler accepts, among declarations that stand in for the kernel's."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import UAPI, lay
from written import MAIN, REQUESTS, SELFTESTS, written

from caplint.authoring.request import CapabilityRequest
from caplint.authoring.series.compose import NewSeries
from caplint.trees.overlay import OverlayTree

_STRICT = [
    "-std=gnu11",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-unused-parameter",
    "-Wno-unused-function",
    "-fsyntax-only",
]
_KERNEL = """
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef _Bool bool;
#define true 1
#define EINVAL 22
#define INT_MAX 0x7fffffff
struct mutex { int held; };
void mutex_lock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);
void set_bit(long bit, unsigned long *flags);
void clear_bit(long bit, unsigned long *flags);
bool test_bit(long bit, const unsigned long *flags);
struct eventfd_ctx;
struct eventfd_ctx *eventfd_ctx_fdget(int fd);
void eventfd_ctx_put(struct eventfd_ctx *context);
bool IS_ERR(const void *pointer);
long PTR_ERR(const void *pointer);
struct kvm;
void traced(struct kvm *kvm, int level, const char *text, ...) __attribute__((format(printf, 3, 4)));
#define VM_EVENT(...) traced(__VA_ARGS__)
struct kvm_enable_cap { u32 cap; u32 flags; u64 args[4]; };
typedef unsigned long long __u64;
#define EFAULT 14
#define __user
#define _IO(type, number) (number)
#define _IOW(type, number, of) ((number) + 0 * sizeof(of))
#define KVMIO 0xAE
unsigned long copy_from_user(void *to, const void *from, unsigned long count);
struct msr_data { bool host_initiated; u32 index; u64 data; };
"""
_STATE = "state that enabling sets"
_VALUE = "value of the register in each vCPU"
_IOCTL = "number of the ioctl, and what it takes"
_LIMITS = "what is valid, and how KVM asks for the state"


def _texts(made: NewSeries, arch: str) -> dict[str, list[str]]:
    """Reason → the lines that a series adds to the code of one architecture."""
    texts: dict[str, list[str]] = {}
    for path in {path for topic in made.topics for path in topic.files if not path.startswith(SELFTESTS)}:
        if not path.startswith("arch/") or path.startswith(f"arch/{arch}/"):
            for line in made.workshop.sheet(path).lines:
                if line.reason and not line.text.startswith("#include"):
                    texts.setdefault(line.reason, []).append(line.text)
    return texts


def _unit(made: NewSeries, arch: str) -> Iterator[str]:
    """Lines, each where it belongs."""
    texts = _texts(made, arch)
    yield _KERNEL
    yield from (*texts["number of the capability"], *texts.get("bits of the mask", []), *texts.get(_IOCTL, []))
    yield from texts.get("number of the register", ["#define MSR_PPIN 0x4f"])
    yield from _structures(texts)
    answer = texts["answer to KVM_CHECK_EXTENSION"]
    yield from _switch("check(struct kvm *kvm, long ext)", "ext", answer)
    yield from _switch("enable(struct kvm *kvm, struct kvm_vcpu *vcpu, struct kvm_enable_cap *cap)", "cap->cap",
                       texts.get("enables it: arguments are tested, then the state is set", []))  # fmt: skip
    yield from texts.get("carries the ioctl out", [])
    head = "ioctl(struct kvm *kvm, struct kvm_vcpu *vcpu, unsigned int ioctl, unsigned long arg, void __user *argp)"
    yield from _switch(head, "ioctl", texts.get("case of the ioctl", []))
    for number, verb in enumerate(("answers reads of the register", "takes writes of the register")):
        head = f"access{number}(struct kvm_vcpu *vcpu, struct msr_data *msr_info)"
        yield from _switch(head, "msr_info->index", texts.get(verb, []))
    yield from ("void destroy(struct kvm *kvm)", "{", *texts.get("releases the descriptor with the VM", []), "}")
    saved = texts.get("lists the register, so that user space saves and restores it", ["0"])
    yield from ("const u32 saved[] = {", *saved, "};")
    owner = "vcpu" if made.request.scope == "vcpu" else "kvm"
    for line in texts.get(_LIMITS, []):
        if line.startswith("#define kvm_"):
            call = f"{line.split('(')[0].split()[1]}({owner})"
            yield f"u64 reads(struct kvm_vcpu *vcpu, struct kvm *kvm) {{ return {call}; }}"


def _structures(texts: dict[str, list[str]]) -> Iterator[str]:
    state = texts.get(_STATE, [])
    flag = [line for line in state if line.startswith("#")]
    plain = [line for line in state if not line.startswith("#")]
    yield from flag
    for struct, more in (("kvm_arch", []), ("kvm_vcpu_arch", texts.get(_VALUE, []))):
        yield from (f"struct {struct} {{", "\tunsigned long flags;", *plain, *more, "};")
    yield from ("struct kvm {", "\tstruct mutex lock;", "\tint created_vcpus;", *plain, "\tstruct kvm_arch arch;", "};")
    yield from ("struct kvm_vcpu {", "\tstruct kvm *kvm;", *plain, "\tstruct kvm_vcpu_arch arch;", "};")
    yield from texts.get(_LIMITS, [])


def _switch(head: str, value: str, cases: list[str]) -> Iterator[str]:
    """A function with a switch; a lone label gets an answer."""
    yield from (f"int {head}", "{", "\tint answer = 0;", "", f"\tswitch ({value}) {{", *cases)
    yield from ("\t\tanswer = 1;", "\t\tbreak;") if len(cases) == 1 else ()
    yield from ("\tdefault:", "\t\tbreak;", "\t}", "\treturn answer;", "}")


def _accepts(source: str, *options: str, name: str = "clang") -> None:
    if shutil.which(name) is None:
        pytest.skip(f"no {name} here; `make compilers` installs it")
    run = subprocess.run(
        [name, "-x", "c", *_STRICT, *options, "-"], input=source, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, f"{run.stderr}\n{source}"


@pytest.mark.parametrize("name", ["clang", "gcc"])
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_a_compiler_accepts_the_code_of_the_kernel(request_: CapabilityRequest, name: str) -> None:
    with written(request_) as made:
        for arch in request_.archs:
            _accepts("\n".join([*_unit(made, arch), ""]), "-ffreestanding", name=name)


_TEST_UTIL = """
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
struct kvm_vm;
struct kvm_vcpu;
typedef uint64_t __u64;
struct kvm_enable_cap { uint32_t cap; uint32_t flags; uint64_t args[4]; };
#define KVM_ENABLE_CAP 1
#define KVMIO 0xAE
#define _IO(type, number) (number)
#define _IOW(type, number, of) ((number) + 0 * sizeof(of))
#define TEST_REQUIRE(f) do { if (!(f)) exit(4); } while (0)
#define TEST_ASSERT(e, fmt, ...) do { if (!(e)) { fprintf(stderr, fmt "\\n", ##__VA_ARGS__); exit(254); } } while (0)
"""


@pytest.mark.parametrize("tables", [False, True])
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_a_compiler_accepts_the_self_test(request_: CapabilityRequest, tables: bool, tmp_path: Path) -> None:
    processor = f"{SELFTESTS}/include/x86_64/processor.h"
    with written(request_) as first:
        tree = first.workshop.tree
        text = tree.read(processor)
        library, calls = (tree.read(f"{SELFTESTS}/include/{name}.h") for name in ("kvm_util", "ucall_common"))
    text += (
        b"void vm_init_descriptor_tables(struct kvm_vm *vm);\nvoid vcpu_init_descriptor_tables(struct kvm_vcpu *v);\n"
        * tables
    )
    with written(request_, OverlayTree(tree, {processor: text}).without_base()) as made:
        path = next((path for topic in made.topics for path in topic.files if path.endswith("_test.c")), None)
        if path is None:
            assert request_.archs == ("mips",)
            return
        program = made.workshop.sheet(path).content.decode()
        numbers = [line.text for line in made.workshop.sheet(UAPI).lines if line.reason]
    util = _TEST_UTIL + "\n".join(numbers) + "\n"
    lay(tmp_path, {"test_util.h": util, "kvm_util.h": library, "processor.h": text, "ucall_common.h": calls})
    _accepts(program, "-I", str(tmp_path))
    assert ("vm_init_descriptor_tables" in program) == (tables and request_.register is not None)
    assert MAIN not in program
