"""Architecture that a presence condition of Rust code tells."""

from __future__ import annotations

import pytest

from caplint.c.expression import defined
from caplint.c.formula import conjunction, disjunction, negation, text
from caplint.link.functions.condition_arch import condition_arch
from caplint.rust.words import words

TARGETS = words().targets["target_arch"]
X86, ARM = defined(TARGETS["x86_64"]), defined(TARGETS["aarch64"])
OTHER = defined("FEATURE_TDX")


@pytest.mark.parametrize(
    ("condition", "arch"),
    [
        (X86, "x86"), (ARM, "arm64"), (conjunction([X86, OTHER]), "x86"),
        (conjunction([OTHER, negation(ARM), X86]), "x86"),
        # Code that may be built for several, or for any but one, tells none.
        (disjunction([X86, ARM]), None), (disjunction([X86, OTHER]), None), (negation(X86), None), (OTHER, None),
        # Two alternatives that both need the architecture tell it.
        (disjunction([conjunction([X86, OTHER]), conjunction([X86, negation(OTHER)])]), "x86"),
        (True, None),
    ],
)  # fmt: skip
def test_condition(condition: object, arch: str | None) -> None:
    assert condition_arch(text(condition)) == arch  # type: ignore[arg-type]


def test_code_that_no_build_has_tells_nothing() -> None:
    """A condition that never holds implies two architectures."""
    assert condition_arch(text(conjunction([X86, ARM]))) is None


def test_a_macro_whose_name_only_contains_that_of_a_target_tells_nothing() -> None:
    assert condition_arch(text(defined(f"NOT_{TARGETS['x86_64']}"))) is None
