"""Sandbox for untrusted queries: read-only, with bounded time and memory."""

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
from caplint.util.patterns import compiled

# Processor time in seconds. The slowest shipped query takes some milliseconds.
TIME_LIMIT = 20.0

# Limits in bytes of a query's memory and of its rows.
_MEMORY = 1_500_000_000
_ROWS = 500_000_000
# SQLite steps between two checks of the limits. A step takes 20 ns, or as long as a function needs for 10 MB.
_STEPS = 2_000
# Shipped queries have at most 4,400 bytes, 42 function calls and 1,100 instructions.
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 50_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 500,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 200,
}
_MOST_CALLS = 500
# Length of a text that every function processes at once.
_SHORT = 10_000
# Limit on table names in a query, with each WITH clause counted once per use: SQLite plans all of
# them, and has no limit of its own.
_MOST_TABLES = 5_000

_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_BYTES_OF_RSS = 1 if sys.platform == "darwin" else 1024

_SQL_TOKEN = compiled(
    r"""'(?:[^']|'')*+'|--[^\n]*+|/\*.*?(?:\*/|\Z)
      |"(?P<double>(?:[^"]|"")*+)"|`(?P<back>[^`]*+)`|\[(?P<square>[^\]]*+)\]|(?P<word>[^\W\d]\w*+)|(?P<bracket>[()])|(?P<other>\S)""",
    re.VERBOSE | re.DOTALL,
)
_HALF = re.compile("[\ud800-\udfff]")
_AS = frozenset({"as", "not", "materialized"})


@contextmanager
def sandbox(connection: sqlite3.Connection, label: str) -> Iterator[None]:
    """Apply the limits to the statements of a block. Raises `CaplintError` with the label for a violation."""
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
    """Replace built-in functions permanently; SQLite cannot restore them."""
    try:
        connection.execute("SELECT sandboxed()")
    except sqlite3.OperationalError:
        for name, count, function in REPLACED:
            connection.create_function(name, count, _watched(function), deterministic=True)
        connection.create_function("sandboxed", 0, lambda: 1)


def _watched(function: Function) -> Function:
    """Wrap the function so that a sandboxed call with a long text fails, with the reason, once the time is over."""

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
    """Return the query without trailing semicolons, inside a `sandbox`. Raises `LimitError` for an invalid query."""
    if "\0" in query:
        raise LimitError("contains a NUL character")
    if not query.isascii() and _HALF.search(query):
        raise LimitError("is not UTF-8")
    if len(query) > _LIMITS[sqlite3.SQLITE_LIMIT_SQL_LENGTH]:
        raise LimitError(f"is longer than {_LIMITS[sqlite3.SQLITE_LIMIT_SQL_LENGTH]:,} characters")
    if _tables(query) > _MOST_TABLES:
        raise LimitError("uses its WITH clauses too often, directly or through other clauses")
    return query.strip().rstrip(";")


def execute(connection: sqlite3.Connection, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return column names and rows of a query from `plain`, for use inside `sandbox`."""
    cursor = connection.execute(query)
    rows, size = [], 0
    for row in cursor:
        rows.append(row)
        size += 64 * (len(row) + 1) + sum(len(value) for value in row if isinstance(value, (str, bytes)))
        if size > _ROWS:
            raise LimitError(f"returns more than {_ROWS // 1_000_000} MB of rows; select fewer, or add LIMIT")
    return [column[0] for column in cursor.description or ()], rows


@dataclass
class _Guard:
    """Limits of one block, and the reason if one was exceeded."""

    active: ClassVar[list[_Guard]] = []
    """Guards of the running blocks, innermost last."""
    deadline: float
    memory: int
    calls: int = 0
    reason: str = ""

    def is_over(self) -> int:
        """Return whether SQLite must stop now."""
        if time.process_time() > self.deadline:
            self.reason = f"takes longer than {TIME_LIMIT:g} s"
        elif _memory() > self.memory:
            self.reason = f"takes more than {_MEMORY // 1_000_000:,} MB of memory"
        return int(bool(self.reason))

    def authorize(self, action: int, _: str | None, second: str | None, *__: str | None) -> int:
        """Authorise an action of a query: reading, and calling known functions."""
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
        """Return the error to be raised: one of the query, or of the store where that is damaged."""
        from caplint.facts.store.store import is_damage, is_no_text  # noqa: PLC0415 - only failing queries need it

        if not self.reason and is_no_text(error) and not holds_no_text(connection):
            return CaplintError(f"{label}: returns text that is not UTF-8; wrap the column in hex()")
        if not self.reason and is_damage(error):
            return error
        reason = self.reason or str(error) or "is too large for SQLite"
        if reason.startswith("user-defined function"):  # its arguments could not be decoded
            reason = "passes a text to a function that is not UTF-8; wrap it in hex()"
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
    """Return the peak memory of this process in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES_OF_RSS


@lru_cache(maxsize=256)
def _tables(query: str) -> int:
    """Return the number of table names of a query with every use of a WITH clause expanded, up to a limit."""
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
    for name, start, stop in clauses:  # inner clauses come later
        inside[start:stop] = [name] * (stop - start)
    for (kind, text), name in zip(tokens, inside, strict=True):
        if text in names and text != name and kind not in {"bracket", "other"}:
            uses[name][text] += 1
    return _weights(uses)


def _clauses(tokens: list[tuple[str, str]]) -> Iterator[tuple[str, int, int]]:
    """Yield name and extent of everything that looks like `name (columns) AS (…)`, in order of its position."""
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
    """Return the size of the query, `""`, with every use of a clause counted at the size of the clause."""
    sizes: dict[str, int] = {}

    def weight(name: str, above: frozenset[str]) -> int:
        if name in above or len(above) > _MOST_CALLS:
            return 1
        if name not in sizes:
            inner = (count * weight(used, above | {name}) for used, count in uses[name].items())
            sizes[name] = min(1 + sum(inner), _MOST_TABLES + 1)
        return sizes[name]

    return weight("", frozenset())
