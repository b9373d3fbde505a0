import time

import pytest

from caplint.c.syntax import UnreadableError
from caplint.facts.descriptions import description_facts
from caplint.facts.extract import extract
from caplint.facts.store.records import BlindSpot, Call, Macro
from caplint.knowledge.languages import DESCRIPTION, language_of

REQUEST = "ioctl$TEA(fd fd_kvmvm, cmd const[KVM_ENABLE_CAP], arg ptr[in, kvm_enable_cap{}])\n"


def macros(text: str) -> list[tuple[str, str, int, int]]:
    records = extract(text.encode(), DESCRIPTION).records
    return [(one.name, one.body, one.line, one.column) for one in records if isinstance(one, Macro)]


def blind(text: str) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in extract(text.encode(), DESCRIPTION).records if isinstance(one, BlindSpot)]


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("sys/linux/dev_kvm.txt", True), ("sys/linux/dev_kvm.txt.const", True), ("src/xlat/kvm_cap.in", True),
        ("syzkaller/sys/linux/dev_kvm_arm64.txt", True), ("Makefile.in", False), ("sys/linux/a/b.txt", False),
        ("Documentation/virt/kvm/api.txt", False), ("src/config.h.in", False),
    ],
)  # fmt: skip
def test_paths(path: str, is_one: bool) -> None:
    assert (language_of(path) == DESCRIPTION) == is_one


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("KVM_CAP_TEA\t\t7", "7"),
        ("KVM_CAP_TEA 0x7 /* hot */", "0x7"),
        ("KVM_CAP_TEA = 7", "7"),
        ("KVM_CAP_TEA = 7, s390x:???", "7"),
        ("KVM_CAP_TEA = 386:amd64:???, arm64:7", "7"),
    ],
)
def test_numbers(line: str, number: str) -> None:
    text = f"#value_indexed\n  {line}\n"
    assert macros(text) == [("KVM_CAP_TEA", number, 2, 3)]
    assert blind(text) == []


def test_what_is_no_number() -> None:
    assert macros("# KVM_CAP_TEA 7\nKVM_CAP_TEA = ???\nKVM_RUN = 44672\nkvm_x = KVM_CAP_TEA, KVM_CAP_CUP\n") == []


@pytest.mark.parametrize(
    "line", ["KVM_CAP_TEA (1 << 3)", "KVM_CAP_TEA = x", REQUEST.format("").strip(), "a KVM_CAP_TEA"]
)
def test_what_is_not_known_is_a_blind_spot(line: str) -> None:
    assert blind(f"\n{line}\n") == [(2, "asks for capabilities in a way that is not known")]


def test_a_request_is_a_call_in_its_line() -> None:
    records = extract(f"# tea\n{REQUEST.format('[KVM_CAP_TEA, int64]')}".encode(), DESCRIPTION).records
    calls = [(one.callee, one.line) for one in records if isinstance(one, Call) and one.callee == "ioctl"]
    assert calls == [("ioctl", 2)]


def test_hostile_tables() -> None:
    with pytest.raises(UnreadableError):
        description_facts(b"x" * (1 << 26), lambda text: extract(text, "c"))
    began = time.process_time()
    extract(b"KVM_CAP_TEA = " + b"a:" * 9_000 + b"\n" + b"ioctl$" + b"KVM_CAP_" * 2_000, DESCRIPTION)
    assert blind("KVM_CAP_A " + "7" * 30_000) == [(1, "a line longer than 20,000 bytes")]
    assert macros("KVM_CAP_A " + "7" * 5_000) == []
    assert len(macros("".join(f"KVM_CAP_{n} {n}\n" for n in range(10_000)))) == 10_000
    assert time.process_time() - began < 20
