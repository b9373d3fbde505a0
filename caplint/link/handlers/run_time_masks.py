"""Bits that enabling accepts by a constant, although a check answers them only on some machines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.knowledge.capability_names import is_capability
from caplint.knowledge.load import GENERIC
from caplint.link.functions.body import Body, Handler
from caplint.link.functions.callees import Helpers
from caplint.link.functions.code_function import between
from caplint.link.functions.constants import Constants, Mask
from caplint.link.handlers.rows import CapSubsetRow
from caplint.link.handlers.sites import Site
from caplint.link.handlers.supported_sets import SupportedSets

_CALL = re.compile(r"([A-Za-z_]\w*)\s*\([^()]*\)")
_CHAIN = re.compile(r"[A-Za-z_]\w*(?:\s*(?:\.|->)\s*\w+)+")
_WORD = re.compile(r"[A-Za-z_]\w*")
_IGNORED = frozenset({"kvm", "if", "true", "false", "NULL", "u64", "u32", "unsigned", "int"})
_DEPTH = 2
# Maximum number of assignments of one answer that are read.
_MOST_PARTS = 64


class _Part(NamedTuple):
    """Value of an answer, or bits added to it, with the run-time conditions under which it counts."""

    text: str
    added: bool
    conditions: tuple[str, ...]
    body: Body


class _Subset(NamedTuple):
    """Answer of a check that depends on the machine: bits in it, and the expression that decides."""

    site: Site
    handler: Handler
    bits: int | None
    """Bits that are answered sometimes; None if the expression is the set itself."""
    condition: str


@dataclass
class RunTimeMasks:
    """Answers that are sets of bits, and the masks of enable cases, of one side of a tree."""

    helpers: Helpers
    constants: Constants
    supported: SupportedSets
    _subsets: dict[str, list[_Subset]] = field(default_factory=dict)
    _accepted: list[tuple[Body, Site, int, Mask]] = field(default_factory=list)

    def check(self, body: Body, site: Site) -> None:
        """Take in a check case."""
        parts = list(self._parts(body, site.start, site.stop, _DEPTH))
        subset = self._set_itself(body, site, parts) or self._sometimes(body, site, parts)
        if subset is not None:
            self._subsets.setdefault(site.capability, []).append(subset)
        elif parts and not any(part.conditions for part in parts):
            self.supported.take(site, body.handler, tuple(part.text for part in parts))

    def enable(self, body: Body, site: Site, position: int, mask: Mask) -> None:
        """Take in the mask that an enable case tests an argument with."""
        if mask.value:
            self._accepted.append((body, site, position, mask))

    def rows(self) -> Iterator[CapSubsetRow]:
        """Yield a row for each enable case that accepts what a check does not answer on every machine."""
        for body, site, position, mask in self._accepted:
            for subset in self._subsets.get(site.capability, []):
                own, check = body.handler, subset.handler
                bits = (mask.value or 0) & (mask.value or 0 if subset.bits is None else subset.bits)
                if check.arch in {own.arch, GENERIC} and bits and self._is_free(body, site, subset, mask):
                    yield CapSubsetRow(own.side, own.tree, own.path, site.line, site.column, site.capability, own.arch,
                                       own.function, position, bits, mask.text, subset.condition,
                                       int(subset.bits is None), check.path, subset.site.line,
                                       check.function)  # fmt: skip
                    break

    def _parts(self, body: Body, start: int, stop: int, depth: int) -> Iterator[_Part]:
        """Yield what a stretch answers; a helper's call stands for what the helper answers."""
        rows: list[tuple[int, str, bool]] = [
            (row.start, row.text, False) for row in between(body.returns, start, stop) if row.text not in body.answers
        ]
        rows += [
            (row.start, row.text, row.operator == "|=")
            for row in between(body.stores, start, stop)
            if row.target in body.answers and row.operator in {"=", "|=", "init"}
        ]
        for offset, text, added in sorted(rows)[:_MOST_PARTS]:
            conditions = _conditions(body, offset, start, stop)
            call = _CALL.fullmatch(text.strip())
            inner = self.helpers.functions(call.group(1), body.handler.arch) if call and depth else []
            if len(inner) == 1:
                for part in self._parts(inner[0], inner[0].handler.start, inner[0].handler.stop, depth - 1):
                    yield part._replace(added=added or part.added, conditions=conditions + part.conditions)
            else:
                yield _Part(text, added, conditions, body)

    def _sometimes(self, body: Body, site: Site, parts: list[_Part]) -> _Subset | None:
        """Return the bits that are added under conditions to others that are answered always."""
        always, sometimes, condition = 0, 0, ""
        for part in parts:
            handler = part.body.handler
            value = self.constants.value(handler.arch, handler.path, part.text)
            if value is None or value < 0 or (part.conditions and not part.added):
                return None
            if not part.conditions:
                always |= value
            elif not condition or condition in part.conditions:
                sometimes, condition = sometimes | value, condition or part.conditions[0]
        bits = sometimes & ~always
        return _Subset(site, body.handler, bits, condition) if always and bits else None

    def _set_itself(self, body: Body, site: Site, parts: list[_Part]) -> _Subset | None:
        """Return the answer if it is a member that is no VM's, and so perhaps a set of bits of the machine."""
        if len(parts) != 1 or parts[0].conditions or not _CHAIN.fullmatch(parts[0].text.strip()):
            return None
        text = parts[0].text.strip()
        return _Subset(site, body.handler, None, text) if "kvm->" not in text else None

    def _is_free(self, body: Body, site: Site, subset: _Subset, mask: Mask) -> bool:
        """Tell whether enabling does not refuse by what the check looks at, and the answer is such a set of bits."""
        if subset.bits is None and not self._holds_bits(body, subset.condition, mask.value or 0):
            return False
        words = set(_WORD.findall(subset.condition)) - _IGNORED
        refusing = [row.text for row in between(body.tests, site.start, site.stop) if row.leaves]
        refusing += [row.text for row in between(body.returns, site.start, site.stop)]
        for row in between(body.calls, site.start, site.stop):
            for helper in self.helpers.functions(row.callee, body.handler.arch):
                if row.callee not in words:
                    refusing += helper.texts(helper.handler.start, helper.handler.stop)
        return bool(words) and not any(words & set(_WORD.findall(text)) for text in refusing)

    def _holds_bits(self, body: Body, target: str, accepted: int) -> bool:
        """Tell whether a constant with some of the accepted bits is assigned to a variable anywhere."""
        handler = body.handler
        rows = self.helpers.connection.execute(
            """SELECT DISTINCT f.path, s.value FROM temp.all_file f JOIN main.store s ON s.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND s.target = ? AND s.operator IN ('=', '|=') LIMIT ?""",
            (self.helpers.side, self.helpers.tree, target, _MOST_PARTS),
        )
        values = [self.constants.value(handler.arch, path, text) for path, text in rows if text.strip("() ") != "1"]
        return any(value is not None and value & accepted for value in values)


def _conditions(body: Body, offset: int, start: int, stop: int) -> tuple[str, ...]:
    """Return the run-time conditions between two offsets under which a statement runs.

    Which capability is asked for, and whether there is a VM, are none of them.
    """
    return tuple(
        f"!({guard.text})" if guard.negated else guard.text
        for guard in body.guards_at(offset)
        if start <= guard.start < stop and _depends_on_machine(set(_WORD.findall(guard.text)))
    )


def _depends_on_machine(words: set[str]) -> bool:
    return bool(words - _IGNORED) and not any(map(is_capability, words))
