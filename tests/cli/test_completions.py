"""caplint completions: what shells offer for a word that is begun."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import Caplint

from caplint.cli.main import COMMANDS

# Words typed so far → some of the words offered.
OFFERED = {
    "": ["check", "patch", "completions"],
    "ba": ["baseline"],
    "check --out": ["--output-format", "--output-file"],
    "check --output-format s": ["sarif"],
    "check --select CAP10": ["CAP101", "CAP102"],
    "explain CAP40": ["CAP401", "CAP408"],
    "baseline w": ["write"],
    "baseline write --ke": ["--kernel"],
    "completions z": ["zsh"],
}
_ASK = """\
source "$1"; shift
ask=$(complete -p caplint | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMP_WORDS=(caplint "$@"); COMP_CWORD=$#; COMPREPLY=(); $ask caplint
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(caplint: Caplint, tmp_path: Path) -> Path:
    file = tmp_path / "caplint.bash"
    run = caplint("completions", "bash")
    assert (run.status, run.err) == (0, "")
    file.write_text(run.out)
    return file


def _offered(script: Path, words: str) -> list[str]:
    command = ["bash", "--norc", "-c", _ASK, "bash", str(script), *words.split(" ")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("words", OFFERED)
def test_bash_offers(script: Path, words: str) -> None:
    assert set(OFFERED[words]) <= set(_offered(script, words))


def test_every_command_is_offered(script: Path) -> None:
    assert COMMANDS.keys() <= set(_offered(script, ""))


def test_bash_offers_files_and_directories(script: Path, apart: Path) -> None:
    (apart / "linux").mkdir()
    (apart / "box.json").touch()
    assert _offered(script, "check --kernel li") == ["linux"]
    assert _offered(script, "check --probe box") == ["box.json"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_accept_their_script(caplint: Caplint, tmp_path: Path, shell: str) -> None:
    run = caplint("completions", shell)
    assert (run.status, run.err) == (0, "")
    assert all(name in run.out for name in COMMANDS)
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here reads it")
    file = tmp_path / "script"
    file.write_text(run.out)
    subprocess.run([shell, "-n", str(file)], check=True)


def test_an_unknown_shell(caplint: Caplint) -> None:
    run = caplint("completions", "basj")
    assert (run.status, run.out) == (2, "")
    assert "bash" in run.err
