"""Languages of files by their names."""

from __future__ import annotations

import pytest

from caplint.knowledge.languages import language_of


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.c", "c"), ("dir/a.h", "c"), ("a.c.inc", "c"), ("a.h.inc", "c"), ("a.inc", None), ("a.cc", None),
        ("a.C", None),
        ("Documentation/virt/kvm/api.rst", "rst"), ("README.rst", "rst"), ("Documentation/x.txt", "text"),
        ("x.txt", None), ("other/Documentation/x.txt", None), ("meson.build", "meson"), ("hw/meson.build", "meson"),
        ("my-meson.build", None), ("Makefile", "make"), ("arch/x86/kvm/Makefile", "make"), ("Makefile.objs", "make"),
        ("Kbuild", "make"), ("Kconfig", "kconfig"), ("hw/Kconfig.host", "kconfig"), ("Kconfigs", None),
        ("Makefile.c", "c"), ("Makefile/x", None), ("", None), ("c", None), (".c", "c"), ("a.c/", None), ("a.S", None),
    ],
)  # fmt: skip
def test_language(path: str, language: str | None) -> None:
    assert language_of(path) == language
