"""Names and contents of any bytes: every format shows them, none is obeyed, and what cannot be read is said."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import API, CHECK, HEADER, UAPI, X86, Caplint, kernel

from caplint.report import FORMATS

MISMATCH = HEADER.replace("NR_VCPUS 9", "NR_VCPUS 8")
ENABLE = """\
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	switch (cap->cap) {
	case KVM_CAP_HLT:
		kvm->arch.hlt = cap->args[0];
		return 0;
	}
	return -EINVAL;
}
"""


ESCAPE = "\x1b]0;title\x07\x1b[31m\u202e"


@pytest.mark.parametrize("output_format", FORMATS)
def test_what_a_terminal_would_obey_is_made_visible(caplint: Caplint, tmp_path: Path, output_format: str) -> None:
    tree = kernel(
        tmp_path / "k",
        {
            UAPI: f"#define KVM_CAP_NR_VCPUS 9 /* {ESCAPE} */\n#define KVM_CAP_EVIL 9 /* {ESCAPE} */\n",
            f"Documentation/virt/kvm/{ESCAPE}.rst": "KVM_CAP_IRQCHAP\n",
            f"arch/x86/kvm/{ESCAPE}.c": CHECK.replace("KVM_CAP_HLT:", f"KVM_CAP_HLT: /* {ESCAPE} */"),
        },
    )
    run = caplint("check", tree, "--output-format", output_format, "--color", "never")
    assert run.status == 1
    for text in (run.out, run.err):
        assert not set(text) & set(ESCAPE[:1] + "\x07\u202e")
    assert "KVM_CAP_EVIL" in run.out
    if output_format == "text":
        assert "9 /* \\x1b]0;title\\x07\\x1b[31m\\u202e */" in run.out


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_finding_in_a_file_whose_name_is_no_utf8(caplint: Caplint, tmp_path: Path, output_format: str) -> None:
    tree = kernel(tmp_path / "k")
    odd = os.fsencode(tree / "arch/x86/kvm") + b"/\xff::%0A<&>\n.c"
    Path(os.fsdecode(odd)).write_text(ENABLE)
    run = caplint("check", tree, "--select", "CAP205", "--fail-on", "note", "--output-format", output_format)
    assert run.status == 1
    shown = {
        "sarif": "%5Cxff%3A%3A%250A%3C%26%3E%0A.c",
        "github": "file=arch/x86/kvm/\\xff%3A%3A%250A<&>\\x0a.c,",
        "junit": "\\xff::%0A&lt;&amp;&gt;\\x0a.c",
        "b4": "\\\\xff::%0A<&>\\\\x0a.c",
        "text": "\\xff::%0A<&>\\x0a.c",
        "concise": "\\xff::%0A<&>\\x0a.c",
    }
    assert shown.get(output_format, '\\\\xff::%0A<&>\\n.c"') in run.out


def test_a_name_that_is_no_utf8(caplint: Caplint, tmp_path: Path) -> None:
    tree = kernel(tmp_path / "k", {UAPI: "", X86: "", "Documentation/virt/kvm/api.rst": API})
    odd = os.fsencode(tree / "include/uapi/linux") + b"/kvm_\xff.h"
    Path(os.fsdecode(odd)).write_bytes(b"int x = KVM_CAP_HLT;\n")
    for output_format in FORMATS:
        assert caplint("check", tree, "--output-format", output_format, "--fail-on", "never").status == 0
    rows = json.loads(caplint("facts", "SELECT path FROM cap_use", tree, "--output-format", "json").out)
    assert rows == [{"path": "include/uapi/linux/kvm_\\xff.h"}]


HARD = {
    "arch/x86/kvm/latin.c": b"/* \xe9 */ int x = KVM_CAP_HLT; \xff\n",
    "arch/x86/kvm/empty.c": b"",
    "arch/x86/kvm/long.c": b"int x; /* " + b"a" * 50_000_000 + b" */ int y = KVM_CAP_HLT;\n",
    "arch/x86/kvm/binary.c": bytes(range(256)) * 4,
    "arch/x86/kvm/open.c": b"/* never closed\nint x = KVM_CAP_HLT;\n",
    "arch/x86/kvm/unbalanced.c": b"#if X\nint f(void) {{{{ (((\n#endif\n#endif\n",
    "Documentation/virt/kvm/latin.rst": b"KVM_CAP_HLT \xe9\n",
}


def test_files_that_are_hard_to_read(caplint: Caplint, tmp_path: Path) -> None:
    tree = kernel(tmp_path / "k", {UAPI: MISMATCH, "tools/include/uapi/linux/kvm.h": HEADER, **HARD})
    run = caplint("check", tree, "--select", "CAP101", "--output-format", "concise")
    assert run.status == 1
    assert len(run.out.splitlines()) == 1
    found = json.loads(caplint("coverage", tree, "--output-format", "json").out)
    blind = {entry["path"].rpartition("/")[2]: entry["bytes"] for entry in found["blind"]}
    assert blind == {
        "binary.c": len(HARD["arch/x86/kvm/binary.c"]),
        "latin.c": 1,
        "long.c": len(HARD["arch/x86/kvm/long.c"]),
        "open.c": len(HARD["arch/x86/kvm/open.c"]),
        "unbalanced.c": len("#endif"),
    }
    query = "SELECT path FROM token_use WHERE name = 'KVM_CAP_HLT' AND path GLOB '*latin*' ORDER BY path"
    assert json.loads(caplint("facts", query, tree, "--output-format", "json").out) == [
        {"path": "Documentation/virt/kvm/latin.rst"},
        {"path": "arch/x86/kvm/latin.c"},
    ]
