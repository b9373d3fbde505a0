"""What `make run` and `make test` say while pip works, and what they do when it fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.install import entries, main, step

_ROOT = Path(__file__).parents[2]


def _locked(name: str) -> set[str]:
    text = (_ROOT / name).read_text("utf-8")
    return {line.split(" \\")[0] for line in text.splitlines() if line and not line.startswith((" ", "#"))}


def test_the_lock_of_a_run_is_a_small_part_of_the_whole() -> None:
    assert _locked("requirements-run.lock") < _locked("requirements.lock")
    assert len(_locked("requirements-run.lock")) < 35
    assert "shtab" in entries((_ROOT / "requirements-run.lock").read_text("utf-8"))


def test_packages_of_a_lock() -> None:
    assert entries("a-b==1 \\\n    --hash=sha256:00\nc.d==2 ; sys_platform == 'x'\n# e==3\n") == ["a-b", "c.d"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Collecting rich==14.0 (from -r x (line 3))\n", "fetching 3 of 9: rich"),
        ("Collecting a_b>=1; python_version\n", "fetching 3 of 9: a_b"),
        ("Installing collected packages: a, b\n", "unpacking 2 packages"),
        ("  Downloading rich-14.whl\n", ""),
    ],
)
def test_what_a_line_of_pip_means(line: str, said: str) -> None:
    assert step(line, 2, 9)[0] == said


def test_a_failure_shows_all_of_pips_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = tmp_path / "a.lock"
    lock.write_text("caplint-does-not-exist==1 --hash=sha256:" + 64 * "0" + "\n")
    status = main([str(lock), "to run"])
    err = capsys.readouterr().err
    assert status != 0
    assert err.startswith(f"to run: installing {lock} …\n")
    assert "caplint-does-not-exist" in err
    assert err.endswith(f"to run: pip could not install {lock}; its output is above\n")


def test_it_needs_nothing_but_the_standard_library() -> None:
    code = "import sys; sys.path.insert(0, 'tools'); import install"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=_ROOT, check=True)
