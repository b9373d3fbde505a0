"""The log of a traced VMM in the inventory."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import jsonschema
import pytest
from conftest import Caplint

from caplint.util.shipped_files import FIXTURES

_LOG = """\
12 openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 3</dev/kvm>
12 ioctl(3</dev/kvm>, KVM_CHECK_EXTENSION, KVM_CAP_HLT) = 1
12 ioctl(3</dev/kvm>, KVM_CHECK_EXTENSION, 0xe) = 0
12 ioctl(3</dev/kvm>, KVM_CHECK_EXTENSION, 0x3fff) = 0
12 ioctl(4<anon_inode:kvm-vm>, KVM_ENABLE_CAP, 0x7ffd) = -1 EINVAL (Invalid argument)
12 ioctl(4<anon_inode:kvm-vm>, KVM_ENABLE_CAP, {cap=KVM_CAP_SPLIT_IRQCHIP, flags=0}) = 0
"""
_TREES = ("--kernel", FIXTURES / "linux", "--tree", f"teapot=vmm:{FIXTURES / 'teapot'}")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.write_text(_LOG)
    return path


def test_the_table_has_a_column(caplint: Caplint, log: Path) -> None:
    run = caplint("inventory", *_TREES, "--trace", log, "--no-pager")
    head, *rows = run.out.splitlines()
    assert "traced" in head
    assert "c=1" in next(row for row in rows if " HLT " in row)
    assert "c=0" in next(row for row in rows if " MP_STATE " in row)
    assert "e=0" in next(row for row in rows if " SPLIT_IRQCHIP " in row)
    assert "traced: what the VMM did" in " ".join(run.out.split())
    assert f"{log}: strace does not show what 1 of KVM_ENABLE_CAP enable" in run.err
    assert f"{log}: names 1 capabilities that are not in this inventory" in run.err


def test_without_a_log_there_is_none(caplint: Caplint) -> None:
    assert "traced" not in caplint("inventory", *_TREES, "--no-pager").out
    data = json.loads(caplint("inventory", *_TREES, "--output-format", "json").out)
    assert not any("traced" in cap for cap in data["capabilities"])


def test_other_formats(caplint: Caplint, log: Path) -> None:
    words = ("inventory", *_TREES, "--trace", log, "--output-format")
    rows = {row["name"]: row for row in csv.DictReader(caplint(*words, "csv").out.splitlines())}
    assert rows["KVM_CAP_HLT"]["traced"] == "c=1"
    assert "| traced |" in caplint(*words, "markdown").out
    assert "<td>c=1</td>" in caplint(*words, "html").out
    data = json.loads(caplint(*words, "json").out)
    schema = json.loads((Path(__file__).parents[2] / "caplint/schemas/inventory.json").read_text())
    jsonschema.validate(data, schema)
    caps = {cap["name"]: cap.get("traced") for cap in data["capabilities"]}
    assert caps["KVM_CAP_MP_STATE"] == [
        {"log": str(log), "verb": "check", "scope": "system", "times": 1, "answers": ["0"], "line": 3}
    ]


def test_what_is_no_log(caplint: Caplint, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff" * 1000)
    run = caplint("inventory", *_TREES, "--trace", tmp_path / "x")
    assert (run.status, run.out) == (2, "")
    assert "no request KVM_CHECK_EXTENSION" in run.err
    assert caplint("inventory", *_TREES, "--trace", tmp_path / "nothing").status == 2
