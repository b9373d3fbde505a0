"""Links in time that grows with the input: twice the cases take about twice the time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import UAPI, X86, bare_kernel

from caplint.check import open_session
from caplint.config import Config


def _header(cases: int) -> str:
    return "".join(f"#define KVM_CAP_C{at} {at}\n" for at in range(cases))


def _handler(head: str, cases: int, case: Callable[[int], str]) -> dict[str, str]:
    body = "".join(f"\tcase KVM_CAP_C{at}:\n{case(at)}" for at in range(cases))
    return {UAPI: _header(cases), X86: f"{head}\n{{\n\tint r;\n\tswitch (ext) {{\n{body}\t}}\n\treturn r;\n}}\n"}


CHECK = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)"
SHAPES: dict[str, Callable[[int], dict[str, str]]] = {
    "labels": lambda cases: _handler(CHECK, cases, lambda _: "\n"),
    "answers": lambda cases: _handler(CHECK, cases, lambda at: f"\t\tr = {at};\n\t\tbreak;\n"),
    "tests": lambda cases: _handler(CHECK, cases, lambda at: f"\t\tif (kvm->a{at})\n\t\t\treturn 1;\n\t\tbreak;\n"),
    "ranges": lambda cases: {
        UAPI: _header(cases),
        X86: f"{CHECK}\n{{\n\tswitch (ext) {{\n"
        + "".join(f"\tcase KVM_CAP_C0 ... KVM_CAP_C{at}:\n\t\treturn 1;\n" for at in range(cases))
        + "\t}\n\treturn 0;\n}\n",
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_with_the_input(tmp_path: Path, shape: str) -> None:
    def seconds(cases: int) -> float:
        tree = bare_kernel(tmp_path / str(cases), SHAPES[shape](cases))
        begun = time.process_time()
        open_session([tree], Config(cache="none", jobs=1)).store.close()
        return time.process_time() - begun

    seconds(200)
    small, large = seconds(1_000), seconds(4_000)
    assert large < 8 * max(small, 0.4), f"{small:.2f} s, then {large:.2f} s"
