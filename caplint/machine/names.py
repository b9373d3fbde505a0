"""What headers at hand call the numbers of capabilities and registers: those of trees, or the machine's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from caplint.capability_names import PREFIX, is_capability
from caplint.config import Config
from caplint.facts.harvest import Reading, harvest
from caplint.facts.store import FactStore
from caplint.knowledge import knowledge
from caplint.link.numbers import Definition, Numbers, UnknownValueError
from caplint.trees.tree import File, Tree, object_id

INSTALLED = Path("/usr/include/linux/kvm.h")
"""What a distribution installs of the kernel's UAPI."""
_MAX_BYTES = 1_000_000
_DEFINITION = re.compile(
    rf"^[ \t]*#[ \t]*define[ \t]+({PREFIX}\w{{1,100}})[ \t]+(\d{{1,5}})\b", re.ASCII | re.MULTILINE
)


def of_machine(header: Path = INSTALLED) -> dict[int, str]:
    """Number → capability, as the header says that is installed here; empty where there is none."""
    try:
        with header.open("rb") as file:
            text = file.read(_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return {}
    return {int(number): name for name, number in reversed(_DEFINITION.findall(text))}


def capabilities(trees: list[Tree], config: Config) -> dict[int, str]:
    """Number → capability, as the UAPI headers of the trees say; a kernel's before a VMM's copy."""
    names: dict[int, str] = {}
    for name, number in _numbers(trees, config, _is_uapi):
        if is_capability(name) and name not in knowledge().not_capabilities and name not in names.values():
            names.setdefault(number, name)
    return names


def registers(trees: list[Tree], config: Config) -> dict[str, int]:
    """MSR → its number, as the headers of the trees say that number MSRs; a kernel's before a VMM's."""
    prefixes = tuple(knowledge().msr.prefixes)
    numbers: dict[str, int] = {}
    for name, number in _numbers(trees, config, lambda tree, path: bool(tree.project.msrs.fullmatch(path))):
        if name.startswith(prefixes):
            numbers.setdefault(name, number)
    return numbers


def _is_uapi(tree: Tree, path: str) -> bool:
    return tree.project.header_kind(path) in {"uapi", "vmm"}


def _numbers(trees: Iterable[Tree], config: Config, wanted: Callable[[Tree, str], bool]) -> Iterator[tuple[str, int]]:
    """Object-like macros with a value, tree by tree in the order of its headers."""
    reading = Reading(config.repairs, config.jobs)
    store = FactStore(config.store_path)
    try:
        for tree in sorted(trees, key=lambda tree: tree.role not in {"kernel", "reference"}):
            files = [_file(tree, path) for path in tree.sources() if wanted(tree, path)]
            rows = harvest(store, [(tree, file) for file in files], reading, lambda _done, _total: None)
            yield from _values(store, [rows[file.oid, "c"] for file in files])
    finally:
        store.close()


def _file(tree: Tree, path: str) -> File:
    content = tree.read(path)
    return File(path, object_id(content), len(content))


def _values(store: FactStore, blobs: list[int]) -> Iterator[tuple[str, int]]:
    found = [
        (name, Definition.of(parameters, body))
        for blob in blobs
        for name, parameters, body in store.connection.execute(
            "SELECT name, parameters, body FROM macro WHERE blob = ? AND body <> '' ORDER BY line", (blob,)
        )
    ]
    numbers = Numbers(dict(reversed(found)))
    for name, definition in found:
        if definition.parameters is None:
            try:
                yield name, numbers.of(definition.body)
            except UnknownValueError:
                continue
