"""The JSON Schema of caplint.toml accepts what the parser accepts, and editors find it."""

from __future__ import annotations

import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from caplint.config import keys
from caplint.config.settings import Config, read
from caplint.config.toml_text import SCHEMA, first_file, settings
from caplint.util.errors import CaplintError
from tools.reference import TABLES

ACCEPTED = [
    "",
    'fail-on = "never"\nselect = ["CAP1", "dead-check"]\nextend-select = []\nignore = ["CAP103"]\njobs = 2',
    'rules = ["r"]\nknown = ["k.json"]\ncache = "none"',
    'vendor-range = "500-599, 0x1000-0x1fff"\nabis = ["x86_64"]\noldest-kernel = "5.10"',
    'vendor-range = [" 7 ", "0X10 - 0x20"]\noldest-kernel = "v6.1"\ncache = ""',
    '[trees.kernel]\npath = "../linux@v6.1"\n[trees."a b"]\npath = "."\nrole = "vmm"',
    '[matrix]\nkernels = ["a"]\nvmms = []',
    '[c]\nattributes = ["__our", "__our_size()", "__x*"]\niterators = ["our_\\\\w*"]',
    "[coverage]\nfloor = 99.9",
    "[coverage]\nfloor = 0",
    '[[suppress]]\ncode = "CAP205"\nsubject = "KVM_CAP_*"\nreason = "r"\narch = "x86"',
    '[[suppress]]\ncode = "CAP205"\npath = "virt/**"\nreason = "r"',
]
REFUSED = [
    'fail_on = "note"',
    'fail-on = "notice"',
    "fail-on = 1",
    'select = "CAP1"',
    "select = [1]",
    "rules = [[]]",
    "jobs = 0",
    'jobs = "2"',
    "jobs = true",
    "cache = false",
    'vendor-range = "x"',
    "vendor-range = 500",
    'vendor-range = ["500", 2]',
    'abis = ["z80"]',
    'oldest-kernel = "new"',
    "oldest-kernel = 6.1",
    'trees = ["a"]',
    '[trees]\nkernel = "linux"',
    '[trees.kernel]\nrole = "kernel"',
    '[trees.kernel]\npath = "."\nrev = "x"',
    "[matrix]\nkernels = 1",
    '[c]\nattributes = ["a b"]',
    "[c]\niterators = [1]",
    "[coverage]\nfloor = 101",
    '[coverage]\nfloor = "1"',
    '[suppress]\ncode = "CAP205"',
    '[[suppress]]\ncode = "CAP205"\nsubject = "s"',
    '[[suppress]]\ncode = "CAP205"\nreason = "r"',
    '[[suppress]]\ncode = "CAP205"\nreason = "r"\nsubject = " "',
    '[[suppress]]\ncode = ""\nreason = "r"\nsubject = "s"',
]


@pytest.fixture(scope="module")
def schema() -> Any:
    shipped = json.loads(resources.files("caplint").joinpath("schemas/config.json").read_text("utf-8"))
    jsonschema.Draft7Validator.check_schema(shipped)
    return shipped


def _accepts(schema: Any, text: str) -> bool:
    return bool(jsonschema.Draft7Validator(schema).is_valid(tomllib.loads(text)))


def _reads(place: Path, text: str) -> bool:
    file = place / "caplint.toml"
    file.write_text(text)
    try:
        read(file)
    except CaplintError:
        return False
    return True


@pytest.mark.parametrize("text", ACCEPTED)
def test_both_accept(schema: Any, tmp_path: Path, text: str) -> None:
    assert (_accepts(schema, text), _reads(tmp_path, text)) == (True, True)


@pytest.mark.parametrize("text", REFUSED)
def test_both_refuse(schema: Any, tmp_path: Path, text: str) -> None:
    assert (_accepts(schema, text), _reads(tmp_path, text)) == (False, False)


def test_the_examples_use_every_key() -> None:
    used = "\n".join(ACCEPTED)
    assert [name for table in TABLES.values() for name in table if name not in used] == []


def test_all_settings_as_config_prints_them_are_accepted(schema: Any) -> None:
    assert _accepts(schema, "\n".join(settings(Config())))


def test_a_first_file_names_the_schema_and_fits_it(schema: Any) -> None:
    text = first_file([], Path("/"))
    assert text.startswith(f"#:schema {SCHEMA}\n")
    assert schema["$id"] == SCHEMA
    assert _accepts(schema, text)
    shown = "\n".join(line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ") and "=" in line)
    assert _accepts(schema, shown.replace("# code", "code").replace("code =", "[[suppress]]\ncode ="))


def test_the_tables_are_those_of_the_parser() -> None:
    tables = [value for value in vars(keys).values() if isinstance(value, dict) and value]
    of_keys = [table for table in tables if all(isinstance(key, keys.Key) for key in table.values())]
    assert sorted(map(id, of_keys)) == sorted(map(id, TABLES.values()))
