"""Time and memory of a cold check against once, twice, four and eight times the input."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tools.bench.measure import Row, caplint, row
from tools.bench.sources import CORPUS, PAIR

_WHOLE = ("include/uapi/linux/kvm.h", "Documentation/virt/kvm/api.rst")
_COPIED = ("virt/kvm", "arch/riscv/kvm", "arch/s390/kvm")


def growth(_runs: int) -> Iterator[Row]:
    """Yield a kernel of two architectures, and the same with their code again as further files, none like another."""
    for times in (1, 2, 4, 8):
        with tempfile.TemporaryDirectory() as scratch:
            size = _grown(Path(scratch, "linux"), times)
            words = ["check", "--fail-on", "never", "--kernel", str(Path(scratch, "linux"))]
            note = f"{size / 1e6:.1f} MB of C"
            yield row(f"check, cold, input x {times}", [caplint(words, str(Path(scratch, "cache")))], note)


def _grown(root: Path, times: int) -> int:
    """Lay the kernel; how many bytes of C it holds."""
    for path in _WHOLE:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CORPUS / PAIR[0] / path, root / path)
    size = 0
    for directory in _COPIED:
        for file in sorted((CORPUS / PAIR[0] / directory).rglob("*.[ch]")):
            place = file.relative_to(CORPUS / PAIR[0])
            content = file.read_bytes()
            for number in range(times):
                # Equal contents would be read once.
                again = root / (f"{place.parent}/again{number}/{place.name}" if number else place)
                again.parent.mkdir(parents=True, exist_ok=True)
                again.write_bytes(content + b"/* %d */\n" % number)
                size += len(content)
    return size
