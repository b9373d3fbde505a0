"""make reference: the files are those that the parsers make, and say all that the parsers take."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from caplint.cli.main import COMMANDS
from caplint.config.keys import TOP
from caplint.config.settings import RESTRICTED
from tools import reference
from tools.commands import commands
from tools.manual import roff
from tools.reference import TABLES, needs_trust

_FILES = reference.files()


@pytest.mark.parametrize("path", _FILES)
def test_the_files_are_those_of_the_parsers(path: str) -> None:
    there = (reference.ROOT / path).read_text("utf-8")
    assert there == _FILES[path], "run `make reference` and commit the result"


def test_every_command_has_its_options_there() -> None:
    listed = {command.name.split()[0]: command for command in commands()}
    assert listed.keys() == COMMANDS.keys()
    words = [argument.words for argument in listed["check"].arguments]
    assert {"PATH", "--kernel DIR[@REV]", "--probe [FILE]", "-q, --quiet", "--fail-on error|warning|note|never"} <= {
        *words
    }
    assert listed["check"].synopsis[-1] == "[PATH…]"
    assert listed["history"].synopsis[-1] == "[KVM_CAP_X…]"
    assert [command.name for command in commands() if " " in command.name] == [
        "baseline write", "baseline show", "baseline prune",
    ]  # fmt: skip


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for keys in TABLES.values() for name, key in keys.items() if not key.purpose.endswith(".")] == []
    tables = {table.strip("[]").split(".")[0] for table in TABLES if table}
    assert tables == {name for name, key in TOP.items() if key.kind is dict or key.read is list}


def test_a_dagger_for_what_needs_trust() -> None:
    marked = {f"{table} {name}".strip() for table, keys in TABLES.items() for name in keys if needs_trust(table, name)}
    assert {name.split(".")[-1] for name in marked} >= {"cache", "rules", "known", "[c] iterators"}
    assert not {"fail-on", "[c] attributes", "[coverage] floor"} & marked
    assert all(any(word.split(".")[-1] in name for name in marked) for word in RESTRICTED)


@pytest.mark.parametrize("page", ["docs/man/caplint.1", "docs/man/caplint.toml.5"])
def test_a_manual_page_has_no_warning(page: str) -> None:
    if (groff := shutil.which("groff")) is None:
        pytest.skip("no groff here reads it")
    command = [groff, "-man", "-ww", "-z", "-k", "-Tutf8", page]
    done = subprocess.run(command, cwd=reference.ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_text_means_itself() -> None:
    assert roff(".so /etc/passwd\n'br\na\\fB-b") == "\\&.so /etc/passwd\n\\&'br\na\\efB\\-b"


def test_the_reference_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "ROOT", tmp_path)
    reference.write()
    assert {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()} == _FILES.keys()
