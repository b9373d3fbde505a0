"""Refactorings of the real sources that keep what they do: no finding comes, but for one per copy; none goes."""

from __future__ import annotations

import pytest
import real_trees
import refactorings_arm
import refactorings_more
import refactorings_more_others
import refactorings_names
import refactorings_others
import refactorings_s390_powerpc
import refactorings_vmm
import refactorings_x86
from editing import Edit, brings_and_takes_exactly
from real_trees import Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

EDITS = [
    *refactorings_x86.EDITS,
    *refactorings_arm.EDITS,
    *refactorings_s390_powerpc.EDITS,
    *refactorings_others.EDITS,
    *refactorings_vmm.EDITS,
    *refactorings_more.EDITS,
    *refactorings_more_others.EDITS,
    *refactorings_names.EDITS,
]


def batches(edits: list[Edit]) -> list[list[Edit]]:
    """Refactorings of the same pair that touch no file twice: one check shows that all of them are silent."""
    found: list[list[Edit]] = []
    for edit in edits:
        for batch in found:
            if batch[0].pair == edit.pair and not any(other.changes.keys() & edit.changes.keys() for other in batch):
                batch.append(edit)
                break
        else:
            found.append([edit])
    return found


def batch_name(batch: list[Edit]) -> str:
    """Name a batch by its first edit."""
    return batch[0].name + (f", and {len(batch) - 1} more" if len(batch) > 1 else "")


def is_silent(corpus: Corpus, batch: list[Edit]) -> bool:
    """Whether a batch brings what it declares and nothing else."""
    changes = {path: change for edit in batch for path, change in edit.changes.items()}
    try:
        adds = [row for edit in batch for row in edit.adds]
        brings_and_takes_exactly(corpus, Edit(batch_name(batch), changes, adds, pair=batch[0].pair))
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("batch", batches(EDITS), ids=batch_name)
def test_refactorings_bring_and_take_nothing(corpus: Corpus, batch: list[Edit]) -> None:
    if not is_silent(corpus, batch):
        assert [edit.name for edit in batch if not is_silent(corpus, [edit])] == []
        raise AssertionError("each is silent, and together they are not: " + "; ".join(edit.name for edit in batch))
