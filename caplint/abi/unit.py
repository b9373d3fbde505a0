"""Evaluation of one copy of KVM's headers for the ABIs of one architecture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from pycparser import c_ast

from caplint.abi.abis import Abi, abi_named
from caplint.abi.declarations import Declaration, declarations
from caplint.abi.layout import Types
from caplint.abi.preprocess import HeaderError, HeaderMacro, Preprocessed
from caplint.abi.sources import ROOT, STAND_IN, Sources, is_kvm_header
from caplint.abi.types import FollowsError, Record, StructMember
from caplint.abi.uapi_constants import UapiConstant, constants
from caplint.values.c_integers import UnknownValueError
from caplint.values.parser import parse_expression

_IOCTL = "__caplint_ioctl"
# Beyond these numbers, declarations, macros of ioctls and members are left out and reported. Linux 6.12 has up to 213
# structures with 760 members, and 320 ioctls. A run evaluates such headers for seven architectures.
_MAX_DECLARATIONS, _MAX_IOCTLS, _MAX_MEMBERS = 3_000, 1_000, 10_000
_WORD = re.compile(r"[A-Za-z_]\w*")


class Structure(NamedTuple):
    """Structure or union with a tag; size and alignment are in bytes."""

    tag: str
    kind: str
    size: int
    alignment: int
    path: str
    line: int
    column: int
    carried: int
    """1 if an ioctl's argument is this structure or contains it, else 0."""
    members: list[StructMember]


class IoctlNumber(NamedTuple):
    """Number of an ioctl and its parts."""

    name: str
    value: int
    direction: str
    """none, read, write or both, from user space's point of view."""
    size: int
    nr: int
    kind: int
    """Type field of the number: KVMIO."""
    argument: str
    """Type of the argument, empty without an argument."""
    path: str
    line: int
    column: int


class Unknown(NamedTuple):
    """Type, ioctl or header without a known layout or number."""

    name: str
    """`struct tag`, an ioctl, or a header."""
    path: str
    line: int
    reason: str
    follows: int = 0
    """1 if it is unknown because another layout is unknown, else 0."""


@dataclass
class AbiUnit:
    """Structures and ioctls of the headers in one ABI."""

    structures: list[Structure] = field(default_factory=list)
    ioctls: list[IoctlNumber] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    constants: list[UapiConstant] = field(default_factory=list)


def evaluate(sources: Sources, names: list[str]) -> dict[str, AbiUnit]:
    """Return the units by ABI name. ABIs with the same relevant predefined macros share one preprocessor run."""
    words = frozenset[str]().union(*map(_words, sources.files.values()))
    preprocessed: dict[tuple[tuple[str, str], ...], Preprocessed | HeaderError] = {}
    units_by_model: dict[tuple[object, ...], AbiUnit] = {}
    units = {}
    for name in names:
        abi = abi_named(name)
        key = tuple(sorted((macro, value) for macro, value in abi.predefined.items() if macro in words))
        if key not in preprocessed:
            try:
                preprocessed[key] = Preprocessed(sources, abi.predefined)
            except HeaderError as error:
                preprocessed[key] = error
        model = key, abi.model
        if model not in units_by_model:
            units_by_model[model] = _evaluated(preprocessed[key], abi, sources)
        units[name] = units_by_model[model]
    return units


@lru_cache(maxsize=256)
def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


def _evaluated(headers: Preprocessed | HeaderError, abi: Abi, sources: Sources) -> AbiUnit:
    root = sources.targets.get(("", ROOT), ROOT)
    try:
        if isinstance(headers, HeaderError):
            raise headers
        return _Evaluation(headers, abi, sources).unit()
    except HeaderError as error:
        return AbiUnit(unknown=[Unknown(root, error.path or root, max(error.line, 1), str(error))])


class _Evaluation:
    def __init__(self, headers: Preprocessed, abi: Abi, sources: Sources) -> None:
        self._headers = headers
        self._sources = sources
        self._abi = abi
        self._types = Types(abi)
        self._unknown: list[Unknown] = []

    def unit(self) -> AbiUnit:
        """Return the evaluated unit. Raises `HeaderError`."""
        for text, path, line in self._headers.absent:
            reason = "this tree does not hold it; structures that need it are not compared"
            self._unknown.append(Unknown(text, path, line, reason))
        for number, declaration in enumerate(declarations(self._headers.tokens)):
            if number == _MAX_DECLARATIONS:
                self._leave_out(*declaration.place, f"declarations beyond the first {_MAX_DECLARATIONS:,}")
                break
            self._declare(declaration)
        ioctls = list(self._ioctls())
        carried = self._reached(word for ioctl in ioctls for word in _WORD.findall(ioctl.argument))
        reported = self._reached(tag for tag, record in self._types.records.items() if is_kvm_header(record.path))
        records = self._within(record for record in self._types.records.values() if record.tag in reported)
        structures = [self._structure(record, record.tag in carried) for record in records]
        numbers = [
            constant._replace(column=self._column(constant.name, constant.path, constant.line))
            for constant in constants(self._headers, self._types)
        ]
        return AbiUnit(structures, ioctls, self._unknown, numbers)

    def _within(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield the structures up to the limit on their members."""
        left = _MAX_MEMBERS
        for record in records:
            left -= len(record.type.members)
            if left < 0:
                reason = f"structures with more than {_MAX_MEMBERS:,} members together"
                self._leave_out(record.path, record.line, reason)
                return
            yield record

    def _leave_out(self, path: str, line: int, reason: str) -> None:
        """Record that the header's contents from a line on are not evaluated."""
        self._unknown.append(Unknown(path, path, line, f"not evaluated: {reason}"))

    def _structure(self, record: Record, carried: bool) -> Structure:
        column = self._column(record.tag, record.path, record.line)
        size, alignment, members = record.type.size, record.type.alignment, list(record.type.members)
        location = (record.path, record.line, column)
        return Structure(record.tag, record.kind, size, alignment, *location, int(carried), members)

    def _declare(self, declaration: Declaration) -> None:
        path, line = declaration.place
        name = _subject(declaration)
        if declaration.node is None:
            self._fail(name, path, line, declaration.problem or "is not understood")
            return
        try:
            self._types.declare(declaration.node, declaration.chunk, declaration.place_of)
        except RecursionError:
            self._fail(name, path, line, "nests too deeply")
        except UnknownValueError as error:
            self._fail(name, path, line, str(error), follows=isinstance(error, FollowsError))

    def _fail(self, name: str, path: str, line: int, reason: str, *, follows: bool = False) -> None:
        self._types.failed.add(name)
        self._types.records.pop(name.partition(" ")[2], None)
        self._unknown.append(Unknown(name, path, line, reason, int(follows)))

    def _ioctls(self) -> Iterator[IoctlNumber]:
        numbered: set[str] = {"_IO", "_IOR", "_IOW", "_IOWR", "_IOC"}
        left = _MAX_IOCTLS
        for macro in self._headers.macros:
            if macro.path.startswith(STAND_IN) or not numbered.intersection(macro.words):
                continue
            left -= 1
            if left < 0:
                self._leave_out(macro.path, macro.line, f"macros of ioctls beyond the first {_MAX_IOCTLS:,}")
                return
            try:
                ioctl = self._ioctl(macro)
            except (UnknownValueError, HeaderError, RecursionError) as error:
                # A structure of another architecture only: for a compiler this ioctl does not exist either.
                if not str(error).endswith(" is not declared"):
                    follows = int(isinstance(error, FollowsError))
                    self._unknown.append(Unknown(macro.name, macro.path, macro.line, str(error), follows))
                continue
            if ioctl is not None:
                numbered.add(macro.name)
                yield ioctl

    def _ioctl(self, macro: HeaderMacro) -> IoctlNumber | None:
        text = self._headers.expansion(macro.name)
        node = parse_expression(text)
        if not (isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID) and node.name.name == _IOCTL):
            if _IOCTL in text:
                raise UnknownValueError(f"`{' '.join(macro.words)[:60]}` is more than an ioctl's number")
            return None
        direction, kind, number, size = node.args.exprs
        values = [self._types.constants.value(part) for part in (kind, number, size)]
        way = _direction(direction)
        if not (0 <= values[0] < 256 and 0 <= values[1] < 256 and 0 <= values[2] < 1 << self._abi.encoding.size_bits):
            raise UnknownValueError(
                f"type {values[0]}, number {values[1]} and size {values[2]} do not fit into an ioctl's number"
            )
        argument = self._types.of(size.expr).text if isinstance(size, c_ast.UnaryOp) else ""
        value = self._abi.encoding.number(way, values[0], values[1], values[2])
        return IoctlNumber(
            macro.name,
            value,
            way,
            values[2],
            values[1],
            values[0],
            argument,
            macro.path,
            macro.line,
            self._column(macro.name, macro.path, macro.line),
        )

    def _column(self, name: str, path: str, line: int) -> int:
        lines = self._sources.lines(path)
        words = _WORD.finditer(lines[line - 1]) if line <= len(lines) else ()
        return next((match.start() + 1 for match in words if match.group() == name), 1)

    def _reached(self, tags: Iterable[str]) -> set[str]:
        """Return the tags that have a layout, and the tags of all structures that they contain."""
        pending = list(tags)
        reached: set[str] = set()
        while pending:
            tag = pending.pop()
            if tag in self._types.records and tag not in reached:
                reached.add(tag)
                pending += self._types.records[tag].uses
        return reached


def _direction(node: c_ast.Node) -> str:
    words = set()
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, c_ast.BinaryOp) and part.op in {"|", "+"}:
            pending += [part.left, part.right]
        elif isinstance(part, c_ast.ID) and part.name in {"__caplint_none", "__caplint_read", "__caplint_write"}:
            words.add(part.name.removeprefix("__caplint_"))
        else:
            raise UnknownValueError("an ioctl's direction is not understood")
    words.discard("none")
    return "both" if len(words) == 2 else words.pop() if words else "none"


def _subject(declaration: Declaration) -> str:
    """Return `struct tag` of the declared type, else the declaration's first words."""
    match = re.search(r"\b(struct|union|enum)\s+(\w+)", declaration.chunk.text)
    return f"{match.group(1)} {match.group(2)}" if match else " ".join(declaration.chunk.text.split()[:3])
