"""An upstream kernel that every tree of the fleet is compared with."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import jsonschema
from conftest import HEADER, UAPI, Caplint, age, kernel, qemu

OWN = HEADER + "#define KVM_CAP_OURS 10\n"
UPSTREAM = HEADER + "#define KVM_CAP_THEIRS 10\n"


def test_findings_that_need_the_reference_stand_with_the_tree_alone(caplint: Caplint, apart: Path) -> None:
    for name, header in (("own", OWN), ("upstream", UPSTREAM)):
        kernel(apart / name, {UAPI: header})
    qemu(apart / "qemu")
    age(apart)
    words = ("matrix", "--kernel", "own", "upstream", "--qemu", "qemu", "--output-format", "json")
    without, with_one = (json.loads(caplint(*words, *more).out) for more in ((), ("--reference", "upstream")))
    schema = json.loads(resources.files("caplint").joinpath("schemas/matrix.json").read_text("utf-8"))
    for found in (without, with_one):
        jsonschema.validate(found, schema)
    assert without["reference"] is None
    assert with_one["reference"]["label"] == "upstream"
    own, upstream, vmm = with_one["alone"]
    assert {finding["subject"] for finding in own["findings"]} == {"KVM_CAP_OURS"}
    assert upstream["findings"] == vmm["findings"] == []
    assert [cell["findings"] for cell in with_one["cells"]] == [cell["findings"] for cell in without["cells"]]
    assert without["alone"][0]["findings"] == []
    assert caplint(*words, "--reference", "gone").status == 2
