"""Names of capability and register numbers, from the headers of trees or those installed on the machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from caplint.facts.harvest import ExtractionSettings, harvest
from caplint.facts.store.store import FactStore
from caplint.knowledge.capability_names import PREFIX, is_capability
from caplint.knowledge.load import knowledge
from caplint.trees.tree import File, Tree, object_id
from caplint.values.numbers import Definition, Numbers, UnknownValueError

INSTALLED = Path("/usr/include/linux/kvm.h")
"""UAPI header that a distribution installs."""
_MAX_BYTES = 1_000_000
_DEFINITION = re.compile(
    rf"^[ \t]*#[ \t]*define[ \t]+({PREFIX}\w{{1,100}})[ \t]+(\d{{1,5}})\b", re.ASCII | re.MULTILINE
)


def of_machine(header: Path = INSTALLED) -> dict[int, str]:
    """Return number → capability from the installed header; empty if there is none."""
    try:
        with header.open("rb") as file:
            text = file.read(_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return {}
    return {int(number): name for name, number in reversed(_DEFINITION.findall(text))}


def capabilities(trees: list[Tree], reading: ExtractionSettings, store: Path | None) -> dict[int, str]:
    """Return number → capability from the trees' UAPI headers; a kernel's takes precedence over a VMM's copy."""
    names: dict[int, str] = {}
    for name, number in _numbers(trees, reading, store, _is_uapi):
        if is_capability(name) and name not in knowledge().not_capabilities and name not in names.values():
            names.setdefault(number, name)
    return names


def registers(trees: list[Tree], reading: ExtractionSettings, store: Path | None) -> dict[str, int]:
    """Return MSR → number from the trees' MSR headers; a kernel's takes precedence over a VMM's."""
    prefixes = tuple(knowledge().msr.prefixes)
    numbers: dict[str, int] = {}
    for name, number in _numbers(trees, reading, store, _numbers_msrs):
        if name.startswith(prefixes):
            numbers.setdefault(name, number)
    return numbers


def _is_uapi(tree: Tree, path: str) -> bool:
    return tree.project.header_kind(path) in {"uapi", "vmm"}


def _numbers_msrs(tree: Tree, path: str) -> bool:
    return bool(tree.project.msrs.fullmatch(path))


def _numbers(
    trees: Iterable[Tree], reading: ExtractionSettings, store_path: Path | None, wanted: Callable[[Tree, str], bool]
) -> Iterator[tuple[str, int]]:
    """Yield name and value of object-like macros, tree by tree, in the order of the headers."""
    store = FactStore(store_path)
    try:
        for tree in sorted(trees, key=lambda tree: tree.role not in {"kernel", "reference"}):
            files = [_file(tree, path) for path in tree.candidates() if wanted(tree, path)]
            rows = harvest(store, [(tree, file) for file in files], reading, lambda _done, _total: None)
            yield from _values(store, [rows[file.oid, "c"] for file in files])
    finally:
        store.close()


def _file(tree: Tree, path: str) -> File:
    content = tree.read(path)
    return File(path, object_id(content), len(content))


def _values(store: FactStore, blobs: list[int]) -> Iterator[tuple[str, int]]:
    macros = [
        (name, Definition.of(parameters, body))
        for blob in blobs
        for name, parameters, body in store.connection.execute(
            "SELECT name, parameters, body FROM macro WHERE blob = ? AND body <> '' ORDER BY line", (blob,)
        )
    ]
    numbers = Numbers(dict(reversed(macros)))
    for name, definition in macros:
        if definition.parameters is None:
            try:
                yield name, numbers.of(definition.body)
            except UnknownValueError:
                continue
