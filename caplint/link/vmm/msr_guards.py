"""Questions that a VMM asks before it touches an MSR: the kernel's list, a capability, CPUID, or the register itself.

A condition asks if it names such a question, or a variable, member or function whose value comes from one. Conditions
in a place's own function count, and those in all callers. A condition that cannot be told counts as `unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.knowledge.load import knowledge
from caplint.link.core.extents import last_before
from caplint.link.functions.code_function import CodeFunction, symbols
from caplint.link.functions.function_facts import Assignment, CallSite, GuardRange
from caplint.link.vmm.msr_code import FEATURE, MsrCode
from caplint.link.vmm.msr_places import MsrPlace, RegisterTaker
from caplint.link.vmm.msr_registers import Register
from caplint.values.expression_tree import Node, text_of, tree_of

LIST, CAPABILITY, CPUID, PROBE, UNKNOWN = "list", "capability", "cpuid", "probe", "unknown"
# The strongest first.
_ORDER = (LIST, CAPABILITY, CPUID, PROBE, UNKNOWN)
_DEPTH = 5
_CALLERS = 4
_MOST_STORES = 60
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*\Z|true\Z|false\Z|NULL\Z|sizeof\Z|defined\Z")
_MEMBER = re.compile(r"(?:->|\.)\s*([A-Za-z_]\w*)")
_LAST = re.compile(r"(\w+)(?:\s*\[[^\[\]]*\])*\s*\Z")
_INDICES = re.compile(r"(?:->|\.)\s*(?:indices|nmsrs)\b")


_ADDRESS = re.compile(r"&\s*([A-Za-z_]\w*)")
_DATA = re.compile(r"(?:->|\.)\s*data\Z")
_SIZE = re.compile(r"\b(?:ARRAY_SIZE|G_N_ELEMENTS|sizeof|ARRAY_LEN)\s*\([^()]*\)")
# What a function returns that tells of success and failure, and not of a feature.
_STATUS = re.compile(r"-|(?:ret|r|rc|err|error)\Z|\w*ioctl\w*\s*\(")
_CONNECTIVES = frozenset({("binary", "&&"), ("binary", "||"), ("unary", "!")})
_ZERO = Node("number", "0")


def _is_trial(place: MsrPlace) -> bool:
    """Tell whether a register is accessed alone, and the code goes on where the kernel refuses."""
    function = place.function
    names = {place.taker, *(store.target for store in function.stores if f"{place.taker}(" in store.value)}
    mentioned = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b")
    later = [call for call in function.calls if call.start > place.start and "assert" in call.callee.lower()]
    if any(mentioned.search(argument) for call in later for argument in call.arguments):
        return False
    return any(test.stop > place.start and mentioned.search(test.expression) for test in function.tests)


def _is_step(function: CodeFunction) -> bool:
    """Tell whether a function does something that may fail, in contrast to one that only answers a question."""
    return any(_STATUS.match(entry.value) for entry in function.returns) or any(
        not store.local for store in function.stores
    )


def _tested(node: Node) -> tuple[Node, bool] | None:
    """Return the variable or call that a condition tests alone, and whether it is tested for a negative value."""
    if node.kind in {"name", "call"}:
        return node, False
    if (
        node.kind == "binary"
        and node.text in {"<", ">=", "==", "!=", ">", "<="}
        and node.parts[0].kind in {"name", "call"}
    ):
        other = node.parts[1]
        if other == _ZERO or (other.kind == "unary" and other.text == "-"):
            return node.parts[0], other != _ZERO or node.text in {"<", ">="}
    return None


def strongest(kinds: Iterable[str]) -> str:
    """Return the kind that says most, '' if there is none."""
    return min((kind for kind in kinds if kind), key=_ORDER.index, default="")


@dataclass
class MsrGuards:
    """Finder of the questions on the way to a place."""

    code: MsrCode
    takers: dict[str, RegisterTaker]
    _names: dict[str, str] = field(default_factory=dict)
    _functions: dict[str, str] = field(default_factory=dict)
    _extents: dict[tuple[str, int, int, str], str] = field(default_factory=dict)
    _given: dict[tuple[str, int], dict[str, list[CallSite]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        msr = knowledge().msr
        self._lists = {msr.index_list, msr.feature_list}
        self._checks = {wrapper.callee: wrapper.request for wrapper in knowledge().wrappers if wrapper.verb == "check"}

    def of(self, place: MsrPlace, register: Register) -> str:
        """Return the strongest question before a place, '' if there is none; for a table also what its entry names."""
        kind = self._on_the_way(place.function, place.start, _CALLERS)
        if not kind and place.taker and self.takers[place.taker].verbs and _is_trial(place):
            kind = PROBE
        if register.entry and (entry := self._of_entry(register)):
            kind = strongest([kind, entry]) if kind != UNKNOWN else entry
        return kind

    def _of_entry(self, register: Register) -> str:
        """Return the question that a table's entry names: `{ MSR_X, &has_msr_x }`, `{ MSR_X, CPUID_Y }`."""
        rest = register.entry.replace(register.text, "", 1)
        if knowledge().msr.cpuid.search(rest):
            return CPUID
        names = [
            name for name in symbols(rest) if not _CONSTANT.match(name) and not re.search(rf"[.]\s*{name}\s*=", rest)
        ]
        called = re.findall(r"\w+(?=\s*\()", rest)
        plain = [name for name in names if name not in called and name in self._stored]
        return strongest(self._of_name(name, _DEPTH) for name in plain)

    def _on_the_way(self, function: CodeFunction, offset: int, depth: int) -> str:
        own = [self._of_extent(function, extent) for extent in function.guards_at(offset)]
        if next(function.cases.at(offset), None) is not None:
            own.append(UNKNOWN)
        kind = strongest(own)
        if kind and kind != UNKNOWN:
            return kind
        callers = self.code.code.callers(function)
        if not depth or not self.code.code.budget.spend(len(callers) + 1):
            return UNKNOWN
        outer = [self._on_the_way(caller, call.start, depth - 1) for caller, call in callers]
        # One caller that asks nothing is a way without a question.
        weakest = max(outer, key=lambda found: (not found, _ORDER.index(found) if found else 0), default="")
        return strongest([kind, weakest])

    def _of_extent(self, function: CodeFunction, extent: GuardRange) -> str:
        """Return the kind of question of a condition on the way to a place; many places have the same conditions."""
        if not self.code.code.budget.spend():
            return UNKNOWN
        key = (function.path, function.start, extent.start, extent.expression)
        if key not in self._extents:
            self._extents[key] = self._of_guard(function, extent, _DEPTH)
        return self._extents[key]

    def _of_guard(self, function: CodeFunction, extent: GuardRange, depth: int) -> str:
        """Return the kind of question of a condition; whether an earlier step has failed is none about the register."""
        kinds, pending = [], [tree_of(extent.expression)]
        while pending:
            node = pending.pop()
            if (node.kind, node.text) in _CONNECTIVES:
                pending.extend(node.parts)
                continue
            tested = _tested(node)
            status = self._of_status(function, tested[0], extent.start, tested[1]) if tested else None
            kinds.append(self._asks(function, text_of(node), depth) if status is None else status)
        return strongest(kinds)

    def _of_status(self, function: CodeFunction, node: Node, offset: int, failure: bool) -> str | None:
        """Return the kind of question of a call whose result is tested; None for no result of a step that may fail."""
        text = text_of(node)
        if node.kind == "name":
            store = next(last_before(function.assigned.get(text, []), offset), None)
            if store is None or not store.local:
                return None
            failure = failure or bool(_STATUS.fullmatch(text))
            node = tree_of(store.value)
        if node.kind != "call":
            return "" if failure else None
        name = node.parts[0].text
        if kind := self._of_seed(name, text_of(node)):
            return kind
        return "" if failure or any(map(_is_step, self.code.code.named(name))) else None

    def _asks(self, function: CodeFunction, text: str, depth: int) -> str:
        """Return the strongest kind of question in an expression of a function, '' if it asks nothing."""
        if depth == 0 or not self.code.code.budget.spend():
            return UNKNOWN
        text = _SIZE.sub("0", text)
        if any(name in text for name in self._lists) or _INDICES.search(text):
            return LIST
        if knowledge().msr.cpuid.search(text):
            return CPUID
        called = set(re.findall(r"([A-Za-z_]\w*)\s*\(", text))
        members = set(_MEMBER.findall(text))
        kinds = [self._of_call(name, text, depth) for name in sorted(called)]
        for name in sorted(symbols(text) - called):
            if _CONSTANT.match(name):
                continue
            if name in members:
                kinds.append(self._of_name(f".{name}", depth))
            elif not re.search(rf"\b{name}\s*(?:\[[^\[\]]*\])?\s*(?:->|\.)", text):
                kinds.append(self._of_variable(function, name, text, depth))
        return strongest(kinds)

    def _of_seed(self, name: str, text: str) -> str:
        """Return the kind of question of a call by itself, '' if it asks nothing."""
        if any(word in text for word in self._lists):
            return LIST
        if name in self._checks and (self._checks[name] is None or str(self._checks[name]) in text):
            return CAPABILITY
        if name in self.takers and self.takers[name].verbs & {"get", FEATURE}:
            return LIST if FEATURE in self.takers[name].verbs else PROBE
        return CPUID if knowledge().msr.cpuid.match(f"{name}(") else ""

    def _of_call(self, name: str, text: str, depth: int) -> str:
        if kind := self._of_seed(name, text):
            return kind
        if name not in self._functions:
            self._functions[name] = UNKNOWN  # while it is looked at
            self._functions[name] = self._of_function(name, depth - 1)
        return self._functions[name]

    def _of_function(self, name: str, depth: int) -> str:
        functions = self.code.code.named(name)[:4]
        if not functions:
            return "" if kernel_idioms().is_inert(name) or name.isupper() else UNKNOWN
        kinds = []
        for function in functions:
            for start, value in function.returned.items():
                kinds.append(self._asks(function, value, depth))
                kinds.extend(self._of_guard(function, extent, depth) for extent in function.guards_at(start))
        return strongest(kinds)

    def _of_variable(self, function: CodeFunction, name: str, text: str, depth: int) -> str:
        """Return the question whose answer a plain name holds: a local variable, a parameter, or one of the file."""
        stores = function.assigned.get(name, ())
        given = self._calls_given(function).get(name, [])
        if any(store.local for store in stores) or (given and name not in self._stored):
            kinds = [self._asks(function, store.value, depth - 1) for store in stores[:_MOST_STORES] if store.value]
            kinds += [self._of_given(call, depth - 1) for call in given[:_MOST_STORES]]
            return strongest(kinds)
        if name in function.parameters:
            return self._of_parameter(function, name, text, depth - 1)
        return self._of_name(name, depth)

    def _calls_given(self, function: CodeFunction) -> dict[str, list[CallSite]]:
        """Return the calls of a function that get the address of each name."""
        key = (function.path, function.start)
        if key not in self._given:
            found = self._given[key] = {}
            for call in function.calls:
                for name in dict.fromkeys(name for part in call.arguments for name in _ADDRESS.findall(part)):
                    found.setdefault(name, []).append(call)
        return self._given[key]

    def _of_given(self, call: CallSite, depth: int) -> str:
        """Return the kind of question of a call that writes its answer through a pointer."""
        return self._of_call(call.callee, f"{call.callee}({', '.join(call.arguments)})", max(depth, 1))

    def _of_parameter(self, function: CodeFunction, name: str, text: str, depth: int) -> str:
        """Return what callers pass; a mode that is compared with constants asks nothing."""
        if re.search(rf"\b{name}\s*(?:[<>]=?|[!=]=)\s*(?:[A-Z]\w*|\d+)\b", text):
            return ""
        index = function.parameters.index(name)
        passed = [
            self._asks(caller, call.arguments[index], depth)
            for caller, call in self.code.code.callers(function)[:_MOST_STORES]
            if index < len(call.arguments)
        ]
        return strongest(passed) if passed else UNKNOWN

    def _of_name(self, name: str, depth: int) -> str:
        """Return the question whose answer a variable outside functions or a member holds; unknown without a store."""
        if name not in self._names:
            self._names[name] = UNKNOWN  # while it is looked at
            kinds = [self._of_store(function, store, depth - 1) for function, store in self._stored.get(name, ())]
            self._names[name] = strongest(kinds) if kinds else UNKNOWN
        return self._names[name]

    def _of_store(self, function: CodeFunction, store: Assignment, depth: int) -> str:
        """Return the kind of question that decides on an assignment: in its value, conditions or cases."""
        if depth <= 0:
            return UNKNOWN
        if _DATA.search(store.value):
            return ""  # the register's value
        kinds = [self._asks(function, store.value, depth)] if store.value else []
        kinds += [self._of_guard(function, extent, depth) for extent in function.guards_at(store.start)]
        reads_list = any(name in part for call in function.calls for part in call.arguments for name in self._lists)
        if reads_list and (next(function.cases.at(store.start), None) is not None or strongest(kinds) != CAPABILITY):
            kinds.append(LIST)
        return strongest(kinds)

    @cached_property
    def _stored(self) -> dict[str, list[tuple[CodeFunction, Assignment]]]:
        """Map of each target that outlives its function to the assignments; of members, a dot and the last name."""
        stored: dict[str, list[tuple[CodeFunction, Assignment]]] = {}
        for function, store in self._all_stores():
            if not store.local and (name := _LAST.search(store.target)):
                plain = name.start() == 0
                found = stored.setdefault(name.group(1) if plain else f".{name.group(1)}", [])
                if len(found) < _MOST_STORES:
                    found.append((function, store))
        return stored

    def _all_stores(self) -> Iterator[tuple[CodeFunction, Assignment]]:
        for function in self.code.code.functions:
            for store in function.stores:
                yield function, store
