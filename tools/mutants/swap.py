"""Puts a fault into a source that is imported already, or that will be."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from tools.errors import ToolError

Key = tuple[str, str, int]
"""A function's file, qualified name and first line."""


def functions(sources: Iterable[str]) -> dict[Key, list[FunctionType]]:
    """All functions of the sources, which are imported, wherever a decorator has put them."""
    paths = set()
    for source in sources:
        import_module(_module(source))
        paths.add(str(Path(source).resolve()))
    found: dict[Key, list[FunctionType]] = {}
    for known in gc.get_objects():
        if isinstance(known, FunctionType) and known.__code__.co_filename in paths:
            code = known.__code__
            found.setdefault((code.co_filename, code.co_qualname, code.co_firstlineno), []).append(known)
    return found


def swap(known: dict[Key, list[FunctionType]], source: str, function: str, first_line: int, text: str) -> None:
    """Give a function the code that it has in another text of its source. Raises `ToolError` if it has none."""
    path = str(Path(source).resolve())
    module = compile(text, path, "exec", dont_inherit=True)
    codes = [code for code in _codes(module) if (code.co_qualname, code.co_firstlineno) == (function, first_line)]
    owners = known.get((path, function, first_line), [])
    if len(codes) != 1 or not owners:
        raise ToolError(f"{source}:{first_line}: {function} cannot be exchanged")
    for owner in owners:
        owner.__code__ = codes[0]


def _module(source: str) -> str:
    return source.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


class _Loader(SourceFileLoader):
    text = ""

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.get_filename(fullname), "exec", dont_inherit=True)


class Finder(MetaPathFinder):
    """Answers for one module with another text."""

    def __init__(self, source: str, text: str) -> None:
        self._path = str(Path(source).resolve())
        self._name = _module(source)
        self._text = text

    def find_spec(self, fullname: str, _: object = None, __: ModuleType | None = None) -> ModuleSpec | None:
        """Return the module's own file, read by a loader that knows better."""
        if fullname != self._name:
            return None
        loader = _Loader(fullname, self._path)
        loader.text = self._text
        return spec_from_file_location(fullname, self._path, loader=loader)

    def install(self) -> None:
        """Be asked before everybody else. Raises `ToolError` if the module has been imported already."""
        if self._name in sys.modules:
            raise ToolError(f"{self._name} is imported already")
        sys.meta_path.insert(0, self)
