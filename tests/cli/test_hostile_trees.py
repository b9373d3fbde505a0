"""No file of a tree can hang a run or make it fail; each that tries is named with its reason."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from conftest import Caplint, kernel

from caplint.facts import workers

HOSTILE = {
    "arch/x86/kvm/calls.c": (b"f(\n" * 300_000, "nests brackets deeper than 160"),
    "arch/x86/kvm/sum.c": (b"int x = " + b"a+\n" * 100_000 + b"a;\n", "nests deeper than 200"),
    "arch/x86/kvm/nested.c": (b"#if A\n" * 10_000 + b"#endif\n" * 10_000, "#if nested more than 200 deep"),
    "arch/x86/kvm/line.c": (b"x " * (10 << 20), "larger than 16 MiB"),
    "arch/x86/kvm/odd.c": (b"#if defined(3)\nint x;\n#endif\n", None),
    "arch/x86/kvm/Kconfig": (b"if A\n" * 1000, "nests deeper than 64"),
    "arch/x86/kvm/Makefile": (b"ifdef A\n" + b"else ifdef B\n" * 1000, "has more than 64 alternatives of one if"),
}


@pytest.mark.parametrize("timeout", [15.0, 0.2])
def test_a_run_ends_and_names_them(
    caplint: Caplint, tmp_path: Path, timeout: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "FILE_TIMEOUT", timeout)
    tree = kernel(tmp_path / "k", {path: content for path, (content, _) in HOSTILE.items()})
    begin = time.perf_counter()
    assert caplint("check", tree, "--fail-on", "never").status == 0
    assert time.perf_counter() - begin < 60
    query = "SELECT path, reason FROM blind ORDER BY path"
    found = json.loads(caplint("facts", query, tree, "--output-format", "json").out)
    for path, (_, reason) in HOSTILE.items():
        reasons = {row["reason"] for row in found if row["path"] == path}
        assert reasons == set() if reason is None else {reason, f"took longer than {timeout:g} s"} & reasons


def test_what_a_tree_says_at_length_is_cut_and_ends_no_run(caplint: Caplint, tmp_path: Path) -> None:
    """A copy that lacks 12,000 capabilities: the message and the evidence are longer than a report holds."""
    name = "include/uapi/linux/kvm.h"
    plain = kernel(tmp_path / "plain")
    header = (plain / name).read_text()
    more = "".join(f"#define KVM_CAP_MADE_UP_{number} {number + 1000}\n" for number in range(12_000))
    tree = kernel(tmp_path / "k", {name: header.encode() + more.encode(), f"tools/{name}": header.encode()})
    run = caplint("check", "--kernel", tree, "--select", "CAP106", "--output-format", "json", "--fail-on", "never")
    assert (run.status, "malformed" in run.err) == (0, False)
    (finding,) = json.loads(run.out)["findings"]
    assert re.search(r"… \(\d+,\d+ characters, [0-9a-f]{12}\)$", finding["message"])
    assert any(entry["message"] == "and 2,001 places more, of which this is the first" for entry in finding["related"])


def test_thousands_of_names_of_one_number_end_no_run(caplint: Caplint, tmp_path: Path) -> None:
    """Each is reported against the first; against sixteen, they would be more rows than a query may give."""
    name = "include/uapi/linux/kvm.h"
    header = (kernel(tmp_path / "plain") / name).read_text()
    more = "".join(f"#define KVM_CAP_MADE_UP_{number} 5000\n" for number in range(6_000))
    tree = kernel(tmp_path / "k", {name: header.encode() + more.encode()})
    run = caplint("check", "--kernel", tree, "--select", "CAP102", "--output-format", "json", "--fail-on", "never")
    assert (run.status, len(json.loads(run.out)["findings"])) == (0, 5_999)


def test_a_header_that_is_too_large_is_named_by_its_path(caplint: Caplint, tmp_path: Path) -> None:
    name = "include/uapi/linux/kvm.h"
    header = (kernel(tmp_path / "plain") / name).read_text()
    tree = kernel(tmp_path / "k", {name: header.encode() + b"/* filler */\n" * 90_000})
    run = caplint("check", "--kernel", tree, "--select", "CAP107", "--output-format", "json", "--fail-on", "never")
    assert run.status == 0
    (finding,) = json.loads(run.out)["findings"]
    assert (finding["location"]["path"], "is missing or too large" in finding["message"]) == (name, True)
