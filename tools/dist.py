"""`make dist`: the sdist, the wheel that is built from it alone, and a run of that wheel with an empty home."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def build(target: Path) -> tuple[Path, Path]:
    """Write sdist and wheel to a directory, and return their paths. Raises `CalledProcessError` if one fails."""
    _hatch(ROOT, "sdist", target)
    (sdist,) = target.glob("*.tar.gz")
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(sdist) as archive:
            archive.extractall(place, filter="data")
        (source,) = Path(place).iterdir()
        _hatch(source, "wheel", target)
    (wheel,) = target.glob("*.whl")
    return sdist, wheel


def _hatch(source: Path, kind: str, target: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    subprocess.run(command, cwd=source, check=True, stdout=subprocess.DEVNULL)


def install(wheel: Path, place: Path) -> Path:
    """Install a wheel into a new environment, which takes the dependencies from this one. Returns its script."""
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    pip = [str(place / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin/caplint"


def run(script: Path, home: Path, *words: str) -> str:
    """Return the output of a command with an empty home. Raises `CalledProcessError` if it fails."""
    variables = {"HOME": str(home), "PATH": os.defpath, "LANG": "C.UTF-8"}
    done = subprocess.run([str(script), *words], cwd=home, env=variables, check=True, capture_output=True, text=True)
    return done.stdout


def main() -> None:
    """Write dist/ anew."""
    target = ROOT / "dist"
    shutil.rmtree(target, ignore_errors=True)
    sdist, wheel = build(target)
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "home"
        home.mkdir()
        script = install(wheel, Path(place) / "venv")
        version = run(script, home, "--version").strip()
        run(script, home, "demo")
    for file in (sdist, wheel):
        print(f"{file.relative_to(ROOT)}  {file.stat().st_size / 1e6:.1f} MB")
    print(f"{version} runs from the wheel")


if __name__ == "__main__":
    main()
