"""Makefiles: which objects are built under which condition, as kbuild reads them.

The kernel's Documentation/kbuild/makefiles.rst: `obj-y` is what a directory builds, and an object `kvm.o`
that no source makes is linked from the lists `kvm-y` and `kvm-objs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from caplint.c.expression import quoted
from caplint.c.formula import Formula, Literal, conjunction, disjunction, negation, text
from caplint.facts.store.records import BuildRule
from caplint.facts.syntax.build_conditionals import Allowance, Nesting
from caplint.facts.syntax.logical_lines import MAX_NESTING, logical_lines

# Where more than this comes together, the condition is taken for unknown.
_MAX_USERS = 64
_MAX_TEXT = 2000

_ASSIGNMENT = re.compile(r"((?:\$[({][^(){}\s]*[)}]|[^\s:=+?$])+)\s*(?:\+|\?|:{1,3})?=\s*(.*)")
_LIST = re.compile(r"([\w./-]+?)-(?:y|m|objs|\$[({]([^(){}]*)[)}])\Z")
_CONFIG = re.compile(r"(CONFIG_\w+)(?::m=y)?\Z")
_CONFIGS = re.compile(r"(?:\$[({]CONFIG_\w+[)}])+\Z")
_REFERENCE = re.compile(r"\$[({]([\w.-]+)[)}]")
_FUNCTION = re.compile(r"\$[({][\w-]+\s")
# Lists and variables that say nothing of what is linked.
_OTHER = frozenset({"targets", "always", "extra", "clean-files", "hostprogs", "src", "obj", "srctree", "objtree"})


@dataclass
class Lists:
    """Lists of objects, some of which go into others."""

    terminal: frozenset[str] = frozenset()
    """Lists that are built by themselves, whatever uses them as well."""
    _objects: list[tuple[str, str, Formula, int]] = field(default_factory=list)
    _users: dict[str, list[tuple[str, Formula]]] = field(default_factory=dict)
    _presence: dict[str, Formula] = field(default_factory=dict)

    def add(self, target: str, name: str, condition: Formula, line: int) -> None:
        """Put an object into a list."""
        self._objects.append((target, name, condition, line))

    def use(self, target: str, name: str, condition: Formula) -> None:
        """Put the content of one list into another."""
        self._users.setdefault(name, []).append((target, condition))

    def rules(self) -> Iterator[BuildRule]:
        """Every object with the whole condition under which it is built.

        Raises `UnreadableError` where they are too long to be meant.
        """
        allowance = Allowance()
        for target, name, condition, line in self._objects:
            whole = allowance.spend(conjunction([condition, self._present(target, 0)]))
            yield BuildRule(name, text(whole), line)

    def _present(self, name: str, depth: int) -> Formula:
        """When a list is built; always where the file does not say."""
        if name not in self._presence:
            self._presence[name] = True  # for lists that go into themselves
            users = self._users.get(name, [])
            if name in self.terminal or depth > MAX_NESTING or not 0 < len(users) <= _MAX_USERS:
                return True
            found = disjunction([conjunction([given, self._present(user, depth + 1)]) for user, given in users])
            self._presence[name] = found if len(text(found)) <= _MAX_TEXT else True
        return self._presence[name]


def make_rules(source: bytes) -> Iterator[BuildRule]:
    """Every object of a Makefile or Kbuild file.

    Raises `UnreadableError` for a file that no person wrote.
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
    """The condition of an `ifdef` or `ifeq`; an `else` alone adds none."""
    if word in {"ifdef", "ifndef"}:
        name = operands.strip()
        found: Formula = Literal(name) if _CONFIG.match(name) else quoted(f"ifdef {name}")
        return found if word == "ifdef" else negation(found)
    if word not in {"ifeq", "ifneq"}:
        return True
    found = _equal(operands.strip())
    return found if word == "ifeq" else negation(found)


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
