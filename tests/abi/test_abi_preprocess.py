"""Work of a preprocessor on headers that have no end: it is counted and given up, the same on every machine."""

from __future__ import annotations

import time

import pytest
from evaluated import BOMB, DOUBLED, GOOD, unit

WITHOUT_END = {
    "a condition": f"{DOUBLED}#if B39\n#endif\n",
    "calls in a condition": "#define D(x) x + x\n#if " + "D(" * 38 + "1" + ")" * 38 + "\n#endif\n",
    "a text": BOMB,
    "many conditions": "#if (1 + 2) * 3 == defined(A)\n#endif\n" * 20_000,
    "a long condition": "#if " + "1+" * 200_000 + "1\n#endif\n",
}


@pytest.mark.parametrize("text", WITHOUT_END.values(), ids=list(WITHOUT_END))
def test_work_without_an_end_is_counted_and_given_up(text: str) -> None:
    """Not by the clock: the same on every machine, and before all architectures have had their seconds."""
    begin = time.process_time()
    found = unit(text + GOOD)
    assert time.process_time() - begin < 15
    assert [entry.reason for entry in found.unknown] == ["takes more than 500,000 steps to preprocess"]


def test_headers_that_include_each_other_twice_are_given_up() -> None:
    others = {f"n{i}": f"#include <linux/n{i + 1}.h>\n" * 2 for i in range(25)} | {"n25": "\n"}
    found = unit(f"#include <linux/n0.h>\n{GOOD}", **others)
    assert [entry.reason for entry in found.unknown] == ["takes more than 500,000 steps to preprocess"]


def test_blank_lines_that_are_included_again_and_again_are_counted() -> None:
    found = unit("#include <linux/n.h>\n" * 200 + GOOD, n="\n" * 20_000)
    assert [entry.reason for entry in found.unknown] == ["takes more than 500,000 steps to preprocess"]


@pytest.mark.parametrize("shift", ["1 << 99999999999", "1 << 9000000000", "1u << -1", "1 << -1", "1 << 64"])
def test_a_shift_makes_no_number_of_gigabytes(shift: str) -> None:
    found = unit(f"#if {shift}\n#endif\n{GOOD}")
    assert "a shift by more than 63 bits" in found.unknown[0].reason
    assert unit(f"#if 0 && ({shift})\n#endif\n#if (1 << 63) == 0\n#error\n#endif\n{GOOD}").unknown == []


def test_a_reason_does_not_quote_a_header_without_an_end() -> None:
    (entry,) = unit("#if " + "9" * 100_000 + "\n#endif\n" + GOOD).unknown
    assert len(entry.reason) <= 300
