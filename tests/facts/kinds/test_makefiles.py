"""Makefiles and meson.build files: what is built, and under which condition."""

from __future__ import annotations

import time

import pytest

from caplint.c.syntax import UnreadableError
from caplint.facts.extract import extract
from caplint.facts.kinds.makefiles import make_rules
from caplint.facts.store.records import BlindSpot, BuildRule


def rules(text: str, language: str) -> dict[str, str]:
    """Object → condition; of an object with several rules, the last."""
    return {
        record.object: record.condition
        for record in extract(text.encode(), language).records
        if isinstance(record, BuildRule)
    }


MAKE = [
    ("obj-y += a.o b.o\n", {"a.o": "1", "b.o": "1"}),
    ("obj-$(CONFIG_KVM) += kvm.o hyp/\n", {"kvm.o": "CONFIG_KVM", "hyp/": "CONFIG_KVM"}),
    ("obj-${CONFIG_KVM} := kvm.o # b.o\n", {"kvm.o": "CONFIG_KVM"}),
    ("kvm-y += x.o \\\n\ty/z.o\n", {"x.o": "1", "y/z.o": "1"}),
    (
        "kvm-$(CONFIG_KVM_XEN) += xen.o\nobj-$(CONFIG_KVM) += kvm.o\n",
        {"xen.o": "CONFIG_KVM && CONFIG_KVM_XEN", "kvm.o": "CONFIG_KVM"},
    ),
    ("kvm-objs := a.o\nobj-$(CONFIG_K:m=y) += kvm.o\n", {"a.o": "CONFIG_K", "kvm.o": "CONFIG_K"}),
    (
        "KVM ?= ../../../virt/kvm\nkvm-$(CONFIG_KVM_MMIO) += $(KVM)/mmio.o\n",
        {"virt/kvm/mmio.o": "CONFIG_KVM_MMIO"},
    ),
    ("kvm-y += $(srctree)/virt/kvm/a.o\n", {"virt/kvm/a.o": "1"}),
    (
        "common-objs-y += a.o\nfirst-objs := $(common-objs-y) b.o\nkvm-objs-$(CONFIG_F) := $(first-objs)\n"
        "kvm-y += $(kvm-objs-m) $(kvm-objs-y)\nobj-$(CONFIG_K) += kvm.o\n",
        {"a.o": "CONFIG_F && CONFIG_K", "b.o": "CONFIG_F && CONFIG_K", "kvm.o": "CONFIG_K"},
    ),
    (
        "a-y := a.o\nobj-$(CONFIG_A) += x.o\nx-y := $(a-y)\nobj-y += $(wildcard $(a-y))\n",
        {"a.o": "1", "x.o": "CONFIG_A"},
    ),
    (
        "ifdef CONFIG_H\nobj-y += a.o\nelse\nobj-y += b.o\nendif\nobj-y += c.o\n",
        {"a.o": "CONFIG_H", "b.o": "!CONFIG_H", "c.o": "1"},
    ),
    (
        "ifeq ($(CONFIG_A),y)\nobj-y += a.o\nelse ifneq ($(CONFIG_B)$(CONFIG_C),)\nobj-y += b.o\nendif\n",
        {"a.o": "CONFIG_A", "b.o": "!CONFIG_A && (CONFIG_B || CONFIG_C)"},
    ),
    ('ifeq ("$(CONFIG_A)$(CONFIG_B)", "yy")\nobj-y += a.o\nendif\n', {"a.o": "CONFIG_A && CONFIG_B"}),
    ("ifndef CONFIG_A\nobj-y += a.o\nendif\n", {"a.o": "!CONFIG_A"}),
    (
        "ifeq ($(ARCH),arm)\nobj-y += a.o\nelse\nobj-y += b.o\nendif\n",
        {"a.o": '"$(ARCH) == arm"', "b.o": '!("$(ARCH) == arm")'},
    ),
    ("obj-$(shell x) += a.o\nobj-$(FOO) += b.o\n", {"b.o": '"FOO"'}),
    ("obj-y += $(addprefix x/, a.o b.o)\n", {}),
    ("a.o: b.o\n\tobj-y += c.o\ntargets += d.o\nalways-y := e.o\nCFLAGS_f.o += -Wno-x\n", {}),
    ("define rule\nobj-y += a.o\nendef\nobj-y += b.o\n", {"b.o": "1"}),
    ("x-y := $(x-y) a.o\n", {"a.o": "1"}),
    ("endif\nelse\nobj-y += a.o\n", {"a.o": "1"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MAKE)
def test_make(text: str, expected: dict[str, str]) -> None:
    assert rules(text, "make") == expected


MESON = [
    ("ss.add(files('a.c', 'b.c'))\n", {"a.c": "1", "b.c": "1"}),
    ("ss.add(when: 'CONFIG_KVM', if_true: files('a.c'))\n", {"a.c": "CONFIG_KVM"}),
    (
        "ss.add(when: 'CONFIG_H', if_true: files('a.c'), if_false: files('stub.c'))\n",
        {"a.c": "CONFIG_H", "stub.c": "!CONFIG_H"},
    ),
    (
        "ss.add(when: ['CONFIG_A', 'TARGET_X86_64'],\n\tif_true: files(\n  'a.c',  # 'b.c'\n))\n",
        {"a.c": "CONFIG_A && TARGET_X86_64"},
    ),
    ("ss.add(when: [hvf, 'CONFIG_HVF'], if_true: files('a.c'))\n", {"a.c": '"hvf" && CONFIG_HVF'}),
    ("ss.add(when: 'CONFIG_A', if_true: [files('a.c'), pixman])\n", {"a.c": "CONFIG_A"}),
    (
        "kvm_ss = ss.source_set()\nkvm_ss.add(files('k.c'))\nkvm_ss.add(when: 'CONFIG_X', if_true: files('x.c'))\n"
        "s.add_all(when: 'CONFIG_KVM', if_true: kvm_ss)\n",
        {"k.c": "CONFIG_KVM", "x.c": "CONFIG_KVM && CONFIG_X"},
    ),
    ("f = files('a.c')\ns.add(when: 'CONFIG_A', if_true: f)\n", {"a.c": "CONFIG_A"}),
    (
        "s.add(when: config.has_key('CONFIG_A'), if_true: files('a.c'))\n",
        {"a.c": "\"config . has_key ( 'CONFIG_A' )\""},
    ),
    (
        "if have_system\n  s.add(files('a.c'))\nelif x\n  s.add(files('b.c'))\nelse\n  s.add(files('c.c'))\nendif\n"
        "s.add(files('d.c'))\n",
        {"a.c": '"have_system"', "b.c": '!("have_system") && "x"', "c.c": '!("have_system") && !("x")', "d.c": "1"},
    ),
    ("foreach f : all\n  s.add(files(f))\nendforeach\n", {}),
    ("s.add(when: 'CONFIG_A', if_true: declare_dependency(link_args: ['-Wl']))\n", {}),
    ("s.add(gen)\ngen = custom_target('a.h', output: 'a.c')\nsubdir('kvm')\n", {}),
    ("'''s.add(files('a.c'))\n'''\ns.add(files('b.c'))\n", {"b.c": "1"}),
    ("if a or \\\n  b\ns.add(files('a.c'))\nendif\n", {"a.c": '"a or b"'}),
    ("s.add(files('a.c'\n", {}),
    (")]}\ns.add(files('a.c'))\nendif\n", {"a.c": "1"}),
    ("", {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MESON)
def test_meson(text: str, expected: dict[str, str]) -> None:
    assert rules(text, "meson") == expected


def test_line_of_a_rule() -> None:
    found = extract(b"\ns.add(files(\n  'a.c',\n  'b.c'))\n", "meson").records
    assert found == [BuildRule("a.c", "1", 3), BuildRule("b.c", "1", 4)]
    assert extract(b"\n\nobj-y += a.o \\\n b.o\n", "make").records == [
        BuildRule("a.o", "1", 3),
        BuildRule("b.o", "1", 3),
    ]


UNKNOWN = "a list of objects that too many others include, or under too long conditions: taken as always built"
HOSTILE = [
    ("make", "".join(f"l{n}-$(CONFIG_A{n}) += kvm.o\n" for n in range(70)) + "kvm-y += a.o\n", UNKNOWN),
    ("make", "".join(f"l{n}-$(CONFIG_A{n}) += kvm.o\n" for n in range(60)) + "kvm-y += a.o\n", None),
    ("make", "ifdef A\n" * 10_000, "nests deeper than 64"),
    ("make", "a" * (1 << 21), "larger than 1024 KiB"),
    ("make", "a-y += " + "b.o " * 30_000, "has a line longer than 64 KiB"),
    ("make", "".join(f"l{n}-y += $(l{n + 1}-y) a.o\n" for n in range(5000)), None),
    ("make", "".join(f"l{n}-$(CONFIG_A{n}) += $(l{n + 1}-y) $(l{n + 1}-m) a.o\n" for n in range(60)), None),
    ("make", "".join(f"l{n % 50}-$(CONFIG_A{n}) += $(l{n * 7 % 50}-y) a.o\n" for n in range(3000)), UNKNOWN),
    ("make", "$(" * 20_000 + "\n" + "=" * 20_000 + "\nifeq " + "(" * 9000, None),
    ("make", "$(a)" * 10_000 + "!\n" + "a-$(CONFIG_" * 5000, None),
    ("make", "a-$(" * 10_000 + " = " + "${" * 10_000, None),
    ("meson", "if a\n" * 10_000, "nests deeper than 64"),
    ("meson", "a" * (1 << 21), "larger than 1024 KiB"),
    ("meson", "s.add(" + "(" * 100_000, None),
    ("meson", "s.add(files(" + "[" * 50_000 + "]" * 90_000, None),
    ("meson", "'''" + "'" * 50_001 + "\n'\\", None),
    ("meson", "s.add(when: [" + "'CONFIG_A'," * 20_000 + "], if_true: files('a.c'))", None),
    ("meson", "".join(f"s{n}.add_all(when: 'CONFIG_A{n}', if_true: s{n + 1})\n" for n in range(5000)), None),
    ("meson", "\0\xff\n" * 1000, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "reason"), HOSTILE, ids=[f"{kind}-{text[:12]!r}" for kind, text, _ in HOSTILE]
)
def test_hostile(language: str, text: str, reason: str | None) -> None:
    begun = time.process_time()
    found = extract(text.encode(), language).records
    assert [record.reason for record in found if isinstance(record, BlindSpot)] == ([reason] if reason else [])
    assert time.process_time() - begun < 5


def test_an_else_without_if_and_too_many_of_them() -> None:
    assert list(make_rules(b"else\nobj-y += a.o\nendif\n")) == [BuildRule("a.o", "1", 2)]
    with pytest.raises(UnreadableError, match="more than 64 alternatives"):
        list(make_rules(b"ifdef CONFIG_A\n" + b"else ifdef CONFIG_B\n" * 64 + b"endif\n"))


def test_conditions_that_are_too_long_to_go_on() -> None:
    around = b"".join(b"ifdef CONFIG_A%d\n" % number for number in range(60))
    assert len(list(make_rules(around + b"obj-y += a.o\n" * 100))) == 100
    with pytest.raises(UnreadableError, match="conditions are too long"):
        list(make_rules(around + b"obj-y += a.o\n" * 10_000))
