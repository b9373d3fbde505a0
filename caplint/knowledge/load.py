"""The files of data/, read once: the projects, their files, and the names that KVM gives to things."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

from caplint.knowledge.globs import compile_globs
from caplint.knowledge.msr import msr_of
from caplint.knowledge.project import Project, project_of

GENERIC = "generic"
"""The architecture of code that all of them share."""
OTHER = "other"
"""The kind of a file of no other kind."""


@dataclass(frozen=True)
class Wrapper:
    """A function or macro of a VMM that asks for a capability or enables it."""

    callee: str
    verb: str
    scope: str
    capability: int
    request: str | None = None


class Knowledge:
    """Typed access to the files of data/."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self._interest = _finder(data["tokens"]["interest"])
        self.check_functions: list[str] = data["handlers"]["check"]["functions"]
        self.check_fields: list[str] = data["handlers"]["check"]["fields"]
        self.enable_functions: dict[str, str] = {
            name: scope for scope, names in data["handlers"]["enable"].items() for name in names
        }
        self.wrappers = [Wrapper(**entry) for entry in data["wrappers"]]
        self.descriptors: dict[str, str] = data["descriptors"]
        """What a VMM calls a descriptor → its scope."""
        self.retired: dict[str, str] = {entry["name"]: entry["reason"] for entry in data["retired"]}
        self.system_answers: dict[str, str] = data["system_answers"]
        """Capability → why the system's answer is any VM's, although a handler reads the VM."""
        self.selected_elsewhere = frozenset(data["kconfig_elsewhere"])
        """Kconfig symbols of KVM that files other than KVM's own select."""
        self.not_capabilities = frozenset(data["not_capabilities"]["names"])
        self.documentation: dict[str, Any] = data["documentation"]
        """Lists of words that stand for architectures and scopes, and what titles of chapters say (`chapters`)."""
        self.msr = msr_of(data["msr"])
        self.entries: dict[str, dict[str, list[str]]] = data["paths"]["entries"]
        """Project → functions in which it begins, and the files that they are in."""
        self.ioctls: dict[str, list[str]] = data["paths"]["ioctls"]
        """A VMM's function that does an ioctl → the kernel's that may get it."""
        self.ioctl_descriptors = [(entry, re.compile(text)) for entry, text in data["paths"]["descriptors"].items()]
        """A kernel's function that gets ioctls, and what the descriptors of its files look like."""
        self.execution: dict[str, str] = data["paths"]["exec"]
        """`function` that executes a VMM, `through` what a path to it must pass."""
        self.operations: str = data["paths"]["operations"]["field"]
        """The member of a table of file operations that gets ioctls."""
        self.rpc: dict[str, Any] = data["paths"]["rpc"]
        """`callee` sends a `request` (a prefix) that one of `targets` (prefixes) serves."""
        self.static_calls = [(re.compile(entry["pattern"]), entry["type"]) for entry in data["paths"]["static_calls"]]
        """What a call's expression looks like, whose group is a member, and of which structure."""
        self.static_words = [(entry["type"], entry["word"]) for entry in data["paths"]["static_calls"]]
        """Structure, and the name that stands in such a call of one of its members."""
        self.registrars: dict[str, str] = data["paths"]["registrars"]
        """Macro that registers a function → the function that calls what is registered."""
        self.generated: dict[str, str] = data["paths"]["generated"]
        """Beginning of a function's name → why no caller of it is found."""
        self.casts: dict[str, dict[str, int]] = data["paths"]["casts"]
        """Macro that declares casts → positions of `instance`, `class` and `name` among its arguments."""
        names = data["paths"]["dead"]["names"]
        self.dead = {atom: False for name in names for atom in (name, f"defined({name})")}
        """What no program is built with that uses KVM."""
        self.dead_files = compile_globs(data["paths"]["dead"]["files"])
        self._foreign = frozenset(data["foreign_architectures"]["names"])
        self._file_kinds = {kind: compile_globs(globs) for kind, globs in data["file_kinds"].items()}

    def is_interesting(self, content: bytes) -> bool:
        """Whether a file is worth reading for what it holds."""
        return self._interest.search(content) is not None

    @property
    def file_kinds(self) -> list[str]:
        """The kinds of files that the ledger keeps apart, in its order."""
        return [*self._file_kinds, OTHER]

    def file_kind(self, path: str) -> str:
        """The kind that a path's name says."""
        return next((kind for kind, paths in self._file_kinds.items() if paths.fullmatch(path)), OTHER)

    @cached_property
    def projects(self) -> list[Project]:
        """Every known project, in the order of the file."""
        return [project_of(name, entry) for name, entry in self._data["projects"].items()]

    def architecture_symbols(self, architecture: str) -> dict[str, bool]:
        """Kconfig symbols that say which architecture is built, as they are when it is this one.

        A symbol of an alias (arch/arm read as arm64) may be either, and is left out.
        """
        return {
            symbol: owner == architecture
            for owner, symbols in self._data["kconfig_architectures"].items()
            for symbol in symbols
            if owner == architecture or self.architecture(owner) != architecture
        }

    def exclusive_symbols(self, architecture: str) -> list[list[str]]:
        """Groups of Kconfig symbols of which a configuration of the architecture has at most one."""
        groups: list[list[str]] = self._data["kconfig_exclusive"].get(architecture, [])
        return groups

    @cached_property
    def _canonical(self) -> dict[str, str]:
        table = {name: name for name in self._data["architectures"]}
        table |= {alias: name for name, aliases in self._data["architectures"].items() for alias in aliases}
        return table

    @property
    def architectures(self) -> list[str]:
        """The canonical architectures."""
        return list(self._data["architectures"])

    def architecture(self, word: str) -> str | None:
        """The canonical architecture that a word stands for."""
        return self._canonical.get(word.lower())

    def architecture_of(self, project: Project, path: str) -> str | None:
        """The architecture that a file is compiled for; None where the path does not say."""
        kernel = project.role in {"kernel", "reference"}
        word = self.architecture_word(project, path) or ""
        if not word and not kernel:
            return next((arch for arch, files in project.built_for.items() if files.fullmatch(path)), None)
        return self.architecture(word) or word or (GENERIC if kernel else None)

    def architecture_word(self, project: Project, path: str) -> str | None:
        """The directory name that says for which architecture a file is; None where the path does not say."""
        kernel = project.role in {"kernel", "reference"}
        for pattern in project.architectures:
            for match in reversed(list(pattern.finditer(path))):
                # In a VMM's hw/ most directories are no architecture: hw/intc, hw/core.
                if self.architecture(match.group(1)) or kernel or match.group(1) in self._foreign:
                    return match.group(1)
        return None


def _finder(tokens: list[str]) -> re.Pattern[bytes]:
    """Finds any of several names by their first underscore: one search for a rare byte is faster than one for each."""
    found = []
    for token in tokens:
        _, underscore, rest = token.partition("_")
        found.append(f"{underscore}{rest}(?<={token})")
    return re.compile("|".join(found).encode())


@cache
def data_files() -> dict[str, str]:
    """Name → text of the files of data/, in the order of their names."""
    folder = resources.files(__package__).joinpath("data")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return {file.name: file.read_text("utf-8") for file in files}


@cache
def knowledge() -> Knowledge:
    """Return the tables of all files of data/; no two files have the same table."""
    tables: dict[str, Any] = {}
    for name, text in data_files().items():
        new = tomllib.loads(text)
        if twice := tables.keys() & new.keys():
            raise ValueError(f"{name} has [{min(twice)}], which another file of data/ has as well")
        tables |= new
    return Knowledge(tables)
