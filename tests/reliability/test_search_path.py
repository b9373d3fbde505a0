"""A linted tree may hold files that are named like modules: none of them is run, wherever Python would look."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import age, kernel, qemu

# What Python loads before the first line of a program, or of its own `site`: no program can keep PYTHONPATH from that.
EARLY = {
    "abc", "codecs", "collections", "contextlib", "encodings", "enum", "functools", "genericpath", "importlib", "io",
    "keyword", "operator", "os", "posixpath", "re", "reprlib", "site", "stat", "sitecustomize", "types",
    "usercustomize", "warnings", "zipimport",
}  # fmt: skip
INSTALLED = {
    "dask",
    "distributed",
    "markdown_it",
    "pcpp",
    "pebble",
    "pycparser",
    "rich",
    "tree_sitter",
    "tree_sitter_c",
    "tree_sitter_rust",
}
ENTRY = "from caplint.__main__ import entry; entry()\n"


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    """A kernel k and a QEMU q in a directory in which every other module has a double that leaves a mark."""
    kernel(tmp_path / "k")
    qemu(tmp_path / "q")
    age(tmp_path)
    (tmp_path / "work" / "sub").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "caplint").write_text(ENTRY)
    return tmp_path


def _doubles(place: Path, mark: Path, names: set[str]) -> None:
    for name in names:
        (place / f"{name}.py").write_text(f"open({str(mark)!r}, 'a').write({name!r} + ' ')\n")


def _run(
    trees: Path, command: str, variable: str | None, program: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    variables["CAPLINT_CACHE"] = str(trees / "cache")
    if variable is not None:
        variables["PYTHONPATH"] = variable.format(work=trees / "work")
    words = [command, "--jobs", "2", "--kernel", str(trees / "k"), "--qemu", str(trees / "q"), "--fail-on", "never"]
    return subprocess.run(
        [sys.executable, *(program or (str(trees / "bin" / "caplint"),)), *words],
        cwd=trees / "work", env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["check", "matrix"])
@pytest.mark.parametrize("variable", ["", ".", ":/nowhere", "sub", "./sub/..", "{work}", "{work}/sub:{work}/"])
def test_nothing_is_imported_from_where_pythonpath_leads(trees: Path, command: str, variable: str) -> None:
    names = (set(sys.stdlib_module_names) | INSTALLED) - EARLY
    for place in ("work", "work/sub"):
        _doubles(trees / place, trees / "mark", {name for name in names if not name.startswith("__")})
    run = _run(trees, command, variable)
    assert not (trees / "mark").exists(), (trees / "mark").read_text()
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("command", ["check", "matrix"])
def test_nothing_is_imported_from_the_working_directory(trees: Path, command: str) -> None:
    _doubles(trees / "work", trees / "mark", set(sys.stdlib_module_names) | INSTALLED | EARLY | {"caplint"})
    run = _run(trees, command, None)
    assert not (trees / "mark").exists(), (trees / "mark").read_text()
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("variable", [None, "/nowhere"])
def test_nothing_is_imported_from_where_the_module_is_run(trees: Path, variable: str | None) -> None:
    """`-m` looks for caplint, and for what finds modules, in the working directory; only that is beyond help."""
    names = (set(sys.stdlib_module_names) | INSTALLED) - EARLY - {"pkgutil", "runpy", "weakref", "__future__"}
    _doubles(trees / "work", trees / "mark", names)
    run = _run(trees, "check", variable, ("-m", "caplint"))
    assert not (trees / "mark").exists(), (trees / "mark").read_text()
    assert (run.returncode, run.stderr) == (0, "")


def test_the_process_of_a_pair_is_not_even_started_with_pythonpath(trees: Path) -> None:
    """What Python itself loads from there, it loads for the program that was given the variable, and for no other."""
    _doubles(trees / "work", trees / "mark", {"sitecustomize"})
    run = _run(trees, "matrix", "{work}")
    assert (run.returncode, run.stderr) == (0, "")
    assert (trees / "mark").read_text() == "sitecustomize "


def test_where_pythonpath_has_led_to_caplint_it_leads_to_what_it_needs(tmp_path: Path) -> None:
    for name in ("only_here", "json"):
        (tmp_path / f"{name}.py").touch()
    code = "import caplint.__main__, only_here, json; json.loads"
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])}
    subprocess.run([sys.executable, "-c", code], env=variables, check=True)


def test_the_working_directory_may_be_gone(tmp_path: Path) -> None:
    code = f"import os; os.rmdir({str(tmp_path / 'gone')!r}); import caplint.__main__"
    (tmp_path / "gone").mkdir()
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "gone", check=True)
