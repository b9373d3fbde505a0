"""caplint probe, and --probe of other commands. The machine itself is played by a record, or by a function."""

from __future__ import annotations

import io
import json
import os
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import CHECK, HEADER, UAPI, X86, Caplint, commit, kernel, lay

from caplint.machine import kvm, msr, record
from caplint.machine.record import Answer, Machine
from caplint.util.errors import CaplintError

MAKEFILE = {"Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 3\n"}
BOX = Machine("box", "6.12.3", "x86", 0, 9, (Answer(0, "KVM_CAP_IRQCHIP", 1, 1), Answer(7, None, 3, 2)))


def _schema(name: str) -> Any:
    return json.loads(resources.files("caplint").joinpath(f"schemas/{name}.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This machine is BOX, whatever it is, and has no header of its own."""

    def ask(names: dict[int, str] | None = None, last: int = 0) -> Machine:
        answers = tuple(
            Answer(entry.number, (names or {}).get(entry.number), entry.system, entry.vm) for entry in BOX.answers
        )
        return Machine(BOX.name, BOX.release, BOX.arch, 0, last, answers)

    monkeypatch.setattr(kvm, "ask", ask)
    monkeypatch.setattr("caplint.machine.names.of_machine.__defaults__", (tmp_path / "absent.h",))


def _recorded(directory: Path, entry: Machine = BOX) -> Path:
    lay(directory, {"box.json": json.dumps(record.as_object(entry))})
    return directory / "box.json"


def test_a_table(caplint: Caplint, tmp_path: Path) -> None:
    run = caplint("probe", "--kernel", kernel(tmp_path / "k"))
    assert (run.status, run.err) == (0, "")
    assert run.out.splitlines() == [
        "box: Linux 6.12.3 (x86), 2 of 1024 answered",
        "number  capability       system  vm",
        "     0  KVM_CAP_IRQCHIP       1   1",
        "     7  (no name known)       3   2",
    ]


def test_numbers_are_asked_as_far_as_any_header_or_vendor_goes(caplint: Caplint, tmp_path: Path, apart: Path) -> None:
    lay(apart, {"caplint.toml": 'vendor-range = "2000-2047"\n'})
    tree = kernel(tmp_path / "k")
    assert "2 of 2048 answered" in caplint("probe", tree).out
    lay(tree, {UAPI: "#define KVM_CAP_FAR 3000\n"})
    assert "2 of 3001 answered" in caplint("probe", tree).out
    lay(tree, {UAPI: "#define KVM_CAP_FAR 0x7fffffff\n"})
    assert "2 of 65536 answered" in caplint("probe", tree).out


def test_a_record_goes_out_and_comes_back(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = caplint("probe", "--output-format", "json")
    jsonschema.validate(json.loads(run.out), _schema("probe"))
    kept = tmp_path / "kept.json"
    assert (caplint("probe", "--output", kept).out, kept.read_text("utf-8")) == ("", run.out)
    shown = caplint("probe", "--from", kept).out
    assert shown == caplint("probe").out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(run.out.encode())))
    assert caplint("probe", "--from", "-").out == shown


def test_check_finds_what_nothing_explains(caplint: Caplint, tmp_path: Path) -> None:
    tree = kernel(tmp_path / "k", MAKEFILE)
    words = ("check", tree, "--select", "CAP214", "--output-format", "concise")
    run = caplint(*words, "--probe", _recorded(tmp_path))
    assert run.status == 1
    assert run.out.splitlines() == [
        f"{tree}/arch/x86/kvm/x86.c:7:1: warning CAP214 KVM_CAP_HLT on x86: machine box (Linux 6.12.3) does not answer"
        " it, but kvm_vm_ioctl_check_extension() always answers 1",
        f"{tree}/include/uapi/linux/kvm.h:3:1: note CAP214 number 7 on x86: machine box (Linux 6.12.3) answers it with"
        " 3, but this source defines no capability of number 7",
    ]
    bare = caplint(*words, "--probe")
    assert (bare.status, bare.out) == (run.status, run.out)


def test_without_a_probe_the_rule_says_that_it_did_not_run(caplint: Caplint, tmp_path: Path) -> None:
    run = caplint("check", kernel(tmp_path / "k", MAKEFILE), "--select", "CAP214")
    assert run.status == 0
    assert "CAP214" in run.out
    assert "needs a machine's answers (--probe)" in run.out


def test_what_a_change_adds_is_held_against_the_machine_too(caplint: Caplint, tmp_path: Path) -> None:
    tree = kernel(tmp_path / "k", MAKEFILE)
    commit(tree)
    words = ("check", tree, "--base", "HEAD", "--select", "CAP214", "--output-format", "concise", "--probe")
    assert caplint(*words, _recorded(tmp_path)).out == ""
    case = "\tcase KVM_CAP_IRQCHIP:\n"
    lay(tree, {UAPI: HEADER + "#define KVM_CAP_TEA 5\n", X86: CHECK.replace(case, case + "\tcase KVM_CAP_TEA:\n")})
    run = caplint(*words, _recorded(tmp_path))
    assert [line.partition("CAP214 ")[2].partition(" on ")[0] for line in run.out.splitlines()] == ["KVM_CAP_TEA"]


def test_facts_of_several_machines(caplint: Caplint, tmp_path: Path) -> None:
    other = _recorded(tmp_path / "other", Machine("old", "6.1.0", "x86", 0, 9, ()))
    query = "SELECT machine, cap, system FROM machine_answer WHERE number < 2 ORDER BY 1, number"
    run = caplint("facts", query, kernel(tmp_path / "k"), "--probe", _recorded(tmp_path), "--probe", other,
                  "--output-format", "csv")  # fmt: skip
    assert run.out.splitlines() == [
        "machine,cap,system",
        "box,KVM_CAP_IRQCHIP,1", "box,KVM_CAP_HLT,0", "old,KVM_CAP_IRQCHIP,0", "old,KVM_CAP_HLT,0",
    ]  # fmt: skip


def test_explain(caplint: Caplint, tmp_path: Path) -> None:
    run = caplint("probe", "--explain", kernel(tmp_path / "k", MAKEFILE), "--from", _recorded(tmp_path))
    assert run.status == 0
    assert run.out.splitlines() == [
        "box: Linux 6.12.3 (x86), 2 of 10 answered",
        "",
        "unexplained: 2",
        "  KVM_CAP_HLT: the source answers it and the machine does not",
        "    kvm_vm_ioctl_check_extension() always answers 1 (kernel:arch/x86/kvm/x86.c:7)",
        "  number 7: the machine answers it (3 to the system, 2 to a VM)",
        "    this source defines no capability of number 7 (kernel:include/uapi/linux/kvm.h:3)",
        "",
        "depends on the processor, on KVM's module parameters or on the VM: 1",
        "  KVM_CAP_NR_VCPUS: the source answers it and the machine does not",
        "    the answer is kvm && kvm->max, which depends on the machine, on KVM's parameters or on the VM",
        "    (kernel:arch/x86/kvm/x86.c:10)",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--explain",), "--explain needs a kernel tree; give --kernel DIR"),
        (
            ("--explain", "--output-format", "json", "--kernel", "KERNEL"),
            "--explain prints only text; for data use caplint facts",
        ),
        (("--explain", "--kernel", "KERNEL", "--from", "RISCV"), "the kernel tree has no check handler for riscv"),
        (("--from", "absent.json"), "--probe absent.json: cannot be read: No such file or directory"),
        (("--msr", "0x4f", "--explain"), "--msr reads registers of this machine"),
        (("--msr", "0x4f", "--cpu", "-1"), "--cpu -1: must be 0 or higher"),
        (("--msr", "MSR_TEA"), "no tree here defines MSRs"),
        (("--output", "no/such/place.json"), "no/such/place.json: cannot be written"),
        (("--prob",), "did you mean"),
    ],
)
def test_one_clear_line(caplint: Caplint, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    places = {
        "KERNEL": kernel(tmp_path / "k"),
        "RISCV": _recorded(tmp_path, Machine("box", "6.12.3", "riscv", 0, 9, ())),
    }
    run = caplint("probe", *(places.get(word, word) for word in words))
    if message != "did you mean":
        assert message in run.err
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("command", ["check", "facts"])
def test_a_record_that_is_none(caplint: Caplint, tmp_path: Path, command: str) -> None:
    lay(tmp_path, {"bad.json": '{"version": 1}'})
    query = ("SELECT 1",) if command == "facts" else ()
    run = caplint(command, *query, kernel(tmp_path / "k"), "--probe", tmp_path / "bad.json")
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert "bad.json: it lacks caplint; `caplint probe --output-format json` writes such a record" in run.err


def test_a_tree_is_no_record(caplint: Caplint, tmp_path: Path) -> None:
    run = caplint("check", "--probe", kernel(tmp_path / "k"))
    assert run.status == 2
    assert "is a directory; to query this machine, put `--probe` last" in run.err


def test_two_machines_of_one_name(caplint: Caplint, tmp_path: Path) -> None:
    run = caplint("check", kernel(tmp_path / "k"), "--probe", _recorded(tmp_path), "--probe")
    assert run.status == 2
    assert '--probe: two probe records are both named box; edit "machine" in one' in run.err


def test_a_machine_that_cannot_be_asked(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Machine:
        raise CaplintError("/dev/kvm: cannot be opened: No such file or directory; KVM is not there")

    monkeypatch.setattr(kvm, "ask", refuse)
    for words in (("probe",), ("check", kernel(tmp_path / "k"), "--probe")):
        run = caplint(*words)
        assert (run.status, run.out) == (2, "")
        assert run.err == "caplint: /dev/kvm: cannot be opened: No such file or directory; KVM is not there\n"


@pytest.mark.parametrize(
    ("word", "line"), [("MSR_TEA", "MSR_TEA (0x4f) = 0x7f"), ("0x4f", "0x4f = 0x7f"), ("79", "0x4f = 0x7f")]
)
def test_registers(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, line: str) -> None:
    lay(tmp_path / "cpu", {"1/msr": b"\0" * 0x4F + b"\x7f" + b"\0" * 7})
    monkeypatch.setitem(msr.read.__kwdefaults__ or {}, "devices", tmp_path / "cpu")
    tree = kernel(tmp_path / "k", {"arch/x86/include/asm/msr-index.h": "#define MSR_TEA 0x4f\n"})
    words = ("probe", "--kernel", tree, "--msr", word, "--cpu", "1")
    assert caplint(*words).out == line + "\n"
    found = json.loads(caplint(*words, "--output-format", "json").out)
    jsonschema.validate(found, _schema("msr"))
    assert found["machine"] == os.uname().nodename
    assert found["msrs"] == [{"name": word if word == "MSR_TEA" else None, "number": 0x4F, "value": "0x7f"}]
