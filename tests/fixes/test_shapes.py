"""Shapes that the pages' examples do not show: what is fixed, and what is left as it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from mended import fix_all

from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.engine.compare import compare
from caplint.engine.outcome import Outcome
from caplint.engine.rule_examples import mini_trees
from caplint.fixes.lay import overlaid
from caplint.rules import page
from caplint.rules.page import Rule
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree
from caplint.util import shipped_files

UAPI = "include/uapi/linux/kvm.h"
QEMU_UAPI = "linux-headers/linux/kvm.h"
API = "Documentation/virt/kvm/api.rst"
X86 = "arch/x86/kvm/x86.c"
I386 = "target/i386/kvm/kvm.c"
LAST = "#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL 223\n"
CHECKED = """\
        ret = kvm_vm_enable_cap(s, KVM_CAP_MSR_PLATFORM_INFO, 0, 1);
        if (ret < 0) {
            return ret;
        }
"""
ASKED = "    if (kvm_check_extension(s, KVM_CAP_MSR_PLATFORM_INFO)) {\n"
DROPPED = "        kvm_vm_enable_cap(s, KVM_CAP_MSR_PLATFORM_INFO, 0, 1);\n"
INCLUDED = '#include "qemu/error-report.h"\n'
BREAK = "\t\tanswer = KVM_EXIT_HYPERCALL_VALID_MASK;\n\t\tbreak;\n"
LOST = "\t\tanswer = KVM_EXIT_HYPERCALL_VALID_MASK;\n"
ACQ_REL = "7.2 KVM_CAP_SPLIT_IRQCHIP\n-------------------------\n"

Change = tuple[str, str, str]
"""Path, text, and what replaces it; an empty text stands for the beginning of the file."""


@cache
def _rules() -> list[Rule]:
    return page.load([shipped_files.RULES])


def _added(number: str, path: str = UAPI) -> Change:
    return path, LAST, f"{LAST}#define KVM_CAP_PPIN {number}\n"


def _mend(code: str, changes: tuple[Change, ...], based: bool, store: str) -> tuple[str, list[str]]:
    """Make the edits and every fix of one rule; the lines that fixes add, and what could not be fixed."""
    edited: dict[str, dict[str, bytes | None]] = {}
    trees = mini_trees()
    for path, old, new in changes:
        name = next(name for name in ("linux", "qemu") if trees[_NAMES[name]].exists(path))
        tree, own = trees[_NAMES[name]], edited.setdefault(_NAMES[name], {})
        text = (own.get(path) or tree.read(path)).decode()
        assert text.count(old) == 1 or not old
        own[path] = (text.replace(old, new) if old else new + text).encode()
    laid = [OverlayTree(tree, edited[name]) if name in edited else tree for name, tree in trees.items()]
    given: list[Tree] = [tree if based or not isinstance(tree, OverlayTree) else tree.without_base() for tree in laid]
    config = Config(cache=store, jobs=1)
    run: Callable[[list[Tree]], Outcome] = (
        (lambda trees: compare(trees, _rules(), config)) if based else (lambda trees: check(trees, _rules(), config))
    )
    mended = fix_all(given, run(given), run)
    lines = []
    for draft in mended.state.values():
        lines += [line[1:] for line in draft.diff(b"x").decode().splitlines() if line[:1] == "+" and line[:3] != "+++"]
    assert not fix_all(overlaid(given, mended.state), mended.outcome, run).state
    return "\n".join(lines), [found.code for found, _ in mended.refused]


_NAMES = {"linux": "kernel", "qemu": "qemu"}

FIXED: dict[str, tuple[str, tuple[Change, ...], str]] = {
    "both headers of a pair": (
        "CAP102",
        (_added("223"), _added("223", QEMU_UAPI)),
        "#define KVM_CAP_PPIN 224\n#define KVM_CAP_PPIN 224",
    ),
    "a comment behind the number": ("CAP105", (_added("300 /* ours */"),), "#define KVM_CAP_PPIN 224 /* ours */"),
    "a number with a suffix stays": ("CAP105", (_added("300u"),), ""),
    "a number in brackets stays": ("CAP105", (_added("(300)"),), ""),
    "a released capability keeps its number": (
        "CAP102",
        ((UAPI, LAST, f"{LAST}#define KVM_CAP_GUEST_MEMFD 223\n"),),
        "",
    ),
    "a break behind an empty line": ("CAP217", ((X86, BREAK, f"{LOST}\n"),), "\t\tbreak;"),
    "no break behind a comment": ("CAP217", ((X86, BREAK, f"{LOST}\t\t/* Go on. */\n"),), ""),
    "no break behind a fallthrough": ("CAP217", ((X86, BREAK, f"{LOST}\t\tfallthrough;\n"),), ""),
    "no break behind a branch": ("CAP217", ((X86, BREAK, f"\t\tif (kvm)\n\t{LOST}"),), ""),
    "a dropped result": (
        "CAP401",
        ((I386, CHECKED, DROPPED), (I386, "", INCLUDED)),
        "        if (kvm_vm_enable_cap(s, KVM_CAP_MSR_PLATFORM_INFO, 0, 1) < 0) {\n"
        '            warn_report("KVM_CAP_MSR_PLATFORM_INFO cannot be enabled");\n'
        "        }",
    ),
    "a dropped result of a feature that nobody has asked for": (
        "CAP401",
        ((I386, f"{ASKED}{CHECKED}    }}\n", DROPPED[4:]), (I386, "", INCLUDED)),
        "",
    ),
    "a dropped result in a file that reports nothing": ("CAP401", ((I386, CHECKED, DROPPED),), ""),
    "a name in a title takes its underline along": (
        "CAP502",
        ((API, ACQ_REL, "7.2 KVM_CAP_SPLIT_IRQCHIPS\n--------------------------\n"),),
        ACQ_REL.strip(),
    ),
    "another digit is another name": ("CAP502", ((API, "KVM_CAP_SPLIT_IRQCHIP", "KVM_CAP_SPLIT_IRQCHIP2"),), ""),
}


@pytest.mark.parametrize("name", FIXED)
def test_shape(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    code, changes, added = FIXED[name]
    store = str(tmp_path_factory.getbasetemp().parent / "shapes")
    assert _mend(code, changes, True, store) == (added, [])


def test_without_a_patch_no_number_is_new(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = str(tmp_path_factory.getbasetemp().parent / "shapes")
    assert _mend("CAP102", (_added("223"),), False, store) == ("", [])
