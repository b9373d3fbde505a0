"""Histories as text, as JSON and as CSV, from events made by hand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from typing import TextIO

import jsonschema
import pytest

from caplint.history.model import CapabilityHistory, Event, EventCause, Point, Track
from caplint.report.history import described, release_of, write_csv, write_json, write_text
from caplint.report.style import Style

CAUSES = tuple(EventCause(letter * 40, f"2024-01-0{n}", f"KVM: {letter}\x1b", letter == "b")
               for n, letter in enumerate("abcde", 1))  # fmt: skip
NEW = Event("KVM_CAP_A", "header", None, "brought", None, "5", "v6.1", CAUSES[:2])
CHECK = Event("KVM_CAP_A", "check", "x86", "changed", "always", "by VM", None, CAUSES, "v6.2-rc1")
OTHER = Event("KVM_CAP_B", "check", "x86", "removed", "always", None, None)
POINTS = (Point("v6.0", "f" * 40, ""), Point("now", None, ""))
TRACK = Track("kernel", "kernel", "/k", POINTS, (NEW, CHECK, OTHER))


def _written(write: Callable[[CapabilityHistory, TextIO, Style], None], *tracks: Track) -> str:
    out = io.StringIO()
    write(CapabilityHistory(tracks), out, Style())
    return out.getvalue()


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (NEW, "brought, number 5"),
        (CHECK, "changed always -> by VM"),
        (OTHER, "removed, always"),
        (replace(NEW, kind="removed", before="5", after=None), "removed, number 5"),
        (replace(NEW, kind="renumbered", before="125", after="126"), "renumbered 125 -> 126"),
        (replace(CHECK, kind="renamed", before="KVM_CAP_A", after="KVM_CAP_B"), "renamed KVM_CAP_A -> KVM_CAP_B"),
        (replace(CHECK, kind="present"), "by VM (already there)"),
    ],
)
def test_an_event_in_words(event: Event, words: str) -> None:
    assert described(event) == words


def test_a_release_a_day_or_neither() -> None:
    assert [release_of(event) for event in (NEW, CHECK, OTHER)] == ["v6.1", "2024-01-01", "unreleased"]


def test_text_names_each_capability_once_and_few_commits() -> None:
    assert _written(write_text, TRACK).splitlines() == [
        "kernel (/k): 2 states, v6.0 to now",
        "KVM_CAP_A",
        "  v6.1        header: brought, number 5",
        "                aaaaaaaaaaaa 2024-01-01 KVM: a\\x1b",
        "                merge bbbbbbbbbbbb 2024-01-02 KVM: b\\x1b",
        "  2024-01-01  check on x86: changed always -> by VM",
        "                aaaaaaaaaaaa 2024-01-01 KVM: a\\x1b",
        "                merge bbbbbbbbbbbb 2024-01-02 KVM: b\\x1b",
        "                cccccccccccc 2024-01-03 KVM: c\\x1b",
        "                and 2 further commits that may have changed it",
        "KVM_CAP_B",
        "  unreleased  check on x86: removed, always",
    ]


def test_trees_are_apart_and_remarks_are_wrapped() -> None:
    empty = Track("qemu", "vmm", "/q", POINTS[:1], (), ("word " * 40,))
    text = _written(write_text, empty, Track("other", "vmm", "/o", (), ()))
    lines = text.splitlines()
    assert lines[:2] == ["qemu (/q): 1 state, v6.0", "  no event"]
    assert lines[2].startswith("note: word")
    assert lines[3].startswith("  word")
    assert max(map(len, lines)) <= 100
    assert lines[-3:] == ["", "other (/o): 0 states", "  no event"]


def test_data_fits_its_schema() -> None:
    data = json.loads(_written(write_json, TRACK))
    schema = resources.files("caplint").joinpath("schemas/history.json").read_text("utf-8")
    jsonschema.validate(data, json.loads(schema))
    (tree,) = data["trees"]
    assert tree["states"] == [{"label": "v6.0", "commit": "f" * 40}, {"label": "now", "commit": None}]
    assert [event["copied_from"] for event in tree["events"]] == [None, "v6.2-rc1", None]
    assert len(tree["events"][1]["commits"]) == 5
    assert tree["events"][0]["commits"][1] == {
        "id": "b" * 40, "date": "2024-01-02", "subject": "KVM: b\x1b", "merge": True,
    }  # fmt: skip


def test_a_row_per_event_with_the_first_commits_day() -> None:
    evil = replace(OTHER, before="=1+1")
    first, second, last = csv.DictReader(io.StringIO(_written(write_csv, replace(TRACK, events=(NEW, CHECK, evil)))))
    assert first["commits"] == f"{'a' * 40} {'b' * 40}"
    assert (first["date"], first["subject"], first["before"]) == ("2024-01-01", "KVM: a\\x1b", "")
    assert (second["release"], second["copied_from"], second["arch"]) == ("", "v6.2-rc1", "x86")
    assert (last["before"], last["date"], last["commits"]) == ("'=1+1", "", "")
