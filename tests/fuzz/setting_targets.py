"""Targets for files that a user is given: configuration, rule pages, records of machines, baselines."""

from __future__ import annotations

import tomllib
from typing import Any

from choices import Choices
from target import MADE, ROOT, Target, answered, file_of, seeds_of
from value_grammar import baseline, configuration, front_matter, record

from caplint.config.settings import Config, load
from caplint.engine import baseline_file
from caplint.findings.finding import SEVERITIES
from caplint.machine import record as record_file
from caplint.rules.page import load as load_rules
from caplint.util.escape import json_text


def config(data: bytes) -> object:
    """Read a caplint.toml: all of it is of the types that the rest relies on."""
    content = configuration(Choices(data[1:])).encode() if data.startswith(MADE) else data
    with file_of("caplint.toml", content) as file, answered():
        found = load(file)
        assert isinstance(found, Config)
        assert found.fail_on in {*SEVERITIES, "never"}
        assert found.jobs >= 1
        assert 0 <= found.coverage_floor <= 100
        assert all(low <= high for low, high in found.vendor_range)
        assert all(entry.reason.strip() for entry in found.suppress)
        assert all(isinstance(text, str) for text in (*found.ignore, *found.rules, found.cache))
    return None


def rule(data: bytes) -> object:
    """Read a rule page: it has a code, a query, and examples whose lines lie in the page."""
    page = front_matter(Choices(data[1:])).encode() if data.startswith(MADE) else data
    with file_of("CAP299-input.md", page) as file, answered():
        (found,) = load_rules([file.parent])
        assert found.query.strip()
        assert found.severity in SEVERITIES
        assert (found.title, found.summary, found.explanation) != ("", "", "")
        lines = page.count(b"\n") + page.count(b"\r") + 1
        assert all(1 <= part.line <= lines for group in (*found.bad, *found.good) for part in group)
        return found.body, found.bad, found.good
    return None


def probe(data: bytes) -> object:
    """Read the record of a machine: written again, it is the same."""
    content = record(Choices(data[1:])).encode() if data.startswith(MADE) else data
    with answered() as said:
        machine = record_file.parse(content, "input.json")
        again = record_file.parse(_json(record_file.as_object(machine)), "again.json")
        assert again == machine
        return machine
    return said


def known(data: bytes) -> object:
    """Read a baseline: written again, it is the same."""
    content = baseline(Choices(data[1:])).encode() if data.startswith(MADE) else data
    with file_of("known.toml", content) as file, answered():
        found = baseline_file.read(file)
        text = baseline_file.render(found)
        assert tomllib.loads(text)["version"] == baseline_file.VERSION
        file.write_text(text, "utf-8")
        again = baseline_file.read(file)
        assert sorted(map(repr, again.entries)) == sorted(map(repr, found.entries))
        assert baseline_file.render(again) == text
        return text
    return None


def _json(value: Any) -> bytes:
    return json_text(value).encode()


TARGETS = {
    "config": Target(config, ("caplint.config",), places=(seeds_of("config"),), made=6),
    "rule": Target(rule, ("caplint.rules",), places=(seeds_of("rule"), ROOT / "rules"), made=6),
    "probe": Target(probe, ("caplint.machine",), places=(seeds_of("probe"),), made=6),
    "baseline": Target(known, ("caplint.engine.baseline_file",), places=(seeds_of("baseline"),), made=6),
}
