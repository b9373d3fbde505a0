"""The real trees that are measured, and the files that a check of them reads."""

from pathlib import Path

from caplint.facts.store.store import FactStore
from caplint.knowledge.languages import language_of
from caplint.trees.detect import directory_tree
from tools.errors import ToolError

CORPUS = Path(".corpus")
PAIR = ("linux-6.12", "qemu-10.0")


def trees() -> list[str]:
    """Return the options that name the pair. Raises `ToolError` where it is not there."""
    for name in PAIR:
        if not (CORPUS / name).is_dir():
            raise ToolError(f"{CORPUS / name} is not there; run `make corpus` first")
    return ["--kernel", str(CORPUS / PAIR[0]), "--qemu", str(CORPUS / PAIR[1])]


def read_files() -> list[Path]:
    """Return the C files that a check of the pair reads."""
    store = FactStore(None)
    return [
        CORPUS / name / file.path
        for name in PAIR
        for file in directory_tree(str(CORPUS / name)).files(store)
        if language_of(file.path) == "c"
    ]


def every_file() -> list[Path]:
    """Every C file of the pair."""
    return [
        path
        for name in PAIR
        for path in sorted((CORPUS / name).rglob("*"))
        if path.is_file() and language_of(path.name) == "c"
    ]
