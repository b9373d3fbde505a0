"""Runs somebody's query: it may read and nothing else, and it ends in bounded time and memory."""

from __future__ import annotations

import re
import resource
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, ClassVar

from caplint.rules.sql_functions import KNOWN, LONGEST, REPLACED, Function, LimitError, Text
from caplint.util.errors import CaplintError

# Seconds of processor time: a query that takes more is broken; the slowest shipped one takes some milliseconds.
TIME_LIMIT = 20.0

# What a query may hold at once, and what its rows may take, in bytes.
_MEMORY = 1_500_000_000
_ROWS = 500_000_000
# Steps of SQLite between two looks at the limits. A step takes 20 ns, or as long as a function needs for 10 MB.
_STEPS = 2_000
# A query of shipped pages has 4,400 bytes, calls 42 functions and has 1,100 instructions.
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 50_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 500,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 200,
}
_MOST_CALLS = 500
# A text that a function is through with at once.
_SHORT = 10_000
# Tables that a query names, with those of the WITH clauses that it uses as often as it uses them: SQLite plans all of
# them, and has no limit of its own.
_MOST_TABLES = 5_000

_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_BYTES_OF_RSS = 1 if sys.platform == "darwin" else 1024

_SQL_TOKEN = re.compile(
    r"""'(?:[^']|'')*+'|--[^\n]*+|/\*.*?(?:\*/|\Z)
      |"(?P<double>(?:[^"]|"")*+)"|`(?P<back>[^`]*+)`|\[(?P<square>[^\]]*+)\]|(?P<word>[^\W\d]\w*+)|(?P<bracket>[()])|(?P<other>\S)""",
    re.VERBOSE | re.DOTALL,
)
_HALF = re.compile("[\ud800-\udfff]")
_AS = frozenset({"as", "not", "materialized"})


@contextmanager
def sandbox(connection: sqlite3.Connection, label: str) -> Iterator[None]:
    """Hold the statements of a block to the limits. Raises `CaplintError` under the label for what goes beyond."""
    guard = _Guard(time.process_time() + TIME_LIMIT, _memory() + _MEMORY)
    before = {limit: connection.setlimit(limit, most) for limit, most in _LIMITS.items()}
    _replace_functions(connection)
    _Guard.active.append(guard)
    connection.set_authorizer(guard.authorize)
    connection.set_progress_handler(guard.is_over, _STEPS)
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, UnicodeError, MemoryError, LimitError) as error:
        connection.set_authorizer(None)
        connection.set_progress_handler(None, 0)
        raise guard.failure(label, error, connection) from error
    finally:
        connection.set_authorizer(None)
        connection.set_progress_handler(None, 0)
        _Guard.active.remove(guard)
        for limit, most in before.items():
            connection.setlimit(limit, most)


def _replace_functions(connection: sqlite3.Connection) -> None:
    """Put our own in the place of built-in functions, for good: SQLite does not give those back."""
    try:
        connection.execute("SELECT sandboxed()")
    except sqlite3.OperationalError:
        for name, count, function in REPLACED:
            connection.create_function(name, count, _watched(function), deterministic=True)
        connection.create_function("sandboxed", 0, lambda: 1)


def _watched(function: Function) -> Function:
    """The function, which in a sandbox begins with no long text once the time is over; SQLite would not say why."""

    @wraps(function)
    def called(*arguments: Text) -> Text:
        guard = _Guard.active[-1] if _Guard.active else None
        try:
            for value in arguments:
                if guard and isinstance(value, (str, bytes)) and len(value) > _SHORT and guard.is_over():
                    raise LimitError(guard.reason)
            return function(*arguments)
        except (LimitError, sqlite3.Error) as error:
            if guard:
                guard.reason = guard.reason or str(error)
            raise

    return called


def plain(query: str) -> str:
    """The query without the semicolons at its end; inside a `sandbox`. Raises `LimitError` for one that is none."""
    if "\0" in query:
        raise LimitError("holds a NUL character")
    if not query.isascii() and _HALF.search(query):
        raise LimitError("is not UTF-8")
    if len(query) > _LIMITS[sqlite3.SQLITE_LIMIT_SQL_LENGTH]:
        raise LimitError(f"is longer than {_LIMITS[sqlite3.SQLITE_LIMIT_SQL_LENGTH]:,} characters")
    if _tables(query) > _MOST_TABLES:
        raise LimitError("uses its WITH clauses too often, directly or through one another")
    return query.strip().rstrip(";")


def execute(connection: sqlite3.Connection, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of a query that `plain` has given; inside a `sandbox`."""
    cursor = connection.execute(query)
    rows, size = [], 0
    for row in cursor:
        rows.append(row)
        size += 64 * (len(row) + 1) + sum(len(value) for value in row if isinstance(value, (str, bytes)))
        if size > _ROWS:
            raise LimitError(f"gives rows of more than {_ROWS // 1_000_000} MB; ask for fewer, or with LIMIT")
    return [column[0] for column in cursor.description or ()], rows


@dataclass
class _Guard:
    """The limits of one block, and which of them was met."""

    active: ClassVar[list[_Guard]] = []
    """The guards of the blocks that are running, the innermost last."""
    deadline: float
    memory: int
    calls: int = 0
    reason: str = ""

    def is_over(self) -> int:
        """Whether SQLite is to stop here."""
        if time.process_time() > self.deadline:
            self.reason = f"takes longer than {TIME_LIMIT:g} s"
        elif _memory() > self.memory:
            self.reason = f"takes more than {_MEMORY // 1_000_000:,} MB of memory"
        return int(bool(self.reason))

    def authorize(self, action: int, _: str | None, second: str | None, *__: str | None) -> int:
        """Whether a query may do something: read, and call functions that are known."""
        if action in _ALLOWED:
            return sqlite3.SQLITE_OK
        if action != sqlite3.SQLITE_FUNCTION or str(second).lower() not in KNOWN:
            return sqlite3.SQLITE_DENY
        self.calls += 1
        if self.calls > _MOST_CALLS:
            self.reason = f"calls more than {_MOST_CALLS} functions"
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    def failure(self, label: str, error: Exception, connection: sqlite3.Connection) -> Exception:
        """The error to be raised: one of the query, or of the store where that is damaged."""
        from caplint.facts.store.store import is_damage, is_no_text  # noqa: PLC0415 - only failing queries need it

        if not self.reason and is_no_text(error) and not holds_no_text(connection):
            return CaplintError(f"{label}: makes a text that is not UTF-8; ask for hex() of it")
        if not self.reason and is_damage(error):
            return error
        reason = self.reason or str(error) or "is too large for SQLite"
        if reason.startswith("user-defined function"):  # the arguments of one could not be read
            reason = "hands a text to a function that is not UTF-8; ask for hex() of it"
        return CaplintError(f"{label}: {reason}")


def holds_no_text(connection: sqlite3.Connection) -> bool:
    """Whether some table holds a text that is not UTF-8, which nothing but damage brings there."""
    factory, connection.text_factory = connection.text_factory, bytes
    try:
        names = [
            f"{schema}.{_quoted(name.decode())}"
            for schema in ("main", "temp")
            for (name,) in connection.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table'")  # noqa: S608
        ]
        for name in names:
            for row in connection.execute(f"SELECT * FROM {name}"):  # noqa: S608
                for value in row:
                    if isinstance(value, bytes):
                        value.decode()
    except (sqlite3.Error, UnicodeDecodeError):
        return True
    finally:
        connection.text_factory = factory
    return False


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _memory() -> int:
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES_OF_RSS


@lru_cache(maxsize=256)
def _tables(query: str) -> int:
    """How many names of tables a query has at most once each use of a WITH clause stands for its text."""
    if not re.search(r"\bwith\b", query, re.IGNORECASE):
        return 0
    tokens = [
        (str(match.lastgroup), match[match.lastgroup].lower())
        for match in _SQL_TOKEN.finditer(query)
        if match.lastgroup
    ]
    clauses = list(_clauses(tokens))
    names = {name for name, _, _ in clauses}
    uses: dict[str, Counter[str]] = {name: Counter() for name in (*names, "")}
    inside = ["" for _ in tokens]
    for name, start, stop in clauses:  # the inner ones come later
        inside[start:stop] = [name] * (stop - start)
    for (kind, text), name in zip(tokens, inside, strict=True):
        if text in names and text != name and kind not in {"bracket", "other"}:
            uses[name][text] += 1
    return _weights(uses)


def _clauses(tokens: list[tuple[str, str]]) -> Iterator[tuple[str, int, int]]:
    """Name and extent of everything that looks like `name (columns) AS (…)`, by where it begins."""
    pairs, open_at = {}, []
    for at, (kind, text) in enumerate(tokens):
        if kind == "bracket" and text == "(":
            open_at.append(at)
        elif kind == "bracket" and open_at:
            pairs[open_at.pop()] = at
    closing = {stop: start for start, stop in pairs.items()}
    for start, stop in sorted(pairs.items()):
        at = start - 1
        while at >= 0 and tokens[at] in {("word", word) for word in _AS}:
            at -= 1
        if at == start - 1:
            continue
        at = closing.get(at, at + 1) - 1
        if at >= 0 and tokens[at][0] not in {"bracket", "other"}:
            yield tokens[at][1], start, stop


def _weights(uses: dict[str, Counter[str]]) -> int:
    """The size of the query, `""`, with every use of a clause counted as what the clause uses."""
    known: dict[str, int] = {}

    def weight(name: str, above: frozenset[str]) -> int:
        if name in above or len(above) > _MOST_CALLS:
            return 1
        if name not in known:
            inner = (count * weight(used, above | {name}) for used, count in uses[name].items())
            known[name] = min(1 + sum(inner), _MOST_TABLES + 1)
        return known[name]

    return weight("", frozenset())
