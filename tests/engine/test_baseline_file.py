"""The file of a baseline: what is written is read, and what is not as written is refused in one line."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from caplint.engine.baseline_file import read, render
from caplint.findings.known import Baseline, BaselineEntry
from caplint.util.errors import CaplintError

ENTRY = BaselineEntry("CAP999", "warning", "KVM_CAP_X", "kernel", "a.c", "0" * 16, "x86", "f", "because")
LINE = (
    '{ code = "CAP999", severity = "warning", subject = "KVM_CAP_X", arch = "x86", tree = "kernel", path = "a.c", '
    f'function = "f", fingerprint = "{"0" * 16}", reason = "because" }},'
)


def _read(directory: Path, content: str | bytes) -> Baseline:
    file = directory / "b.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(file)


def test_it_is_read_as_written(tmp_path: Path) -> None:
    nasty = '\x1b[31m\u202e"\\\x7f\x85\n\t]}#'
    entries = (
        ENTRY,
        replace(ENTRY, subject=nasty, path=nasty, function=nasty, reason=nasty, code="CAP998"),
        replace(ENTRY, arch=None, function=None, reason=None, subject="KVM_CAP_Y"),
    )
    found = _read(tmp_path, render(Baseline(("kernel", "vmm"), entries)))
    assert found.trees == ("kernel", "vmm")
    assert found.entries == (entries[1], entries[0], entries[2])


def test_a_line_per_finding_sorted_for_review() -> None:
    entries = [replace(ENTRY, code=code, subject=name) for code in ("CAP2", "CAP1") for name in ("B", "A")]
    lines = [line for line in render(Baseline(("kernel",), tuple(entries))).splitlines() if line.startswith("    ")]
    found = tomllib.loads("x = [" + "".join(lines) + "]")["x"]
    assert [(entry["code"], entry["subject"]) for entry in found] == [
        ("CAP1", "A"), ("CAP1", "B"), ("CAP2", "A"), ("CAP2", "B"),
    ]  # fmt: skip
    assert render(Baseline((), tuple(reversed(entries)))) == render(Baseline((), tuple(entries)))


def test_a_line_as_it_is_written() -> None:
    assert f"    {LINE}\n" in render(Baseline((), (ENTRY,)))


def test_comments_and_order_are_the_user_s(tmp_path: Path) -> None:
    content = f"# mine\nfindings = [\n# theirs\n{LINE}\n]\ntrees = []\nversion = 1\n"
    assert _read(tmp_path, content) == Baseline((), (ENTRY,))


HEAD = 'version = 1\ntrees = ["kernel"]\n'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not a baseline: version is missing; `caplint baseline write` creates one under another name"),
        ("int main(void) { return 0; }", "not a baseline: not valid TOML: "),
        (b"\xff\xfe", "not a baseline: not valid TOML: "),
        (b"\x00", "not a baseline: not valid TOML: "),
        (HEAD + "findings = " + "[" * 100_000, "not a baseline: not valid TOML: "),
        (HEAD + "findings = " + "9" * 10_000, "not a baseline: not valid TOML: "),
        (HEAD + "findings = [\n" + LINE, "not a baseline: not valid TOML: "),
        ('version = "1"', "not a baseline: version is missing"),
        ("version = true", "not a baseline: version is missing"),
        ("version = 2\nwhatever = 1", "has version 2, but this caplint reads version 1; write it again"),
        ("version = 0", "has version 0, but "),
        (HEAD, "findings must be a list of tables"),
        (HEAD + "findings = {}", "findings must be a list of tables"),
        (HEAD + "findings = [1]", "finding 1: must be a table"),
        ("version = 1\nfindings = []", "trees must be a list of roles or names"),
        ("version = 1\ntrees = [1]\nfindings = []", "trees must be a list of roles or names"),
        (HEAD + "findings = []\nfinding = 1", "unknown key 'finding'; known are version, trees, findings"),
        (HEAD + f"findings = [{LINE} {{}}]", "finding 2: code is missing"),
        (HEAD + f"findings = [{LINE.replace('arch', 'archs')}]", "finding 1: unknown key 'archs'; did you mean arch?"),
        (HEAD + f"findings = [{LINE.replace('arch', 'zzz')}]", "finding 1: unknown key 'zzz'; known are arch, code, "),
        (HEAD + "findings = [" + LINE.replace('"x86"', "1") + "]", "finding 1: arch must be a string"),
        (HEAD + f"findings = [{LINE.replace('warning', 'fatal')}]", "finding 1: severity must be one of error, "),
        (HEAD + f"findings = [{LINE.replace('0' * 16, 'xyz')}]", "finding 1: fingerprint 'xyz' is not 16 hexadecimal"),
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path: Path, content: str | bytes, reason: str) -> None:
    with pytest.raises(CaplintError, match=r"b\.toml: ") as caught:
        _read(tmp_path, content)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_file_without_end(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match="it is a device, not a regular file"):
        read(Path("/dev/zero"))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match=r"gone: cannot be read: No such file or directory; `caplint baseline "):
        read(tmp_path / "gone")
    with pytest.raises(CaplintError, match=r"cannot be read: it is a directory, not a regular file$"):
        read(tmp_path)


def test_what_is_no_regular_file_or_too_large(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(CaplintError, match=r"fifo: cannot be read: it is a FIFO"):
        read(tmp_path / "fifo")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(50 << 20)
    with pytest.raises(CaplintError, match=r"sparse: 52,428,800 bytes; more than 33,554,432 are not read"):
        read(tmp_path / "sparse")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("version = 1\nversion = 1", "not valid TOML: Cannot overwrite a value"),
        ("version = nan", "version is missing"),
        (f"version = 1\n{'k' * 100_000} = 1", f"unknown key '{'k' * 60}…'"),
        (f"version = 1\ntrees = []\nfindings = [{{{'k' * 100_000} = 1}}]", f"unknown key '{'k' * 60}…'"),
        (".".join(["version"] * 50_000) + " = 1", "a key of more than 32 parts"),
        ("version = " + "[" * 10_000, "recursion"),
        ("version = " + "1" * 5_000, "Exceeds the limit"),
    ],
)
def test_hostile_content_is_one_short_line(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(CaplintError) as caught:
        _read(tmp_path, content)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(tmp_path))
