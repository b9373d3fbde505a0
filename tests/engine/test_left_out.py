"""Rules that the configuration leaves out, by the words of `select`, `extend-select` and `ignore`."""

from __future__ import annotations

import pytest
from conftest import made_up_rule

from caplint.config.settings import Config
from caplint.engine.left_out import reason_to_leave_out
from caplint.engine.outcome import IGNORED, UNSELECTED


@pytest.mark.parametrize(
    ("select", "extend", "ignore", "reason"),
    [
        ((), (), (), None),
        (("CAP401",), (), (), None),
        (("made-up",), (), (), None),
        (("CAP4",), (), (), None),
        (("CAP5",), (), (), UNSELECTED),
        (("CAP5",), ("CAP401",), (), None),
        ((), ("CAP5",), (), None),
        ((), (), ("CAP4",), IGNORED),
        ((), (), ("made-up",), IGNORED),
        ((), (), ("CAP5",), None),
        (("CAP401",), (), ("CAP4",), None),
        (("CAP4",), (), ("CAP401",), IGNORED),
        ((), ("CAP401",), ("CAP4",), None),
        (("CAP4",), (), ("CAP4",), IGNORED),
        (("CAP5",), (), ("CAP4",), UNSELECTED),
    ],
)
def test_the_longer_word_prevails(
    select: tuple[str, ...], extend: tuple[str, ...], ignore: tuple[str, ...], reason: str | None
) -> None:
    config = Config(select=select, extend_select=extend, ignore=ignore)
    assert reason_to_leave_out(made_up_rule("CAP401"), config) == reason
