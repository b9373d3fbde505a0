"""The effective settings as text and as an object."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from caplint.report.settings import write_json, write_text
from caplint.report.style import Style

LINES = ['fail-on = "error"', "\n[trees.kernel]", 'path = "k"']
VALUES = {"source": None, "trust": None, "restricted": ["rules"], "fail_on": "error", "jobs": 2, "store": "/c/facts.db"}


def _text(**more: Any) -> list[str]:
    out = io.StringIO()
    write_text({**VALUES, "lines": LINES, **more}, out, Style())
    return out.getvalue().splitlines()


def test_the_defaults() -> None:
    assert _text() == [
        "# no caplint.toml found here or above; these are the defaults",
        'fail-on = "error"', "", "[trees.kernel]", 'path = "k"', "", "# store: /c/facts.db",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("trust", "remark"),
    [
        (None, ""),
        ("trusted", ""),
        ("not trusted", ", not trusted: other commands refuse it; run `caplint trust`, or name it with --config"),
        (
            "changed since it was trusted",
            ", changed since it was trusted: other commands refuse it; run `caplint trust`, or name it with --config",
        ),
    ],
)
def test_where_they_come_from(trust: str | None, remark: str) -> None:
    assert _text(source="/a\x1b/caplint.toml", trust=trust)[0] == f"# from /a\\x1b/caplint.toml{remark}"


def test_what_a_terminal_would_obey_is_visible() -> None:
    assert _text(lines=["a\x1b"], store="s\x1b")[1:] == ["a\\x1b", "", "# store: s\\x1b"]
    assert _text(store=None)[-1] == "# store: none"


def test_as_an_object() -> None:
    out = io.StringIO()
    write_json({**VALUES, "lines": LINES}, out, Style())
    assert json.loads(out.getvalue()) == VALUES
