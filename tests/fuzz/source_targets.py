"""Targets for files of the linted trees: C, Rust and the other languages that facts are taken from."""

from __future__ import annotations

from functools import partial

import invariants
from target import Target, seeds_of

_PACKAGES = ("caplint.c", "caplint.facts")

TARGETS = {
    "c": Target(partial(invariants.check, language="c"), _PACKAGES, share=4, places=(seeds_of("c"),)),
    "rust": Target(
        partial(invariants.check, language="rust"),
        ("caplint.rust", "caplint.facts"),
        share=2,
        places=(seeds_of("rust"),),
    ),
    "rust calls": Target(
        partial(invariants.check, language="rust_outline"), ("caplint.rust",), places=(seeds_of("rust"),)
    ),
    "cargo": Target(partial(invariants.check, language="cargo_lock"), _PACKAGES, places=(seeds_of("cargo"),)),
    "documentation": Target(partial(invariants.check, language="rst"), _PACKAGES, places=(seeds_of("documentation"),)),
    "kconfig": Target(partial(invariants.check, language="kconfig"), _PACKAGES, places=(seeds_of("kconfig"),)),
    "make": Target(partial(invariants.check, language="make"), _PACKAGES, places=(seeds_of("make"),)),
    "meson": Target(partial(invariants.check, language="meson"), _PACKAGES, places=(seeds_of("meson"),)),
}
