"""Options that several commands share, and what they mean."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import pytest

from caplint.cli import options as module
from caplint.cli.options import (
    add_base,
    add_config,
    add_output_format,
    add_probe,
    add_rules,
    add_trees,
    architecture_of,
    config_of,
    progress,
    rules_of,
    write_output,
)
from caplint.config.run import machines_of
from caplint.config.settings import Config, Suppression
from caplint.machine.record import Machine
from caplint.util.errors import CaplintError


def _parser(*, bare: bool = True) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="caplint", exit_on_error=False)
    add_trees(parser, bare=bare)
    add_base(parser)
    add_probe(parser)
    add_rules(parser)
    add_output_format(parser, "check")
    return parser


def _parsed(*words: str) -> argparse.Namespace:
    return _parser().parse_args(words)


def test_defaults() -> None:
    found = _parsed()
    assert (found.config, found.jobs, found.color, found.paths, found.probe, found.rules, found.select) == (
        None, None, "auto", [], [], [], [],
    )  # fmt: skip
    assert (found.kernel, found.qemu, found.libvirt, found.staged, found.base) == (None, None, None, False, None)
    assert found.output_format == "text"


def test_paths_only_where_they_are_wanted() -> None:
    assert _parsed("a", "b").paths == ["a", "b"]
    assert not hasattr(_parser(bare=False).parse_args([]), "paths")


@pytest.mark.parametrize(("option", "role"), [("--kernel", "kernel"), ("--qemu", "vmm"), ("--libvirt", "manager")])
def test_a_tree_of_a_role_is_given_once(option: str, role: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert getattr(_parsed(option, "x"), option[2:]) == "x"
    with pytest.raises(SystemExit):
        _parsed(option, "x", option, "y")
    assert f"{option} is given twice; name the other tree with --tree NAME={role}:y" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--color", "pink"), ("--output-format", "xml"), ("--jobs", "many")])
def test_wrong_words(words: tuple[str, ...], apart: Path) -> None:
    with pytest.raises((SystemExit, argparse.ArgumentError)):
        _parsed(*words)


def test_jobs(apart: Path) -> None:
    assert config_of(_parsed("--jobs", "1")).jobs == 1
    assert config_of(_parsed("--jobs", "999999999")).jobs < 100_000
    for jobs in ("0", "-1"):
        with pytest.raises(CaplintError, match=f"--jobs {jobs}: must be at least 1"):
            config_of(_parsed("--jobs", jobs))


def _machine(name: str) -> Machine:
    return Machine(name, "6.12", "x86", 0, 10, ())


def test_machines(apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caplint.machine.record.read", _machine)
    monkeypatch.setattr(module, "this_machine", lambda _config: _machine("here"))
    assert machines_of(config_of(_parsed())) == ()
    found = machines_of(config_of(_parsed("--probe", "one", "--probe", "two", "--probe")))
    assert [machine.name for machine in found] == ["one", "two", "here"]
    with pytest.raises(CaplintError, match='two probe records are both named one; edit "machine" in one'):
        config_of(_parsed("--probe", "one", "--probe", "one"))


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (["--select", "CAP101"], ["CAP101"]),
        (["--select", "CAP102,CAP101"], ["CAP101", "CAP102"]),
        (["--select", "CAP102", "--select", "cap101"], ["CAP101", "CAP102"]),
        (["--select", "number-collision"], ["CAP102"]),
    ],
)
def test_selected_rules(words: list[str], codes: list[str]) -> None:
    assert [rule.code for rule in rules_of(_parsed(*words), Config(), whole=False)] == codes


@pytest.mark.parametrize(
    ("words", "config", "message"),
    [
        (["--rules", ""], Config(), "--rules: the name of the directory is empty"),
        (["--select", "CAP998"], Config(), "CAP998: unknown rule"),
        (["--select", "CAP101,"], Config(), ": unknown rule"),
        ([], Config(ignore=("CAP998",)), "CAP998: unknown rule"),
        ([], Config(suppress=(Suppression("CAP998", "KVM_CAP_A", "why"),)), "CAP998: unknown rule"),
    ],
)
def test_rules_that_there_are_not(words: list[str], config: Config, message: str) -> None:
    with pytest.raises(CaplintError, match=message):
        rules_of(_parsed(*words), config, whole=False)


@pytest.mark.parametrize(("word", "arch"), [("x86", "x86"), ("i386", "x86"), ("aarch64", "arm64"), ("ppc", "powerpc")])
def test_architectures(word: str, arch: str) -> None:
    assert architecture_of(word) == arch


@pytest.mark.parametrize("word", ["", "vax", "x86 ", "X" * 1000])
def test_unknown_architectures(word: str) -> None:
    with pytest.raises(CaplintError, match=r"--arch .*: unknown; known are x86, "):
        architecture_of(word)


def test_output_in_the_requested_format(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_config(parser)
    add_output_format(parser, "facts")
    rows = (["a"], [(1,)])
    for words, text in (([], "a\n1\n"), (["--output-format", "json"], '[\n  {\n    "a": 1\n  }\n]\n')):
        write_output(rows, "facts", parser.parse_args(words))
        assert capsys.readouterr().out == text


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_for_terminals(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as show:
        show(1, 2)
    assert capsys.readouterr().err == ""
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("asking") as show:
        assert terminal.getvalue() == ""
        show(1, 2)
    assert "asking" in terminal.getvalue()


def test_a_bar_ends_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    def fail() -> None:
        with progress() as show:
            show(1, 2)
            raise CaplintError("no")

    with pytest.raises(CaplintError, match="no"):
        fail()
    assert terminal.getvalue().rfind("\x1b[?25h") > terminal.getvalue().rfind("\x1b[?25l")
