"""Layouts of UAPI structures and numbers of ioctls, per ABI, and the differences between copies of the headers.

They depend on several headers and on nothing else, so they are stored under a hash of these headers: any tree,
revision or patch with the same headers has the same layouts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from posixpath import basename, commonprefix, dirname

from caplint.abi.abis import Abi, abis_of
from caplint.abi.sources import RUST, HeaderSet, Sources, gather
from caplint.facts.store.store import FactStore
from caplint.knowledge.load import knowledge
from caplint.link.core.rows import insert
from caplint.link.core.values import number_column
from caplint.link.uapi.compat_layouts import compat_rows
from caplint.link.uapi.layout_drift import drift_of
from caplint.link.uapi.numbered_constants import numbered_constants
from caplint.link.uapi.rows import CompatIoctlRow, LayoutDriftRow, LayoutRow, NumberedConstantRow
from caplint.link.uapi.valueless_constants import note_valueless, valued_names
from caplint.trees.tree import Tree
from caplint.util.code_identity import LAYOUTS, code_identity
from caplint.util.errors import CaplintError

_NO_ROOT = "the tree holds no linux/kvm.h that would include it"
_NO_ARCHITECTURE = "its path names no architecture that caplint knows"


@dataclass(frozen=True)
class _Copy:
    """Headers of one architecture, in one of a tree's copies of the UAPI."""

    side: str
    tree: Tree
    header: str
    place: HeaderSet
    arch: str
    abis: tuple[str, ...]
    key: str = field(compare=False)
    """Cache key of its layouts."""
    sources: Sources = field(compare=False)


@contextmanager
def layouts_of(
    store: FactStore, trees: list[Tree], jobs: int, chosen: tuple[str, ...] = ()
) -> Iterator[Callable[[], None]]:
    """Start evaluating missing layouts in the background; the callable waits for them and fills the tables.

    The tables are `all_compat_ioctl`, `all_layout`, `all_layout_drift` and `all_numbered_constant`. No other link reads
    them, so evaluation runs beside all links. `chosen` are the ABIs to evaluate, all if it is empty.
    """
    copies: list[_Copy] = []
    for now in trees:
        for side, tree in (("now", now), ("base", now.base)):
            if tree is not None:
                copies += _of_abis(_copies(store, side, tree), chosen)
    units = _known(store, copies)
    missing = {copy.key: (copy.sources, list(copy.abis)) for copy in copies if copy.key not in units}
    if not missing:
        yield partial(_fill, store, copies, units)
        return
    from caplint.abi.evaluation_pool import evaluating  # noqa: PLC0415 - most runs evaluate nothing

    with evaluating(missing, jobs) as results:

        def fill() -> None:
            fresh, complete = results()
            if not complete:  # a process that died or ran out of time
                store.incomplete = True
            store.retain_all(fresh)
            _fill(store, copies, units | fresh)

        yield fill


def _of_abis(copies: Iterator[_Copy], chosen: tuple[str, ...]) -> Iterator[_Copy]:
    """Yield the copies with the chosen ABIs alone; those of other architectures are left out."""
    for copy in copies:
        abis = tuple(name for name in copy.abis if name in chosen) if chosen else copy.abis
        if abis == copy.abis:
            yield copy
        elif abis:
            yield replace(copy, abis=abis, key=_key(copy.sources, abis))


def _fill(store: FactStore, copies: list[_Copy], units: dict[str, str]) -> None:
    insert(
        store.connection,
        "all_layout",
        [
            LayoutRow(
                side=copy.side, tree=copy.tree.name, role=copy.tree.role, header=copy.header, arch=copy.arch,
                path=copy.place.root, asm=copy.place.asm, units=units[copy.key]
            )
            for copy in copies
        ],
    )  # fmt: skip
    insert(store.connection, "all_numbered_constant", list(_numbered(store, copies, units)))
    insert(store.connection, "all_compat_ioctl", list(_compat(store, copies, units)))
    _note_valueless(store, copies, units)
    for snapshot, against, kernel, other in _pairs(copies):
        if kernel.key != other.key:
            _compare(store, (snapshot, against), (kernel, other), units)


def _numbered(store: FactStore, copies: list[_Copy], units: Mapping[str, str]) -> Iterator[NumberedConstantRow]:
    """Yield the constants of all copies but those in tools/; those of linux/kvm.h once, without an architecture."""
    seen: set[tuple[object, ...]] = set()
    for copy in copies:
        if copy.header == "copy" or not copy.abis:
            continue
        for constant in numbered_constants(store, copy.key, units[copy.key], copy.sources):
            generic = constant.path == copy.place.root and not constant.path.endswith(RUST)
            arch, abis = ("", "") if generic else (copy.arch, ", ".join(copy.abis))
            key = (copy.side, copy.tree.name, abis, *constant)
            number = number_column(constant.number)
            if key in seen or number is None:
                continue
            seen.add(key)
            yield NumberedConstantRow(
                copy.side, copy.tree.name, copy.tree.role, copy.header, arch, abis, constant.path, constant.line,
                constant.column, constant.name, number, constant.numbering, constant.alias
            )  # fmt: skip


def _note_valueless(store: FactStore, copies: list[_Copy], units: Mapping[str, str]) -> None:
    valued: dict[tuple[str, str], set[str]] = {}
    for copy in copies:
        valued.setdefault((copy.side, copy.tree.name), set()).update(valued_names(store, copy.key, units[copy.key]))
    note_valueless(store.connection, valued)


def _compat(store: FactStore, copies: list[_Copy], units: Mapping[str, str]) -> Iterator[CompatIoctlRow]:
    for copy in copies:
        if copy.tree.role == "kernel" and copy.header == "uapi" and copy.arch and len(copy.abis) > 1:
            yield from compat_rows(store, copy.key, units[copy.key], (copy.side, copy.tree.name, copy.arch))


def _copies(store: FactStore, side: str, tree: Tree) -> Iterator[_Copy]:
    by_kind: dict[str, list[tuple[str, str | None]]] = {}
    for path, header, arch in store.connection.execute(
        """SELECT path, header, arch FROM temp.all_file
           WHERE side = ? AND tree = ? AND header IS NOT NULL AND NOT expanded ORDER BY path""",
        (side, tree.name),
    ):
        if basename(path) == "kvm.h":
            by_kind.setdefault(header, []).append((path, arch))
        elif path.endswith(RUST):
            yield _bindings((side, tree, header), path, arch)
    uapi_files = by_kind.get("uapi", [])
    for header, files in by_kind.items():
        roots = [path for path, _ in files if _is_root(path)]
        if (
            header == "copy" and roots
        ):  # tools/ has asm/kvm.h for some architectures only; for others the kernel's own counts
            copied = {arch for path, arch in files if not _is_root(path)}
            files = files + [(path, arch) for path, arch in uapi_files if not _is_root(path) and arch not in copied]  # noqa: PLW2901
        evaluated = [_copy((side, tree, header), roots, path, arch) for path, arch in files if path not in roots]
        yield from evaluated
        for root in roots:
            if all(copy.place.root != root for copy in evaluated):  # it may need no header of an architecture's
                yield _evaluable((side, tree, header), HeaderSet(root, ""), "", abis_of(None, None))


def _bindings(of: tuple[str, Tree, str], path: str, arch: str | None) -> _Copy:
    """Return a file of Rust bindings, which are generated for a 64-bit architecture in little endian."""
    abis = [abi for abi in abis_of(None, arch) if abi.bits == 64 and abi.endian == "little"] if arch else []
    if not abis:
        return _Copy(*of, HeaderSet(path, ""), arch or "", (), _blind(path, _NO_ARCHITECTURE), Sources({}, {}))
    return _evaluable(of, HeaderSet(path, ""), arch or "", abis)


def _is_root(path: str) -> bool:
    return basename(dirname(path)) == "linux"


def _copy(of: tuple[str, Tree, str], roots: list[str], path: str, arch: str | None) -> _Copy:
    tree = of[1]
    root = max(roots, key=lambda root: (len(commonprefix([root, path])), root), default="")
    abis = abis_of(knowledge().architecture_word(tree.project, path), arch) if arch else []
    if root and abis:
        return _evaluable(of, HeaderSet(root, path), arch or "", abis)
    blind = _blind(path, _NO_ARCHITECTURE if root else _NO_ROOT)
    return _Copy(*of, HeaderSet(root, path), arch or "", (), blind, Sources({}, {}))


def _evaluable(of: tuple[str, Tree, str], place: HeaderSet, arch: str, abis: list[Abi]) -> _Copy:
    names = tuple(abi.name for abi in abis)
    sources = gather(place, partial(_read, of[1]))
    return _Copy(*of, place, arch, names, _key(sources, names), sources)


def _blind(path: str, reason: str) -> str:
    """Return JSON that replaces the key where there is nothing to evaluate: an unknown layout with the reason."""
    return json.dumps(
        {"any": {"structures": [], "ioctls": [], "unknown": [[path, path, 1, reason, 0]], "constants": []}}
    )


def _key(sources: Sources, abis: tuple[str, ...]) -> str:
    digest = hashlib.sha256(f"{code_identity(*LAYOUTS)} {sources.identity} {abis}".encode())
    return f"layout {digest.hexdigest()}"


def _known(store: FactStore, copies: list[_Copy]) -> dict[str, str]:
    """Return the layouts that need no evaluation: key → JSON of ABI → unit."""
    units = {copy.key: store.recall(copy.key) if copy.abis else copy.key for copy in copies}
    for copy in copies:
        if units[copy.key] is None and (value := _moved(copy, copies, units)) is not None:
            store.retain(copy.key, value)
            units[copy.key] = value
    return {key: value for key, value in units.items() if value is not None}


def _moved(copy: _Copy, copies: list[_Copy], units: Mapping[str, str | None]) -> str | None:
    """Return the layouts of these headers before a patch, moved to their new lines; None if they may differ."""
    from caplint.abi.layout_reuse import move, moved  # noqa: PLC0415 - pycparser's, and most runs have no new headers

    for other in copies:
        if other.side == "base" and (other.tree.name, other.place, other.abis) == (
            copy.tree.name,
            copy.place,
            copy.abis,
        ):
            value = units[other.key]
            lines = moved(other.sources, copy.sources) if value is not None else None
            return move(value, lines) if value is not None and lines is not None else None
    return None


def _pairs(copies: list[_Copy]) -> Iterator[tuple[str, str, _Copy, _Copy]]:
    """Yield every kernel's own headers with each copy compared: `snapshot`, relation, kernel, other.

    If some tree has a base there are two snapshots: the trees as they are, and with each base in its tree's place.
    """
    now = [copy for copy in copies if copy.side == "now"]
    based = {copy.tree.name for copy in copies if copy.side == "base"}
    before = [copy for copy in copies if copy.side == "base" or copy.tree.name not in based]
    for kernel in _kernels(now):
        for other in copies:
            same = other.tree.name == kernel.tree.name
            if other.side == "base" and same and other.header == "uapi" and set(other.abis) & set(kernel.abis):
                yield "now", "before", other, kernel
    for snapshot, members in (("now", now), ("base", before if based else [])):
        for kernel in _kernels(members):
            for other in members:
                if set(other.abis) & set(kernel.abis):
                    yield from ((snapshot, *pair) for pair in _held_against(kernel, other))


def _kernels(copies: list[_Copy]) -> list[_Copy]:
    return [copy for copy in copies if copy.tree.role == "kernel" and copy.header == "uapi"]


def _held_against(kernel: _Copy, other: _Copy) -> Iterator[tuple[str, _Copy, _Copy]]:
    if other.header == "copy" and other.tree.name == kernel.tree.name:
        yield "copy", kernel, other
    elif other.tree.role == "vmm":
        yield "vmm", kernel, other
    elif other.tree.role == "reference" and other.header == "uapi":
        yield "reference", other, kernel


def _read(tree: Tree, path: str) -> bytes | None:
    """Return a header's content, None if the tree has no such file or it cannot be read."""
    try:
        return tree.read_or_none(path)
    except (OSError, CaplintError):
        return None


def _compare(store: FactStore, columns: tuple[str, str], pair: tuple[_Copy, _Copy], units: dict[str, str]) -> None:
    """Fill `all_layout_drift` for a pair of copies; `columns` is the snapshot and the relation."""
    kernel, other = pair
    cache_key = f"drift {kernel.key} {other.key}"
    recalled = store.recall(cache_key)
    if recalled is None:
        recalled = json.dumps(drift_of(store, units[kernel.key], units[other.key]))
        store.retain(cache_key, recalled)
    insert(
        store.connection,
        "all_layout_drift",
        [
            LayoutDriftRow(*columns, kernel.tree.name, other.tree.name, kernel.arch, *row)
            for row in json.loads(recalled)
        ],
    )
