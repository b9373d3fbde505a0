"""Paths as a drawing: well-formed, nothing on top of anything else, and safe."""

from __future__ import annotations

import re
from pathlib import Path as File
from xml.etree import ElementTree as ET

import pytest
from conftest import Caplint

from caplint.graph.path_model import Path, Step
from caplint.report.drawing import svg

FIXTURES = File(__file__).parents[2] / "fixtures"
TREES = ("--kernel", FIXTURES / "linux", "--qemu", FIXTURES / "qemu", "--libvirt", FIXTURES / "libvirt")
NAMESPACE = "{http://www.w3.org/2000/svg}"
# Heights of the three kinds of text, and the width of a character in the widest common monospaced font.
SIZES = {"name": 13.0, "place": 10.5, "crossing": 10.5, "lane": 12.0, "title": 15.0}
WIDTH = 0.61


def _boxes(drawing: str) -> list[tuple[float, float, float, float, str]]:
    boxes = []
    for text in ET.fromstring(drawing).iter(f"{NAMESPACE}text"):
        size = SIZES[text.attrib["class"].split()[0]]
        words = text.text or ""
        x, y, width = float(text.attrib["x"]), float(text.attrib["y"]), size * WIDTH * len(words)
        if text.attrib.get("text-anchor") == "middle":
            x -= width / 2
        boxes.append((x, y - 0.8 * size, x + width, y + 0.2 * size, words))
    return boxes


@pytest.mark.parametrize(
    "words",
    [
        ("KVM_CAP_S390_IRQCHIP", "--from", "cmdStart"),
        ("KVM_CAP_DIRTY_LOG_RING",),
        ("KVM_ENABLE_CAP",),
        ("KVM_CAP_NR_VCPUS",),
    ],
)
def test_no_label_on_another(caplint: Caplint, words: tuple[str, ...]) -> None:
    out = caplint("path", *words, *TREES, "--output-format", "svg").out
    boxes = _boxes(out)
    width = float(re.search(r'width="(\d+)"', out)[1])  # type: ignore[index]
    assert len(boxes) > 10
    for index, (left, top, right, bottom, words_here) in enumerate(boxes):
        assert left >= 0
        assert right <= width, words_here
        for other in boxes[index + 1 :]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart, (words_here, other[4])


def test_lanes_are_programs_from_left_to_right(caplint: Caplint) -> None:
    out = caplint("path", "KVM_CAP_S390_IRQCHIP", "--from", "cmdStart", *TREES, "--output-format", "svg").out
    lanes = [
        (float(text.attrib["x"]), text.text)
        for text in ET.fromstring(out).iter(f"{NAMESPACE}text")
        if text.attrib["class"] == "lane"
    ]
    assert [name for _, name in sorted(lanes)] == ["libvirt", "qemu", "kernel"]
    assert len(re.findall('class="border"', out)) == 2
    assert len(re.findall('class="bridge"', out)) == 3  # one exec, two ioctls
    assert out.count(">main()<") == 1, "what two paths share is drawn once"


def test_hostile_names() -> None:
    step = Step('q<&">', "f\x1b]0;x\x07", "a]]>.c", 1, "entry", note="</text><script>alert(1)</script>")
    out = svg("KVM_CAP_<X>", [Path("check", None, (step,), 'no "caller" <b>', "")])
    ET.fromstring(out)
    assert "<script" not in out
    assert "\x1b" not in out


def test_no_reason_is_cut() -> None:
    reason = "nobody in view calls " + "the_function_with_a_long_name() of drivers/some-directory/file.c " * 9
    step = Step("qemu", "f", "a.c", 1, "entry")
    boxes = _boxes(svg("KVM_CAP_X", [Path("check", "x86", (step,), reason, "and " + "x" * 200)]))
    text = "".join(words.replace("\N{NO-BREAK SPACE}", " ") for *_, words in boxes)
    assert "".join(text.split()).count("".join(reason.split())) == 1
    assert "x" * 200 in "".join(text.split())
    assert max(box[2] for box in boxes) < 700


def test_nothing_found() -> None:
    ET.fromstring(svg("KVM_CAP_X", []))


def test_a_long_chain_stays_in_its_lane() -> None:
    steps = tuple(Step("qemu", f"function_{n}", "a.c", n + 1, "direct") for n in range(60))
    boxes = _boxes(svg("KVM_CAP_X", [Path("check", "x86", steps)]))
    assert max(box[2] for box in boxes) < 700
