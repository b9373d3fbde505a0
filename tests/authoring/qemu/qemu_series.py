"""QEMU's half of a series, written for the small QEMU."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from conftest import lay
from small_qemu import FILES, STAND_INS

from caplint.authoring.request import CapabilityRequest, parse
from caplint.authoring.series.compose import NewSeries, series
from caplint.authoring.workshop import Workshop
from caplint.config.settings import Config
from caplint.fixes.workbench import Workbench
from caplint.session import open_session
from caplint.trees.detect import directory_tree

REQUESTS: dict[str, CapabilityRequest] = {
    "query": parse("KVM_CAP_NEW", scope="none"),
    "query of x86": parse("KVM_CAP_X86_NEW", archs=["x86"], scope="none", answer="count"),
    "mask": parse("KVM_CAP_X86_NEW", archs=["x86"], answer="mask", arguments="mask:FAST,SLOW=4"),
    "high bits": parse("KVM_CAP_X86_NEW", archs=["x86"], arguments="mask:FAR=40"),
    "bool on arm64": parse("KVM_CAP_ARM_NEW", archs=["arm64"], arguments="bool"),
    "vcpu on s390": parse("KVM_CAP_S390_NEW", archs=["s390"], scope="vcpu"),
    "vcpu on x86": parse("KVM_CAP_X86_NEW", archs=["x86"], scope="vcpu", arguments="mask:A,B"),
    "vcpu on arm64": parse("KVM_CAP_ARM_NEW", archs=["arm64"], scope="vcpu", arguments="bool"),
    "descriptor": parse("KVM_CAP_NEW", arguments="fd"),
    "size": parse("KVM_CAP_NEW_SIZE", arguments="size", answer="count"),
    "size on s390": parse("KVM_CAP_S390_NEW", archs=["s390"], arguments="size"),
    "two": parse("KVM_CAP_NEW", archs=["x86", "arm64"], arguments="bool"),
    "register": parse("KVM_CAP_X86_PPIN", archs=["x86"], register="MSR_PPIN=0x4f:ro"),
    "register to write": parse("KVM_CAP_X86_NEW", archs=["x86"], arguments="bool", register="MSR_NEW=0x7e7:rw"),
    "ioctl": parse("KVM_CAP_X86_NEW", archs=["x86"], answer="mask", arguments="mask:A,B", ioctl="KVM_SET_NEW"),
    "ioctl with a bool": parse("KVM_CAP_NEW", archs=["x86", "arm64"], arguments="bool", ioctl="KVM_NEW"),
    "ioctl with a descriptor": parse("KVM_CAP_NEW", arguments="fd", ioctl="KVM_SET_NEW"),
    "ioctl of a vcpu": parse("KVM_CAP_S390_NEW", archs=["s390"], scope="vcpu", ioctl="KVM_S390_NEW"),
    "ioctl with a size": parse("KVM_CAP_X86_NEW", archs=["x86"], scope="vcpu", arguments="size", ioctl="KVM_SET_NEW"),
}  # fmt: skip
_LONG = "EAGER_CONTROLLER_CHUNK_SIZE"
REQUESTS |= {
    "long": parse(f"KVM_CAP_{_LONG}", answer="mask", arguments="mask:FIRST_OF_ALL_BITS,SECOND_OF_ALL_BITS"),
    "long size": parse(f"KVM_CAP_S390_{_LONG}", archs=["s390"], scope="vcpu", arguments="size", answer="count"),
    "long ioctl": parse(f"KVM_CAP_{_LONG}", arguments="size", answer="count", ioctl=f"KVM_SET_{_LONG}"),
    "long register": parse("KVM_CAP_X86_NEW", archs=["x86"], register=f"MSR_{_LONG}=0x7e7:rw"),
}
NUMBER = 240
IOCTL = 0xD6


Changes = dict[str, tuple[str, str]]
"""Path → a text of the file, and what replaces it."""


@contextmanager
def small(place: Path, changes: Changes | None = None) -> Iterator[Workshop]:
    """The workshop of a small QEMU."""
    files = dict(FILES)
    for path, (old, new) in (changes or {}).items():
        assert old in files[path]
        files[path] = files[path].replace(old, new)
    tree = directory_tree(str(lay(place, files)), name="qemu")
    session = open_session([tree], Config(cache="none", jobs=1))
    try:
        yield Workshop(Workbench(session.connection, {"qemu": tree}), tree)
    finally:
        session.store.close()


def settled(request: CapabilityRequest) -> CapabilityRequest:
    """The request with numbers."""
    ioctl = request.ioctl and replace(request.ioctl, number=IOCTL)
    return replace(request, number=NUMBER, ioctl=ioctl)


def written(place: Path, request: CapabilityRequest, changes: Changes | None = None) -> NewSeries:
    """Return the series for a small QEMU."""
    with small(place, changes) as workshop:
        return series(settled(request), workshop)


def contents(made: NewSeries) -> dict[str, str]:
    """Return path → text after the last patch, of the files that the series changes."""
    paths = {path for topic in made.topics for path in topic.files}
    return {path: made.workshop.sheet(path).content.decode() for path in sorted(paths)}


def complaints(place: Path, files: dict[str, str], compiler: str = "gcc") -> str:
    """Return what a compiler says of all C files of a QEMU, with declarations that stand in for the rest."""
    stand_ins, tree = lay(place / "stand-ins", STAND_INS), lay(place / "tree", FILES | files)
    options = ["-fsyntax-only", "-std=gnu11", "-Wall", "-Werror", "-DCONFIG_KVM", "-Wno-unused-function"]
    said = ""
    for path in sorted((tree).rglob("*.c")):
        folders = [stand_ins, tree / "include", tree / "linux-headers", tree / "target/i386"]
        command = [compiler, *options, *(f"-I{folder}" for folder in folders), str(path)]
        said += subprocess.run(command, capture_output=True, text=True, check=False).stderr
    return said


def body(text: str, name: str) -> str:
    """The definition of a function, with its head."""
    match = re.search(rf"^[^\n;]*\b{name}\([^;{{]*\)\n{{\n.*?^}}\n", text, re.MULTILINE | re.DOTALL)
    assert match
    return match[0]
