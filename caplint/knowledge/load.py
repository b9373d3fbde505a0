"""kvm.toml, read once: the projects, their files, and the names that KVM gives to things."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from typing import Any

from caplint.knowledge.globs import Globs, compile_globs, directories

GENERIC = "generic"
"""The architecture of code that all of them share."""
OTHER = "other"
"""The kind of a file of no other kind."""


@dataclass(frozen=True)
class Project:
    """A program that caplint can recognise and read."""

    name: str
    title: str
    role: str
    markers: list[list[str]]
    files: Globs
    search: Globs
    exclude: Globs
    roots: list[str]
    """Directories below which all wanted files lie; `""` for the whole tree."""
    holders: tuple[Globs, Globs]
    """Directories that may hold files of `files`, and of `search`, at any depth."""
    headers: dict[str, Globs]
    """Which copy of KVM's UAPI a path is: `uapi`, `copy` (the kernel's own in tools/) or `vmm`."""
    documentation: Globs
    msrs: Globs
    """Headers that number MSRs."""
    selftests: list[str] = field(default_factory=list)
    """Directories of tests."""
    release: str = ""
    """The file that states the version, wherever it lies; empty where none is asked for it."""
    architectures: list[re.Pattern[str]] = field(default_factory=list)
    built_for: dict[str, Globs] = field(default_factory=dict)
    """Architecture → files that only it builds although their directories name none."""

    def header_kind(self, path: str) -> str | None:
        """Which copy of the UAPI the path is, None for any other file."""
        return next((kind for kind, paths in self.headers.items() if paths.fullmatch(path)), None)

    def wants(self, path: str) -> bool | None:
        """True: always read. None: read if it holds a token of interest. False: never."""
        if self.files.fullmatch(path):
            return True
        if self.search.fullmatch(path) and not self.exclude.fullmatch(path):
            return None
        return False

    def may_hold(self, directory: str) -> bool:
        """Whether some file below the directory may be read for what it is, or for what it holds."""
        files, search = self.holders
        if files.fullmatch(directory) or any(_below(f"{directory}/", tests) for tests in self.selftests):
            return True
        # Only an end in `**` matches both a name and one below it.
        everything_excluded = self.exclude.fullmatch(f"{directory}/-") and self.exclude.fullmatch(f"{directory}/-/-")
        return bool(search.fullmatch(directory)) and not everything_excluded


@dataclass(frozen=True)
class Wrapper:
    """A function or macro of a VMM that asks for a capability or enables it."""

    callee: str
    verb: str
    scope: str
    capability: int
    request: str | None = None


@dataclass(frozen=True)
class MsrKnowledge:
    """`[msr]`: model-specific registers."""

    architecture: str
    prefixes: tuple[str, ...]
    selectors: list[str]
    requests: list[str]
    values: list[str]
    results: list[str]
    saved: list[str]
    filters: list[str]
    """Functions that decide at run time what of the lists is offered."""
    features: list[str]
    functions: dict[str, list[str]]
    """Verb (get, set, feature) → handlers by name."""
    fields: dict[str, list[str]]
    """Verb → fields of tables through which handlers are called."""
    roots: list[tuple[str, re.Pattern[str]]]
    """Structure that holds state, and what an expression that leads to it ends in."""
    vmm_calls: dict[str, int]
    """A VMM's functions that take an MSR, and which argument it is."""
    vmm_functions: dict[str, Globs]
    """Verb (get, put) → names of the VMM's functions that do it."""
    index_list: str
    passthrough: dict[str, tuple[int, int, list[str]]]
    """Function that lets a guest access an MSR → its argument, the one that says how, and what lets it write."""
    switching: list[str]
    """Functions that write an MSR on the processor, or have it written on entry and exit."""
    switched_lists: list[str]
    """Arrays of MSRs that are switched."""
    switched: dict[str, str]
    """MSR → by what else it is switched."""
    directions: dict[str, dict[str, str]]
    """`read_only` and `write_only` → MSR → source."""
    elsewhere: dict[str, str]
    """MSR → by what else its value is saved."""
    capabilities: dict[str, list[str]]
    """Capability → its MSRs."""


def _msrs(data: dict[str, Any]) -> MsrKnowledge:
    handlers, vmm = data["handlers"], data["vmm"]
    return MsrKnowledge(
        architecture=data["architecture"],
        prefixes=tuple(data["prefixes"]),
        selectors=data["selectors"],
        requests=data["requests"],
        values=data["values"],
        results=data["results"],
        saved=data["saved"],
        filters=data["filters"],
        features=data["features"],
        functions={verb: entry["functions"] for verb, entry in handlers.items()},
        fields={verb: entry["fields"] for verb, entry in handlers.items()},
        roots=[(name, re.compile(rf"(?:{pattern})")) for name, ends in data["state"].items() for pattern in ends],
        vmm_calls=vmm["calls"],
        vmm_functions={verb: compile_globs(vmm[verb]) for verb in ("get", "put")},
        index_list=vmm["index_list"],
        passthrough={name: (entry[0], entry[1], entry[2]) for name, entry in data["passthrough"].items()},
        switching=data["switching"],
        switched_lists=data["switched_lists"],
        switched=data["switched"],
        directions={verb: data[verb] for verb in ("read_only", "write_only")},
        elsewhere=data["elsewhere"],
        capabilities=data["capabilities"],
    )


class Knowledge:
    """Typed access to kvm.toml."""

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
        self.msr = _msrs(data["msr"])
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
        return [_project(name, entry) for name, entry in self._data["projects"].items()]

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


def _project(name: str, entry: dict[str, Any]) -> Project:
    globs = [*entry["files"], *entry["search"]]
    return Project(
        name=name,
        title=entry["title"],
        role=entry["role"],
        markers=entry["markers"],
        files=compile_globs(entry["files"]),
        search=compile_globs(entry["search"]),
        exclude=compile_globs(entry["exclude"]),
        roots=_roots(globs),
        holders=(directories(entry["files"]), directories(entry["search"])),
        headers={kind: compile_globs(paths) for kind, paths in entry.get("headers", {}).items()},
        documentation=compile_globs(entry.get("documentation", {}).get("api", [])),
        msrs=compile_globs(entry.get("msrs", [])),
        selftests=entry.get("selftests", []),
        release=entry.get("release", ""),
        architectures=[_architecture(text) for text in entry["architecture"]],
        built_for={arch: compile_globs(globs) for arch, globs in entry.get("built_for", {}).items()},
    )


def _architecture(text: str) -> re.Pattern[str]:
    """Finds a directory name where a path begins as the text says, or behind `**/` at any directory."""
    rest = re.escape(text.removeprefix("**/")).replace(r"\{arch\}", "([A-Za-z0-9_]+)")
    return re.compile((r"(?:\A|(?<=/))" if text.startswith("**/") else r"\A") + rest)


def _roots(globs: list[str]) -> list[str]:
    """The fixed beginnings of globs, without those that lie below another."""
    heads = sorted({re.split(r"[^/]*[*?{]", glob)[0].rpartition("/")[0] for glob in globs})
    return [head for head in heads if not any(head != other and _below(head, other) for other in heads)]


def _below(path: str, directory: str) -> bool:
    return not directory or path.startswith(directory + "/")


@cache
def knowledge() -> Knowledge:
    """What kvm.toml says."""
    return Knowledge(tomllib.loads(resources.files(__package__).joinpath("kvm.toml").read_text("utf-8")))
