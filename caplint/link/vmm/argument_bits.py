"""Bits that a VMM passes when it enables a capability, and whether it has checked for them.

A check's answer may be a set of bits. A VMM has checked for the bits that it passes if the answer flows into the
argument, or if any code uses the answer for more than a yes or no.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction, symbols
from caplint.link.functions.constants import Constants
from caplint.link.functions.function_facts import Assignment, CallSite
from caplint.link.vmm.dominating_checks import AnswerCarriers, Check
from caplint.link.vmm.value_text import without_strings
from caplint.values.expression_tree import Node, tree_of

# Texts that are searched for a name in the time of one step.
_TEXTS = 10
_CONSTANT = re.compile(r"[A-Z0-9_xa-fuUlL|&~()<\s]+")
_NEGATIVE = re.compile(r"\(*\s*-")
_YES_OR_NO = re.compile(r"@(?:\s*(?:[<>]=?|[=!]=)\s*-?[01])?|-?[01]\s*(?:[<>]=?|[=!]=)\s*@")
_CALCULATED = re.compile(
    r"@\s*[*/%]\s*[\w(]|[\w)]\s*[*/%]\s*@|@\s*[-+]\s*[\w(]|[\w)]\s*[-+]\s*@|@\s*(?:<<|>>)|(?:<<|>>)\s*@"
)
_REPLACED = re.compile(r"@[^?:]*\?\s*(?:[2-9]|[1-9]\d+|0[xX][0-9a-fA-F]{1,16})[uUlL]*\s*:")
_BITS = re.compile(r"(?!0\Z|1\Z)(?:[A-Z][A-Z0-9_]*[A-Z0-9]|0[xX][0-9a-fA-F]+|\d+)[uUlL]*\Z")
# Longer expressions are not taken apart.
_MOST_WHOLE = 400
_ANSWER = Node("name", "answer_of_check")
_CHAIN = re.compile(r"\w+(?:(?:->|\.)\w+)*")
_WORD = re.compile(r"\w+")
_PARTS = re.compile(r"&&|\|\||[?:,;]|(?<![=!<>+\-*/%&|^])=(?!=)")


def constant_value(constants: Constants, arch: str | None, text: str) -> int | None:
    """Return the value of an argument that is made of constants alone; None of any other."""
    return constants.value(arch, "", text) if _CONSTANT.fullmatch(text) else None


def bits_of(constants: Constants, function: CodeFunction, text: str) -> int | None:
    """Return the bits that an argument may have: its constant, or those of a local variable; None if unknown."""
    stores = function.assigned.get(text, [])
    if not stores:
        return constant_value(constants, function.arch, text)
    gathers = all(store.local and store.operator in {"=", "|=", "init"} for store in stores)
    if text in function.parameters or not gathers:
        return None
    total = 0
    for store in stores:
        value = constant_value(constants, function.arch, store.value)
        if value is None or value < 0:
            return None
        total |= value
    return total


class Answers:
    """Uses of the answers of checks in one tree."""

    def __init__(self, code: Code) -> None:
        self._budget = code.budget
        self._texts: list[tuple[CodeFunction, list[str]]] = []
        for function in code.functions:
            masked = [f"{store.target} & {store.value}" for store in function.stores if store.operator == "&="]
            # A message names a member in the words of its language.
            texts = list(dict.fromkeys([*(without_strings(text) for _, text in function.placed_texts()), *masked]))
            self._texts.append((function, texts))
        self._within = {(function.path, function.start): (function, texts) for function, texts in self._texts}
        self._inside: dict[str, dict[tuple[str, int], list[tuple[CodeFunction, str]]]] = {}

    @cached_property
    def _by_name(self) -> dict[str, list[tuple[CodeFunction, str]]]:
        """Name → every expression that mentions it."""
        found: dict[str, list[tuple[CodeFunction, str]]] = {}
        for function, texts in self._texts:
            for text in texts:
                for name in symbols(text):
                    found.setdefault(name, []).append((function, text))
        return found

    def _mentions(self, name: str) -> list[tuple[CodeFunction, str]]:
        """Return every expression that mentions a name."""
        return self._by_name.get(name, [])

    @cached_property
    def _outside(self) -> dict[str, list[tuple[CodeFunction, Assignment]]]:
        """Name → the assignments outside of the function whose target mentions it."""
        found: dict[str, list[tuple[CodeFunction, Assignment]]] = {}
        for function, _ in self._texts:
            for store in function.stores:
                for name in () if store.local else symbols(store.target):
                    found.setdefault(name, []).append((function, store))
        return found

    def _mentions_in(self, name: str, function: CodeFunction) -> list[tuple[CodeFunction, str]]:
        """Return the expressions of one function that mention a name."""
        if name not in self._inside:
            by_function = self._inside.setdefault(name, {})
            for mention in self._mentions(name):
                by_function.setdefault((mention[0].path, mention[0].start), []).append(mention)
        return self._inside[name].get((function.path, function.start), [])

    def are_yes_or_no(self, carriers: AnswerCarriers) -> bool:
        """Tell whether no code in the tree does more with an answer than test it or pass it on; False if unknown."""
        return self._budget.left >= 0 and all(
            self._budget.spend(len(carriers.checks)) and _is_yes_or_no(_marked(carriers, function, text))
            for function, text in self._of(carriers)
            if not _only_reports(text)
        )

    def replaced(self, carriers: AnswerCarriers, function: CodeFunction) -> str | None:
        """Return an expression that takes a number of its own where the answer is a yes; None if its function has none.

        Nor if the function uses the answer itself.
        """
        near, texts = self._near(carriers, function)
        marked = {text: _marked(near, function, text) for text in texts}
        found = next((text for text in texts if _REPLACED.search(marked[text])), None)
        return found if found and all(map(_is_yes_or_no, marked.values())) else None

    def compared_whole(self, carriers: AnswerCarriers, function: CodeFunction) -> str | None:
        """Return an expression of a function that compares the answer of its own check with bits for equality."""
        near, own = self._near(carriers, function)
        return next((text for text in own if _compares(text) and _is_whole(_marked(near, function, text))), None)

    def compared_elsewhere(self, carriers: AnswerCarriers) -> str | None:
        """Return an expression that compares a member or variable that holds answers with bits for equality, else None.

        One that also holds anything else than answers for the capability does not count.
        """
        for name in sorted(carriers.shared):
            found = [
                text
                for at, text in self._mentions(name)
                if len(text) < _MOST_WHOLE and _compares(text) and _is_whole(_marked(carriers, at, text))
            ]
            if found and self._holds_answers(carriers, name):
                return found[0]
        return None

    def _holds_answers(self, carriers: AnswerCarriers, name: str) -> bool:
        """Tell whether every assignment to a member or variable outside of functions is an answer as it is."""
        stores = [
            (function, store)
            for function, store in self._outside.get(name, [])
            if symbols(store.target[-len(name) - 2 :]) & {name}
        ]
        return bool(stores) and all(
            _marked(carriers, function, store.value).strip("() ") == "@" for function, store in stores
        )

    def calculated(self, carriers: AnswerCarriers, function: CodeFunction, call: CallSite) -> str | None:
        """Return an expression of a function that calculates with the answer of a check in it, None without one.

        Only the call of the check and local variables count: a member of the same name may hold something else.
        """
        near, texts = self._near(carriers, function)
        found = (text for text in texts if _CALCULATED.search(_marked(near, function, text)))
        return next((text for text in found if call.callee not in text or _is_around(function, text, call, near)), None)

    def _near(self, carriers: AnswerCarriers, function: CodeFunction) -> tuple[AnswerCarriers, list[str]]:
        """Return the carriers of a function's own checks that hold nothing else, and the expressions with an answer."""
        checks = [check for check in carriers.checks if check.function is function]
        own = {
            key: check
            for key, check in carriers.locals.items()
            if key[:2] == (function.path, function.start) and _holds_nothing_else(function, key[2], checks)
        }
        near = AnswerCarriers(checks, own, budget=carriers.budget)
        texts = self._within[function.path, function.start][1] if checks else []
        affordable = self._budget.spend(len(texts))
        return near, [text for text in texts if near.find(function, text)] if affordable else []

    def _of(self, carriers: AnswerCarriers) -> Iterator[tuple[CodeFunction, str]]:
        for path, start, name in carriers.locals:
            entry = self._within.get((path, start))
            if entry is not None and self._budget.spend(len(entry[1]) // _TEXTS):
                yield from ((entry[0], text) for text in entry[1] if name in text and name in symbols(text))
        for name in sorted({*carriers.shared, *carriers.functions}):
            for function, text in self._mentions(name):
                if carriers.find(function, text):
                    yield function, text
        # In other functions, a call of the same wrapper asks for another capability.
        checks_by_callee = {
            (check.call.callee, check.function.path, check.function.start): check for check in carriers.checks
        }
        for (callee, *_), check in sorted(checks_by_callee.items(), key=lambda entry: entry[0]):
            for function, text in self._mentions_in(callee, check.function):
                if carriers.find(function, text):
                    yield function, text


def _holds_nothing_else(function: CodeFunction, name: str, checks: list[Check]) -> bool:
    """Tell whether every assignment to a variable of a function is the answer of one of its checks."""
    return all(any(check.is_in(store.value) for check in checks) for store in function.assigned.get(name, []))


def _is_around(function: CodeFunction, text: str, call: CallSite, near: AnswerCarriers) -> bool:
    """Tell whether a call is the first of the checks behind the beginning of an expression, wherever that stands."""
    starts = sorted(check.call.start for check in near.checks)
    begins = [start for start, placed in function.placed_texts() if without_strings(placed) == text]
    return not begins or any(next((start for start in starts if start >= at), -1) == call.start for at in begins)


def _only_reports(text: str) -> bool:
    """Tell whether an expression is an error value or part of an error report, and so does not use the answer."""
    return _NEGATIVE.match(text) is not None or kernel_idioms().reports.search(text) is not None


def _marked(carriers: AnswerCarriers, function: CodeFunction, text: str) -> str:
    """Return an expression with `@` in place of every answer."""
    for check in carriers.checks:
        callee, expression = check.call.callee, check.expression
        if callee in text and expression in text:
            pattern = rf"\b{re.escape(callee)}\s*\((?:[^()]|\([^()]*\))*{re.escape(expression)}\s*\)"
            text = re.sub(pattern, "@", text)
    for name in carriers.functions:
        if name in text:
            text = re.sub(rf"\b{name}\s*\((?:[^()]|\([^()]*\))*\)", "@", text)
    names = {name for name in symbols(text) if (function.path, function.start, name) in carriers.locals}
    names |= symbols(text) & carriers.shared.keys()
    return _CHAIN.sub(lambda chain: _marked_chain(chain[0], names), text) if names else text


def _marked_chain(chain: str, names: set[str]) -> str:
    """Return `a->b.c` with `@` in place of the part that ends at the last of the names."""
    stop = max((word.end() for word in _WORD.finditer(chain) if word[0] in names), default=0)
    return f"@{chain[stop:]}" if stop else chain


def _compares(text: str) -> bool:
    """Tell whether an expression may compare for equality; marking the answers in it takes longer than this."""
    return "==" in text or "!=" in text


def _is_whole(marked: str) -> bool:
    """Tell whether an expression compares an answer as it is with bits for equality; `(@ & X) == X` does not."""
    if "@" not in marked or not ("==" in marked or "!=" in marked) or len(marked) > _MOST_WHOLE:
        return False
    pending = [tree_of(marked.replace("@", _ANSWER.text))]
    while pending:
        node = pending.pop()
        if node.kind == "binary" and node.text in {"==", "!="} and _ANSWER in node.parts:
            other = node.parts[1] if node.parts[0] == _ANSWER else node.parts[0]
            if _BITS.match(other.text) or (other.kind == "binary" and other.text in {"|", "<<"}):
                return True
        pending += node.parts
    return False


def _is_yes_or_no(text: str) -> bool:
    """Tell whether every part of an expression that holds an answer uses only its truth value."""
    parts = [part.strip("()! \t") for part in _PARTS.split(text)]
    return all(_YES_OR_NO.fullmatch(part) for part in parts if "@" in part)
