"""Time of a check that grows with its input: twice the cases take about twice the time."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.rules import page
from caplint.trees.tree import Tree
from caplint.util import shipped_files


def seconds_of_check(trees: list[Tree]) -> float:
    """Return the processor time of a check with all shipped rules, in seconds; nothing is cached."""
    begun = time.process_time()
    check(trees, page.load([shipped_files.RULES]), Config(cache="none", jobs=1))
    return time.process_time() - begun


def assert_proportionate(seconds: Callable[[int], float], few: int, many: int, least: float) -> None:
    """Fail if many cases take over 8 times as long as few, which count as `least` seconds or more.

    What disturbs a measurement only ever adds to it, so the smaller of two counts.
    """
    seconds(few // 5)  # imports, and fills caches
    small, large = seconds(few), seconds(many)
    if large >= 8 * max(small, least):
        gc.collect()
        large = min(large, seconds(many))
    assert large < 8 * max(small, least), f"{small:.2f} s, then {large:.2f} s"
