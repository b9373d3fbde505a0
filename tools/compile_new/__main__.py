"""Writes capabilities with `caplint new`, applies the patches, and compiles what they touch (`make compile-new`)."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.compile_new import kernel, qemu
from tools.compile_new.cases import CASES, Case, touched
from tools.compile_new.commands import run
from tools.compile_new.sources import source
from tools.errors import ToolError
from tools.progress import Reporter
from tools.workspace import exclusive

_CORPUS = Path(__file__).parents[2] / ".corpus"
_HEAD = ("| capability | kernel | QEMU | seconds |", "|---|---|---|---|")
Built = tuple[list[str], float]


def main(arguments: list[str] | None = None) -> int:
    """Compile every case; return 1 if one does not compile."""
    parser = argparse.ArgumentParser(prog="python -m tools.compile_new", description=__doc__)
    parser.add_argument("--linux", default="linux-6.12", help="source of tools/corpus.toml (%(default)s)")
    parser.add_argument("--qemu", default="qemu-10.0", help="source of tools/corpus.toml (%(default)s)")
    parser.add_argument("--only", action="append", metavar="KVM_CAP_NAME", help="this capability only, may be repeated")
    options = parser.parse_args(arguments)
    work = (_CORPUS / "compile").resolve()
    try:
        with Reporter() as reporter, exclusive([work], reporter):
            builds = _Builds(work, options.linux, options.qemu)
            print("\n".join([*builds.missing(), *_HEAD]), flush=True)
            wanted = [case for case in CASES if not options.only or case.name in options.only]
            failed = [case for case in wanted if not builds.compiles(case)]
    except ToolError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 1 if failed else 0


class _Builds:
    """Sources and build directories."""

    def __init__(self, work: Path, linux: str, name: str) -> None:
        self._work = work
        self._linux, self._qemu = (source(part, work, _CORPUS) for part in (linux, name))
        self._kernels = [
            kernel.KernelBuild(machine, self._linux, work / f"{linux}-{machine.arch}")
            for machine in kernel.MACHINES
            if machine.is_here
        ]
        self._qemus = [
            qemu.QemuBuild(machine, self._qemu, work / f"{name}-{machine.target}", work / "meson")
            for machine in qemu.MACHINES
            if machine.is_here
        ]
        for kernel_build in self._kernels:
            kernel_build.prepare()
        for qemu_build in self._qemus:
            qemu_build.prepare()

    def missing(self) -> list[str]:
        """Return a line for each compiler that is not here."""
        return [*(f"no {m.prefix}gcc: kernel for {m.arch} not compiled" for m in kernel.MACHINES if not m.is_here),
                   *(f"no {m.prefix}gcc or no glib for it: QEMU's {m.target} not compiled" for m in qemu.MACHINES
                     if not m.is_here)]  # fmt: skip

    def compiles(self, case: Case) -> bool:
        """Write, apply and compile a case; print its row, and what a compiler says against it."""
        started = time.monotonic()
        output = self._work / "series" / case.name
        shutil.rmtree(output, ignore_errors=True)
        output.parent.mkdir(exist_ok=True)
        trees = ["--kernel", str(self._linux), "--qemu", str(self._qemu)]
        try:
            run([sys.executable, "-m", "caplint", "new", *case.options, *trees, "-o", str(output)], self._work)
            with _applied(self._linux, output / "kernel") as files:
                done = [name for build in self._kernels for name in self._kernel(build, files)]
            with _applied(self._qemu, output / "qemu") as files:
                also = [name for build in self._qemus for name in _compiled(build, files)]
        except ToolError as error:
            print(f"| {case.title} | fails | | |\n{error}", flush=True)
            return False
        seconds = time.monotonic() - started
        print(f"| {case.title} | {', '.join(done) or '-'} | {', '.join(also) or '-'} | {seconds:.0f} |", flush=True)
        return True

    def _kernel(self, build: kernel.KernelBuild, files: list[str]) -> Iterator[str]:
        objects = build.objects(files)
        if objects:
            build.build(objects)
            yield from (f"{build.machine.arch}: {_short(name)}" for name in objects)
        yield from (f"self-test {_short(name)}" for name in build.test(files))


def _compiled(build: qemu.QemuBuild, files: list[str]) -> Iterator[str]:
    objects = build.objects(files)
    if objects:
        build.build(objects)
        yield from (f"{build.machine.target}: {_short(name).removesuffix('.c.o')}.o" for name in objects)


def _short(path: str) -> str:
    return path.rpartition("/")[2]


@contextmanager
def _applied(place: Path, series: Path) -> Iterator[list[str]]:
    """Apply the patches of a series while the block runs, and yield the files that they touch."""
    patches = sorted(path for path in series.glob("*.patch") if not path.name.startswith("0000-"))
    made: list[Path] = []
    try:
        for patch in patches:
            run(["git", "apply", str(patch)], place)
            made.append(patch)
        yield touched(patches)
    finally:
        for patch in reversed(made):
            run(["git", "apply", "-R", str(patch)], place)


if __name__ == "__main__":
    sys.exit(main())
