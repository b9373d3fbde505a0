"""meson.build files: the sources of source sets and their conditions.

https://mesonbuild.com/SourceSet-module.html: `set.add(when: …, if_true: …, if_false: …)` and `add_all`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from caplint.c.expression import quoted
from caplint.c.formula import Formula, Literal, conjunction, negation
from caplint.c.syntax import UnreadableError
from caplint.facts.kinds.makefiles import Lists
from caplint.facts.store.records import BlindSpot, BuildRule
from caplint.facts.syntax.build_conditionals import Nesting
from caplint.facts.syntax.logical_lines import MAX_BYTES

_TOKEN = re.compile(r"'''.*?'''|'(?:[^'\\\n]|\\.)*'|#[^\n]*|\\\n|\n|\w+|\+=|[^\s\w]", re.DOTALL)
_OPTION = re.compile(r"'((?:CONFIG|TARGET)_\w+)'\Z")
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")

_Token = tuple[str, int]
"""Text and line."""


def meson_rules(source: bytes) -> Iterator[BuildRule | BlindSpot]:
    """Yield every source file that a source set of the file includes.

    Raises `UnreadableError` for a file beyond the limits on size, nesting and conditions.
    """
    if len(source) > MAX_BYTES:
        raise UnreadableError(f"larger than {MAX_BYTES >> 10} KiB")
    lists = Lists()
    nesting = Nesting()
    for statement in _statements(source.decode("utf-8", "replace")):
        words = [word for word, _ in statement]
        if words[0] in {"if", "foreach"}:
            nesting.enter(_unread(words[1:]))
        elif words[0] in {"elif", "else"}:
            nesting.alternative(_unread(words[1:]) if words[0] == "elif" else True)
        elif words[0] in {"endif", "endforeach"}:
            nesting.leave()
        else:
            _statement(lists, statement, nesting.whole)
    yield from lists.rules()


def _statement(lists: Lists, statement: list[_Token], condition: Formula) -> None:
    """Read `set.add(…)`, `set.add_all(…)` or `name = files(…)`; ignore other statements."""
    words = [word for word, _ in statement[:4]]
    if len(words) > 1 and words[1] in {"=", "+="}:
        _take(lists, words[0], statement[2:], condition)
        return
    if words[1:] not in ([".", "add", "("], [".", "add_all", "("]):
        return
    when: Formula = True
    sources: list[tuple[str, list[_Token]]] = []
    for keyword, value in _arguments(statement[4:]):
        if keyword == "when":
            when = _when(value)
        else:
            sources.append((keyword, value))
    for keyword, value in sources:
        given = {"": True, "if_true": when, "if_false": negation(when)}.get(keyword)
        if given is not None:
            _take(lists, words[0], value, conjunction([condition, given]))


def _take(lists: Lists, target: str, value: list[_Token], condition: Formula) -> None:
    """Add the strings of every `files(…)` and the names of other sets; skip other calls."""
    calls = [""]  # callees of the open brackets
    for index, (word, line) in enumerate(value):
        following = value[index + 1][0] if index + 1 < len(value) else ""
        if word in _OPENING:
            before = value[index - 1][0] if index else ""
            calls.append(before if word == "(" and before.isidentifier() else calls[-1])
        elif word in _CLOSING:
            del calls[max(1, len(calls) - 1) :]
        elif calls[-1] == "files" and word.startswith("'"):
            lists.add(target, word.strip("'"), condition, line)
        elif not calls[-1] and word.isidentifier() and following not in {"(", "."}:
            lists.use(target, word, condition)


def _when(value: list[_Token]) -> Formula:
    """Return the conjunction of a list of options, or one option; other expressions become an atom."""
    words = [word for word, _ in value]
    if words[:1] == ["["] and words[-1:] == ["]"] and not _OPENING & set(words[1:]):
        return conjunction(_option(word) for word in words[1:-1] if word != ",")
    return _option(words[0]) if len(words) == 1 else _unread(words)


def _option(word: str) -> Formula:
    match = _OPTION.match(word)
    return Literal(match.group(1)) if match else quoted(word)


def _unread(words: list[str]) -> Formula:
    return quoted(" ".join(words))


def _arguments(tokens: list[_Token]) -> Iterator[tuple[str, list[_Token]]]:
    """Yield keyword (`""` if positional) and tokens of every argument up to the closing parenthesis."""
    depth = 0
    argument: list[_Token] = []
    for token in tokens:
        word = token[0]
        if depth == 0 and word in {",", ")"}:
            named = len(argument) > 1 and argument[1][0] == ":"
            yield (argument[0][0], argument[2:]) if named else ("", argument)
            argument = []
            if word == ")":
                return
            continue
        depth += (word in _OPENING) - (word in _CLOSING)
        argument.append(token)


def _statements(source: str) -> Iterator[list[_Token]]:
    """Yield the tokens of every statement: a line, or several if brackets or a backslash continue it."""
    statement: list[_Token] = []
    depth, line = 0, 1
    for match in _TOKEN.finditer(source):
        word = match.group()
        if word == "\n" and depth <= 0:
            if statement:
                yield statement
            statement, depth = [], 0
        elif not word.startswith("#") and word.strip("\\\n"):
            depth += (word in _OPENING) - (word in _CLOSING)
            statement.append((word, line))
        line += word.count("\n")
    if statement:
        yield statement
