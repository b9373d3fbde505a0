"""Migration of a register: a subsection beside its neighbour's, and its entry in the list of subsections."""

from __future__ import annotations

from pathlib import Path

import pytest
from qemu_series import REQUESTS, body, contents, small, written
from small_qemu import FILES, MACHINE

from caplint.authoring.qemu.vmstate import write
from caplint.authoring.topic import Topic
from caplint.util.errors import CaplintError

FIELD = "        VMSTATE_UINT64(env.msr_hwcr, X86CPU),\n"


def test_a_subsection_is_sent_only_if_its_value_would_be_lost(tmp_path: Path) -> None:
    text = contents(written(tmp_path, REQUESTS["register"]))[MACHINE]
    assert "return cpu->env.msr_ppin != 0;" in body(text, "msr_ppin_needed")
    assert "    .needed = msr_ppin_needed,\n    .fields = (const VMStateField[]) {\n" in text
    assert "        &vmstate_msr_hwcr,\n        &vmstate_msr_ppin,\n        NULL\n" in text


def test_the_style_of_the_neighbour_is_kept(tmp_path: Path) -> None:
    made = written(tmp_path, REQUESTS["register"], {MACHINE: ("(const VMStateField[]) {", "(VMStateField[]){")})
    assert contents(made)[MACHINE].count("    .fields = (VMStateField[]){\n") == 2


def _written(root: Path, old: str = "", new: str = "", kind: str = "register") -> Topic:
    with small(root, {MACHINE: (old, new)}) as place:
        topic = Topic(place, "subject", [])
        write(REQUESTS[kind], topic)
        return topic


def test_it_stands_between_its_neighbour_and_the_list(tmp_path: Path) -> None:
    text = _written(tmp_path).files[MACHINE].content.decode()
    order = ["vmstate_msr_hwcr = {", "Decision (migration of MSR_PPIN)", "static bool msr_ppin_needed(void *opaque)\n",
             "static const VMStateDescription vmstate_msr_ppin = {\n    .name = \"cpu/msr_ppin\",\n",
             "        VMSTATE_UINT64(env.msr_ppin, X86CPU),\n        VMSTATE_END_OF_LIST()\n    }\n};\n",
             "vmstate_x86_cpu = {", "        &vmstate_msr_hwcr,\n        &vmstate_msr_ppin,\n"]  # fmt: skip
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    kept = iter(text.splitlines())
    assert all(line in kept for line in FILES[MACHINE].splitlines())


def test_a_capability_without_a_register_has_nothing_to_migrate(tmp_path: Path) -> None:
    assert _written(tmp_path, kind="mask").files == {}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (FIELD, FIELD.replace("msr_hwcr", "other"), "msr_hwcr has no subsection of its own"),
        ("    .needed = msr_hwcr_needed,\n", "", "msr_hwcr has no subsection of its own"),
        ("        &vmstate_msr_hwcr,\n", "", "vmstate_msr_hwcr is in no list of subsections"),
        ("        NULL\n", "        &vmstate_msr_hwcr,\n        NULL\n", "is in no list of subsections"),
        (FIELD, FIELD * 40, "is in no list of subsections"),
    ],
)
def test_a_neighbour_that_migrates_otherwise(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(CaplintError, match=f"lacks the place to migrate MSR_PPIN: .*{told}"):
        _written(tmp_path, old, new)
