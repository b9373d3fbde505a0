"""Runs commands and ends with their exit codes; pipes that close and terminals that know few characters included."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HEADER, X86, Caplint, age, kernel

from caplint import __version__
from caplint.cli import interrupts
from caplint.cli.main import COMMANDS, command_parser, main, parse
from caplint.util.errors import SHORT_OF_MEMORY, CaplintError

_ROOT = Path(__file__).parents[2]
_CODE = "from caplint.cli.main import entry; entry()"


def _run(
    place: Path, *words: str | Path, encoding: str = "utf-8", code: str = _CODE
) -> subprocess.CompletedProcess[bytes]:
    variables = {
        **os.environ, "PYTHONPATH": str(_ROOT), "CAPLINT_CACHE": str(place / "cache"), "PYTHONIOENCODING": encoding,
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=place, env=variables, capture_output=True, check=False
    )


@pytest.mark.parametrize(("copy", "status"), [(HEADER, 0), (HEADER.replace("NR_VCPUS 9", "NR_VCPUS 8"), 1), (None, 2)])
def test_exit_codes(tmp_path: Path, copy: str | None, status: int) -> None:
    tree = kernel(tmp_path / "k", {"tools/include/uapi/linux/kvm.h": copy} if copy else None)
    words = ("check", tree if copy else tmp_path / "gone", "--select", "CAP101")
    assert _run(tmp_path, *words).returncode == status


def test_a_run_that_knows_every_file_loads_nothing_to_read_one(tmp_path: Path) -> None:
    age(kernel(tmp_path / "k"))
    shown = f"import atexit, sys; atexit.register(lambda: sys.stderr.write(' '.join(sys.modules))); {_CODE}"
    heavy = {"tree_sitter", "pebble", "networkx", "pysat"}
    loaded = [_run(tmp_path, "check", "k", code=shown).stderr.decode().split() for _ in range(2)]
    assert heavy & {*loaded[0]} == {"tree_sitter", "pebble"}
    assert heavy & {*loaded[1]} == set()


def test_an_ascii_terminal(tmp_path: Path) -> None:
    run = _run(tmp_path, "explain", "CAP101", encoding="ascii")
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.startswith(b"CAP101 number-mismatch \\xb7 error \\xb7 since 0.1.0")


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    variables = {**os.environ, "PYTHONPATH": str(_ROOT), "CAPLINT_CACHE": str(tmp_path / "cache")}
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE, "facts"], cwd=tmp_path, env=variables, stdout=-1, stderr=-1
    )  # more than a pipe holds
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), complaint) == (0, b"")


@pytest.mark.parametrize(
    "words", [("--help",), ("check", "--help"), ("facts", "--help"), ("explain", "--help"), ("--version",)]
)
def test_help(caplint: Caplint, words: tuple[str, ...]) -> None:
    run = caplint(*words)
    assert (run.status, run.err) == (0, "")
    assert run.out.startswith("usage: caplint" if "--help" in words else f"caplint {__version__}\n")


def test_the_same_options_everywhere(caplint: Caplint, tmp_path: Path) -> None:
    tree = kernel(tmp_path / "k", {X86: ""})
    for words in (("check",), ("coverage",), ("facts", "SELECT 1")):
        for option in ((tree,), ("--kernel", tree), ("--tree", f"mine=kernel:{tree}")):
            assert caplint(*words, *option, "--jobs", "1").status in {0, 1}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_options_and_a_help(caplint: Caplint, command: str) -> None:
    run = caplint(command, "--help")
    assert (run.status, run.err) == (0, "")
    assert run.out.startswith(f"usage: caplint {command} ")


def test_only_the_asked_command_is_loaded() -> None:
    code = "import sys; from caplint.cli.main import parse; parse(['rules']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=_ROOT, capture_output=True, text=True, check=True)
    loaded = {name.rpartition(".")[2] for name in done.stdout.split() if name.startswith("caplint.cli.")}
    assert "rules" in loaded
    assert not loaded & (COMMANDS.keys() - {"rules"})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required: COMMAND (see caplint --help)"),
        (["chek"], "'chek' is unknown; did you mean check? (see caplint --help)"),
        (["check", "--kernal", "k"], "unrecognized arguments: --kernal; did you mean --kernel? (see caplint check "),
        (["check", "--color", "alway"], "'alway' is unknown; did you mean always? (see caplint check --help)"),
        (["check", "--jobs", "x"], "argument --jobs: invalid int value: 'x' (see caplint check --help)"),
        (["facts", "--kernel"], "argument --kernel: expected one argument (see caplint facts --help)"),
        (["rules", "more"], "unrecognized arguments: more (see caplint rules --help)"),
        (
            ["check", "k", "--jobs", "1", "q"],
            "unrecognized arguments: q; write trees before the options (see caplint ch",
        ),
        (["path", "KVM_CAP_HLT", "--arch", "x86", "k", "q"], "k q; write trees before the options (see caplint path -"),
        (["check", "k", "-x"], "unrecognized arguments: -x (see caplint check --help)"),
    ],
)
def test_wrong_words_are_one_line_with_what_may_be_meant(words: list[str], said: str) -> None:
    with pytest.raises(CaplintError) as error:
        parse(words)
    assert said in str(error.value)


def test_the_parser_of_the_reference_has_the_options_of_every_command() -> None:
    options = command_parser().parse_args(["facts", "SELECT 1", "k"])
    assert (options.command, options.query, options.paths) == ("facts", "SELECT 1", ["k"])
    assert command_parser().parse_args(["rules", "--test"]).test
    with pytest.raises(CaplintError, match="unrecognized arguments: --test"):
        command_parser(["facts"]).parse_args(["rules", "--test"])


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (CaplintError("two\n lines \x1b[31m"), 2, "caplint: two lines \\x1b[31m\n"),
        (CaplintError("a" * 5000 + "!"), 2, f"caplint: {'a' * 1000} … {'a' * 999}!\n"),
        (CaplintError("a" * 2000), 2, f"caplint: {'a' * 2000}\n"),
        (MemoryError(), 2, f"caplint: {SHORT_OF_MEMORY}\n"),
        (PermissionError(13, "Permission denied"), 2, "caplint: PermissionError: [Errno 13] Permission denied\n"),
        (sqlite3.OperationalError("disk full"), 2, "caplint: OperationalError: disk full\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_error_of_a_command_is_one_line_and_a_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, status: int, said: str
) -> None:
    _fails(monkeypatch, error)
    assert main(["rules"]) == status
    assert capsys.readouterr() == ("", said)


def _fails(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def run(_options: object) -> int:
        raise error

    monkeypatch.setattr("caplint.cli.rules.run", run)


def test_a_fault_of_caplint_asks_to_be_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fails(monkeypatch, ZeroDivisionError("a defect"))
    assert main(["rules"]) == 2
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first == "Traceback (most recent call last):"
    assert last == "caplint: internal error: ZeroDivisionError: a defect; please report it with the lines above"


@pytest.mark.parametrize("error", [None, OSError("of what was interrupted")])
def test_an_interrupt_that_was_lost_ends_the_run_as_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception | None
) -> None:
    if error:
        _fails(monkeypatch, error)
    monkeypatch.setattr(interrupts, "received", lambda: True)
    assert main(["rules"]) == 130
    assert capsys.readouterr().err == ""
