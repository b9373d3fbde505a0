"""Transforms of a file's text that change no behaviour, as a maintainer makes them."""

from __future__ import annotations

import re
from collections.abc import Callable

from editing import NEW, Transform, before, both, inside
from real_trees import source

_LABEL = r"^[ \t]case KVM_CAP_{cap}:(?P<note>[ \t]*/\*.*\*/)?(?P<brace> \{{)?\n"
_DECLARATION = r"^\t\t(?:const |unsigned |struct |guard\(|CLASS\(|u64 |u32 |int |bool |void )"
_NEXT = re.compile(r"^[ \t](?:case |default:)|^#(?:if|else|elif|endif)|^\t\}", re.MULTILINE)

Change = Callable[[str], str]


def _case(text: str, cap: str) -> tuple[int, str, int]:
    """Where a case begins, what runs under its label, and where it ends."""
    label = re.search(_LABEL.format(cap=cap), text, re.MULTILINE)
    assert label is not None, f"no case of {cap}"
    if label["brace"]:
        close = text.index("\n\t}\n", label.end() - 1)
        return label.start(), text[label.end() : close + 1], close + 4
    end = _NEXT.search(text, label.end())
    assert end is not None
    body = text[label.end() : end.start()]
    assert body.strip(), f"{cap} shares what follows it"
    return label.start(), body, end.start()


def of_case(function: str, cap: str, change: Change) -> Transform:
    """Change what runs under one label; it gets or keeps braces where it declares something."""

    def apply(text: str) -> str:
        start, body, end = _case(text, cap)
        changed = change(body)
        assert changed != body, f"nothing changes in the case of {cap}"
        return text[:start] + _labelled(cap, changed) + text[end:]

    return inside(function, apply)


def _labelled(cap: str, body: str) -> str:
    declares = re.search(
        r"^\t\t(?:const |unsigned |struct |guard\(|CLASS\(|u64 |u32 |int |bool |void )", body, re.MULTILINE
    )
    if declares:
        return f"\tcase KVM_CAP_{cap}: {{\n{body}\t}}\n"
    return f"\tcase KVM_CAP_{cap}:\n{body}"


def in_text(old: str, new: str, count: int = 1) -> Change:
    """Replace within a case."""

    def change(text: str) -> str:
        assert text.count(old) == count, f"{old!r} stands there {text.count(old)} times"
        return text.replace(old, new)

    return change


def instead(new: str) -> Change:
    """Write a case anew."""
    return lambda _: new


def in_turn(*changes: Change) -> Change:
    """One after the other."""

    def change(text: str) -> str:
        for each in changes:
            text = each(text)
        return text

    return change


def matching(pattern: str, new: str) -> Change:
    """Replace all that matches."""

    def change(text: str) -> str:
        result, count = re.subn(pattern, new, text, flags=re.MULTILINE)
        assert count, f"nothing matches {pattern!r}"
        return result

    return change


# Cases and functions.


def helper(
    function: str, cap: str, parameters: str, arguments: str, *, start: str = "int r;", under: str = ""
) -> Transform:
    """Move what runs under a label into a function in front of this one, there under a directive's condition."""
    name = f"kvm_serve_{cap.lower()}"

    def apply(text: str) -> str:
        made: list[str] = []

        def move(body: str) -> str:
            lines = re.sub(r"^\t", "", body, flags=re.MULTILINE)
            lines = re.sub(r"^(\t+)break;$", r"\1return r;", lines, flags=re.MULTILINE)
            made.append(f"static int {name}({parameters})\n{{\n\t{start}\n\n{lines}}}\n")
            if under:
                made[0] = f"#ifdef {under}\n{made[0]}#endif\n"
            return f"\t\tr = {name}({arguments});\n\t\tbreak;\n"

        text = of_case(function, cap, move)(text)
        return before(function, made[0])(text)

    return apply


def tail_helper(function: str, cap: str, parameters: str, arguments: str, under: str = "") -> Transform:
    """Move what runs under a label, all of which returns, into a function whose result is returned."""
    name = f"kvm_serve_{cap.lower()}"

    def apply(text: str) -> str:
        made: list[str] = []

        def move(body: str) -> str:
            assert "break;" not in body
            lines = re.sub(r"^\t", "", body, flags=re.MULTILINE)
            made.append(f"static int {name}({parameters})\n{{\n{lines}}}\n")
            if under:
                made[0] = f"#ifdef {under}\n{made[0]}#endif\n"
            return f"\t\treturn {name}({arguments});\n"

        text = of_case(function, cap, move)(text)
        return before(function, made[0])(text)

    return apply


def ahead(function: str, cap: str, of: str) -> Transform:
    """Turn a case into an `if` in front of the switch."""

    def apply(text: str) -> str:
        start, body, end = _case(text, cap)
        moved = re.sub(r"^(\t+)break;$", r"\1return r;", body, flags=re.MULTILINE)
        test = f"\tif ({of} == KVM_CAP_{cap}) {{\n{moved}\t}}\n\n"
        text = text[:start] + text[end:]
        place = text.index("\tswitch (")
        return text[:place] + test + text[place:]

    return inside(function, apply)


def exchanged(function: str, one: str, other: str) -> Transform:
    """Let two cases change places."""

    def apply(text: str) -> str:
        (begin, _, middle), (start, _, end) = sorted((_case(text, one), _case(text, other)))
        return text[:begin] + text[start:end] + text[middle:start] + text[begin:middle] + text[end:]

    return inside(function, apply)


def last(function: str, cap: str) -> Transform:
    """Move a case in front of the default."""

    def apply(text: str) -> str:
        start, _, end = _case(text, cap)
        moved = text[start:end]
        text = text[:start] + text[end:]
        place = text.index("\tdefault:\n")
        return text[:place] + moved + text[place:]

    return inside(function, apply)


def answers_returned(function: str) -> Transform:
    """Return where a value is set and the switch left."""
    return inside(function, matching(r"^\t\tr = ([^;]+);\n\t\tbreak;\n", r"\t\treturn \1;\n"))


def errors_returned(function: str, *caps: str) -> Transform:
    """Return an error where it is set first and the switch left; the case sets `r` anew later."""
    change = matching(
        r"^\t\tr = (-E\w+);\n(\s*(?:/\*[^/]*\*/\n)?)\t\tif \((.*(?:\n.*)?)\)\n\t\t\tbreak;\n",
        r"\2\t\tif (\3)\n\t\t\treturn \1;\n",
    )
    return both(*(of_case(function, cap, change) for cap in caps))


def local(function: str, declaration: str, old: str, new: str) -> Transform:
    """Keep in a local what a function reads again and again."""

    def apply(text: str) -> str:
        changed = matching(old, new)(text)
        return changed.replace("\n{\n", f"\n{{\n\t{declaration}\n", 1)

    return inside(function, apply)


def renamed(function: str, old: str, new: str) -> Transform:
    """Give a local or a parameter another name."""
    return inside(function, matching(rf"(?<![\w.>]){old}\b", new))


# Locks.


def guarded(lock: str) -> Change:
    """Hold a lock to the end of the case."""

    def change(body: str) -> str:
        body = matching(rf"^\t*mutex_unlock\({re.escape(lock)}\);\n", "")(body)
        return in_text(f"mutex_lock({lock});", f"guard(mutex)({lock});")(body)

    return change


def scoped(lock: str) -> Change:
    """Hold a lock for a block."""
    region = re.compile(
        rf"^(\t+)mutex_lock\({re.escape(lock)}\);\n(.*?)^\1mutex_unlock\({re.escape(lock)}\);\n",
        re.MULTILINE | re.DOTALL,
    )

    def change(text: str) -> str:
        def wrap(match: re.Match[str]) -> str:
            inner = re.sub(r"^(?=.)", "\t", match[2].strip("\n") + "\n", flags=re.MULTILINE)
            return f"{match[1]}scoped_guard(mutex, {lock}) {{\n{inner}{match[1]}}}\n"

        result, count = region.subn(wrap, text)
        assert count, f"{lock} is not held"
        return result

    return change


# Files.


def text_of(path: str, tree: str = NEW[0], *transforms: Transform) -> Transform:
    """A new file with the text of an old one."""
    return lambda _: both(*transforms)(source(tree, path))


def without(function: str) -> Transform:
    """Take a function out of a file."""

    def apply(text: str) -> str:
        begin, end = _definition(text, function)
        return text[:begin] + text[end:].lstrip("\n")

    return apply


def definition(path: str, function: str, tree: str = NEW[0]) -> str:
    """A function's text."""
    text = source(tree, path)
    begin, end = _definition(text, function)
    return text[begin:end]


def receives(path: str, function: str, anchor: str, drop: str = "") -> Transform:
    """Put another file's function in front of an anchor, without its storage class for one."""
    return lambda text: _in_front(text, anchor, definition(path, function).removeprefix(drop))


def _in_front(text: str, anchor: str, added: str) -> str:
    assert text.count(anchor) == 1, f"{anchor!r} stands there {text.count(anchor)} times"
    return text.replace(anchor, f"{added}\n{anchor}")


def _definition(text: str, function: str) -> tuple[int, int]:
    match = re.search(
        rf"^\w[^\n;{{}}#]*\b{function}\([^;{{}}]*\)\s*^\{{.*?^\}}\n", text, flags=re.MULTILINE | re.DOTALL
    )
    assert match is not None, f"no definition of {function}"
    return match.span()
