"""Where the kernel's self-tests name a capability: searched as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caplint.errors import CaplintError
from caplint.inventory.model import Place
from caplint.trees.tree import Tree

_NAME = re.compile(rb"\bKVM_CAP_\w+")


def mentions(tree: Tree) -> Iterator[tuple[str, Place]]:
    """Capability and place, once per file and capability, files in order."""
    for path in sorted(path for directory in tree.project.selftests for path in tree.below(directory)):
        try:
            content = tree.read(path)
        except (OSError, CaplintError):
            continue
        if b"KVM_CAP_" not in content:
            continue
        seen: set[bytes] = set()
        for match in _NAME.finditer(content):
            if match.group() not in seen:
                seen.add(match.group())
                line = content.count(b"\n", 0, match.start()) + 1
                yield match.group().decode(), Place(tree.name, path, line)
