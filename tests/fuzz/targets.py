"""What the fuzzer may break: everything that reads what others wrote. A reader ends well, or with one clear line.

Each target takes an input's bytes and raises whatever is wrong; a `CaplintError` of one line is an answer.
"""

from __future__ import annotations

import canary_targets
import growth_targets
import header_targets
import patch_targets
import repository_targets
import result_targets
import setting_targets
import source_targets
import tree_targets

GROUPS = (
    source_targets,
    patch_targets,
    setting_targets,
    result_targets,
    header_targets,
    tree_targets,
    canary_targets,
    growth_targets,
    repository_targets,
)
TARGETS = {name: target for group in GROUPS for name, target in group.TARGETS.items()}
MODULES = {name: group.__name__ for group in GROUPS for name in group.TARGETS}
"""Where a target is: a process that runs one alone need not import the others."""
