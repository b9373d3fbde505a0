"""Series written for the mini-kernel, with the places that it has too few of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import new_capabilities

from caplint.authoring.kernel.numbers import settled
from caplint.authoring.request import CapabilityRequest, parse
from caplint.authoring.series.compose import NewSeries, series
from caplint.authoring.topic import Topic
from caplint.authoring.workshop import Workshop
from caplint.config.settings import Config
from caplint.engine.rule_examples import mini_trees
from caplint.fixes.workbench import Workbench
from caplint.session import open_session
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree

MAIN = "virt/kvm/kvm_main.c"
S390 = "arch/s390/include/asm/kvm_host.h"
SELFTESTS = "tools/testing/selftests/kvm"
_DESTROY = """
static void kvm_destroy_vm(struct kvm *kvm)
{
	kvm_arch_destroy_vm(kvm);
	kvm_arch_free_vm(kvm);
}
"""
_X86 = "arch/x86/kvm/x86.c"
_RUN = "\tswitch (ioctl) {\n\tcase KVM_RUN:\n"
_VCPU = "\tstruct kvm_vcpu *vcpu = filp->private_data;\n\n"
_VARIABLES = """\
	struct kvm *kvm = filp->private_data;
	void __user *argp = (void __user *)arg;
	int answer;
"""
_IOCTLS = """\
	switch (ioctl) {
	case KVM_CREATE_VCPU:
		answer = -EEXIST;
		break;
	default:
		answer = -ENOTTY;
	}
	return answer;
"""
_MAKEFILE = """\
TEST_GEN_PROGS_x86_64 += x86_64/platform_info_test
TEST_GEN_PROGS_x86_64 += steal_time
TEST_GEN_PROGS_s390x = s390x/memop
TEST_GEN_PROGS_aarch64 += aarch64/psci_test
"""
_LIBRARY = """\
bool kvm_has_cap(long cap);
int vm_check_cap(struct kvm_vm *vm, long cap);
struct kvm_vm *vm_create_barebones(void);
struct kvm_vm *vm_create(uint32_t vcpus);
struct kvm_vm *vm_create_with_one_vcpu(struct kvm_vcpu **vcpu, void *guest_code);
struct kvm_vcpu *vm_vcpu_add(struct kvm_vm *vm, uint32_t id, void *guest_code);
void kvm_vm_free(struct kvm_vm *vm);
int __vm_ioctl(struct kvm_vm *vm, unsigned long request, void *argument);
int __vcpu_ioctl(struct kvm_vcpu *vcpu, unsigned long request, void *argument);
"""
_CALLS = """\
struct ucall { uint64_t cmd; uint64_t args[6]; };
enum { UCALL_NONE, UCALL_SYNC, UCALL_DONE };
uint64_t get_ucall(struct kvm_vcpu *vcpu, struct ucall *uc);
void vcpu_run(struct kvm_vcpu *vcpu);
void ucall(uint64_t cmd, int nargs, ...);
#define GUEST_SYNC(stage) ucall(UCALL_SYNC, 2, "hello", stage)
#define GUEST_DONE() ucall(UCALL_DONE, 0)
"""
_PROCESSOR = """\
uint8_t rdmsr_safe(uint32_t msr, uint64_t *value);
uint64_t vcpu_get_msr(struct kvm_vcpu *vcpu, uint64_t msr);
int _vcpu_set_msr(struct kvm_vcpu *vcpu, uint64_t msr, uint64_t value);
"""

REQUESTS = {
    **new_capabilities.REQUESTS,
    "two": parse("KVM_CAP_BELL", archs=["s390x", "x86"], arguments="mask:ONE"),
    "ioctl of any vcpu": parse("KVM_CAP_BELL", scope="vcpu", arguments="bool", ioctl="KVM_SET_BELL"),
    "ioctl of two": parse(
        "KVM_CAP_BELL", archs=["s390", "x86"], scope="vcpu", arguments="size", answer="count", ioctl="SET_BELL"
    ),
    "number": parse("KVM_CAP_MIPS_BELL", archs=["mips"], scope="none", answer="count"),
}


def kernel(changes: dict[str, bytes | None] | None = None) -> Tree:
    """The mini-kernel, with an end of VMs, a member that s390 can put others behind, and self-tests that are built."""
    tree = mini_trees()["kernel"]
    more: dict[str, bytes | None] = {
        MAIN: tree.read(MAIN).replace(_RUN.encode(), (_VCPU + _RUN).encode()) + _DESTROY.encode(),
        _X86: _with_ioctls(tree.read(_X86)),
        S390: tree.read(S390).replace(b"\tu64 gprs[16];\n", b"\tu64 gprs[16];\n\tbool loaded;\n"),
        f"{SELFTESTS}/Makefile": _MAKEFILE.encode(),
        f"{SELFTESTS}/include/kvm_util.h": _LIBRARY.encode(),
        f"{SELFTESTS}/include/test_util.h": b"#define TEST_REQUIRE(f) (f)\n",
        f"{SELFTESTS}/include/ucall_common.h": _CALLS.encode(),
        f"{SELFTESTS}/include/x86_64/processor.h": _PROCESSOR.encode(),
    }
    return OverlayTree(tree, more | (changes or {})).without_base()


def _with_ioctls(text: bytes) -> bytes:
    """Give the function for a VM's ioctls a switch whose cases keep a result."""
    head, function, rest = text.partition(b"long kvm_arch_vm_ioctl(")
    rest = rest.replace(b"\tstruct kvm *kvm = filp->private_data;\n", _VARIABLES.encode(), 1)
    return head + function + rest.replace(b"\treturn -ENOTTY;\n", _IOCTLS.encode(), 1)


@contextmanager
def workshop(tree: Tree, config: Config | None = None) -> Iterator[Workshop]:
    """The workshop of a tree: all that authors read."""
    session = open_session([tree], config or Config(cache="none", jobs=1))
    try:
        yield Workshop(Workbench(session.connection, {tree.name: tree}), tree)
    finally:
        session.store.close()


def fresh(place: Workshop) -> Topic:
    """A patch in the making of a tree that no patch has changed."""
    return Topic(Workshop(place.bench, place.tree), "subject", [])


def text(topic: Topic, path: str) -> str:
    """A file as the patches so far have left it."""
    return topic.workshop.sheet(path).content.decode()


def new_lines(topic: Topic, reason: str = "") -> list[str]:
    """The lines that patches add, in all files, or those that they add for one reason."""
    lines = (line for path in topic.workshop.written for line in topic.workshop.sheet(path).lines)
    return [line.text for line in lines if line.reason and reason in line.reason]


@contextmanager
def written(request: CapabilityRequest, tree: Tree | None = None, wish: str = "next") -> Iterator[NewSeries]:
    """The series for a request."""
    with workshop(tree or kernel()) as place:
        yield series(settled(request, place, wish), place)


def contents(made: NewSeries) -> dict[str, bytes | None]:
    """The files after the last patch."""
    return {path: made.workshop.sheet(path).content for topic in made.topics for path in topic.files}


def added(made: NewSeries, path: str, reason: str) -> list[str]:
    """The lines that a series adds to a file for some reason."""
    return [line.text for line in made.workshop.sheet(path).lines if line.reason == reason]
