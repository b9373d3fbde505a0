import random
import tarfile
from pathlib import Path

import pytest
from corpus_mirror import hello_files, member, tar_xz

from tools.archive import Selection, extract
from tools.errors import StoppedError, ToolError

ALL_C = Selection(("**/*.c", "VERSION"), ("tests/**",))
TRUNCATED = tar_xz({"t/a.c": bytes(range(256)), "t/b.c": random.Random(1).randbytes(40000)})[:-999]


def unpack(tmp_path: Path, content: bytes, selection: Selection = ALL_C, name: str = "a.tar.xz") -> list[str]:
    archive, target = tmp_path / name, tmp_path / "tree"
    archive.write_bytes(content)
    count = extract(archive, target, selection, lambda _: None)
    names = sorted(str(p.relative_to(target)) for p in target.rglob("*") if not p.is_dir())
    assert len(names) == count
    return names


def test_takes_what_is_kept_and_not_dropped(tmp_path: Path) -> None:
    assert unpack(tmp_path, tar_xz(hello_files("1"))) == ["VERSION", "src/a.c"]
    assert (tmp_path / "tree/src/a.c").read_bytes() == b"int a;\n"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("target", ["/etc/passwd", "../../x", "src/a.c"])
def test_links_are_skipped(tmp_path: Path, kind: bytes, target: str) -> None:
    links = [
        member("hello-1/link.c", type=kind, linkname=target),
        member("hello-1/sub", type=kind, linkname=target),
    ]
    files = {"hello-1/a.c": b"x", "hello-1/sub/b.c": b"y"}
    assert unpack(tmp_path, tar_xz(files, *links)) == ["a.c", "sub/b.c"]


@pytest.mark.parametrize(
    "name", ["/etc/a.c", "hello-1/../../a.c", "../a.c", "other-1/a.c", "./", "hello-1/src/a.c/b.c"]
)
def test_hostile_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(ToolError, match=r"a\.tar\.xz is refused"):
        unpack(tmp_path, tar_xz({**hello_files("1"), name: b"x"}))
    assert not list(tmp_path.rglob("b.c"))
    assert not (tmp_path / "a.c").exists()


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(ToolError, match="device"):
        unpack(tmp_path, tar_xz(hello_files("1"), member("hello-1/a.c", type=kind)))


def test_modes_and_owners_are_not_taken_over(tmp_path: Path) -> None:
    unpack(tmp_path, tar_xz({"t/a.c": b""}, member("t/b.c", mode=0o6777)))
    assert (tmp_path / "tree/b.c").stat().st_mode & 0o7111 == 0


def test_nothing_selected(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="none of the selected files"):
        unpack(tmp_path, tar_xz({"t/a.h": b""}))


@pytest.mark.parametrize("content", [b"", b"no archive", TRUNCATED])
def test_damaged(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ToolError, match="cannot be read"):
        unpack(tmp_path, content)


def deb(*members: tuple[str, bytes]) -> bytes:
    """Return a package: an archive of ar(1)."""
    parts = [
        f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode() + content + b"\n" * (len(content) % 2)
        for name, content in members
    ]
    return b"!<arch>\n" + b"".join(parts)


def crate(files: dict[str, bytes]) -> tuple[str, bytes]:
    return "data.tar.xz", tar_xz({f"./usr/share/cargo/registry/{name}": content for name, content in files.items()})


def test_a_package_with_the_sources_of_a_crate(tmp_path: Path) -> None:
    data = tar_xz({"./usr/share/doc/hello/a.c": b"", "./usr/share/cargo/registry/hello-1/src/a.c": b"int a;\n"})
    content = deb(("debian-binary", b"2.0"), ("control.tar.xz", b"odd"), ("data.tar.xz", data))
    assert unpack(tmp_path, content, name="a.deb") == ["src/a.c"]
    assert (tmp_path / "tree/src/a.c").read_bytes() == b"int a;\n"


@pytest.mark.parametrize("name", ["../../../../../a.c", "other-1/a.c"])
def test_a_package_with_hostile_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(ToolError, match=r"a\.deb is refused"):
        unpack(tmp_path, deb(crate({"hello-1/a.c": b"", name: b"x"})), name="a.deb")


@pytest.mark.parametrize(
    "content",
    [b"", b"!<arch>\n", b"no archive", deb(("debian-binary", b"2.0")), deb(("data.tar.xz", b"odd")),
     deb(("debian-binary", b"2.0")).replace(b"3         `", b"-3        `"),
     deb(("a", b"")).replace(b"0         `", b"9999999999`")],
)  # fmt: skip
def test_damaged_packages(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ToolError, match="cannot be read"):
        unpack(tmp_path, content, name="a.deb")


def test_an_interrupt_passes_through(tmp_path: Path) -> None:
    def stop(_: int) -> None:
        raise StoppedError

    (tmp_path / "a.tar.xz").write_bytes(tar_xz(hello_files("1")))
    with pytest.raises(StoppedError):
        extract(tmp_path / "a.tar.xz", tmp_path / "tree", ALL_C, stop)
