"""The house has one direction: no circles, layers that hold, and one meaning for a class's name."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from conftest import lay
from imports import Arrows, circles, folders, imports, modules

ROOT = Path(__file__).parents[2]
PACKAGES = {name for name, file in modules(ROOT).items() if file.name == "__init__.py"}


@pytest.fixture(scope="module")
def arrows() -> tuple[Arrows, Arrows]:
    return imports(ROOT)


def test_no_circle_between_files(arrows: tuple[Arrows, Arrows]) -> None:
    running, typed = arrows
    assert circles(running) == []
    assert circles(running | typed) == []


def test_no_circle_between_folders(arrows: tuple[Arrows, Arrows]) -> None:
    running, typed = arrows
    assert circles(folders(running, PACKAGES)) == []
    assert circles(folders(running | typed, PACKAGES)) == []


def test_imports_are_found_wherever_they_stand(tmp_path: Path) -> None:
    lay(
        tmp_path / "caplint",
        {
            "__init__.py": "",
            "a.py": "from caplint import b\n",
            "b.py": "def f():\n    if True:\n        import caplint.c.d\n",
            "c/__init__.py": "",
            "c/d.py": "if TYPE_CHECKING:\n    from caplint.a import X\nelse:\n    from caplint.c.e import Y\n",
            "c/e.py": "import os\n",
        },
    )
    running, typed = imports(tmp_path)
    assert running == {("caplint.a", "caplint.b"), ("caplint.b", "caplint.c.d"), ("caplint.c.d", "caplint.c.e")}
    assert typed == {("caplint.c.d", "caplint.a")}
    assert circles(running) == []
    assert circles(running | typed) == [["caplint.a", "caplint.b", "caplint.c.d"]]


def test_circles_of_folders() -> None:
    found = folders({("caplint.x.a", "caplint.y.b"), ("caplint.y.c", "caplint.x.d")}, {"caplint.x", "caplint.y"})
    assert circles(found) == [["caplint.x", "caplint.y"]]


def test_no_class_name_is_used_twice() -> None:
    places = defaultdict(list)
    for name, file in modules(ROOT).items():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def _contracts(place: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "caplint", place / "caplint", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


def test_the_contracts_hold(copy: Path) -> None:
    run = _contracts(copy)
    assert run.returncode == 0, run.stdout


VIOLATIONS = {
    "caplint/util/errors.py": "def f():\n    from caplint.cli.main import CLEAN\n",
    "caplint/facts/kinds/calls.py": "from caplint.facts.extract import extract\n",
    "caplint/link/handlers/sites.py": "from caplint.link.msr.msrs import link_msrs\n",
    "caplint/trees/tree.py": "from caplint.facts import harvest\n",
    "caplint/new.py": "",
}


@pytest.mark.parametrize("path", VIOLATIONS)
def test_a_violation_breaks_a_contract(copy: Path, path: str) -> None:
    file = copy / path
    before = file.read_text("utf-8") if file.exists() else None
    file.write_text((before or "") + "\n" + VIOLATIONS[path])
    try:
        run = _contracts(copy)
    finally:
        if before is None:
            file.unlink()
        else:
            file.write_text(before)
    assert run.returncode == 1, run.stdout
    assert "BROKEN" in run.stdout or "missing" in run.stdout


# What is tested as a whole, or is no part of the package.
_WHOLE = {"corpus", "documents", "fuzz", "golden", "hooks", "reliability", "structure", "tools"}


def test_tests_lie_in_the_folders_of_the_package() -> None:
    tests = {file.parent.relative_to(ROOT / "tests") for file in (ROOT / "tests").rglob("test_*.py")}
    strange = [
        str(folder)
        for folder in tests
        if folder.parts and folder.parts[0] not in _WHOLE and not (ROOT / "caplint" / folder).is_dir()
    ]
    assert strange == []
