"""A process that is killed while it reads: the run says so, and no later run knows anything of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Caplint, lay

from caplint import share
from caplint.abi import work
from caplint.facts import harvest, workers
from caplint.facts.extract import extract
from caplint.facts.languages import MADE, OUTLINE, WORDS
from caplint.facts.store import FactStore
from caplint.matrix import processes

KERNEL, QEMU = str(share.FIXTURES / "linux"), str(share.FIXTURES / "qemu")
TREES = ("--kernel", KERNEL, "--qemu", QEMU)
CHECK = ("check", *TREES, "--output-format", "jsonl", "--fail-on", "never", "--jobs", "1")
PATH = ("path", "KVM_CAP_MIPS_FPU", *TREES, "--output-format", "json")
# The tree of the run in which it was noticed: large enough to be read by a process, with a fault (CAP205) in its file.
ENABLE = """\
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	switch (cap->cap) {
	case KVM_CAP_HLT:
		return kvm_set_tea(kvm, 1);
	}
	return -EINVAL;
}
"""


def _dying(language: str, part: bytes) -> Callable[..., Any]:
    """Reads as ever, but for what is read as a language and holds something."""

    def read(source: bytes, given: str, *rest: Any) -> Any:
        if given == language and part in source:
            os._exit(9)
        return extract(source, given, *rest)

    return read


@pytest.fixture(autouse=True)
def _in_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is read is read by a process."""
    monkeypatch.setattr(workers, "_HARMLESS", 0)
    monkeypatch.setattr(harvest, "_BATCH_BYTES", 1)


def _run(caplint: Caplint, words: tuple[str, ...]) -> tuple[int, str, str]:
    run = caplint(*words)
    return run.status, run.out, run.err


def _disturbed(caplint: Caplint, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], *patch: Any) -> None:
    """One run that is disturbed gives something else; what comes after it, with its cache, gives the truth."""
    with monkeypatch.context() as patched:
        patched.setenv("CAPLINT_CACHE", "none")
        truth = _run(caplint, words)
    with monkeypatch.context() as patched:
        patched.setattr(*patch)
        assert _run(caplint, words) != truth, "nothing was lost: the test shows nothing"
    for _ in ("the next run", "the one after it"):
        assert _run(caplint, words) == truth


@pytest.mark.parametrize(
    ("words", "language", "part"),
    [
        (CHECK, "c", b"kvm_vm_ioctl_enable_cap"),
        (CHECK, "rst", b"KVM_CAP"),
        (CHECK, "make", b"kvm"),
        (PATH, OUTLINE, b"KVM_CAP_MIPS_FPU"),
        (PATH, WORDS, b"KVM_CAP_MIPS_FPU"),
    ],
    ids=["facts", "documentation", "makefiles", "outlines", "words"],
)
def test_a_killed_reader(
    caplint: Caplint, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], language: str, part: bytes
) -> None:
    _disturbed(caplint, monkeypatch, words, workers, "extract", _dying(language, part))


def test_the_run_in_which_it_was_noticed(caplint: Caplint, monkeypatch: pytest.MonkeyPatch, apart: Path) -> None:
    files = {
        "include/uapi/linux/kvm.h": "#define KVM_CAP_HLT 1\n", "virt/kvm/kvm_main.c": "", "arch/x86/kvm/e.c": ENABLE,
        "Documentation/virt/kvm/api.rst": "KVM_CAP_HLT\n",
    }  # fmt: skip
    words = ("check", str(lay(apart / "k", files)), "--output-format", "concise", "--jobs", "1")
    _disturbed(caplint, monkeypatch, words, workers, "extract", _dying("c", b"kvm_set_tea"))
    assert "CAP205" in caplint(*words).out


def test_a_killed_expansion(caplint: Caplint, monkeypatch: pytest.MonkeyPatch, apart: Path) -> None:
    """The handler's head is made by a macro."""
    head = "#define HANDLER(name) int kvm_vm_ioctl_##name(struct kvm *kvm, struct kvm_enable_cap *cap)\n"
    body = ENABLE.partition("\n")[2]
    files = {
        "include/uapi/linux/kvm.h": "#define KVM_CAP_HLT 1\n", "virt/kvm/kvm_main.c": "",
        "arch/x86/kvm/e.c": f"{head}HANDLER(enable_cap)\n{body}", "Documentation/virt/kvm/api.rst": "KVM_CAP_HLT\n",
    }  # fmt: skip
    words = ("check", str(lay(apart / "k", files)), "--output-format", "concise", "--jobs", "1")
    _disturbed(caplint, monkeypatch, words, workers, "extract", _dying(MADE, b""))
    assert "CAP205" in caplint(*words).out


def test_a_killed_evaluation_of_headers(caplint: Caplint, monkeypatch: pytest.MonkeyPatch) -> None:
    _disturbed(caplint, monkeypatch, CHECK, work, "_evaluate", lambda *_: os._exit(9))


def test_a_killed_reader_of_one_pair(caplint: Caplint, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pair is checked by a program of its own, whose reader is killed."""
    code = """
import os
from caplint.facts import workers
from caplint.matrix.cell import main
read, workers._HARMLESS = workers.extract, 0
workers.extract = lambda source, *rest: os._exit(9) if b"kvm_vm_ioctl_enable_cap" in source else read(source, *rest)
main()
"""
    words = ("matrix", *TREES, "--output-format", "json")
    _disturbed(caplint, monkeypatch, words, processes, "_COMMAND", (sys.executable, "-P", "-c", code))


def test_an_answer_that_there_was_no_time_for_is_no_outcome(caplint: Caplint, monkeypatch: pytest.MonkeyPatch) -> None:
    _disturbed(caplint, monkeypatch, (*CHECK, "--deep"), "caplint.graph.reaches.BUDGET", -1.0)


def test_nothing_is_retained_of_an_incomplete_reading() -> None:
    store = FactStore(None)
    store.retain("before", "whole")
    store.incomplete = True
    store.retain("after", "in part")
    assert (store.recall("before"), store.recall("after")) == ("whole", None)
    store.close()
