"""Edits of the real sources: what is done to files, and whether exactly the findings follow that an edit declares."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from real_trees import Corpus, root, source

from caplint.engine.outcome import Outcome
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree

NEW = ("linux-6.12", "qemu-10.0")
OLD = ("linux-6.1", "qemu-7.2")

ANSWERS = "kvm_vm_ioctl_check_extension"
ENABLES = "kvm_vm_ioctl_enable_cap"
ENABLES_VCPU = "kvm_vcpu_ioctl_enable_cap"

Transform = Callable[[str], str]
Row = tuple[str, str, str, str | None]
"""Severity, code, subject without `KVM_CAP_`, architecture."""

# Where QEMU's files lie; no kernel has these directories.
_OF_VMMS = ("linux-headers/", "accel/", "target/", "hw/", "include/system/", "include/sysemu/")


@dataclass(frozen=True)
class Edit:
    """An edit of a pair, by path, and the findings that it must bring and take."""

    name: str
    changes: dict[str, Transform | None]
    adds: Iterable[Row] = ()
    removes: Iterable[Row] = ()
    pair: tuple[str, str] = NEW


# What is done to a file.


def swap(old: str, new: str, count: int = 1) -> Transform:
    """Replace a text that stands there exactly so many times."""

    def apply(text: str) -> str:
        assert text.count(old) == count, f"{old!r} stands there {text.count(old)} times"
        return text.replace(old, new)

    return apply


def every(pattern: str, new: str) -> Transform:
    """Replace all that matches; something must."""

    def apply(text: str) -> str:
        result, count = re.subn(pattern, new, text, flags=re.MULTILINE)
        assert count, f"nothing matches {pattern!r}"
        return result

    return apply


def inside(function: str, *transforms: Transform) -> Transform:
    """Edit the definition of one function only."""
    definition = re.compile(rf"^\w[^\n;{{}}#]*\b{function}\([^;{{}}]*\)\s*^\{{.*?^\}}", re.MULTILINE | re.DOTALL)

    def apply(text: str) -> str:
        match = definition.search(text)
        assert match is not None, f"no definition of {function}"
        body = match.group()
        for transform in transforms:
            body = transform(body)
        return text[: match.start()] + body + text[match.end() :]

    return apply


def before(function: str, added: str) -> Transform:
    """Put a text in front of a function's definition."""

    def apply(text: str) -> str:
        match = re.search(rf"^\w[^\n;{{}}#]*\b{function}\([^;{{}}]*\)\s*^\{{", text, re.MULTILINE)
        assert match is not None, f"no definition of {function}"
        return text[: match.start()] + added + "\n" + text[match.start() :]

    return apply


def both(*transforms: Transform) -> Transform:
    """One after the other."""

    def apply(text: str) -> str:
        for transform in transforms:
            text = transform(text)
        return text

    return apply


def append(added: str) -> Transform:
    """Add a text at the end."""
    return lambda text: text + added


# What must follow.


def rows(severity: str, code: str, subjects: str, arch: str | None = None) -> list[Row]:
    """One row per word of `subjects`."""
    return [(severity, code, subject, arch) for subject in subjects.split()]


def brings_and_takes_exactly(corpus: Corpus, edit: Edit) -> None:
    """Hold what is found in the edited pair against what is found in the bare one."""
    kernel, vmm = edit.pair
    was = rows_of(corpus.pair(kernel, vmm))
    now = rows_of(
        corpus.check(
            laid_over(corpus, kernel, edit.changes, lambda path: not of_vmm(path)),
            laid_over(corpus, vmm, edit.changes, of_vmm),
        )
    )
    assert now - was == Counter(edit.adds)
    assert was - now == Counter(edit.removes)


def of_vmm(path: str) -> bool:
    """Whether a changed file is QEMU's."""
    return path.startswith(_OF_VMMS)


def laid_over(corpus: Corpus, name: str, changes: dict[str, Transform | None], mine: Callable[[str], bool]) -> Tree:
    """The tree with its part of an edit, or the bare one where the edit leaves it alone."""
    edited = {
        path: None if change is None else change(_text(name, path)).encode()
        for path, change in changes.items()
        if mine(path)
    }
    return OverlayTree(corpus.tree(name), edited) if edited or not changes else corpus.tree(name)


def _text(name: str, path: str) -> str:
    """The file's text, nothing for a new one."""
    return source(name, path) if (root(name) / path).exists() else ""


def rows_of(outcome: Outcome) -> Counter[Row]:
    """The findings, as edits declare them."""
    return Counter(
        (finding.severity, finding.code, finding.subject.removeprefix("KVM_CAP_"), finding.arch)
        for finding in outcome.findings
    )
