"""Index of the part of a program read so far: definitions, calls, stored and passed functions, types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from caplint.c.expression import parse
from caplint.c.formula import substitute
from caplint.graph.gathered import Gathered
from caplint.graph.macro_functions import MacroFunctions, macro_functions
from caplint.graph.outlines import FileOutline, Outlines
from caplint.graph.path_model import Edge, ProgramFunction
from caplint.knowledge.load import GENERIC, knowledge

_CALL = re.compile(r"(?<![\w#.>])([A-Za-z_]\w*)\s*\(")
_FIELD = re.compile(r"(?:->|\.)\s*(\w+)\s*(?:\[[^\]]*\])?\s*\)?\Z")
_ELEMENT = re.compile(r"\(?\*?\s*(\w+)\s*\[")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_KEYWORDS = frozenset({"if", "while", "for", "switch", "return", "sizeof", "do", "defined", "typeof", "__typeof__"})
_SHARED = (".h", ".inc")


class FunctionDefinition(NamedTuple):
    """Definition of a function or macro."""

    function: ProgramFunction
    arch: str | None
    static: bool
    """Whether it is visible only in its own file."""
    weak: bool
    """Whether any other definition of its name replaces it."""
    condition: str
    macro: bool
    parameters: tuple[str, ...]
    type: str

    @property
    def live(self) -> bool:
        """Whether it can be part of the program in the build that paths.toml describes."""
        return is_live(self.condition)


class OutlineCall(NamedTuple):
    """Call of a function, or through a pointer."""

    caller: ProgramFunction
    file: FileOutline
    owner: int
    """The caller's ordinal in its file, -1 for a macro."""
    callee: str
    line: int
    condition: str
    labels: str
    descriptor: str = ""
    """First argument of a call that passes an ioctl's request."""


def edge_of(kind: str, call: OutlineCall, via: str = "", sure: str = "exact") -> Edge:
    """Return the edge of a call."""
    return Edge(kind, call.file.path, call.line, call.condition, call.labels, via, sure)


class Handed(NamedTuple):
    """Name that is passed to a call as an argument."""

    call: OutlineCall
    position: int


class Kept(NamedTuple):
    """Name that an initializer or an assignment stores."""

    name: str
    file: FileOutline
    owner: int
    holder: ProgramFunction | None
    """Enclosing function, None at file scope."""
    variable: str
    """Initialized variable, or the whole target of an assignment."""
    type: str
    """Type of the variable; '' for an assignment."""
    path: str
    """Path within an initializer; '' for an assignment."""
    line: int
    condition: str


class Registered(NamedTuple):
    """Invocation of a macro at file scope."""

    macro: str
    arguments: tuple[str, ...]
    file: FileOutline
    line: int


class Program:
    """Index of one tree's program, which grows as files are read."""

    def __init__(self, outlines: Outlines) -> None:
        self.outlines = outlines
        self.definitions: Gathered[FunctionDefinition] = Gathered()
        self._defined: dict[str, dict[ProgramFunction, FunctionDefinition]] = {}
        self._counts: dict[str, int] = {}
        """Name → definitions that `_defined` has."""
        self._functions: dict[str, list[ProgramFunction]] = {}
        """Path → functions by their ordinals."""
        self.calls: Gathered[OutlineCall] = Gathered()
        """Callee's name → calls."""
        self.through: Gathered[OutlineCall] = Gathered()
        """Member, or `name[]` for an array → calls through it."""
        self.handed: Gathered[Handed] = Gathered()
        self.kept: Gathered[Kept] = Gathered()
        self.copied: dict[str, list[tuple[FileOutline, int, str, str]]] = {}
        """Member → file, function, target and source of assignments from one structure to another."""
        self.aliases: dict[str, list[FunctionDefinition]] = {}
        """Name → macros that are aliases of it."""
        self.pasting: list[tuple[str, str]] = []
        """Bodies of macros that paste names together, with their places."""
        self.marked: dict[str, set[str | None]] = {}
        """Name → architectures whose headers mark it as defined (`#define f f`)."""
        self.registered: dict[str, list[Registered]] = {}
        """Name in the arguments → invocations."""
        self.members: dict[str, dict[str, str]] = {}
        self.positions: dict[str, dict[int, str]] = {}
        """Structure → position → member."""
        self.typedefs: dict[str, str] = {}
        self.variables: dict[tuple[str, int], dict[str, str]] = {}
        """Path and function → variable → type."""
        self.globals: dict[str, set[str]] = {}
        """Variable → its types in all files."""

    @property
    def name(self) -> str:
        """Name of the tree."""
        return self.outlines.tree.name

    def look(self, words: Iterable[str]) -> bool:
        """Read all files that contain one of these words; return whether there were unread ones."""
        files = self.outlines.mentioning(words)
        for file in files:
            self._add(file)
        return bool(files)

    def look_at_all(self) -> None:
        """Read the whole program."""
        for file in self.outlines.all():
            self._add(file)

    def _add(self, file: FileOutline) -> None:
        self.definitions.add(self._made_definitions, file, _by_name(file.functions, 0))
        self._add_calls(file)
        self._add_macros(file)
        self.kept.add(self._made_entries, file, _by_name(file.entries, 4))
        self._add_stores(file)
        self._add_types(file)
        for macro, text, line in file.uses:
            text = _STRING.sub('""', text)  # noqa: PLW2901
            arguments = tuple(part.strip() for part in text.split(","))
            for name in dict.fromkeys(re.findall(r"[A-Za-z_]\w*", text)):
                self.registered.setdefault(name, []).append(Registered(macro, arguments, file, line))

    def _add_calls(self, file: FileOutline) -> None:
        direct: dict[str, list[Any]] = {}
        through: dict[str, list[Any]] = {}
        handed: dict[str, list[Any]] = {}
        for row in file.calls:
            callee = row[1]
            if callee.isidentifier():
                direct.setdefault(callee, []).append(row)
            elif (slot := slot_name(callee)) is not None:
                through.setdefault(slot, []).append(row)
            for argument in row[5]:
                handed.setdefault(argument[1], []).append((row, argument))
        self.calls.add(self._made_calls, file, direct)
        self.through.add(self._made_calls, file, through)
        self.handed.add(self._made_handed, file, handed)

    def _add_stores(self, file: FileOutline) -> None:
        stored: dict[str, list[Any]] = {}
        for row in file.stores:
            owner, target, value, *_ = row
            if (field := _FIELD.search(value)) is not None:
                self.copied.setdefault(field[1], []).append((file, owner, target, value))
            else:
                stored.setdefault(re.split(r"[\s&)]", value)[-1], []).append(row)
        self.kept.add(self._made_stores, file, stored)

    def _functions_of(self, file: FileOutline) -> list[ProgramFunction]:
        if file.path not in self._functions:
            tree, path = self.name, file.path
            self._functions[path] = [ProgramFunction(tree, path, name, line) for name, line, *_ in file.functions]
        return self._functions[file.path]

    def _made_definitions(self, file: FileOutline, rows: list[Any]) -> Iterator[FunctionDefinition]:
        for name, line, linkage, condition, parameters, kind in rows:
            function = ProgramFunction(self.name, file.path, name, line)
            private = linkage == 1 and not file.path.endswith(_SHARED)
            yield FunctionDefinition(
                function, file.arch, private, linkage == 2, file.texts[condition], False, tuple(parameters), kind
            )

    def _made_calls(self, file: FileOutline, rows: list[Any]) -> Iterator[OutlineCall]:
        functions, texts = self._functions_of(file), file.texts
        for owner, callee, line, condition, labels, _ in rows:
            yield OutlineCall(functions[owner], file, owner, callee, line, texts[condition], texts[labels])

    def _made_handed(self, file: FileOutline, rows: list[Any]) -> Iterator[Handed]:
        for row, (position, _, *before) in rows:
            (call,) = self._made_calls(file, [row])
            yield Handed(call._replace(descriptor=before[0]) if before else call, position)

    def _made_entries(self, file: FileOutline, rows: list[Any]) -> Iterator[Kept]:
        functions = self._functions_of(file)
        for owner, variable, kind, path, name, line, condition in rows:
            holder = functions[owner] if owner >= 0 else None
            yield Kept(name, file, owner, holder, variable, kind, path, line, file.texts[condition])

    def _made_stores(self, file: FileOutline, rows: list[Any]) -> Iterator[Kept]:
        functions = self._functions_of(file)
        for owner, target, value, line, condition in rows:
            name = re.split(r"[\s&)]", value)[-1]
            holder = functions[owner] if owner >= 0 else None
            yield Kept(name, file, owner, holder, target, "", "", line, file.texts[condition])

    def _add_call(self, call: OutlineCall) -> None:
        if call.callee.isidentifier():
            self.calls.append(call.callee, call)
        elif (slot := slot_name(call.callee)) is not None:
            self.through.append(slot, call)

    def _add_macros(self, file: FileOutline) -> None:
        used = self._used(file)
        for name, parameters, body, line, condition in file.macros:
            function = ProgramFunction(self.name, file.path, name, line)
            private = not file.path.endswith(_SHARED)
            if "##" in body:
                self.pasting.append((body, f"{file.path}:{line}"))
            definition = FunctionDefinition(
                function, file.arch, private, False, file.texts[condition], True, tuple(parameters or ()), ""
            )
            if body == name:
                # `#define f f` marks f as defined, so that a generic header does not define its fallback.
                self.marked.setdefault(name, set()).add(file.arch)
                continue
            if parameters is None:
                self._define(definition)
                self.aliases.setdefault(body, []).append(definition)
                continue
            self._define(definition)
            is_used = "{" in body and (not private or name in used)
            own = self._add_macro_functions(file, definition, body) if is_used else None
            calls = ((own.holder(match.start()) if own else None, match[1]) for match in _CALL.finditer(body))
            for holder, callee in dict.fromkeys(calls):
                if callee not in definition.parameters and callee not in _KEYWORDS and callee != name:
                    caller = function._replace(name=holder) if holder else function
                    self._add_call(OutlineCall(caller, file, -1, callee, line, file.texts[condition], ""))

    def _add_macro_functions(self, file: FileOutline, macro: FunctionDefinition, body: str) -> MacroFunctions:
        """Add the functions that a macro defines outside functions."""
        own = macro_functions(body)
        line = macro.function.line
        for name in own.extents:
            function = macro.function._replace(name=name)
            self._define(macro._replace(function=function, macro=False, parameters=(), type=""))
        for name, kind, member in own.stored():
            kept = Kept(name, file, -1, None, "", kind, f".{member}", line, macro.condition)
            self.kept.append(name, kept)
        for registrar, name in own.passed():
            self.registered.setdefault(name, []).append(Registered(registrar, (name,), file, line))
        return own

    @staticmethod
    def _used(file: FileOutline) -> set[str]:
        """Return the macros that a file uses outside functions, and those that they use."""
        bodies = {name: body for name, _, body, _, _ in file.macros}
        used = {macro for macro, _, _ in file.uses}
        fresh = list(used)
        while fresh:
            inner = set(_CALL.findall(bodies.get(fresh.pop(), ""))) - used
            used |= inner
            fresh += inner
        return used

    def _add_types(self, file: FileOutline) -> None:
        for owner, member, kind, position in file.members:
            self.members.setdefault(plain_type(owner), {}).setdefault(member, kind)
            self.positions.setdefault(plain_type(owner), {}).setdefault(position, member)
        for name, kind in file.typedefs:
            if plain_type(name) != plain_type(kind):
                self.typedefs.setdefault(plain_type(name), plain_type(kind))
        for owner, name, kind in file.variables:
            self.variables.setdefault((file.path, owner), {}).setdefault(name, kind)
            if owner < 0:
                self.globals.setdefault(name, set()).add(plain_type(kind))

    def meant(self, name: str, file: FileOutline) -> list[FunctionDefinition]:
        """Return the definitions that a name denotes in a file: its own, else the visible ones of other files."""
        live = [definition for definition in self.definitions.get(name, ()) if definition.live]
        local = [definition for definition in live if definition.function.path == file.path]
        if local and not all(definition.weak for definition in local):
            return local
        folder = file.path.rpartition("/")[0] + "/" if file.path.endswith(_SHARED) else None
        visible = [
            definition
            for definition in live
            if (not definition.static or (folder is not None and definition.function.path.startswith(folder)))
            and (file.arch in {None, GENERIC} or definition.arch in {None, GENERIC, file.arch})
        ]
        return [definition for definition in visible if not self._is_hidden(definition, visible, file.arch)]

    def _is_hidden(self, definition: FunctionDefinition, visible: list[FunctionDefinition], arch: str | None) -> bool:
        """Return whether a macro replaces a function, by its presence condition or by the function's."""
        if definition.macro:
            return False
        if self.is_replaced(definition, arch):
            return True
        macros = {other.condition for other in visible if other.macro and not other.static}
        return bool(macros & {"1", definition.condition}) or any(f"!{condition}" in macros for condition in macros)

    def is_replaced(self, definition: FunctionDefinition, arch: str | None) -> bool:
        """Return whether an architecture's own definition replaces a weak function or a generic fallback."""
        name = definition.function.name
        if definition.weak and arch is not None:
            others = (other for other in self.definitions.get(name, ()) if other.live and not other.weak)
            return any(not other.static and other.arch == arch for other in others)
        if definition.macro or f"!defined({name})" not in definition.condition:
            return False
        archs = self.marked.get(name, set()) | {other.arch for other in self.definitions.get(name, ()) if other.macro}
        return arch is not None and arch in archs

    def defined(self, function: ProgramFunction) -> FunctionDefinition | None:
        """Return a function's definition, None if its file has not been read."""
        name = function.name
        definitions = self.definitions.get(name)
        if definitions is None:
            return None
        known = self._defined.setdefault(name, {})
        if (count := self._counts.get(name, 0)) < len(definitions):
            known.update((definition.function, definition) for definition in definitions[count:])
            self._counts[name] = len(definitions)
        return known.get(function)

    def _define(self, definition: FunctionDefinition) -> None:
        self.definitions.append(definition.function.name, definition)


def _by_name(rows: list[Any], column: int) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row[column], []).append(row)
    return grouped


@lru_cache(maxsize=1 << 14)
def slot_name(chain: str) -> str | None:
    """Return the member that a call goes through, `name[]` for an array of functions, else None."""
    if (field := _FIELD.search(chain)) is not None:
        return field[1]
    if (static := static_slot(chain)) is not None:
        return static[1]
    element = _ELEMENT.match(chain)
    return f"{element[1]}[]" if element is not None else None


def static_slot(chain: str) -> tuple[str, str] | None:
    """Return structure and member of `static_call(…)` and similar macros of paths.toml, else None."""
    return knowledge().static_slot(chain)


@lru_cache(maxsize=1 << 16)
def plain_type(text: str) -> str:
    """Return the bare name of a type: `foo` for both `const struct foo *` and `_foo`."""
    words = re.findall(r"\w+", text.partition("(")[0])
    return next((word.lstrip("_") for word in reversed(words) if word not in _QUALIFIERS), "")


_QUALIFIERS = frozenset(
    {"const", "volatile", "struct", "union", "static", "extern", "restrict", "__restrict", "register"}
)


@lru_cache(maxsize=1 << 14)
def is_live(condition: str) -> bool:
    """Return whether code under a condition can be part of the program in the build that paths.toml describes."""
    return condition == "1" or substitute(parse(condition), knowledge().dead) is not False


def definitions_of(
    program: Program, names: Iterable[str], paths: Iterable[str] | None = None
) -> Iterator[ProgramFunction]:
    """Yield the live definitions of functions, in the given files or in all (None)."""
    wanted = None if paths is None else set(paths)
    for name in names:
        for definition in program.definitions.get(name, ()):
            if definition.live and (wanted is None or definition.function.path in wanted):
                yield definition.function
