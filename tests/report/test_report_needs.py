"""Kernels that a VMM needs as text, as JSON and as CSV, from needs made by hand."""

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

from caplint.history.needs import ENABLED, OPTIONAL, REQUIRED, Need, Needs
from caplint.inventory.model import SourceLine
from caplint.report.needs import write_csv, write_json, write_text
from caplint.report.style import Style

PLACE = SourceLine("qemu", "target/i386/kvm.c", 9, "f")
HLT = Need("KVM_CAP_HLT", "x86", REQUIRED, "<= v4.6", PLACE)
LOST = Need("KVM_CAP_LOST", None, OPTIONAL, None, SourceLine("qemu", "a\x1b.c", 1))
FOUND = Needs("qemu", "/q", "caplint's own data", (HLT, LOST), {"x86": "<= v4.6"}, {"x86": "<= v4.6"})


def _written(write: Callable[[Needs, TextIO, Style], None], found: Needs) -> str:
    out = io.StringIO()
    write(found, out, Style())
    return out.getvalue()


def test_kinds_have_headings_and_releases_a_column() -> None:
    assert _written(write_text, FOUND).splitlines() == [
        "qemu (/q); releases of caplint's own data",
        "  oldest kernel on x86: <= v4.6",
        "required: it does not start without",
        "  <= v4.6  KVM_CAP_HLT on x86: target/i386/kvm.c:9",
        "asked for, or used where the kernel accepts it (code that gives up after asking is here, too)",
        "  unknown  KVM_CAP_LOST: a\\x1b.c:1",
    ]


@pytest.mark.parametrize(
    ("oldest", "whole", "words"),
    [
        ("v5.1", "v5.1", "v5.1"),
        ("v5.1", "v6.2", "v5.1 (v6.2 where it enables everything)"),
        ("v5.1", None, "v5.1 (unknown where it enables everything)"),
        (None, None, "unknown"),
    ],
)
def test_the_oldest_kernel_and_that_of_everything(oldest: str | None, whole: str | None, words: str) -> None:
    found = replace(FOUND, needs=(), oldest={"arm64": oldest}, whole={"arm64": whole})
    assert _written(write_text, found).splitlines()[1:] == [f"  oldest kernel on arm64: {words}"]


def test_kinds_keep_their_order() -> None:
    found = replace(FOUND, needs=tuple(replace(HLT, kind=kind) for kind in (OPTIONAL, ENABLED, REQUIRED)))
    heads = [line.partition(":")[0] for line in _written(write_text, found).splitlines() if not line.startswith(" ")]
    assert heads[1:3] == ["required", "enabled without asking"]


def test_data_fits_its_schema() -> None:
    data = json.loads(_written(write_json, FOUND))
    jsonschema.validate(data, json.loads(resources.files("caplint").joinpath("schemas/needs.json").read_text("utf-8")))
    assert (data["path"], data["source"], data["oldest_for_everything_enabled"]) == (
        "/q", "caplint's own data", {"x86": "<= v4.6"},
    )  # fmt: skip
    assert [(need["cap"], need["since"], need["place"]["line"]) for need in data["needs"]] == [
        ("KVM_CAP_HLT", "<= v4.6", 9), ("KVM_CAP_LOST", None, 1),
    ]  # fmt: skip


def test_a_row_for_each_and_no_formula() -> None:
    evil = replace(LOST, place=SourceLine("qemu", "=1+1.c", 3))
    head, *rows = csv.reader(io.StringIO(_written(write_csv, replace(FOUND, needs=(HLT, evil)))))
    assert head == ["capability", "arch", "kind", "since", "path", "line", "function"]
    assert rows == [
        ["KVM_CAP_HLT", "x86", REQUIRED, "<= v4.6", "target/i386/kvm.c", "9", "f"],
        ["KVM_CAP_LOST", "", OPTIONAL, "", "'=1+1.c", "3", ""],
    ]
