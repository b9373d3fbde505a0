"""Tables of data/, read once: the projects, their files, and KVM's names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from caplint.knowledge.capability_names import PREFIX
from caplint.knowledge.globs import compile_globs
from caplint.knowledge.made_objects import MadeObjects
from caplint.knowledge.msr import msr_of
from caplint.knowledge.project import Project, project_of

# Where the name of a variant has words: `ArmPmuV3` is ARM_PMU_V3.
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
GENERIC = "generic"
"""Architecture of code that all architectures share."""
OTHER = "other"
"""Kind of a file that matches no kind in the table."""


@dataclass(frozen=True)
class Wrapper:
    """Function or macro of a VMM that checks for a capability or enables it."""

    callee: str
    verb: str
    scope: str
    capability: int
    request: str | None = None
    projects: tuple[str, ...] = ()
    """Projects whose function it is; empty for C's own `ioctl()`, and for functions of libraries."""
    language: str = ""
    """`rust` for a function or method that counts in Rust alone."""
    structure: bool = False
    """Whether its argument is a `struct kvm_enable_cap`; of an ioctl it always is."""

    @property
    def takes_structure(self) -> bool:
        """Whether the capability is a member of the argument."""
        return self.verb == "enable" and (self.structure or self.request is not None)


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
        self.wrappers = [
            Wrapper(**{**entry, "projects": tuple(entry.get("projects", ()))}) for entry in data["wrappers"]
        ]
        self.requirements = frozenset(data["requirements"]["macros"])
        """Macros that make an entry of a list of capabilities without which a VMM does not start."""
        self.failure_calls = re.compile(rf"(?:{'|'.join(data['failures']['calls'])})\Z")
        """Matches the name of a function by which a VMM gives up or tells of a failure."""
        self.retired: dict[str, str] = {entry["name"]: entry["reason"] for entry in data["retired"]}
        self.system_answers: dict[str, str] = data["system_answers"]
        """Capability → reason why the system's answer holds for every VM, although a handler reads the VM."""
        self.selected_elsewhere = frozenset(data["kconfig_elsewhere"])
        """Kconfig symbols of KVM that files outside KVM select."""
        self.not_capabilities = frozenset(data["not_capabilities"]["names"])
        self.documentation: dict[str, Any] = data["documentation"]
        """Words for architectures and scopes in api.rst, and the meaning of chapter titles (`chapters`)."""
        self.msr = msr_of(data["msr"])
        self.entries: dict[str, dict[str, list[str]]] = data["paths"]["entries"]
        """Project → its entry functions and the files that define them."""
        self.ioctls: dict[str, list[str]] = data["paths"]["ioctls"]
        """Function of a VMM that issues an ioctl → kernel functions that may receive it."""
        self.ioctl_descriptors = [(entry, re.compile(text)) for entry, text in data["paths"]["descriptors"].items()]
        """Kernel function that receives ioctls, and the pattern of expressions for its file descriptors."""
        self.opened = [(scope, re.compile(text)) for scope, text in data["opened"].items()]
        """Scope of a descriptor, and the pattern of the calls that open one."""
        self.execution: dict[str, str] = data["paths"]["exec"]
        """`function` that executes a VMM, `through`: function that a path to it must pass."""
        self.operations: str = data["paths"]["operations"]["field"]
        """Member of a file-operations table that receives ioctls."""
        self.rpc: dict[str, Any] = data["paths"]["rpc"]
        """`callee` sends a `request` (prefix) that one of `targets` (prefixes) serves."""
        self.static_calls = [(re.compile(entry["pattern"]), entry["type"]) for entry in data["paths"]["static_calls"]]
        """Pattern of a static call, whose group is the member's name, and the member's structure."""
        self.static_words = [(entry["type"], entry["word"]) for entry in data["paths"]["static_calls"]]
        """Structure, and the template of its members' names in static calls."""
        self.registrars: dict[str, str] = data["paths"]["registrars"]
        """Macro that registers a function → function that calls the registered functions."""
        self.generated: dict[str, str] = data["paths"]["generated"]
        """Prefix of a function's name → reason why its callers are not found."""
        self.made = MadeObjects(data["paths"]["made"], data["paths"]["made_of_any"]["words"])
        self.casts: dict[str, dict[str, int]] = data["paths"]["casts"]
        """Macro that declares casts → indices of the arguments `instance`, `class` and `name`."""
        names = data["paths"]["dead"]["names"]
        self.dead = {atom: False for name in names for atom in (name, f"defined({name})")}
        """Preprocessor atoms that are never defined in builds that use KVM."""
        self.dead_files = compile_globs(data["paths"]["dead"]["files"])
        self._foreign = frozenset(data["foreign_architectures"]["names"])
        self._file_kinds = {kind: compile_globs(globs) for kind, globs in data["file_kinds"].items()}

    @cached_property
    def bindings(self) -> list[dict[str, str]]:
        """Kernels of which versions of a crate have the headers: `crate`, `since` (version), `kernel` and `source`."""
        entries: list[dict[str, str]] = self._data["bindings"]
        return entries

    @cached_property
    def bindings_crates(self) -> frozenset[str]:
        """Crates that give a VMM in Rust the names and numbers of KVM, and the methods that use them."""
        return frozenset(self._data["bindings_crates"]["names"])

    def static_slot(self, chain: str) -> tuple[str, str] | None:
        """Return structure and member of `static_call(…)` and similar macros of paths.toml, else None."""
        for pattern, kind in self.static_calls:
            if (match := pattern.match(chain)) is not None:
                return kind, match[1]
        return None

    def is_interesting(self, content: bytes) -> bool:
        """Tell whether a file's content contains a name of interest."""
        return self._interest.search(content) is not None

    @property
    def file_kinds(self) -> list[str]:
        """Kinds of files that the ledger distinguishes, in its order."""
        return [*self._file_kinds, OTHER]

    def file_kind(self, path: str) -> str:
        """Return the kind of the file at a path."""
        return next((kind for kind, paths in self._file_kinds.items() if paths.fullmatch(path)), OTHER)

    @cached_property
    def wrapping_projects(self) -> frozenset[str]:
        """Projects whose wrappers are listed."""
        return frozenset(project for wrapper in self.wrappers for project in wrapper.projects)

    @property
    def answers(self) -> dict[str, dict[str, str]]:
        """Map of a capability to the `kind` of its answer, where that is more than a yes, and the `source`."""
        answers: dict[str, dict[str, str]] = self._data["answers"]
        return answers

    @property
    def vcpu_features(self) -> dict[str, str]:
        """Map of a feature bit with which a vCPU is created to the capability that it needs."""
        features: dict[str, str] = self._data["vcpu_features"]
        return features

    @cached_property
    def former(self) -> list[tuple[str, int, str]]:
        """Capabilities that Linux removed or renamed: name, number, reason."""
        return [(entry["name"], entry["number"], entry["reason"]) for entry in self._data["former"]]

    @cached_property
    def introduced(self) -> list[tuple[str, int, str]]:
        """Capabilities with their number and the first release that defines them."""
        return [(name, entry["number"], entry["release"]) for name, entry in self._data["introduced"].items()]

    def since(self, cap: str, number: int | None) -> str | None:
        """Return the first release with a capability, such as `v5.10`; `<= v4.6`: that one or an earlier one.

        None for a capability that Linux does not have, at least not with this number.
        """
        for table, before in (("introduced", ""), ("present_in", "<= ")):
            entry = self._data[table].get(cap)
            if entry is not None and entry["number"] == number:
                return f"{before}{entry['release']}"
        return None

    def number_in_linux(self, cap: str) -> int | None:
        """Return the number of a capability in Linux, None for one that no release has: for VMMs without a header."""
        entry = self._data["introduced"].get(cap) or self._data["present_in"].get(cap)
        return None if entry is None else int(entry["number"])

    @cached_property
    def numbered_in_linux(self) -> dict[int, str]:
        """Number → the capability that has it in Linux."""
        return {
            int(entry["number"]): name
            for table in ("present_in", "introduced")
            for name, entry in self._data[table].items()
        }

    @cached_property
    def receivers(self) -> dict[str, str]:
        """Type of a value by which Rust code issues ioctls → the scope of its descriptor."""
        types: dict[str, str] = self._data["receivers"]
        return types

    @cached_property
    def receiver_names(self) -> dict[str, str]:
        """Name of such a value → the scope of its descriptor, where its type is not known."""
        names: dict[str, str] = self._data["receiver_names"]
        return names

    def variant(self, name: str) -> str | None:
        """Return the capability that a variant of a library's enumeration is, `Cap__Irqchip`; None for others."""
        owner, separator, variant = name.rpartition("__")
        table: dict[str, str] | None = self._data["variants"].get(owner)
        if table is None or not separator or not variant[:1].isupper():
            return None
        return table.get(variant) or PREFIX + _HUMP.sub("_", variant).upper()

    @cached_property
    def release_tag(self) -> re.Pattern[str]:
        """Pattern of the tags of releases."""
        return re.compile(self._data["history"]["release"])

    def linux_release(self, tag: str) -> tuple[str, int] | None:
        """Return major and minor number of the release of Linux that a tag names, None for any other tag."""
        match = re.fullmatch(self._data["history"]["linux"], tag)
        return (match["major"], int(match["minor"])) if match else None

    def release_before(self, release: tuple[str, int]) -> tuple[str, int] | None:
        """Return the release of Linux before another one; None if it is not known."""
        major, minor = release
        if minor > 0:
            return major, minor - 1
        before = "2.6" if major == "3" else str(int(major) - 1)
        last = self._data["history"]["last"].get(before)
        return None if last is None else (before, last)

    def copied_release(self, subject: str) -> str | None:
        """Return the release of Linux whose headers a commit copies, by its subject; None for any other commit."""
        match = re.match(self._data["history"]["sync"], subject)
        return match["release"] if match else None

    def number_headers(self, project: str) -> list[str]:
        """Return the paths at which a project had the header with the numbers, the present one first; maybe none."""
        paths: list[str] = self._data["history"]["headers"].get(project, [])
        return paths

    def descriptors_of(self, project: str) -> dict[str, str]:
        """Return the names of file descriptors in a VMM, with their scopes."""
        descriptors: dict[str, Any] = self._data["descriptors"]
        shared = {name: scope for name, scope in descriptors.items() if isinstance(scope, str)}
        own: dict[str, str] = descriptors.get(project, {})
        return shared | own

    @cached_property
    def projects(self) -> list[Project]:
        """Known projects, in the order of the file."""
        return [project_of(name, entry) for name, entry in self._data["projects"].items()]

    def architecture_symbols(self, architecture: str) -> dict[str, bool]:
        """Return the values of the Kconfig symbols that select an architecture, in a build for this one.

        A symbol of an alias (arch/arm read as arm64) may have either value and is omitted.
        """
        return {
            symbol: owner == architecture
            for owner, symbols in self._data["kconfig_architectures"].items()
            for symbol in symbols
            if owner == architecture or self.architecture(owner) != architecture
        }

    def exclusive_symbols(self, architecture: str) -> list[list[str]]:
        """Return groups of mutually exclusive Kconfig symbols of the architecture."""
        groups: list[list[str]] = self._data["kconfig_exclusive"].get(architecture, [])
        return groups

    @cached_property
    def _canonical(self) -> dict[str, str]:
        names = self._data["architectures"] | self._data["vendor_architectures"]
        table = {name: name for name in names}
        table |= {alias: name for name, aliases in names.items() for alias in aliases}
        return table

    @property
    def architectures(self) -> list[str]:
        """Canonical architectures of Linux itself; vendors have further ones."""
        return list(self._data["architectures"])

    def ordered(self, architectures: Iterable[str]) -> list[str]:
        """Return architectures in the order of architectures.toml; those that it does not name follow by name."""
        known = {name: rank for rank, name in enumerate(dict.fromkeys(self._canonical.values()))}
        return sorted(architectures, key=lambda name: (known.get(name, len(known)), name))

    def architecture(self, word: str) -> str | None:
        """Return the canonical architecture of a name or alias, None if it is unknown."""
        return self._canonical.get(word.lower())

    def architecture_of(self, project: Project, path: str) -> str | None:
        """Return the architecture that a file is compiled for; None if the path does not show it."""
        kernel = project.role in {"kernel", "reference"}
        word = self.architecture_word(project, path) or ""
        if not word and not kernel:
            return next((arch for arch, files in project.built_for.items() if files.fullmatch(path)), None)
        return self.architecture(word) or word or (GENERIC if kernel else None)

    def architecture_word(self, project: Project, path: str) -> str | None:
        """Return the directory name of a file's architecture; None if the path has none."""
        for pattern in project.architectures:
            for match in reversed(list(pattern.finditer(path))):
                word = match.group(1)
                # Most directories of `{arch}` are not architectures: hw/intc, hw/core.
                if match.lastgroup == "any" or self.architecture(word) or word in self._foreign:
                    return None if word == GENERIC else word
        return None


def _finder(tokens: list[str]) -> re.Pattern[bytes]:
    """Return a pattern of any of several names; it searches for their first underscore, because that is faster."""
    alternatives = []
    for token in tokens:
        _, underscore, rest = token.partition("_")
        alternatives.append(f"{underscore}{rest}(?<={token})")
    return re.compile("|".join(alternatives).encode())


@cache
def data_files() -> dict[str, str]:
    """Return name → text of the files of data/, in the order of their names."""
    folder = Path(__file__).with_name("data")  # importlib.resources would load tempfile, zipfile and random
    return {file.name: file.read_text("utf-8") for file in sorted(folder.glob("*.toml"))}


@cache
def knowledge() -> Knowledge:
    """Return the tables of all files of data/. Raises `ValueError` if two files define the same table."""
    tables: dict[str, Any] = {}
    for name, text in data_files().items():
        new = tomllib.loads(text)
        if twice := tables.keys() & new.keys():
            raise ValueError(f"{name}: table [{min(twice)}] is also defined in another file of data/")
        tables |= new
    return Knowledge(tables)
