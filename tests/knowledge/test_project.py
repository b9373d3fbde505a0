"""Projects from their tables: which files are read, which directories may hold some, and what is a header."""

from __future__ import annotations

from typing import Any

import pytest

from caplint.knowledge.project import Project, project_of

ENTRY: dict[str, Any] = {
    "title": "Tea",
    "role": "vmm",
    "markers": [["tea.c"]],
    "files": ["src/kvm.c", "arch/*/kvm/**", "include/{a,b}/*.h"],
    "search": ["src/**", "docs/*.rst"],
    "exclude": ["src/tests/**", "src/old.c"],
    "architecture": ["arch/{arch}/", "**/target/{any}/"],
    "headers": {"uapi": ["include/a/kvm.h"], "vmm": ["headers/**"]},
}


@pytest.fixture(scope="module")
def project() -> Project:
    return project_of("tea", {**ENTRY, "selftests": ["tools/tests"]})


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("src/kvm.c", True), ("arch/x86/kvm/x86.c", True), ("arch/x86/kvm/vmx/vmx.c", True), ("include/b/x.h", True),
        ("include/c/x.h", False), ("src/other.c", None), ("src/a/b/c.c", None), ("docs/a.rst", None),
        ("docs/a/b.rst", False), ("src/tests/a.c", False), ("src/old.c", False), ("src", False), ("other.c", False),
        ("", False), ("xsrc/kvm.c", False), ("src/kvm.c\n", None),
    ],
)  # fmt: skip
def test_files(project: Project, path: str, wanted: bool | None) -> None:
    """Those of `files` are read, those of `search` if they hold a word of interest and are not excluded."""
    assert project.wants(path) is wanted


@pytest.mark.parametrize(
    ("directory", "holds"),
    [
        ("src", True), ("src/deep/er", True), ("src/tests", False), ("src/tests/more", False), ("arch", True),
        ("arch/x86", True), ("arch/x86/kvm", True), ("arch/x86/kvm/vmx", True), ("arch/x86/mm", False),
        ("include", True),
        ("include/a", True), ("include/c", False), ("docs", True), ("docs/a", False), ("other", False),
        ("tools/tests", True), ("tools/tests/x", True), ("tools/testsx", False), ("tools", False),
    ],
)  # fmt: skip
def test_directories(project: Project, directory: str, holds: bool) -> None:
    assert project.may_hold(directory) is holds


@pytest.mark.parametrize(
    ("path", "kind"),
    [("include/a/kvm.h", "uapi"), ("headers/x/kvm.h", "vmm"), ("include/b/kvm.h", None), ("kvm.h", None)],
)
def test_headers(project: Project, path: str, kind: str | None) -> None:
    assert project.header_kind(path) == kind


@pytest.mark.parametrize(
    ("path", "group", "name"),
    [
        ("arch/x86/kvm/x86.c", "arch", "x86"), ("arch/s390/a.c", "arch", "s390"), ("target/arm/kvm.c", "any", "arm"),
        ("hw/target/arm/kvm.c", "any", "arm"), ("x/arch/x86/a.c", None, None), ("mytarget/arm/a.c", None, None),
        ("arch//a.c", None, None), ("arch/x86", None, None),
    ],
)  # fmt: skip
def test_architectures(project: Project, path: str, group: str | None, name: str | None) -> None:
    """A pattern begins at the path's beginning, one with `**/` at any directory."""
    found = [match for pattern in project.architectures if (match := pattern.search(path))]
    assert [match.groupdict() for match in found] == ([{group: name}] if group else [])


@pytest.mark.parametrize(
    ("globs", "roots"),
    [
        (["src/kvm.c", "src/**"], ["src"]), (["a/b/*.c", "a/c.c"], ["a"]), (["*.c", "src/**"], [""]),
        (["a/{b,c}/d.c"], ["a"]), (["a/x?/d.c", "b/c/d.c"], ["a", "b/c"]), (["ab/*", "a/*"], ["a", "ab"]),
        (["a.c"], [""]),
    ],
)  # fmt: skip
def test_roots(globs: list[str], roots: list[str]) -> None:
    assert project_of("tea", {**ENTRY, "files": globs, "search": []}).roots == roots


def test_what_a_table_may_leave_out() -> None:
    project = project_of("tea", {key: value for key, value in ENTRY.items() if key != "headers"})
    assert (project.headers, project.selftests, project.release, project.built_for) == ({}, [], "", {})
    assert not project.documentation.fullmatch("")
    assert not project.home.fullmatch("src/kvm.c")
    assert (project.name, project.title, project.role, project.markers) == ("tea", "Tea", "vmm", [["tea.c"]])
    given = project_of("tea", {**ENTRY, "built_for": {"x86": ["hw/i386/**"]}, "documentation": {"api": ["api.rst"]}})
    assert given.built_for["x86"].fullmatch("hw/i386/pc.c")
    assert given.documentation.fullmatch("api.rst")


@pytest.mark.parametrize("key", ["title", "role", "markers", "files", "search", "exclude", "architecture"])
def test_what_a_table_must_have(key: str) -> None:
    with pytest.raises(KeyError, match=key):
        project_of("tea", {other: value for other, value in ENTRY.items() if other != key})
