import pytest

from caplint.knowledge.globs import compile_globs

MATCHES = [
    ("Makefile", "Makefile"),
    ("*.c", "a.c"),
    ("?.c", "a.c"),
    ("arch/*/kvm/**", "arch/x86/kvm/vmx/vmx.c"),
    ("**/*.{c,h}", "a.c"),
    ("**/*.{c,h}", "deep/down/a.h"),
    ("**/meson.build", "meson.build"),
    ("{src,tools}/**/*.{c,h}.inc", "src/a.c.inc"),
    ("src/c++/**", "src/c++/x"),
    ("**/*.c", "two\nlines/a.c"),
    ("virt/**", "virt/two\nlines"),
    ("scripts/coverity*/**", "scripts/coverity-scan/run"),
]
NO_MATCHES = [
    ("Makefile", "lib/Makefile"),
    ("*.c", "lib/a.c"),
    ("arch/*/kvm/**", "arch/x86/kvm"),
    ("arch/*/kvm/**", "arch/x86/lib/kvm/a.c"),
    ("**/*.{c,h}", "a.cc"),
    ("**/meson.build", "my-meson.build"),
    ("virt/**", "virtual/a.c"),
    ("a.c", "abc"),
]


@pytest.mark.parametrize(("glob", "path"), MATCHES)
def test_matches(glob: str, path: str) -> None:
    assert compile_globs(["unrelated", glob]).fullmatch(path)


@pytest.mark.parametrize(("glob", "path"), NO_MATCHES)
def test_does_not_match(glob: str, path: str) -> None:
    assert not compile_globs([glob]).fullmatch(path)


def test_no_globs_match_nothing() -> None:
    assert not compile_globs([]).fullmatch("")


@pytest.mark.parametrize("glob", ["{a,b", "a**", "**"])
def test_malformed(glob: str) -> None:
    with pytest.raises(ValueError, match="not a glob"):
        compile_globs([glob])
