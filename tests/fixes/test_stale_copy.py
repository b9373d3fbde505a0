"""Copies of KVM's headers: the text that kernels export, and when a copy is updated by it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from mended import Change, mend_edited

from caplint.fixes.exported_header import exported

UAPI = "include/uapi/linux/kvm.h"
COPY = "linux-headers/linux/kvm.h"
LAST = "#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL 223\n"
NEW = "#define KVM_CAP_PPIN 224\n"
GUARDED = "#ifdef __KERNEL__\n#define KVM_CAP_OURS 9\n#endif\n"

EXPORTED = [
    ("int a;", "int a;"),
    ("#ifdef __KERNEL__\na\n#endif\nb", "b"),
    ("#ifdef __KERNEL__\na\n#else\nb\n#endif", "b"),
    ("#ifndef __KERNEL__\na\n#else\nb\n#endif", "a"),
    ("#if defined(__KERNEL__)\na\n#endif /* __KERNEL__ */\nb", "b"),
    ("# if !defined(__KERNEL__) /* user space */\na\n# endif", "a"),
    ("#ifdef __KERNEL__\n#ifdef X\na\n#else\nb\n#endif\n#else\n#ifdef Y\nc\n#endif\n#endif", "#ifdef Y\nc\n#endif"),
    ("#ifdef X\n#ifdef __KERNEL__\na\n#endif\nb\n#elif Y\nc\n#endif", "#ifdef X\nb\n#elif Y\nc\n#endif"),
    ("/* of the __KERNEL__ */ int a;", "/* of the __KERNEL__ */ int a;"),
    ("\tvoid __user *p;\n\tf(__user int *);", "\tvoid *p;\n\tf(int *);"),
    ("#include <linux/compiler.h>\n#include <linux/types.h>", "\n#include <linux/types.h>"),
    ("struct x { int a; } __packed;", "struct x { int a; } __attribute__((packed));"),
]


@pytest.mark.parametrize(("text", "result"), EXPORTED)
def test_exported(text: str, result: str) -> None:
    assert exported(text.split("\n")) == result.split("\n")


@pytest.mark.parametrize(("text", "result"), EXPORTED)
def test_unifdef_agrees(text: str, result: str, tmp_path: Path) -> None:
    if shutil.which("unifdef") is None or "__KERNEL__" not in text:
        pytest.skip("no unifdef, or nothing for it")
    (tmp_path / "a.h").write_text(f"{text}\n")
    run = subprocess.run(["unifdef", "-U__KERNEL__", tmp_path / "a.h"], capture_output=True, text=True, check=False)
    assert run.stdout == f"{result}\n"


@pytest.mark.parametrize(
    "text",
    [
        "#if defined(__KERNEL__) && X\n#endif",
        "#ifdef X\n#elif defined(__KERNEL__)\n#endif",
        "#ifdef __KERNEL__\n#elif X\n#endif",
        "#define X __KERNEL__",
        "#ifdef X",
        "#endif",
        "#else",
    ],
)
def test_other_texts_are_not_exported(text: str) -> None:
    assert exported(text.split("\n")) is None


def test_deep_groups_take_linear_time() -> None:
    lines = ["#ifdef __KERNEL__"] * 100_000 + ["a"] + ["#endif"] * 100_000
    assert exported([*lines, "b"]) == ["b"]


def _header(*lines: str) -> Change:
    return UAPI, LAST, "".join([LAST, *lines])


SHAPES: dict[str, tuple[tuple[Change, ...], bool, str]] = {
    "the kernel has gone on": ((_header(NEW),), False, NEW),
    "with parts of its own": ((_header(GUARDED, NEW),), False, NEW),
    "a copy that is older": (((COPY, LAST, ""),), False, LAST),
    "a patch of the kernel stays its own": ((_header(NEW),), True, ""),
    "a copy of a newer kernel": ((_header(NEW), (COPY, LAST, f"{LAST}#define KVM_CAP_BELL 225\n")), False, ""),
    "a bit that the kernel lacks": ((_header(NEW), (COPY, LAST, f"{LAST}#define KVM_BELL_RINGS 1\n")), False, ""),
    "a condition that is not understood": ((_header(NEW, "#if defined(__KERNEL__) || X\n#endif\n"),), False, ""),
    "a header without a copy": ((_header(NEW, "#include <linux/bells.h>\n"),), False, ""),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    changes, based, added = SHAPES[name]
    lines, refused = mend_edited(changes, based, str(tmp_path_factory.getbasetemp().parent / "shapes"))
    assert not refused
    own = {line for line in lines.split("\n") if "hand-written" not in line}
    assert added.strip() in own if added else not own & {NEW.strip(), LAST.strip()}
