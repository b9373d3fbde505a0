"""Capability of a new ioctl, where header and documentation name different ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import API, Rows, bench, edited, finding
from conftest import UAPI

from caplint.fixes.ioctl_capability import propose

OLD, NEW, IOCTL = "KVM_CAP_OLD", "KVM_CAP_NEW", "KVM_SET_BELL"
HEADER = f"/* Available with {OLD} */\n#define {IOCTL} 1\n"
SECTION = f"4.1 {IOCTL}\n\n:Capability: {NEW}\n"


def _mended(
    root: Path,
    header: str = HEADER,
    section: str = SECTION,
    *,
    said: Rows | None = None,
    base: tuple[str, ...] = (OLD,),
    caps: tuple[str, ...] = (OLD, NEW),
    base_ioctls: tuple[str, ...] = (),
    patched: int = 1,
    path: str = UAPI,
) -> str | None:
    rows: Rows = [("comment", UAPI, 1, OLD), ("section", API, 3, NEW)] if said is None else said
    tables: dict[str, Rows] = {
        "ioctl_capability(tree, ioctl, source, path, line, cap)": [("kernel", IOCTL, *row) for row in rows],
        "tree(name, patched)": [("kernel", patched)],
        "base_cap(tree, name)": [("kernel", name) for name in base],
        "cap(tree, name, header)": [("kernel", name, "uapi") for name in caps],
        "base_uapi_name(tree, name)": [("kernel", name) for name in base_ioctls],
    }
    return edited(propose, finding(1, IOCTL, path), bench(root, {UAPI: header, API: section}, tables))


def test_the_old_capability_is_the_wrong_one(tmp_path: Path) -> None:
    """Kernels have it that lack the ioctl."""
    assert _mended(tmp_path / "a") == HEADER.replace(OLD, NEW)
    swapped: Rows = [("comment", UAPI, 1, NEW), ("section", API, 3, OLD)]
    header, section = HEADER.replace(OLD, NEW), SECTION.replace(NEW, OLD)
    assert _mended(tmp_path / "b", header, section, said=swapped, path=API) == SECTION


@pytest.mark.parametrize(
    ("base", "caps"),
    [
        ((OLD, NEW), (OLD, NEW)),  # both are old
        ((), (OLD, NEW)),  # both are new
        ((OLD,), (OLD,)),  # the other one is not defined
    ],
)
def test_two_that_are_alike_only_people_can_tell_apart(
    tmp_path: Path, base: tuple[str, ...], caps: tuple[str, ...]
) -> None:
    assert _mended(tmp_path, base=base, caps=caps) is None


def test_an_ioctl_that_was_there_before_or_no_patch(tmp_path: Path) -> None:
    assert _mended(tmp_path / "a", base_ioctls=(IOCTL,)) is None
    assert _mended(tmp_path / "b", patched=0) is None


@pytest.mark.parametrize(
    "said",
    [
        [("comment", UAPI, 1, OLD)],
        [("comment", UAPI, 1, OLD), ("comment", UAPI, 1, NEW)],
        [("comment", UAPI, 1, OLD), ("section", API, 3, NEW), ("section", API, 3, "KVM_CAP_OTHER")],
        [("comment", UAPI, 1, OLD), ("comment", UAPI, 2, OLD), ("section", API, 3, NEW)],
        [],
    ],
)
def test_each_of_the_two_places_names_one(tmp_path: Path, said: Rows) -> None:
    assert _mended(tmp_path, said=said) is None


@pytest.mark.parametrize(
    "header",
    [
        f"/* {OLD}, not only {OLD} */\n", "/* Available with */\n", f"/* Available with {OLD}_2 */\n", "",
        f"/* Available with {OLD} */\r\n",
    ],
)  # fmt: skip
def test_a_line_that_does_not_name_it_once(tmp_path: Path, header: str) -> None:
    assert _mended(tmp_path, header) is None
