"""Headers are gathered from the tree alone, and in bounded number and size."""

from __future__ import annotations

from caplint.abi import sources
from caplint.abi.sources import HeaderSet, gather

HEADERS = HeaderSet("include/uapi/linux/kvm.h", "arch/x86/include/uapi/asm/kvm.h")


def _gathered(files: dict[str, bytes]) -> tuple[list[str], list[str]]:
    """Return the paths of the tree's headers that were gathered, and every path that was asked for."""
    asked: list[str] = []

    def read(path: str) -> bytes | None:
        asked.append(path)
        return files.get(path)

    return [path for path in gather(HEADERS, read).files if not path.startswith(sources.STAND_IN)], asked


def test_no_include_leads_out_of_the_tree() -> None:
    names = ("../../../../etc/passwd", "/etc/passwd", "linux/../../../../../x.h", "asm/../../../../../../x.h", "..")
    lines = [f"#include {begin}{name}{end}" for name in names for begin, end in ('""', "<>")]
    found, asked = _gathered({HEADERS.root: "\n".join(lines).encode()})
    assert found == [HEADERS.root]
    assert [path for path in asked if path.startswith(("/", ".."))] == []


def test_a_large_header_is_none() -> None:
    text = b'#include "a.h"\n'
    large = b"/*" + b" " * sources._MAX_BYTES + b"*/"
    assert _gathered({HEADERS.root: text, "include/uapi/linux/a.h": large})[0] == [HEADERS.root]
    assert len(_gathered({HEADERS.root: text, "include/uapi/linux/a.h": large[: sources._MAX_BYTES]})[0]) == 2


def test_headers_without_end() -> None:
    files = {f"include/uapi/linux/{at}.h": b'#include "%d.h"\n' % (at + 1) for at in range(2 * sources._MAX_FILES)}
    found, asked = _gathered({HEADERS.root: b'#include "0.h"\n', **files})
    assert len(found) == sources._MAX_FILES
    assert len(asked) < 3 * sources._MAX_FILES
