"""What a user would run otherwise on the same files, and what it does and does not do for the time."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.bench.measure import Row, row, run
from tools.bench.sources import read_files

# Seconds after which a tool is stopped.
_LIMIT = 150.0
# CAP401 as a pattern: the result of enabling is dropped.
_PATTERN = "kvm_vm_enable_cap($$$ARGUMENTS);"
_SEMANTIC = "@@ @@\n* kvm_vm_enable_cap(...);\n"


@dataclass(frozen=True)
class _Tool:
    program: str
    does: str
    command: Callable[[str, Path, Path, list[str]], list[str]]
    """Of the program, a scratch directory, a file that lists the sources, and the sources."""


_TOOLS = (
    _Tool(
        "cscope", "an index of names; no conditions, no C grammar, one tree's names mixed with the other's",
        lambda program, place, listed, _: [program, "-b", "-k", "-i", str(listed), "-f", str(place / "cscope.out")],
    ),
    _Tool(
        "ctags", "an index of definitions; no uses, no cases, no values",
        lambda program, place, listed, _: [program, "--languages=C", "-L", str(listed), "-f", str(place / "tags")],
    ),
    _Tool(
        "ast-grep", "one pattern, CAP401's, on all cores; files as they are, so what `#if` breaks is not seen",
        lambda program, _place, _listed, files: [program, "run", "--lang", "c", "--pattern", _PATTERN, *files],
    ),
    _Tool(
        "spatch", "one semantic patch, CAP401's; no headers, no macros of them",
        lambda program, place, _, files: [
            program, "--very-quiet", "--no-includes", "--sp-file", str(place / "rule.cocci"), *files
        ],
    ),
    _Tool(
        "cppcheck", "its own checks of bugs in C, one configuration, no headers; nothing of capabilities",
        lambda program, _, listed, __: [program, "--quiet", "--max-configs=1", "-j2", f"--file-list={listed}"],
    ),
)  # fmt: skip


def others(_runs: int) -> Iterator[Row]:
    """Each tool that is here, once."""
    files = [str(path) for path in read_files()]
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        listed = place / "files"
        listed.write_text("".join(f"{file}\n" for file in files), "utf-8")
        (place / "rule.cocci").write_text(_SEMANTIC, "utf-8")
        for tool in _TOOLS:
            program = shutil.which(tool.program, path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin")
            if program is None:
                print(f"{tool.program} is not here (`make bench-tools` installs it); left out")
                continue
            used = run(tool.command(program, place, listed, files), limit=_LIMIT)
            stopped = f"stopped after {_LIMIT:g} s; " if used.status == -1 else ""
            yield row(tool.program, [used], stopped + tool.does)
