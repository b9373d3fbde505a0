"""Refactorings of the real sources that keep what they do: no finding comes, none goes."""

from __future__ import annotations

import pytest
import real_trees
import refactorings_arm
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
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_a_refactoring_brings_and_takes_nothing(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)
