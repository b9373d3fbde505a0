"""TOML that costs its parser more than its size."""

from __future__ import annotations

import time

import pytest

from caplint.util.errors import CaplintError
from caplint.util.toml_file import MOST_PARTS, parse_toml

PARTS = 40_000
LONG = {
    "bare": ".".join(["a"] * PARTS) + " = 1",
    "header": "[" + ".".join(["a"] * PARTS) + "]",
    "quoted": ".".join(['"a\\""'] * PARTS) + " = 1",
    "backslashes": ".".join(['"\\\\"'] * PARTS) + " = 1",
    "literal": ".".join(["''"] * PARTS) + " = 1",
    "mixed": " . ".join(["a", '"b.c"', "'d'"] * (PARTS // 3)) + " = 1",
    "in a table": "x = {" + ".".join(["a"] * PARTS) + " = 1}",
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_key_of_many_parts_is_refused_at_once(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(CaplintError, match=r"f: not valid TOML: a key of more than 32 parts \(at line 2\)"):
        parse_toml(f"\n{text}\n".encode(), "f")
    assert time.process_time() - begun < 2


def test_fewer_parts_are_read() -> None:
    key = ".".join(["a"] * MOST_PARTS)
    assert parse_toml(f"{key} = 1".encode(), "f")["a"]["a"]
    assert parse_toml(b'x = "https://a.b.c.d/e.f and 1.2.3"', "f")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a = " + b"[" * 100_000, "recursion"),
        (b"a = " + b"9" * 5000, "Exceeds the limit"),
        (b"\xff", "codec"),
        (b'a = "' + b"\\" * 100_001, "at end of document"),
        (b"a = '\0'", "Found invalid character"),
        (b"a = 1\na = 2", "Cannot overwrite"),
        (b"[%s]\n" % (b"a" * 5000) * 2, "Cannot declare"),
    ],
)
def test_what_is_no_toml_is_one_short_line(content: bytes, reason: str) -> None:
    with pytest.raises(CaplintError) as error:
        parse_toml(content, "f")
    assert str(error.value).startswith("f: not valid TOML: ")
    assert len(str(error.value)) < 300
