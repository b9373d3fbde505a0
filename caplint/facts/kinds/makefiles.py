"""Makefiles: the conditions under which objects are built, as kbuild interprets them.

The kernel's Documentation/kbuild/makefiles.rst: `obj-y` lists the objects that a directory builds. An object `kvm.o`
without a source file is linked from the lists `kvm-y` and `kvm-objs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from caplint.c.expression import quoted
from caplint.c.formula import Formula, Literal, conjunction, disjunction, negation, text
from caplint.facts.store.records import BlindSpot, BuildRule
from caplint.facts.syntax.build_conditionals import Allowance, Nesting
from caplint.facts.syntax.logical_lines import MAX_NESTING, logical_lines

# Above these limits, and MAX_NESTING, the condition of a list counts as unknown.
_MAX_USERS = 64
_MAX_TEXT = 2000
_UNKNOWN = "a list of objects that too many others include, or under too long conditions: taken as always built"

_ASSIGNMENT = re.compile(r"((?:\$[({][^(){}\s]*[)}]|[^\s:=+?$])+)\s*(?:\+|\?|:{1,3})?=\s*(.*)")
_LIST = re.compile(r"([\w./-]+?)-(?:y|m|objs|\$[({]([^(){}]*)[)}])\Z")
_CONFIG = re.compile(r"(CONFIG_\w+)(?::m=y)?\Z")
_CONFIGS = re.compile(r"(?:\$[({]CONFIG_\w+[)}])+\Z")
_REFERENCE = re.compile(r"\$[({]([\w.-]+)[)}]")
_FUNCTION = re.compile(r"\$[({][\w-]+\s")
# Lists and variables that do not affect linking.
_OTHER = frozenset({"targets", "always", "extra", "clean-files", "hostprogs", "src", "obj", "srctree", "objtree"})


@dataclass
class Lists:
    """Lists of objects, which may include other lists."""

    terminal: frozenset[str] = frozenset()
    """Lists that are built by themselves, even if other lists include them."""
    _objects: list[tuple[str, str, Formula, int]] = field(default_factory=list)
    _users: dict[str, list[tuple[str, Formula]]] = field(default_factory=dict)
    _presence: dict[str, Formula] = field(default_factory=dict)
    _is_cut: bool = False
    """Whether a limit was reached."""

    def add(self, target: str, name: str, condition: Formula, line: int) -> None:
        """Add an object to a list."""
        self._objects.append((target, name, condition, line))

    def use(self, target: str, name: str, condition: Formula) -> None:
        """Include one list in another."""
        self._users.setdefault(name, []).append((target, condition))

    def rules(self) -> Iterator[BuildRule | BlindSpot]:
        """Yield every object with the full condition under which it is built, and the first one that a limit affects.

        Raises `UnreadableError` for too long conditions.
        """
        allowance = Allowance()
        is_reported = False
        for target, name, condition, line in self._objects:
            whole = allowance.spend(conjunction([condition, self._present(target, 0)]))
            yield BuildRule(name, text(whole), line)
            if self._is_cut and not is_reported:
                is_reported = True
                yield BlindSpot(0, 0, line, _UNKNOWN)

    def _present(self, name: str, depth: int) -> Formula:
        """Return the condition under which a list is built; true if the file does not state one."""
        if name not in self._presence:
            self._presence[name] = True  # for lists that include themselves
            users = self._users.get(name, [])
            if name in self.terminal or not users:
                return True
            if depth > MAX_NESTING or len(users) > _MAX_USERS:
                self._is_cut = True
                return True
            presence = disjunction([conjunction([given, self._present(user, depth + 1)]) for user, given in users])
            self._is_cut |= len(text(presence)) > _MAX_TEXT
            self._presence[name] = presence if len(text(presence)) <= _MAX_TEXT else True
        return self._presence[name]


def make_rules(source: bytes) -> Iterator[BuildRule | BlindSpot]:
    """Yield every object of a Makefile or Kbuild file.

    Raises `UnreadableError` for a file beyond the limits on size, nesting and conditions.
    """
    lists = Lists(frozenset({"obj", "lib"}))
    nesting = Nesting()
    defining = False
    for number, line in logical_lines(source.decode("utf-8", "replace")):
        bare = " ".join(re.sub(r"(?<!\\)#.*", "", line).split())
        word, _, rest = bare.partition(" ")
        if defining or word == "define":
            defining = word != "endef"
        elif word in {"ifdef", "ifndef", "ifeq", "ifneq"}:
            nesting.enter(_test(word, rest))
        elif word == "else":
            test, _, operands = rest.partition(" ")
            nesting.alternative(_test(test, operands))
        elif word == "endif":
            nesting.leave()
        elif not line.startswith("\t") and (match := _ASSIGNMENT.fullmatch(bare)):
            _assign(lists, match.group(1), match.group(2), nesting.whole, number)
    yield from lists.rules()


def _assign(lists: Lists, name: str, value: str, condition: Formula, line: int) -> None:
    target, variable = match.groups() if (match := _LIST.match(name)) else (name, None)
    if target in _OTHER - {"obj"}:
        return
    if variable is not None:
        given = _CONFIG.match(variable)
        condition = conjunction([condition, Literal(given.group(1)) if given else quoted(variable)])
    for reference in _REFERENCE.findall(value):
        used = inner.group(1) if (inner := _LIST.match(reference)) else reference
        if used not in _OTHER:
            lists.use(target, used, condition)
    if _FUNCTION.search(value):
        return
    for word in value.split():
        path = re.sub(r"\A\$[({](?:KVM|srctree[)}]/virt/kvm)[)}]?/", "virt/kvm/", word)
        if "$" not in path and not path.startswith("-") and path.endswith((".o", "/")):
            lists.add(target, path, condition, line)
            if path.endswith(".o"):
                lists.use(target, path.removesuffix(".o"), condition)


def _test(word: str, operands: str) -> Formula:
    """Return the condition of an `ifdef` or `ifeq`; true for an `else` alone."""
    if word in {"ifdef", "ifndef"}:
        name = operands.strip()
        test: Formula = Literal(name) if _CONFIG.match(name) else quoted(f"ifdef {name}")
        return test if word == "ifdef" else negation(test)
    if word not in {"ifeq", "ifneq"}:
        return True
    test = _equal(operands.strip())
    return test if word == "ifeq" else negation(test)


def _equal(operands: str) -> Formula:
    bare = operands[1:-1] if operands.startswith("(") and operands.endswith(")") else operands.replace(" ", ",", 1)
    left, _, right = (part.strip().strip("\"'") for part in bare.partition(","))
    if _CONFIGS.match(left):
        options = [Literal(name) for name in re.findall(r"CONFIG_\w+", left)]
        if right == "y" * len(options):
            return conjunction(options)
        if not right:
            return negation(disjunction(options))
    return quoted(f"{left} == {right}")
