"""A target for time: a piece of an input repeated some ten thousand times must not take long in any reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from header_targets import layouts
from patch_targets import applied, mailed, parsed
from setting_targets import config, known, probe, rule
from target import Target
from tree_targets import checked

from caplint.facts.extract import extract

_APART, _NUMBER = b"\xff", b"\xfe"


class _Reader(NamedTuple):
    read: Callable[[bytes], object]
    size: int
    """Bytes that the repeated piece becomes."""
    units: tuple[bytes, ...]
    """Pieces to begin with: head, unit and tail, apart by 0xff; 0xfe is the unit's number."""


def _extracted(language: str) -> Callable[[bytes], object]:
    return lambda data: len(extract(data, language).records)


def _handled(data: bytes) -> object:
    header = b"#include <linux/types.h>\n" + b"".join(b"#define KVM_CAP_T%d %d\n" % (n, n) for n in range(900))
    head = b"int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n{\n\tint r;\n\tswitch (ext) {\n"
    files = {
        "k/include/uapi/linux/kvm.h": header, "k/virt/kvm/kvm_main.c": b"", "q/linux-headers/linux/kvm.h": header,
        "k/arch/x86/kvm/x86.c": head + data + b"\tdefault:\n\t\tr = 0;\n\t}\n\treturn r;\n}\n",
        "q/accel/kvm/kvm-all.c": b"",
    }  # fmt: skip
    return checked(files)


_HUNK = b"--- a/virt/kvm/kvm_main.c\n+++ b/virt/kvm/kvm_main.c\n"
_PAGE = b'+++\ncode="AAA001"\nname="a"\nseverity="note"\nneeds=[]\nsince="1"\n+++\n```sql\nSELECT 1\n```\n'
_READERS = [
    _Reader(_extracted("c"), 60_000, (
        b"\xff#if A\xfe\n\xff", b"\xff(\xff", b"void f(void) {\xffif (a) {\xff", b"\xff#define A\xfe A\n\xff",
        b"int a[] = {\xff1,\xff};", b"\xff/*\xff",
        b'\xff"\xff', b"void f(void) { a = \xff-a +\xff; }", b"\xff#if A && \\\n\xff",
        b"int f(void) { switch (a) {\xffcase KVM_CAP_\xfe: \xff} }",
    )),
    _Reader(_extracted("rst"), 200_000, (b"\xffKVM_CAP_X\n\xff", b"\xff4.\xfe KVM_X\n---\n\xff", b"\xff=\xff",
    b":Capability: \xffKVM_CAP_A, \xff", b"\xff \xff")),
    _Reader(_extracted("kconfig"), 200_000, (b"\xffmenu \"x\"\n\xff", b"\xffconfig A\xfe\n\tdepends on B\n\xff",
    b"config A\n\tdepends on \xff(\xff", b"\xffif A\n\xff")),
    _Reader(_extracted("make"), 200_000, (b"\xffobj-$(A) += x\xfe.o\n\xff", b"a := \xff$(\xff", b"\xffifdef A\n\xff",
    b"a +=\xff b\\\n\xff")),
    _Reader(_extracted("meson"), 100_000, (b"\xffs.add(files('a\xfe.c'))\n\xff", b"a = \xff[\xff", b"\xffif a\n\xff",
    b"\xff'''\xff", b"x(\xffwhen: 'A', \xff)")),
    _Reader(parsed, 200_000, (_HUNK + b"\xff@@ -1,0 +1 @@\n+a\n\xff", b"diff --git \xff \xff",
    b'diff --git "\xffa\\\xff', b"\xffdiff --git a/x b/x\n\xff", b"\xff--- a\n+++ b\n\xff")),
    _Reader(mailed, 200_000, (
        b"Subject: \xff[\xff\n\n" + _HUNK, b"Subject: \xff=?x?q?\xff\n\n" + _HUNK, b"\xffFrom a 2001\nA: b\n\xff",
        b"\xffA: b\n\xff\n" + _HUNK, b"Subject: a\n\xff \n\xff\n" + _HUNK,
        b"Content-Type: multipart/mixed; boundary=q\n\n\xff--q\n\nx\n\xff",
        b"Content-Type: text/plain; \xffa=b; \xff\n\n" + _HUNK, b"Subject: [\xff1\xff/2]\n\n" + _HUNK,
    )),
    _Reader(applied, 60_000, (_HUNK + b"\xff@@ -1,3 +1,3 @@\n int a;\n-int b;\n+int b;\n int c;\n\xff",
    _HUNK + b"@@ -1,1 +1,9999 @@\n int a;\n\xff+x\n\xff", _HUNK + b"\xff@@ -1 +1 @@\n-int a;\n+int a;\n\xff")),
    _Reader(config, 100_000, (b"x = \xff[\xff", b"ignore = [\xff\"a\xfe\",\xff]",
    b"\xff[[suppress]]\ncode=\"A\"\nsubject=\"B\"\nreason=\"C\"\n\xff", b"\xff[trees.a\xfe]\npath=\"x\"\n\xff",
    b"jobs = \xff9\xff", b"\xffa\xfe.\xff=1")),
    _Reader(rule, 100_000, (b"+++\ncode = \"A\xff", b"\xff> \xff",
    _PAGE + b"\xff- \xff", b"\xff```\n\xff", b"\xff| a \xff\n-\n")),
    _Reader(probe, 200_000, (b"\xff[\xff", b"{\xff\"a\xfe\": 1,\xff}", b"\xff9\xff", b"\"\xff\\u0000\xff\"")),
    _Reader(known, 200_000, (b"version = 1\ntrees = [\xff\"a\",\xff]\nfindings = []",
    b"version = 1\ntrees = []\nfindings = [\xff{ code = \"A\" },\xff]", b"\xff[a\xfe]\n\xff")),
    _Reader(layouts, 30_000, (b"\xff#define A\xfe A\n\xff", b"\xffstruct a\xfe { int b; };\n\xff",
    b"struct a { \xffstruct { \xff", b"int a[\xff(\xff", b"\xff#if 1\n\xff", b"struct a {\xffint b\xfe;\xff};",
    b"\xff#include <linux/b\xfe.h>\n\xff")),
    _Reader(_handled, 20_000, (b"\xff\tcase KVM_CAP_T\xfe:\n\xff\t\tr = 1;\n\t\tbreak;\n",
    b"\xff\tcase KVM_CAP_T\xfe:\n\t\tr = 1;\n\t\tbreak;\n\xff", b"\tcase KVM_CAP_T1:\n\xff\tif (a) r = 2;\n\xff",
    b"\tcase KVM_CAP_T1: r = \xff1 + \xff1;\n")),
]  # fmt: skip


def grown(data: bytes) -> object:
    """Read what a piece becomes that is repeated; the first byte says by which reader."""
    reader = _READERS[data[0] % len(_READERS)] if data else _READERS[0]
    head, _, rest = data[1:].partition(_APART)
    unit, _, tail = rest.partition(_APART)
    if not unit:
        return None
    times = max(1, reader.size // len(unit))
    middle = (
        b"".join(unit.replace(_NUMBER, b"%d" % number) for number in range(times)) if _NUMBER in unit else unit * times
    )
    return reader.read(head + middle + tail)


def _units() -> Iterator[tuple[str, bytes]]:
    for number, reader in enumerate(_READERS):
        for position, unit in enumerate(reader.units):
            yield f"{number}-{position}", bytes([number]) + unit


_PACKAGES = (
    "caplint.c",
    "caplint.facts",
    "caplint.trees",
    "caplint.config",
    "caplint.rules",
    "caplint.machine",
    "caplint.abi",
)
TARGETS = {"growth": Target(grown, _PACKAGES, share=2, seconds=20.0, more=_units)}
