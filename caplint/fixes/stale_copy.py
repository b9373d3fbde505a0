"""Updates QEMU's copies of KVM's headers by those of the kernel."""

from __future__ import annotations

import re

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix, LineEdit
from caplint.fixes.exported_header import exported
from caplint.fixes.whole_file import edits_to
from caplint.fixes.workbench import Proposals, Workbench
from caplint.knowledge.load import knowledge

_COPY = "linux-headers/linux/kvm.h"
_UAPI = "include/uapi/linux/kvm.h"
_STDDEF = "linux/stddef.h"
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<(?P<name>[^>]+)>")
_OWN = re.compile(r"\b(?P<name>KVM_\w+)")
_FLEXIBLE = re.compile(r"^(?P<indent>[ \t]*)__DECLARE_FLEX_ARRAY\((?P<type>[\w ]+), (?P<name>\w+)\);")
_MOST_BLOCKS = 500


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose what the kernel exports: linux/kvm.h, and the header of each architecture that the VMM has a copy of.

    QEMU alone has its copies all below linux-headers/. Only by a kernel as it is: what a patch adds is in no kernel
    yet. Nor where something would be lost, as the copy is of a newer kernel then, or of another one.
    """
    for finding in findings:
        trees = {related.place.tree for related in finding.related}
        if finding.place.path != _COPY or len(trees) != 1:
            continue
        (kernel,) = trees
        if bench.trees[kernel].base is None and bench.trees[finding.place.tree].base is None:
            edits = _updated(bench, kernel, finding.place.tree)
            if edits:
                yield finding, Fix("update the copies of KVM's headers by the kernel's", edits)


def _updated(bench: Workbench, kernel: str, vmm: str) -> tuple[LineEdit, ...]:
    """Return the edits of all copies; none if one of them cannot be updated, or a name would be lost."""
    pairs = [
        (_UAPI, _COPY),
        *(
            (f"arch/{arch}/include/uapi/asm/kvm.h", f"linux-headers/asm-{arch}/kvm.h")
            for arch in knowledge().architectures
        ),
    ]
    edits: list[LineEdit] = []
    lost: set[str] = set()
    kept: set[str] = set()
    for source, copy in pairs:
        old, original = bench.lines(vmm, copy), bench.lines(kernel, source)
        if not old or not original:
            continue
        new = _fitted(bench, vmm, old, exported(original))
        found = edits_to(bench, vmm, copy, new, _MOST_BLOCKS) if new else None
        if new is None or found is None:
            return ()
        edits += found
        lost |= _names(_OWN, old)
        kept |= _names(_OWN, new)  # names have moved from one header to another
    return tuple(edits) if lost <= kept else ()


def _fitted(bench: Workbench, vmm: str, old: list[str], new: list[str] | None) -> list[str] | None:
    """Return exported lines of which every include has a copy; None if there are none.

    Kernels declare arrays at the end of structures by a macro of linux/stddef.h. Where QEMU has no copy of that, they
    stay as the old copy declares them.
    """
    if new is None:
        return None
    if not bench.lines(vmm, f"linux-headers/{_STDDEF}"):
        declared = {" ".join(line.split()) for line in old}
        plain = [_FLEXIBLE.sub(r"\g<indent>\g<type> \g<name>[];", line) for line in new]
        if any(" ".join(line.split()) not in declared for line in set(plain) - set(new)):
            return None
        new = [line for line in plain if _names(_INCLUDE, [line]) != {_STDDEF}]
    added = _names(_INCLUDE, new) - _names(_INCLUDE, old)
    return new if all(bench.lines(vmm, f"linux-headers/{name}") for name in added) else None


def _names(pattern: re.Pattern[str], lines: list[str]) -> set[str]:
    return {match["name"] for line in lines for match in pattern.finditer(line)}
