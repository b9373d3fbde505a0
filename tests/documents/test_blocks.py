"""Every command in README, docs and help texts runs as written; the text says of each that is not run here, why."""

from __future__ import annotations

import argparse
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from blocks import DOCUMENTS, ROOT, Block, blocks, spans
from stage import run, set_up

from caplint.cli.completions import actions
from caplint.cli.main import COMMANDS, command_parser
from caplint.config.settings import read

# Documents whose commands name the real sources, and run in tests/corpus (test_real_tutorial.py, …_documents.py).
ON_THE_CORPUS = {"docs/add-a-capability.md", "docs/findings.md", "README.md"}
# Language of a fence → what tries it.
TRIED = {
    "console": "this file and tests/corpus",
    "toml": "this file",
    "yaml": "test_ci_examples.py, tests/hooks",
    "ini": "test_ci_examples.py",
    "text": "nothing: it is no code",
    "lua": "tests/server",
    "json": "tests/server",
    "elisp": "tests/server",
    "js": "nothing: it needs VS Code",
}
# Blocks that the text marks with `<!-- not run: REASON -->`: at most so many.
MOST_NOT_RUN = 12
# Commands that end with 1 if they find something.
_FINDING = re.compile(r"(?:\S*/)?caplint (?:check|patch|diff|matrix)\b|.*\| caplint patch")

ALL = [block for document in DOCUMENTS for block in blocks(document)]
RUN = [block for block in ALL if block.commands and not block.reason]


def _name(block: Block) -> str:
    return f"{block.document}:{block.line}"


def test_every_fence_has_a_language_that_is_tried() -> None:
    assert {_name(block): block.language for block in ALL if block.language and block.language not in TRIED} == {}


def test_what_is_not_run_says_why() -> None:
    reasons = {_name(block): block.reason for block in ALL if block.reason}
    assert all(block.commands for block in ALL if block.reason), "a mark on a block without commands"
    assert all(len(reason) > 10 for reason in reasons.values())
    assert len(reasons) <= MOST_NOT_RUN


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("home")
    set_up(place)
    return place


@pytest.mark.parametrize("document", sorted({block.document for block in RUN} - ON_THE_CORPUS))
def test_commands_run_as_written(home: Path, document: str) -> None:
    assert run("caplint trust", home / "linux", home).returncode == 0
    wrong = []
    for block in RUN:
        if block.document != document:
            continue
        for command in block.commands:
            place = ROOT if command.startswith("make ") else home / "linux"
            tried = re.sub("^make ", "make -n ", command)  # that the targets exist; most of them take long
            done = run(tried, place, home)
            if done.returncode not in ({0, 1} if _FINDING.match(command) else {0}):
                wrong.append(f"{document}:{block.line}: {command}\n  {done.returncode} {done.stderr[-300:]}")
    assert wrong == [], "\n".join(wrong)


def test_a_command_that_does_not_exist_is_noticed(home: Path) -> None:
    assert run("caplint chek .", home, home).returncode == 2
    assert run("make -n nosuchtarget", ROOT, home).returncode != 0


@pytest.mark.parametrize("block", [block for block in ALL if block.language == "toml"], ids=_name)
def test_a_configuration_is_one(block: Block, tmp_path: Path) -> None:
    if block.text.startswith("version = 1"):  # a baseline, which test_ci_examples.py reads
        assert tomllib.loads(block.text)["findings"]
        return
    file = tmp_path / "caplint.toml"
    file.write_text(block.text)
    assert read(file).source == file


@cache
def _options() -> dict[str, set[str]]:
    """Command → options that it has."""
    (commands,) = (a for a in command_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return {
        name: {option for action in actions(parser) for option in action.option_strings}
        for name, parser in commands.choices.items()
    }


def _unknown(text: str) -> list[str]:
    """Options and commands in a piece of code that do not exist."""
    match = re.match(r"caplint ([a-z]+)\b(.*)", text, re.DOTALL)
    if match is None:
        return []
    if match.group(1) not in COMMANDS:
        return [match.group(1)]
    return sorted(set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", match.group(2))) - _options()[match.group(1)])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_code_in_the_text_names_commands_and_options_that_exist(document: str) -> None:
    found = {f"{document}:{line}": bad for line, text in spans(document) if (bad := _unknown(text))}
    assert found == {}


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "rules").glob("*.md")))
def test_rule_pages_name_commands_and_options_that_exist(page: str) -> None:
    assert {line: bad for line, text in spans(f"rules/{page}") if (bad := _unknown(text))} == {}


def test_help_texts_name_commands_and_options_that_exist() -> None:
    found = []
    for action in actions(command_parser()):
        for text in re.findall(r"`([^`]+)`|(caplint [a-z]+ --[\w-]+)", action.help or ""):
            found += _unknown("".join(text))
    assert found == []


def test_the_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"| `caplint {name}" not in text] == []


def test_unknown_ones_are_noticed() -> None:
    assert _unknown("caplint check --kernle DIR") == ["--kernle"]
    assert _unknown("caplint chek") == ["chek"]
    assert _unknown("caplint check [PATH…] [--kernel DIR] -q") == []
