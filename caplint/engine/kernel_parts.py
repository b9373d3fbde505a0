"""Parts of the kernel that a tree may lack: a tree of its headers has neither code nor documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from caplint.knowledge.globs import compile_globs
from caplint.link.core.loaded_trees import Loaded

CODE, DOCUMENTATION = PARTS = ("code", "documentation")
_CODE = compile_globs(["virt/kvm/**/*.c", "arch/*/kvm/**/*.c"])


def parts(loaded: Iterable[Loaded]) -> set[str]:
    """Return the parts that some kernel of the run has; of a tree that only hunks show, everything may be there."""
    return {part for entry in loaded if entry.tree.role == "kernel" for part in _parts(entry)}


def _parts(entry: Loaded) -> Iterator[str]:
    paths = [file.path for file in entry.files]
    if not entry.tree.complete or any(_CODE.fullmatch(path) for path in paths):
        yield CODE
    if not entry.tree.complete or any(entry.tree.project.documentation.fullmatch(path) for path in paths):
        yield DOCUMENTATION
