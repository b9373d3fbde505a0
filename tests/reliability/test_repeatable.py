"""The same output, byte for byte, whatever the number of processes and the order in which files come."""

from __future__ import annotations

from pathlib import Path

import pytest
from runs import ENTRY, run, tree, truth

# Directories are listed, and batches handed out, in an order of chance.
SHUFFLED = f"""
import random
from caplint.facts import harvest, workers
from caplint.trees import walk
workers._HARMLESS = workers._WORTH_MANY = 0
harvest._BATCH_BYTES = 500
chance = random.Random({{seed}})
listed, batched = walk._entries, harvest._batches
walk._entries = lambda *words: chance.sample(found := listed(*words), k=len(found))
def batches(missing):
    found = list(batched(missing))
    chance.shuffle(found)
    return found
harvest._batches = batches
{ENTRY}
"""


@pytest.mark.parametrize(("jobs", "seed"), [(1, 0), (2, 1), (3, 2), (8, 3)])
def test_processes_and_order(tmp_path: Path, jobs: int, seed: int) -> None:
    made = tree(tmp_path / "k")
    for _ in ("cold", "warm"):
        assert run(made, tmp_path / "cache", "--jobs", str(jobs), code=SHUFFLED.format(seed=seed)) == truth()
