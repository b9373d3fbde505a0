"""caplint check: exit codes, formats, suppression, and what goes where."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from conftest import (
    HEADER,
    KERNEL_FILES,
    QEMU_FILES,
    QEMU_UAPI,
    UAPI,
    Caplint,
    bare_kernel,
    kernel,
    lay,
    qemu,
    trusted,
)

from caplint.facts.store.schema import file_name
from caplint.report import FORMATS

MISMATCH = HEADER.replace("NR_VCPUS 9", "NR_VCPUS 8")
NEW = f"{HEADER}#define KVM_CAP_NEW 10\n"


@pytest.fixture
def faulty(tmp_path: Path) -> tuple[str | Path, ...]:
    """Options for a pair with one error and one note under the selected rules."""
    return (
        "check", "--kernel", kernel(tmp_path / "k", {UAPI: NEW}), "--qemu", qemu(tmp_path / "q", {QEMU_UAPI: MISMATCH}),
        "--select", "CAP101,CAP501",
    )  # fmt: skip


@pytest.fixture
def sound(tmp_path: Path) -> tuple[str | Path, ...]:
    """Options for a pair in which nothing is wrong."""
    return "check", "--kernel", kernel(tmp_path / "k"), "--qemu", qemu(tmp_path / "q")


def test_a_sound_pair_is_clean(caplint: Caplint, sound: tuple[str | Path, ...]) -> None:
    run = caplint(*sound, "--fail-on", "note", "--output-format", "concise")
    assert (run.status, run.out) == (0, "")


@pytest.mark.parametrize(
    ("rules", "limit", "status"),
    [
        ("CAP101", (), 1),
        ("CAP101", ("--fail-on", "error"), 1),
        ("CAP101", ("--fail-on", "never"), 0),
        ("CAP501", (), 0),
        ("CAP501", ("--fail-on", "note"), 1),
        ("CAP501", ("--fail-on", "warning"), 0),
        ("CAP104", ("--fail-on", "note"), 0),
    ],
)
def test_what_makes_it_fail(
    caplint: Caplint, faulty: tuple[str | Path, ...], rules: str, limit: tuple[str, ...], status: int
) -> None:
    assert caplint(*faulty[:-1], rules, *limit).status == status


@pytest.mark.parametrize(("configured", "status"), [("error", 1), ("never", 0)])
def test_the_configuration_may_say_what_makes_it_fail(
    caplint: Caplint, faulty: tuple[str | Path, ...], apart: Path, configured: str, status: int
) -> None:
    (apart / "caplint.toml").write_text(f'fail-on = "{configured}"')
    assert caplint(*faulty).status == status
    assert caplint(*faulty, "--fail-on", "error").status == 1


def test_too_little_coverage(caplint: Caplint, tmp_path: Path, apart: Path) -> None:
    (apart / "caplint.toml").write_text("[coverage]\nfloor = 99.9")
    blind = kernel(tmp_path / "k", {"arch/x86/kvm/x.c": b"int x;\0"})
    run = caplint("check", blind)
    assert run.status == 3
    assert run.err == f"caplint: coverage {100 - 700 / (397 + 7):.3f} % is below coverage.floor 99.9 %\n"
    assert caplint("check", kernel(tmp_path / "sound")).status == 0
    assert caplint("coverage", blind).status == 3
    # Findings come before coverage.
    lay(blind, {UAPI: NEW})
    assert caplint("check", blind, "--fail-on", "note").status == 1


def test_interrupted(caplint: Caplint, sound: tuple[str | Path, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("caplint.engine.check.check", interrupt)
    assert caplint(*sound).status == 130


def test_an_internal_error_is_not_taken_for_findings(
    caplint: Caplint, sound: tuple[str | Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **_named: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("caplint.engine.check.check", fail)
    run = caplint(*sound)
    assert (run.status, run.out) == (2, "")
    last = "caplint: internal error: ZeroDivisionError: a defect; please report it with the lines above"
    assert run.err.splitlines()[-1] == last


def test_text(caplint: Caplint, faulty: tuple[str | Path, ...]) -> None:
    run = caplint(*faulty)
    *lines, last = run.out.splitlines()
    assert lines == [
        "error CAP101 KVM_CAP_NR_VCPUS: is 8 here and 9 in the kernel's UAPI header",
        f"  qemu:{QEMU_UAPI}:3",
        "        3 | #define KVM_CAP_NR_VCPUS 8",
        f"  kernel:{UAPI}:3: defined as 9",
        "        3 | #define KVM_CAP_NR_VCPUS 9",
        "  caplint explain CAP101",
        "",
        "note CAP501 KVM_CAP_NEW: is not named in KVM's API documentation",
        f"  kernel:{UAPI}:4",
        "        4 | #define KVM_CAP_NEW 10",
        "  caplint explain CAP501",
        "",
        "1 error, 0 warnings, 1 note",
        "coverage: 6 files, 495 bytes, 1 function read; 13 capability, ioctl and MSR names, all accounted for",
    ]
    assert last.startswith(f"2 rules on kernel ({faulty[2]}), qemu ({faulty[4]}) in 0.")
    assert run.err == ""


def test_concise(caplint: Caplint, faulty: tuple[str | Path, ...]) -> None:
    run = caplint(*faulty, "--output-format", "concise")
    assert run.out.splitlines() == [
        f"{faulty[4]}/{QEMU_UAPI}:3:9: error CAP101 KVM_CAP_NR_VCPUS: is 8 here and 9 in the kernel's UAPI header",
        f"{faulty[2]}/{UAPI}:4:9: note CAP501 KVM_CAP_NEW: is not named in KVM's API documentation",
    ]
    assert run.err.startswith("coverage: 6 files")


def test_json(caplint: Caplint, faulty: tuple[str | Path, ...]) -> None:
    found = json.loads(caplint(*faulty, "--output-format", "json").out)
    assert list(found) == ["version", "caplint", "trees", "findings", "skipped_rules", "coverage"]
    assert found["version"] == 1
    assert found["trees"] == [
        {"name": "kernel", "role": "kernel", "path": str(faulty[2]), "revision": None, "files": 4, "bytes": 420},
        {"name": "qemu", "role": "vmm", "path": str(faulty[4]), "revision": None, "files": 2, "bytes": 75},
    ]
    mismatch, undocumented = found["findings"]
    fingerprint = mismatch.pop("fingerprint")
    assert len(fingerprint) == 16
    assert mismatch == {
        "code": "CAP101",
        "name": "number-mismatch",
        "severity": "error",
        "subject": "KVM_CAP_NR_VCPUS",
        "arch": None,
        "message": "is 8 here and 9 in the kernel's UAPI header",
        "location": {"tree": "qemu", "path": QEMU_UAPI, "line": 3, "column": 9},
        "related": [{"tree": "kernel", "path": UAPI, "line": 3, "message": "defined as 9"}],
        "function": None,
    }
    assert (undocumented["code"], undocumented["subject"]) == ("CAP501", "KVM_CAP_NEW")
    assert found["skipped_rules"] == []
    assert found["coverage"] == {
        "files": 6, "bytes": 495, "blind_files": 0, "blind_bytes": 0, "tokens": 13, "unaccounted": 0, "unnumbered": 0,
    }  # fmt: skip


def test_json_lines(caplint: Caplint, faulty: tuple[str | Path, ...]) -> None:
    whole = json.loads(caplint(*faulty, "--output-format", "json").out)["findings"]
    lines = caplint(*faulty, "--output-format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == whole


def test_a_rule_that_cannot_run_is_said_to_be_skipped(caplint: Caplint, tmp_path: Path, apart: Path) -> None:
    words = ("check", kernel(tmp_path / "k"), "--select", "CAP103,CAP101")
    assert "skipped: CAP103 (needs a VMM tree (--qemu or CAPLINT_QEMU))" in caplint(*words).out.splitlines()
    (apart / "caplint.toml").write_text('ignore = ["Number-Mismatch"]')
    found = json.loads(caplint(*words, "--output-format", "json").out)
    assert found["skipped_rules"] == [
        {"code": "CAP101", "reason": "ignored by the configuration"},
        {"code": "CAP103", "reason": "needs a VMM tree (--qemu or CAPLINT_QEMU)"},
    ]


def _scattered(root: Path, seed: int) -> tuple[Path, Path]:
    """The same faulty pair, its files written in another order."""
    many = {f"arch/x86/kvm/part{number}.c": f"int x{number} = KVM_CAP_HLT;\n" for number in range(8)}
    files = list(({**KERNEL_FILES, **many, UAPI: NEW}).items())
    others = list(({**QEMU_FILES, QEMU_UAPI: MISMATCH}).items())
    random.Random(seed).shuffle(files)
    random.Random(seed).shuffle(others)
    return lay(root / "k", dict(files)), lay(root / "q", dict(others))


@pytest.mark.parametrize("output_format", ["json", "jsonl", "concise"])
def test_the_same_trees_give_the_same_bytes(
    caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output_format: str
) -> None:
    monkeypatch.setattr("caplint.facts.workers._HARMLESS", 0)
    monkeypatch.setattr("caplint.facts.workers._WORTH_MANY", 0)
    monkeypatch.setattr("caplint.facts.harvest._BATCH_BYTES", 100)
    outputs = set()
    for seed, jobs in enumerate((1, 2, 2)):
        monkeypatch.setenv("CAPLINT_CACHE", str(tmp_path / f"cache{seed}"))
        root = tmp_path / str(seed)
        first, second = _scattered(root, seed)
        for _ in range(2):
            run = caplint("check", first, second, "--jobs", str(jobs), "--output-format", output_format)
            assert run.status == 1
            outputs.add(run.out.replace(str(root), "ROOT"))
    assert len(outputs) == 1


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_order_of_the_trees_does_not_change_the_findings(
    caplint: Caplint, faulty: tuple[str | Path, ...], output_format: str
) -> None:
    _, option, first, other, second, *rest = faulty
    forward = caplint(*faulty, "--output-format", output_format).out
    backward = caplint("check", other, second, option, first, *rest, "--output-format", output_format).out
    if output_format == "text":
        forward, backward = forward.split("1 error")[0], backward.split("1 error")[0]
    if output_format == "json":
        forward, backward = (json.dumps(json.loads(text)["findings"]) for text in (forward, backward))
    assert forward == backward


SUPPRESS = '[[suppress]]\ncode = "{}"\nsubject = "{}"\nreason = "known"\n'


@pytest.mark.parametrize(
    ("code", "subject", "status", "unused"),
    [
        ("CAP101", "KVM_CAP_NR_VCPUS", 0, False),
        ("cap101", "KVM_CAP_NR_VCPUS", 0, False),
        ("number-mismatch", "KVM_CAP_NR_VCPUS", 0, False),
        ("CAP101", "KVM_CAP_OTHER", 1, True),
    ],
)
def test_suppression(
    caplint: Caplint, faulty: tuple[str | Path, ...], apart: Path, *, code: str, subject: str, status: int, unused: bool
) -> None:
    (apart / "caplint.toml").write_text(SUPPRESS.format(code, subject))
    run = caplint(*faulty)
    assert run.status == status
    assert (f"unused suppression: {code} {subject} (known)" in run.out.splitlines()) == unused
    assert ("0 errors, 0 warnings, 1 note; 1 suppressed" in run.out.splitlines()) != unused
    run = caplint(*faulty, "--output-format", "concise")
    assert (f"unused suppression: {code} {subject} (known)\n" in run.err) == unused


def test_a_suppression_is_not_unused_because_its_rule_did_not_run(
    caplint: Caplint, faulty: tuple[str | Path, ...], apart: Path
) -> None:
    (apart / "caplint.toml").write_text(SUPPRESS.format("CAP102", "KVM_CAP_NR_VCPUS"))
    assert "unused" not in caplint(*faulty).out
    assert "unused" in caplint(*faulty, "--select", "CAP102").out


def test_what_did_not_run_is_said_whatever_the_format(caplint: Caplint, tmp_path: Path) -> None:
    words = ("check", kernel(tmp_path / "k"), "--select", "CAP103", "--output-format")
    for output_format in FORMATS:
        run = caplint(*words, output_format)
        assert "skipped: CAP103 (needs a VMM tree (--qemu or CAPLINT_QEMU))\n" in (
            run.out if output_format == "text" else run.err
        )


def test_suppression_for_one_architecture(caplint: Caplint, faulty: tuple[str | Path, ...], apart: Path) -> None:
    (apart / "caplint.toml").write_text(SUPPRESS.format("CAP101", "KVM_CAP_NR_VCPUS") + 'arch = "x86"')
    assert caplint(*faulty).status == 1


def test_configured_trees_stand_in_where_none_of_their_role_is_named(
    caplint: Caplint, tmp_path: Path, apart: Path
) -> None:
    kernel(apart / "linux")
    qemu(apart / "emulator", {QEMU_UAPI: MISMATCH})
    trusted(apart, "[trees.mine]\npath = 'linux'\n[trees.qemu]\npath = 'emulator'\nrole = 'vmm'")

    def names(*words: str | Path) -> list[str]:
        found = json.loads(caplint("check", *words, "--output-format", "json").out)
        return [tree["name"] for tree in found["trees"]]

    assert names() == ["mine", "qemu"]
    assert names("--kernel", kernel(tmp_path / "k")) == ["kernel", "qemu"]
    trusted(apart, "[trees.qemu]\npath = 'gone'\nrole = 'vmm'")
    assert names(kernel(tmp_path / "k"), qemu(tmp_path / "q")) == ["kernel", "qemu"]


def test_two_kernels(caplint: Caplint, tmp_path: Path) -> None:
    upstream = kernel(tmp_path / "up", {UAPI: MISMATCH})
    tree = f"upstream=reference:{upstream}"
    run = caplint("check", kernel(tmp_path / "k"), "--tree", tree, "--select", "CAP101", "--output-format", "concise")
    message = "error CAP101 KVM_CAP_NR_VCPUS: is 8 here and 9 in the kernel's UAPI header"
    assert run.out == f"{upstream}/{UAPI}:3:9: {message}\n"


def test_a_rule_of_ones_own(caplint: Caplint, tmp_path: Path) -> None:
    page = """+++
code = "HSE001"
name = "every-capability"
severity = "error"
needs = ["kernel"]
since = "1.0"
+++
# Every capability

```sql
SELECT tree, path, line, column, name AS subject, arch, NULL AS function, NULL AS severity, 'is one' AS message,
       NULL AS related FROM cap -- all of them
```
"""
    rules = lay(tmp_path / "rules", {"HSE001.md": page})
    words = ("check", kernel(tmp_path / "k"), "--rules", rules, "--select", "HSE001", "--output-format", "concise")
    run = caplint(*words)
    assert run.status == 1
    assert [line.split(": ", 1)[1] for line in run.out.splitlines()] == [
        "error HSE001 KVM_CAP_IRQCHIP: is one",
        "error HSE001 KVM_CAP_HLT: is one",
        "error HSE001 KVM_CAP_NR_VCPUS: is one",
    ]
    lay(rules, {"HSE001.md": page.replace("SELECT tree,", "SELECT 'elsewhere' AS tree,")})
    run = caplint(*words)
    assert run.status == 2
    message = "query: a row names 'elsewhere', which is not a tree of this run"
    assert run.err == f"caplint: {rules / 'HSE001.md'}: {message}\n"


def test_colour(caplint: Caplint, faulty: tuple[str | Path, ...]) -> None:
    assert "\x1b[1;31merror CAP101\x1b[0m" in caplint(*faulty, "--color", "always").out
    assert "\x1b" not in caplint(*faulty, "--color", "never").out
    assert "\x1b" not in caplint(*faulty).out


def test_a_configuration_begins_no_line_of_its_own(
    caplint: Caplint, sound: tuple[str | Path, ...], apart: Path
) -> None:
    (apart / "caplint.toml").write_text(SUPPRESS.format("CAP101", "X\\n::error::\\u001b[2J"))
    run = caplint(*sound, "--output-format", "github")
    assert "unused suppression: CAP101 X\\x0a::error::\\x1b[2J (known)" in run.err.splitlines()
    assert not any(line.startswith("::") for line in run.err.splitlines())


def test_a_store_that_cannot_be_written_changes_nothing_but_a_warning(
    caplint: Caplint, faulty: tuple[str | Path, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = caplint(*faulty, "--output-format", "json")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CAPLINT_CACHE", str(tmp_path / "file"))
    run = caplint(*faulty, "--output-format", "json")
    assert (run.status, run.out) == (expected.status, expected.out)
    first, second = run.err.splitlines()
    assert first.startswith(f"caplint: warning: store {tmp_path / 'file' / file_name()}: ")
    assert second.startswith("coverage: ")


def test_a_library_use_leaves_no_trace_in_the_trees(caplint: Caplint, tmp_path: Path) -> None:
    tree = tmp_path / "k"
    bare_kernel(tree, {})
    before = sorted(tree.rglob("*"))
    caplint("check", tree)
    assert sorted(tree.rglob("*")) == before


def test_a_tree_of_which_nothing_is_read_is_named(caplint: Caplint, tmp_path: Path) -> None:
    files = ("tenders/hvt/hvt_kvm.c", "tenders/common/mft.c")
    lay(tmp_path / "v", dict.fromkeys(files, "int main(void) { return 0; }\n"))
    out = caplint("check", "--kernel", kernel(tmp_path / "k"), tmp_path / "v").out
    assert "\nsolo5: nothing was read: no file of those that are searched names a capability\n" in out
    assert "kernel: nothing was read" not in out
