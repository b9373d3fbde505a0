"""SQL functions in linear time that replace built-in ones whose time grows with the product of their arguments' sizes.

SQLite checks its time limit only between the steps of a query, and a function call is one step: `instr` of two texts
of a megabyte takes minutes. These functions have limits of their own, and raise `LimitError` for larger input.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from functools import cache, lru_cache

Text = str | bytes | int | float | None
"""SQL value."""

LONGEST = 10_000_000
"""Maximum length in bytes of a text that a query creates; texts from trees are far shorter."""

# Limit on pattern characters times text characters, which bounds the number of comparisons: half a second.
_MOST_COMPARED = 50_000_000
_FEW = 64
_LONGEST_FORMAT = 100_000


class LimitError(Exception):
    """Query that exceeds a limit; the message names the limit."""


@cache
def _plain() -> sqlite3.Connection:
    """Return a separate database in which all functions are SQLite's own."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    return connection


def _text(value: Text) -> str:
    """Convert a value as the built-in functions do."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    converted: str = _plain().execute("SELECT CAST(? AS TEXT)", (value,)).fetchone()[0]
    return converted


def instr(text: Text, part: Text) -> int | None:
    """Return the position of a part in a text or blob, from 1; 0 if it is missing."""
    if text is None or part is None:
        return None
    if isinstance(text, bytes) and isinstance(part, bytes):
        return text.find(part) + 1
    return _text(text).find(_text(part)) + 1


def replace(text: Text, old: Text, new: Text) -> Text:
    """Replace every occurrence of a part."""
    if text is None or old is None or new is None:
        return None
    whole, part, other = _text(text), _text(old), _text(new)
    if not part:
        return whole if isinstance(text, bytes) else text
    if len(whole) + whole.count(part) * (len(other) - len(part)) > LONGEST:
        raise LimitError("string or blob too big")
    return whole.replace(part, other)


def _stripped(text: Text, characters: Text, left: bool, right: bool) -> str | None:
    if text is None or characters is None:
        return None
    whole, unwanted = _text(text), frozenset(_text(characters))
    if len(unwanted) <= _FEW:
        few = "".join(unwanted)
        whole = whole.lstrip(few) if few and left else whole
        return whole.rstrip(few) if few and right else whole
    start, stop = 0, len(whole)
    while left and start < stop and whole[start] in unwanted:
        start += 1
    while right and start < stop and whole[stop - 1] in unwanted:
        stop -= 1
    return whole[start:stop]


def trim(text: Text, characters: Text) -> str | None:
    """Strip some characters from both ends of the text."""
    return _stripped(text, characters, left=True, right=True)


def ltrim(text: Text, characters: Text) -> str | None:
    """Strip some characters from the beginning of the text."""
    return _stripped(text, characters, left=True, right=False)


def rtrim(text: Text, characters: Text) -> str | None:
    """Strip some characters from the end of the text."""
    return _stripped(text, characters, left=False, right=True)


def like(pattern: Text, text: Text, escape: Text = None) -> bool | None:
    """Evaluate `text LIKE pattern ESCAPE escape`: `%` is any text, `_` any character; ASCII letters ignore case."""
    if pattern is None or text is None:
        return None
    return _matches(_like_pattern, _text(pattern), _text(text), None if escape is None else _text(escape))


def glob(pattern: Text, text: Text) -> bool | None:
    """Evaluate `text GLOB pattern`: `*` is any text, `?` any character, `[a-z]` and `[^a-z]` a character of a set."""
    if pattern is None or text is None:
        return None
    return _matches(_glob_pattern, _text(pattern), _text(text))


def _matches(compiled: Callable[..., re.Pattern[str] | None], pattern: str, text: str, *more: str | None) -> bool:
    if len(pattern) * len(text) > _MOST_COMPARED:
        sizes = f"{len(pattern):,} characters on a text of {len(text):,}"
        raise LimitError(f"a pattern of {sizes} takes too long; use shorter ones")
    expression = compiled(pattern, *more)
    return expression is not None and expression.match(text) is not None


@lru_cache(maxsize=1024)
def _like_pattern(pattern: str, escape: str | None) -> re.Pattern[str] | None:
    if escape is not None and len(escape) != 1:
        raise LimitError("ESCAPE expression must be a single character")
    runs, at = [""], 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == escape:
            if at == len(pattern):
                return None
            runs[-1] += re.escape(pattern[at])
            at += 1
        elif character == "%":
            runs.append("")
        else:
            runs[-1] += "." if character == "_" else re.escape(character)
    return _joined(runs, re.IGNORECASE | re.ASCII | re.DOTALL)


@lru_cache(maxsize=1024)
def _glob_pattern(pattern: str) -> re.Pattern[str] | None:
    runs, at = [""], 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*":
            runs.append("")
        elif character == "[":
            parsed_set = _one_of(pattern, at)
            if parsed_set is None:
                return None
            at = parsed_set[1]
            runs[-1] += parsed_set[0]
        else:
            runs[-1] += "." if character == "?" else re.escape(character)
    return _joined(runs, re.DOTALL)


def _one_of(pattern: str, at: int) -> tuple[str, int] | None:
    """Return the regular expression of a character set after its `[`, and its end; None if the set is not closed."""
    negated = pattern[at : at + 1] == "^"
    at += negated
    end = pattern.find("]", at + 1)  # a bracket in first position is a member of the set
    if end < 0:
        return None
    body = pattern[at:end]
    parts, place = [], 0
    while place < len(body):
        low, high = body[place], body[place]
        place += 1
        if body[place : place + 1] == "-" and place + 1 < len(body):
            high = body[place + 1]
            place += 2
        if low <= high:
            parts.append(f"\\U{ord(low):08x}-\\U{ord(high):08x}")
    if not parts:
        return ("." if negated else r"(?!)", end + 1)
    return f"[{'^' * negated}{''.join(parts)}]", end + 1


def _joined(runs: list[str], flags: int) -> re.Pattern[str]:
    """Compile runs of single characters with any text between them.

    All runs have a fixed length, so the first match of a run is always right: the groups are atomic, and nothing is
    tried twice.
    """
    first, *others = runs
    if not others:
        return re.compile(first + r"\Z", flags)
    middle = "".join(f"(?>.*?{run})" for run in others[:-1] if run)
    return re.compile(f"{first}{middle}.*{others[-1]}\\Z", flags)


def printf(*arguments: Text) -> str | None:
    """Call SQLite's own printf if its output is bounded; widths and precisions count even if they write nothing."""
    if not arguments or arguments[0] is None:
        return None
    form = _text(arguments[0])
    widths = [int(digits) for digits in re.findall(r"[0-9]{1,9}", form)]
    given = max((abs(value) for value in arguments[1:] if isinstance(value, int)), default=0)
    if len(form) > _LONGEST_FORMAT or sum(widths) + form.count("*") * given > LONGEST:
        raise LimitError("string or blob too big")
    marks = ", ".join("?" * (len(arguments) - 1))
    query = f"SELECT printf(?{', ' + marks if marks else ''})"
    written: str = _plain().execute(query, (form, *arguments[1:])).fetchone()[0]
    return written


Function = Callable[..., Text]

REPLACED: tuple[tuple[str, int, Function], ...] = (
    ("instr", 2, instr), ("replace", 3, replace), ("trim", 2, trim), ("ltrim", 2, ltrim), ("rtrim", 2, rtrim),
    ("like", 2, like), ("like", 3, like), ("glob", 2, glob), ("printf", -1, printf), ("format", -1, printf),
)  # fmt: skip
"""Name, number of arguments, and replacement of a built-in function."""

_BUILT_IN = """
    abs char coalesce concat concat_ws format glob hex ifnull iif instr length like likelihood likely lower ltrim max
    min nullif octet_length printf quote random replace round rtrim sign soundex sqlite_version substr substring subtype
    trim typeof unhex unicode unlikely upper zeroblob
    acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi pow power
    radians sin sinh sqrt tan tanh trunc
    date time datetime julianday strftime unixepoch timediff current_date current_time current_timestamp
    avg count group_concat string_agg sum total
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
    json json_array json_array_length json_extract json_insert json_object json_quote json_remove json_replace json_set
    json_type json_valid json_group_array json_group_object json_error_position -> ->>
"""
_OWN = "bit_count certain conjoin consistent equivalent implies minus nearest_cap plus possible satisfiable symbols"
KNOWN = frozenset((_BUILT_IN + _OWN).split())
"""Functions that a query may call. Other functions read no view, or take quadratic time (`json_patch`)."""
