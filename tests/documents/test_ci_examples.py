"""docs/ci.md: the workflows are valid, and the commands in them exist with their options."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from b4.review.checks import parse_cmd
from ruamel.yaml import YAML

from caplint.cli.main import parse
from caplint.engine.baseline_file import read
from caplint.findings.finding import Finding, Location, identify
from caplint.report import FORMATS

_PAGE = (Path(__file__).parents[2] / "docs" / "ci.md").read_text("utf-8")


def _fences(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", _PAGE, re.DOTALL | re.MULTILINE)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _b4_commands(directory: Path) -> Iterator[list[str]]:
    """The commands as b4 gets them from git, each split as b4 splits it."""
    for number, text in enumerate(_fences("ini")):
        file = directory / f"config{number}"
        file.write_text(text)
        command = ["git", "config", "--file", str(file), "--get-regexp", "."]
        for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
            yield parse_cmd(line.partition(" ")[2])


def _commands() -> list[str]:
    workflows = [text for page in _fences("yaml") for text in _strings(YAML(typ="safe").load(page))]
    return [text for text in (*re.findall(r"^    (\S.*)$", _PAGE, re.MULTILINE), *workflows) if "caplint " in text]


def _options(words: list[str]) -> argparse.Namespace:
    """What the command line says, without what the shell takes of it."""
    assert words[0] == "caplint"
    words = words[: words.index("|")] if "|" in words else words
    kept = [word for index, word in enumerate(words) if not re.match("2?>", word) and words[index - 1] != ">"]
    return parse(kept[1:])


@pytest.mark.parametrize("command", [text for text in _commands() if text.startswith("caplint ")])
def test_a_command_exists_with_its_options(command: str) -> None:
    options = _options(shlex.split(command))
    assert (options.kernel, options.qemu) in {(".", "../qemu"), ("linux", "qemu")}


def test_every_command_of_the_page_is_tried() -> None:
    assert sum(text.startswith("caplint ") for text in _commands()) == 9
    used = set(re.findall(r"--output-format (\w+)", _PAGE))
    assert {"github", "sarif", "gitlab", "rdjson", "junit", "b4"} <= used <= set(FORMATS)


def test_b4_gets_commands_that_exist(tmp_path: Path) -> None:
    review, prep = _b4_commands(tmp_path)
    assert review[-1] == "b4"
    assert prep[:2] == ["sh", "-c"]
    assert _options(review).files == ["-"]
    assert _options(shlex.split(prep[2])).output_format == "concise"


@pytest.mark.parametrize(
    ("index", "schema"),
    [(0, "vendor.github-workflows"), (1, "vendor.github-workflows"), (2, "vendor.gitlab-ci"), (3, "vendor.gitlab-ci")],
)
def test_a_workflow_fits_its_published_schema(tmp_path: Path, index: int, schema: str) -> None:
    file = tmp_path / "workflow.yml"
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    file.write_text(_fences("yaml")[index])
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    broken = _fences("yaml")[index].replace("image: ", "imag: [1] #").replace("runs-on", "run-on")
    file.write_text(broken.replace("component", "c"))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_the_baseline_is_one(tmp_path: Path) -> None:
    (text,) = _fences("toml")
    file = tmp_path / "b.toml"
    file.write_text(text)
    (entry,) = read(file).entries
    place = Location("kernel", entry.path, 1)
    found = Finding(entry.code, "", entry.severity, entry.subject, entry.arch, entry.function, "", place)
    assert identify([found], {"kernel": "kernel"})[0].fingerprint == entry.fingerprint
