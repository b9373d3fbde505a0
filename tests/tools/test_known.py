"""python -m tools.known: entries are renewed by what they are about, and void ones are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from caplint.engine.upstream import SHIPPED, read, render
from caplint.findings.finding import Finding, Location
from caplint.findings.known import UpstreamEntry
from tools import known
from tools.known import main, renew, unknown

ENTRY = UpstreamEntry("CAP999", "note", "A", "kernel", "a.c", "deliberate", "so", fingerprints=("0" * 16,))


def _finding(
    severity: str = "warning", arch: str | None = None, path: str = "a.c", parts: tuple[str, ...] = ()
) -> Finding:
    text = f"{severity}{arch}{path}{parts}"
    return Finding("CAP999", "n", severity, "A", arch, None, "m", Location("k", path, 1), (), text, None, parts)


def test_an_entry_is_renewed_by_what_it_is_about() -> None:
    one, other = _finding("note", "x86", parts=("b",)), _finding("warning", "s390", parts=("a",))
    found = [("kernel", one), ("kernel", other), ("vmm", _finding("error")), ("kernel", _finding(path="b.c"))]
    renewed = renew(ENTRY, found)
    assert renewed.fingerprints == tuple(sorted((one.fingerprint, other.fingerprint)))
    assert (renewed.severity, renewed.parts, renewed.reason) == ("warning", ("a", "b"), "so")
    assert renew(UpstreamEntry(**{**vars(ENTRY), "arch": "x86"}), found).fingerprints == (one.fingerprint,)
    assert renew(ENTRY, []).fingerprints == ()


def test_what_no_entry_lists() -> None:
    warning, note = _finding(), _finding("note")
    assert unknown([ENTRY], [("kernel", warning), ("kernel", warning), ("kernel", note)]) == [warning]
    assert unknown([renew(ENTRY, [("kernel", warning)])], [("kernel", warning)]) == []


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "known.json"
    file.write_text(render([ENTRY, UpstreamEntry(**{**vars(ENTRY), "path": "gone.c"})]), "utf-8")
    finding = Finding(**{**{name: getattr(_finding(), name) for name in Finding.__slots__}, "fingerprint": "1" * 16})
    monkeypatch.setattr(known, "_findings", lambda _: [("kernel", finding)])
    words = ["--file", str(file)]
    assert main(words) == 1
    assert "matches nothing: CAP999 A (kernel:gone.c)" in capsys.readouterr().out
    assert main([*words, "--write"]) == 1
    assert len(read(file)) == 2
    assert main([*words, "--write", "--prune"]) == 0
    assert [entry.fingerprints for entry in read(file)] == [("1" * 16,)]
    assert main(words) == 0


@pytest.mark.corpus
def test_every_shipped_entry_matches_on_the_real_trees(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0, capsys.readouterr().out
    assert read(SHIPPED)
