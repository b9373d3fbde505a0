"""Patches of one line of code, as somebody has it who checks before every commit."""

import difflib
from pathlib import Path

from tools.bench.sources import CORPUS, PAIR
from tools.errors import ToolError

LINES = (
    (PAIR[0], "arch/x86/kvm/x86.c"),
    (PAIR[0], "arch/arm64/kvm/arm.c"),
    (PAIR[1], "target/arm/kvm.c"),
)
"""Tree and path of the files that get a line."""
_BEFORE = ("int kvm_vm_ioctl_check_extension(", "int kvm_arch_init(")


def write_line(place: str, tree: str, path: str, number: int) -> str:
    """Write a patch that adds a variable before a function, in a directory; return its path.

    Patches of different numbers differ. Raises `ToolError` if the file has none of the functions.
    """
    before = (CORPUS / tree / path).read_text("utf-8")
    start = next((at for name in _BEFORE if (at := before.find(f"\n{name}")) >= 0), None)
    if start is None:
        raise ToolError(f"{tree}/{path} has no function {' or '.join(_BEFORE)}, so no patch of it can be made")
    after = f"{before[:start]}\nint bench_{number};{before[start:]}"
    name = f"line-{path.replace('/', '-')}-{number}.patch"
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), f"a/{path}", f"b/{path}")
    Path(place, name).write_text("".join(lines), "utf-8")
    return str(Path(place, name))
