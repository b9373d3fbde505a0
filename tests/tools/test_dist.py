"""make dist: the wheel that the sdist gives runs with an empty home, and carries all that a user needs."""

from __future__ import annotations

import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from caplint import HOME, __version__
from tools import dist


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return dist.build(tmp_path_factory.mktemp("dist"))


def test_the_sdist_has_the_sources_of_everything(made: tuple[Path, Path]) -> None:
    with tarfile.open(made[0]) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    assert {"Makefile", "requirements.lock", "requirements-run.lock", "docs/reference.md", "action.yml"} <= names
    assert {"tests/conftest.py", "tools/dist.py", ".pre-commit-hooks.yaml", "templates/check.yml"} <= names
    assert not [name for name in names if name.startswith((".corpus", ".venv", ".cache"))]


def test_the_sdist_has_no_file_that_a_release_writes_beside_the_documents() -> None:
    settings = tomllib.loads((dist.ROOT / "pyproject.toml").read_text("utf-8"))
    included = settings["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [name for name in included if "*" in name] == ["/requirements*.lock"]
    assert {f"/{file.name}" for file in dist.ROOT.glob("*.md")} >= {name for name in included if name.endswith(".md")}


def test_the_wheel_has_all_that_runs(made: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(made[1]) as archive:
        names = archive.namelist()
        (metadata,) = (archive.read(name).decode() for name in names if name.endswith("/METADATA"))
    shared = f"caplint-{__version__}.data/data/share/man/"
    assert {f"{shared}man1/caplint.1", f"{shared}man5/caplint.toml.5", "caplint/schemas/config.json"} <= set(names)
    assert "caplint/share/rules/CAP101-capability-number-differs.md" in names or any(
        "share/rules/CAP101" in n for n in names
    )
    assert f"Project-URL: Homepage, {HOME}" in metadata


def test_the_wheel_runs_with_an_empty_home(made: tuple[Path, Path], tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    script = dist.install(made[1], tmp_path / "venv")
    assert dist.run(script, home, "--version") == f"caplint {__version__}\n"
    assert "CAP204" in dist.run(script, home, "demo")
    assert "CAP101" in dist.run(script, home, "completions", "bash")
    assert (tmp_path / "venv/share/man/man1/caplint.1").exists()
