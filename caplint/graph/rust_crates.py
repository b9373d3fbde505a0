"""Crates of a tree: their names, directories, dependencies and programs, from its Cargo.toml files."""

from __future__ import annotations

from typing import Any

from caplint.trees.tree import File, Tree
from caplint.util.errors import CaplintError
from caplint.util.toml_file import parse_toml

_MOST_BYTES = 1 << 20
_DEPENDENCIES = ("dependencies", "dev-dependencies", "build-dependencies")
_OUTSIDE = frozenset({"tests", "examples", "benches"})


class Crates:
    """Crates of one tree."""

    def __init__(self, tree: Tree, files: list[File]) -> None:
        self.by_name: dict[str, str] = {}
        """Name as code writes it → directory."""
        self.directories: list[str] = []
        self.uses: dict[str, set[str]] = {}
        """Directory → names of the crates that it depends on."""
        self.programs: set[str] = set()
        """Files that a manifest names as programs."""
        self._renamed: dict[str, str] = {}
        """Name that a dependency is given → its own name: `vmm = { package = "krun-vmm" }`."""
        for file in files:
            if file.size <= _MOST_BYTES:
                self._add(file.path.rpartition("/")[0], tree.read(file.path))
        for alias, package in sorted(self._renamed.items()):
            if package in self.by_name:
                self.by_name.setdefault(alias, self.by_name[package])

    def _add(self, directory: str, content: bytes) -> None:
        try:
            data = parse_toml(content, "Cargo.toml")
        except CaplintError:
            return  # then the directory's name is the crate's
        dependencies = [_table(table, part) for table in _tables(data) for part in _DEPENDENCIES]
        for key, entry in (item for table in dependencies for item in table.items()):
            if isinstance(entry, dict) and isinstance(package_name := entry.get("package"), str):
                self._renamed.setdefault(_in_code(key), _in_code(package_name))
        package, library = _table(data, "package"), _table(data, "lib")
        if not package and not library:
            return  # a workspace of other crates
        self.directories.append(directory)
        name = library.get("name") or package.get("name") or directory.rpartition("/")[2]
        self.by_name.setdefault(_in_code(name), directory)
        self.uses[directory] = {_in_code(key) for table in dependencies for key in table}
        for program in data.get("bin", ()) if isinstance(data.get("bin"), list) else ():
            path = program.get("path") if isinstance(program, dict) else None
            if isinstance(path, str):
                self.programs.add(f"{directory}/{path}".lstrip("/"))

    def sees(self, caller: str, callee: str) -> bool:
        """Tell whether code of one directory's crate may call another's; True where no manifest tells."""
        if caller == callee or caller not in self.uses:
            return True
        return any(self.by_name.get(name) == callee for name in self.uses[caller])

    def is_program(self, path: str) -> bool:
        """Tell whether a file is one in which a program begins."""
        parts = path.split("/")
        if _OUTSIDE & set(parts[:-1]):
            return False
        return path in self.programs or parts[-1] == "main.rs" or parts[-3:-1] == ["src", "bin"]


def _in_code(name: object) -> str:
    return str(name).replace("-", "_")


def _tables(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the manifest, its part for a whole workspace, and its parts for single targets."""
    return [
        data,
        _table(data, "workspace"),
        *(part for part in _table(data, "target").values() if isinstance(part, dict)),
    ]


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}
