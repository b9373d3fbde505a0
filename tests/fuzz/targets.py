"""What the fuzzer may break: everything that reads what others wrote. A reader ends well, or with one clear line.

Each target takes an input's bytes and raises whatever is wrong; a `CaplintError` of one line is an answer.
"""

from __future__ import annotations

from canary_targets import CANARIES
from growth_targets import GROWTH
from header_targets import HEADERS
from patch_targets import PATCHES
from repository_targets import REPOSITORIES
from result_targets import RESULTS
from setting_targets import SETTINGS
from source_targets import SOURCES
from tree_targets import TREES

TARGETS = {**SOURCES, **PATCHES, **SETTINGS, **RESULTS, **HEADERS, **TREES, **CANARIES, **GROWTH, **REPOSITORIES}
