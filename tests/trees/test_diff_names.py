"""Names in the headers of diffs: quoted, dated, with prefixes and blanks."""

from __future__ import annotations

import time

import pytest

from caplint.trees.diff_names import NOWHERE, both_names, dated, unquoted


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b"a/x.c b/x.c", (b"a/x.c", b"b/x.c")),
        (b"a/x y.c b/x y.c", (b"a/x y.c", b"b/x y.c")),
        (b"a/x b/x b/x b/x", (b"a/x b/x", b"b/x b/x")),
        (b"x.c x.c", (b"x.c", b"x.c")),
        (b"i/d/x.c w/d/x.c", (b"i/d/x.c", b"w/d/x.c")),
        (b"a/old.c b/new.c", (b"a/old.c", b"b/new.c")),
        (b'"a/x\\ty.c" "b/x\\ty.c"', (b"a/x\ty.c", b"b/x\ty.c")),
        (b'a/x.c "b/\\303\\251.c"', (b"a/x.c", b"b/\xc3\xa9.c")),
        (b'"a/\\"x\\"" b/x', (b'a/"x"', b"b/x")),
        (b'"a/x"b/x', None),
        (b'"a/x" "b/x" "c/x"', None),
        (b"one", (b"one", b"")),
        (b"", (b"", b"")),
    ],
)
def test_both(text: bytes, names: tuple[bytes, bytes] | None) -> None:
    assert both_names(text) == names


@pytest.mark.parametrize("text", [b" " * 200_000, b"a/" + b"x " * 100_000, b'"' * 100_000, b'"' + b"\\" * 100_000])
def test_a_line_without_end(text: bytes) -> None:
    begun = time.process_time()
    both_names(text)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b"a/x.c\n", b"a/x.c"), (b"a/x.c\r\n", b"a/x.c"), (b"a/x y.c", b"a/x y.c"),
        (b"a/x.c\t2020-01-01 00:00", b"a/x.c"),
        (b'"a/\\a\\b\\f\\n\\r\\t\\v\\\\\\""', b'a/\a\b\f\n\r\t\v\\"'), (b'"a/\\377\\000"', b"a/\xff\x00"),
        (b'"a/\\777"', b"a/\xff"), (b'"a/\\q\\9"', b"a/\\q\\9"), (b'"', b'"'), (b'""', b""), (b"", b""), (b'"a', b'"a'),
    ],
)  # fmt: skip
def test_one(text: bytes, name: bytes) -> None:
    assert unquoted(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b"x.c\t1970-01-01 00:00:00.0 +0000\n", NOWHERE), (b"x.c\t1969-12-31 19:00:00.0 -0500\n", NOWHERE),
        (b"x.c\t2020-01-01 00:00:00\n", b"x.c"), (b"x 1970-01-01 00\n", b"x 1970-01-01 00"), (b"/dev/null\n", NOWHERE),
    ],
)  # fmt: skip
def test_a_date_that_stands_for_no_file(text: bytes, name: bytes) -> None:
    assert dated(text) == name
