"""Where names of KVM are defined and named, in trees of a few lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import QEMU_UAPI, UAPI, X86, bare_kernel, bare_qemu, lay

from caplint.config.settings import Config
from caplint.report.source import Source
from caplint.server import occurrences
from caplint.server.diagnosed import LineSpans
from caplint.server.messages import EditorPlace
from caplint.server.occurrences import definitions, is_known, references
from caplint.server.positions import UTF8, UTF16
from caplint.session import Session, open_session

SELFTESTS = "tools/testing/selftests/kvm"
_CODE = """\
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
\tswitch (ext) {
\tcase KVM_CAP_ONE: /* \N{GRINNING FACE} KVM_CAP_ONE, not KVM_CAP_ONE_MORE */
\t\treturn 1;
\tcase KVM_CAP_ONE_MORE:
\t\treturn 2;
\t}
\treturn 0;
}
"""
_HEADER = "#define KVM_CAP_ONE 1\n#define KVM_CAP_ONE_MORE 2\n"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    root = tmp_path_factory.mktemp("occurrences")
    files = {
        UAPI: _HEADER,
        X86: _CODE,
        "Documentation/virt/kvm/api.rst": "Title\n=====\n\nKVM_CAP_ONE and\nKVM_CAP_ONE.\n",
        f"{SELFTESTS}/Makefile.kvm": "TEST_GEN_PROGS_x86 += built\n",
        f"{SELFTESTS}/built.c": "int main(void)\n{\n\tTEST_REQUIRE(kvm_has_cap(KVM_CAP_ONE));\n}\n",
        f"{SELFTESTS}/left_out.c": "int x = KVM_CAP_ONE;\n",
    }
    kernel = bare_kernel(root / "linux", files)
    user = "#ifndef KVM_CAP_ONE\n#define KVM_CAP_ONE 1\n#endif\nint f(int s)\n{\n\treturn has(s, KVM_CAP_ONE);\n}\n"
    vmm = bare_qemu(root / "qemu", {QEMU_UAPI: "\n" + _HEADER, "accel/kvm/kvm-all.c": user})
    opened = open_session([vmm, kernel], Config(cache="none", jobs=1))
    yield opened
    opened.store.close()


@pytest.fixture
def spans(session: Session) -> LineSpans:
    return LineSpans(Source(session.trees), UTF16)


def _lines(places: list[EditorPlace]) -> list[tuple[str, str, int]]:
    return [(place.tree, place.path, place.span.line) for place in places]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("KVM_CAP_ONE", True),
        ("KVM_CAP_ONE_MORE", True),
        ("KVM_CAP_ON", False),
        ("kvm_cap_one", False),
        ("main", False),
        ("", False),
        ("KVM_CAP_%", False),
        ("x' OR '1'='1", False),
        ("\0", False),
        ("K" * 100_000, False),
    ],
)
def test_what_is_known(session: Session, spans: LineSpans, name: str, *, known: bool) -> None:
    assert is_known(session, name) is known
    assert bool(definitions(session, spans, name)) is known
    assert bool(references(session, spans, name)) is known


def test_the_kernel_defines_first_then_its_copies_then_a_vmm_for_itself(session: Session, spans: LineSpans) -> None:
    assert _lines(definitions(session, spans, "KVM_CAP_ONE")) == [
        ("kernel", UAPI, 0),
        ("qemu", QEMU_UAPI, 1),
        ("qemu", "accel/kvm/kvm-all.c", 1),
    ]
    assert _lines(definitions(session, spans, "KVM_CAP_ONE_MORE")) == [("kernel", UAPI, 1), ("qemu", QEMU_UAPI, 2)]


def test_a_definition_is_the_name_in_its_line(session: Session, spans: LineSpans) -> None:
    place = definitions(session, spans, "KVM_CAP_ONE_MORE")[0]
    assert (place.span.start, place.span.stop, place.text) == (8, 24, "#define KVM_CAP_ONE_MORE 2")


def test_references_are_in_code_comments_documentation_and_built_self_tests(session: Session, spans: LineSpans) -> None:
    found = _lines(references(session, spans, "KVM_CAP_ONE"))
    assert found == [
        ("kernel", "Documentation/virt/kvm/api.rst", 3),
        ("kernel", "Documentation/virt/kvm/api.rst", 4),
        ("kernel", X86, 3),
        ("kernel", X86, 3),
        ("kernel", UAPI, 0),
        ("qemu", "accel/kvm/kvm-all.c", 0),
        ("qemu", "accel/kvm/kvm-all.c", 1),
        ("qemu", "accel/kvm/kvm-all.c", 5),
        ("qemu", QEMU_UAPI, 1),
        ("kernel", f"{SELFTESTS}/built.c", 2),
    ]


@pytest.mark.parametrize(("encoding", "second"), [(UTF16, 25), (UTF8, 27)])
def test_each_occurrence_in_a_line_has_its_column(session: Session, encoding: str, second: int) -> None:
    found = references(session, LineSpans(Source(session.trees), encoding), "KVM_CAP_ONE")
    starts = [place.span.start for place in found if place.path == X86]
    assert starts == [6, second]
    assert all(place.span.stop - place.span.start == 11 for place in found)


def test_a_longer_name_is_another_one(session: Session, spans: LineSpans) -> None:
    more = [place for place in references(session, spans, "KVM_CAP_ONE_MORE") if place.path == X86]
    assert [(place.span.line, place.span.start) for place in more] == [(3, 42), (5, 6)]


def test_references_are_cut(session: Session, spans: LineSpans, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = references(session, spans, "KVM_CAP_ONE")
    for most in (1, 3, len(whole), len(whole) + 1):
        monkeypatch.setattr(occurrences, "MOST", most)
        assert references(session, spans, "KVM_CAP_ONE") == whole[:most]


def test_a_file_that_is_gone_meanwhile_has_no_references(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, {UAPI: _HEADER, X86: _CODE})
    session = open_session([tree], Config(cache="none", jobs=1))
    try:
        (tmp_path / X86).unlink()
        found = references(session, LineSpans(Source(session.trees), UTF16), "KVM_CAP_ONE")
        assert _lines(found) == [("kernel", UAPI, 0)]
        lay(tmp_path, {UAPI: "\n"})  # nor has one whose lines are others now
        spans = LineSpans(Source(session.trees), UTF16)
        assert references(session, spans, "KVM_CAP_ONE") == []
        assert definitions(session, spans, "KVM_CAP_ONE") == []
    finally:
        session.store.close()
