"""Languages of files, which select the extractor."""

from __future__ import annotations

import re

# Base names of build files; a suffix (`Makefile.objs`, `Kconfig.host`) does not change the language.
_BUILD_FILES = {"Kconfig": "kconfig", "Makefile": "make", "Kbuild": "make"}

RUST = "rust"
"""Rust, which is lowered to C text."""
RUST_SUFFIX = ".rs"
DESCRIPTION = "description"
"""Table of the UAPI's names in a tool, which is lowered to C text: syzkaller's descriptions, strace's lists."""
_DESCRIPTIONS = re.compile(r"(?:.*/)?sys/linux/[^/]+\.txt(?:\.const)?\Z|(?:.*/)?xlat/[^/]+\.in\Z")
EXPANDED = "expanded"
"""Pieces of code with macros to expand, packed by `caplint.facts.expanded.packed`."""
OUTLINE = "outline"
"""C file that is read for the call graph only."""
RUST_OUTLINE = "rust_outline"
"""Rust file that is read for the call graph only."""
NAME_INDEX = "name_index"
"""C file that is searched for names and not parsed."""


MANIFEST = "cargo_manifest"
"""Cargo.toml, which names a crate."""
LOCK = "cargo_lock"
"""Cargo.lock, which names the versions of the crates that a program is built of."""
CODE = frozenset({"c", RUST, MANIFEST})
"""Languages of the files that a call graph needs."""
_OF_CARGO = {"Cargo.toml": MANIFEST, "Cargo.lock": LOCK}


def language_of(path: str) -> str | None:
    """Return the language that a path's name implies, None for files that caplint does not read."""
    if path.endswith((".c", ".h", ".c.inc", ".h.inc")):
        return "c"
    if path.endswith(RUST_SUFFIX):
        return RUST
    if path.endswith((".txt", ".const", ".in")) and _DESCRIPTIONS.match(path):
        return DESCRIPTION
    if path.endswith(".rst"):
        return "rst"
    if path.endswith(".txt") and path.startswith("Documentation/"):
        return "text"
    name = path.rpartition("/")[2]
    if name in _OF_CARGO:
        return _OF_CARGO[name]
    return "meson" if name == "meson.build" else _BUILD_FILES.get(name.partition(".")[0])
