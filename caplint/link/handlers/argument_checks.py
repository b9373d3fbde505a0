"""Arguments that an enable case reads, whether it checks them, and the effect of 0."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.core.extents import last_before
from caplint.link.functions.body import Body, Row, between
from caplint.link.functions.callees import Helpers
from caplint.link.functions.cap_argument import CapArgument
from caplint.link.handlers.sites import Site
from caplint.values.expression_text import closing, stripped

_ARGUMENT = re.compile(r"\bargs\s*\[\s*(\d{1,9})\s*\]")
_DEPTH = 3
# Maximum number of elements of cap->args per case; the ABI has four.
_MOST_ARGUMENTS = 64
# Maximum number of conditions above the switch that are read per element.
_MOST_ABOVE = 100
_CAST = r"(?:\(\s*(?:const\s+)?(?:unsigned\s+|struct\s+|void\s+)?[A-Za-z_]\w*(?:\s+__user)?\s*\**\s*\)\s*)*"
_FAILURE = re.compile(r"\(*\s*-\s*E[A-Z]+")
# Placeholder for the value in an expression.
_MARK = "\x00"
# The value with its casts and parentheses.
_VALUE = rf"{_CAST}\(*{_CAST}{_MARK}\)*"
_IS_VALUE = re.compile(_VALUE)
_MENTION = re.compile(rf"{_MARK}(?!\s*(?:->|\.|\[|\())")
_MASKED = re.compile(rf"{_VALUE}\s*&\s*~\s*")
_ANDED = re.compile(rf"{_VALUE}\s*&")
_PICKED = re.compile(rf"{_VALUE}\s*&\s*+[^&~]")
_COMPARED = re.compile(rf"{_VALUE}\s*(?:[<>]=?|[=!]=)(?![<>])|(?:[<>]=?|[=!]=)\s*{_VALUE}")
_SAFE = re.compile(rf"!+\s*{_VALUE}|{_VALUE}\s*&\s*+[^&~].*|.*[^&]&\s*{_VALUE}")
_CHOOSES = re.compile(rf"{_VALUE}\s*\?.*")
_SET = re.compile(rf"\(*\s*{_VALUE}\s*(?:!=\s*0\s*)?\)*")
_CLEAR = re.compile(rf"\(*\s*!\s*{_VALUE}\s*\)*|\(*\s*{_VALUE}\s*==\s*0\s*\)*|\(*\s*!\s*\(+{_VALUE}\s*&\s*[^~].*")
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\s*\(")


def used(helpers: Helpers, body: Body, site: Site) -> Iterator[CapArgument]:
    """Yield every argument that the site reads, by index. A test above the switch counts for all cases."""
    if not body.selector:
        return
    indices = {int(index) for text in body.texts(site.start, site.stop) for index in _ARGUMENT.findall(text)}
    if len(indices) > _MOST_ARGUMENTS:
        body.cut(site.line, site.start, f"more than {_MOST_ARGUMENTS} arguments of one request")
    for index in sorted(indices)[:_MOST_ARGUMENTS]:
        pattern = rf"{re.escape(body.selector)}\s*(?:->|\.)\s*args\s*\[\s*{index}\s*\]"
        yield _ArgumentReader(helpers, body, (site.start, site.stop), pattern, _DEPTH).argument(index)


@dataclass
class _ArgumentReader:
    """Reader of the uses of one value in an extent of a function."""

    helpers: Helpers
    body: Body
    extent: tuple[int, int]
    pattern: str
    depth: int

    def __post_init__(self) -> None:
        copied = re.compile(rf"{_CAST}\(*{self.pattern}\)*")
        self._copies = dict.fromkeys(
            row.extra[0]
            for row in between(self.body.stores, *self.extent)
            if row.extra[0].isidentifier() and copied.fullmatch(row.text.strip())
        )
        self._names = re.compile("|".join([self.pattern, *(rf"\b{re.escape(name)}\b" for name in self._copies)]))

    def _marked(self, text: str) -> str:
        """Return an expression with a placeholder for the value, so that the same patterns serve every value."""
        return self._names.sub(_MARK, text.replace(_MARK, " "))

    def _unmarked(self, rest: str, whole: str) -> str:
        """Return the end of a marked expression with the original text of the value."""
        names = self._names.findall(whole.replace(_MARK, " "))
        written = iter(names[len(names) - rest.count(_MARK) :])
        return re.sub(_MARK, lambda _: next(written), rest)

    def _mentions(self, text: str) -> bool:
        return _MENTION.search(self._marked(text)) is not None

    def argument(self, index: int) -> CapArgument:
        tests, stores, passes = self._tests, self._stores, self._passes
        masks = [mask for row in tests for mask in self._masks(row)]
        validated = self._validated(tests, stores, passes)
        use = "stored" if stores else "passed" if passes else "tested"
        return CapArgument(index, use, validated, self._zero(), masks[0] if masks else None)

    @cached_property
    def _tests(self) -> list[Row]:
        """Return conditions that mention the value, including those above the switch."""
        start, stop = self.extent
        first = start if self.body.first_label is None else self.body.first_label
        rows = [*self._above(first), *between(self.body.tests, max(first, start), stop)]
        return [row for row in rows if row.extra[0] != "switch" and self._mentions(row.text)]

    def _above(self, first: int) -> list[Row]:
        """Return conditions above an offset that may mention the value; cached for the other cases."""
        key = (self.pattern, first)
        if key not in self.body.above:
            name, rows = re.compile(self.pattern), between(self.body.tests, 0, first)
            self.body.above[key] = {row.start: row for row in rows if name.search(row.text)}
        tests = self.body.above[key]
        copied = [row for name in self._copies for row in self.body.tests_by_word.get(name, []) if row.start < first]
        if copied:
            tests = dict(sorted({**tests, **{row.start: row for row in copied}}.items()))
        if len(tests) > _MOST_ABOVE:
            self.body.cut_at(min(tests), f"more than {_MOST_ABOVE} conditions above the cases on one argument")
        return list(islice(tests.values(), _MOST_ABOVE))

    @cached_property
    def _stores(self) -> list[Row]:
        """Return assignments to non-local targets that take the value or a part of it."""
        return [
            row for row in between(self.body.stores, *self.extent) if row.extra[2] == "0" and self._mentions(row.text)
        ]

    @cached_property
    def _passes(self) -> list[tuple[str, int]]:
        """Return calls that receive the value: callee and argument index."""
        passes = []
        for row in (*between(self.body.calls, *self.extent), *self._declared()):
            arguments = json.loads(row.text) if row.text.startswith("[") else [row.text]
            if not (kernel_idioms().logs(row.extra[0]) or kernel_idioms().is_transparent(row.extra[0])):
                passes += [
                    (row.extra[0], position)
                    for position, text in enumerate(arguments)
                    if _IS_VALUE.fullmatch(self._marked(text.strip()))
                ]
        return passes

    def _declared(self) -> list[Row]:
        """Return declarations that call, such as `CLASS(fd, f)(value)`, as rows of calls."""
        return [Row(row.start, row.stop, row.extra[0], (row.text,)) for row in between(self.body.macros, *self.extent)]

    def _masks(self, row: Row) -> Iterator[str]:
        """Yield the mask that `value & ~MASK` accepts, in a condition that rejects other bits."""
        if row.extra[0] == "if" and row.extra[1] != "1" and not self._sets_failure(row):
            return
        text = self._marked(row.text)
        for match in _MASKED.finditer(text):
            yield _operand(self._unmarked(text[match.end() :], row.text))

    def _sets_failure(self, row: Row) -> bool:
        """Tell whether an error is assigned or returned under a condition."""
        values = [*between(self.body.stores, row.start, row.stop), *between(self.body.returns, row.start, row.stop)]
        return any(_FAILURE.match(entry.text) for entry in values)

    def _validated(self, tests: list[Row], stores: list[Row], passes: list[tuple[str, int]]) -> int | None:
        if any(self._limits(row) for row in tests):
            return 1
        unknown = False
        for callee, position in passes:
            verdict = 1 if kernel_idioms().judges(callee) else self._callee(callee, position)
            if verdict == 1:
                return 1
            unknown = unknown or verdict is None
        if any(not self._is_safe(row) for row in stores) or (
            not stores and any(self._picks_bits(row.text) for row in tests)
        ):
            return 0
        if unknown:
            return None
        return 0 if passes and not stores else 1

    def _limits(self, row: Row) -> bool:
        """Tell whether a condition bounds the value: a mask of other bits, a comparison, or a call that judges it."""
        if next(self._masks(row), None) is not None:
            return True
        text = row.text
        for part in map(self._marked, re.split(r"\|\||&&", text)):
            if _COMPARED.search(part) and not _ANDED.search(part):
                return True
        called = {*_CALLED.findall(text)} - {"if", "sizeof"}
        return not called.isdisjoint(self._callees)

    @cached_property
    def _callees(self) -> frozenset[str]:
        return frozenset(callee for callee, _ in self._passes)

    def _picks_bits(self, text: str) -> bool:
        return _PICKED.search(self._marked(text)) is not None

    def _is_safe(self, row: Row) -> bool:
        """Tell whether any value may be stored this way: as a truth value, cut to some bits, or into a bool."""
        value = self._marked(row.text.strip())
        if _SAFE.fullmatch(value):
            return True
        if not _IS_VALUE.fullmatch(value):
            return _CHOOSES.fullmatch(value) is not None
        return _is_bool(self.helpers, row.extra[0])

    def _callee(self, callee: str, position: int) -> int | None:
        """Return 1 if every helper validates the value, 0 if one does not, None if unknown or without a definition."""
        definitions = self.helpers.functions(callee, self.body.handler.arch) if self.depth else []
        definitions = [
            helper for helper in definitions if position < len(helper.handler.parameters) and helper is not self.body
        ]
        if not definitions:
            return None
        verdicts = [self._inside(helper, position).validated for helper in definitions]
        return 0 if 0 in verdicts else None if None in verdicts else 1

    def _inside(self, helper: Body, position: int) -> CapArgument:
        """Return the use of a helper's parameter."""
        handler = helper.handler
        key = (handler.blob, handler.start, position, self.depth)
        if key not in self.helpers.arguments:
            name = rf"\b{re.escape(handler.parameters[position])}\b"
            reader = _ArgumentReader(self.helpers, helper, (handler.start, handler.stop), name, self.depth - 1)
            self.helpers.arguments[key] = reader.argument(0)
        return self.helpers.arguments[key]

    def _zero(self) -> str:
        """Return the effect of 0, from the tests under which the function fails."""
        for row in self._tests:
            if row.extra[0] != "if" or row.extra[1] != "1" or not self._fails(row):
                continue
            parts = [self._marked(part.strip()) for part in re.split(r"\|\|", stripped(row.text))]
            if any(_SET.fullmatch(part) for part in parts):
                return "required"
            if any(_CLEAR.fullmatch(part) for part in parts):
                return "rejected"
        for callee, position in self._passes:
            if kernel_idioms().accesses_user_memory(callee):
                return "rejected"
            definitions = self.helpers.functions(callee, self.body.handler.arch) if self.depth else []
            definitions = [
                helper
                for helper in definitions
                if position < len(helper.handler.parameters) and helper is not self.body
            ]
            if definitions and all(self._inside(helper, position).zero == "rejected" for helper in definitions):
                return "rejected"
        return "accepted"

    def _fails(self, row: Row) -> bool:
        """Tell whether the branch of a test ends in an error: returned there, or assigned before it breaks out."""
        returned = between(self.body.returns, row.start, row.stop)
        if returned:
            return all(_FAILURE.match(entry.text) for entry in returned)
        last_store = next(last_before(self.body.result_stores, row.stop), None)
        return last_store is not None and _FAILURE.match(last_store.text) is not None


def _is_bool(helpers: Helpers, target: str) -> bool:
    """Tell whether a member of this name is a bool, or one bit wide, in every declaration."""
    name = re.split(r"->|\.", re.sub(r"\[[^\]]*\]", "", target))[-1].strip()
    kinds = helpers.members.get(name, set())
    return bool(kinds) and all(kind == "bool" or bits == "1" for kind, bits in kinds)


def _operand(text: str) -> str:
    """Return the operand that a text begins with: a name, a call, or the content of its parentheses."""
    if not text.startswith("("):
        match = re.match(r"[\w.>-]+(?:\([^()]*\))?", text)
        return match.group() if match else ""
    end = closing(text)
    return text[1 : end if end > 0 else None].strip()
