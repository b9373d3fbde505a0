"""Builds objects of QEMU, configured for KVM alone."""

from __future__ import annotations

import bz2
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.compile_new.commands import run

_MESON = ("meson==1.5.0", "pycotap==1.3.1")
"""Versions that QEMU 10.0 asks for; its release ships them, Debian's source package does not."""
_OPTIONS = (
    "--without-default-features", "--without-default-devices", "--enable-kvm", "--disable-tcg", "--disable-docs",
    "--disable-tools", "--disable-guest-agent", "--disable-install-blobs",
)  # fmt: skip


@dataclass(frozen=True)
class Machine:
    """Architecture that QEMU runs on and emulates."""

    target: str
    directory: str
    """Directory of its code."""
    prefix: str
    packages: str
    """Where pkg-config finds its libraries; empty for the machine's own."""

    @property
    def is_here(self) -> bool:
        """Whether its compiler and libraries are installed."""
        library = Path(self.packages.partition(":")[0] or "/usr/lib/x86_64-linux-gnu/pkgconfig", "glib-2.0.pc")
        return shutil.which(f"{self.prefix}gcc") is not None and library.is_file()


MACHINES = (
    Machine("x86_64-softmmu", "target/i386/", "", ""),
    Machine(
        "aarch64-softmmu",
        "target/arm/",
        "aarch64-linux-gnu-",
        "/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig",
    ),
)


@dataclass(frozen=True)
class QemuBuild:
    """Build directory of one target."""

    machine: Machine
    source: Path
    directory: Path
    tools: Path
    """Virtual environment that has meson."""

    def prepare(self) -> None:
        """Configure; quick if that is done."""
        if (self.directory / "build.ninja").exists():
            return
        python = self._python()
        self._stand_in_for_firmware()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        command = [
            str(self.source / "configure"),
            f"--python={python}",
            f"--target-list={self.machine.target}",
            *_OPTIONS,
        ]
        command += [f"--cross-prefix={self.machine.prefix}"] * bool(self.machine.prefix)
        command += self._device_trees()
        variables = {"PKG_CONFIG_LIBDIR": self.machine.packages} if self.machine.packages else {}
        run(command, self.directory, **variables)

    def objects(self, files: list[str]) -> list[str]:
        """Return the objects of changed files, of this target or of shared code."""
        own = [path for path in files if path.endswith(".c") and path.startswith((self.machine.directory, "accel/"))]
        known = run(["ninja", "-t", "targets", "all"], self.directory)
        found = re.findall(rf"^(libqemu-{self.machine.target}\S*\.c\.o):", known, re.MULTILINE)
        return [name for path in own for name in found if name.endswith(f"/{path.replace('/', '_')}.o")]

    def build(self, objects: list[str]) -> None:
        """Compile objects. Raises `ToolError` with the compiler's words."""
        run(["ninja", *objects], self.directory)

    def _python(self) -> Path:
        python = self.tools / "bin" / "python"
        if not python.exists():
            run([sys.executable, "-m", "venv", str(self.tools)], self.source)
            run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_MESON], self.source)
        return python

    def _device_trees(self) -> list[str]:
        """Return options for another architecture's libfdt, which Debian does not install beside the machine's own."""
        if not self.machine.prefix:
            return []
        place = self.directory.with_name("libfdt-arm64")
        if not place.exists():
            place.mkdir()
            run(["apt-get", "download", "-qq", "libfdt-dev:arm64", "libfdt1:arm64"], place)
            for package in sorted(place.glob("*.deb")):
                run(["dpkg-deb", "-x", str(package), str(place)], place)
        return [f"--extra-cflags=-I{place}/usr/include", f"--extra-ldflags=-L{place}/usr/lib/aarch64-linux-gnu"]

    def _stand_in_for_firmware(self) -> None:
        """Write an empty archive for each firmware that Debian leaves out: configuring asks for it."""
        text = (self.source / "pc-bios" / "meson.build").read_text()
        for name in re.findall(r"'(edk2-[\w-]+\.fd)'", text):
            archive = self.source / "pc-bios" / f"{name}.bz2"
            if not archive.exists():
                archive.write_bytes(bz2.compress(b""))
