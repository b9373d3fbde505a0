import time

import pytest

from caplint.machine.strace_log import StraceLog


def read(text: str) -> list[tuple[str, str, str, int, list[str]]]:
    log = StraceLog()
    log.read(text.splitlines(keepends=True))
    return [(one.cap, one.verb, one.scope, one.times, one.answers) for one in log.requests.values()]


CHECK = ("KVM_CAP_TEA", "check", "system", 1, ["1"])


@pytest.mark.parametrize(
    "line",
    [
        "ioctl(8</dev/kvm>, KVM_CHECK_EXTENSION, KVM_CAP_TEA) = 1",
        "[pid  7] ioctl(8</dev/kvm>, KVM_CHECK_EXTENSION, KVM_CAP_TEA)    = 1",
        "7     ioctl(8</dev/kvm>, KVM_CHECK_EXTENSION, KVM_CAP_TEA) = 1",
        "7  12:00:01.123456 ioctl(8</dev/kvm<char 10:232>>, KVM_CHECK_EXTENSION, KVM_CAP_TEA) = 1 <0.000012>",
        "1700000000.123456 ioctl(8</dev/kvm>, KVM_CHECK_EXTENSION, KVM_CAP_TEA) = 1",
        "ioctl(8</dev/kvm>, 0xae03 /* KVM_CHECK_EXTENSION */, KVM_CAP_TEA) = 1",
        "ioctl(8</dev/kvm>, _IOC(_IOC_NONE, 0xae, 0x3, 0), KVM_CAP_TEA) = 1",
        'openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 8\nioctl(8, KVM_CHECK_EXTENSION, KVM_CAP_TEA) = 1',
        "7 ioctl(8</dev/kvm>, KVM_CHECK_EXTENSION, KVM_CAP_TEA <unfinished ...>\n9 ioctl(3, TCGETS, 0) = 0\n"
        "7 <... ioctl resumed>) = 1",
    ],
)  # fmt: skip
def test_shapes_of_a_check(line: str) -> None:
    assert read(line) == [CHECK]


def test_numbers_are_kept_as_written() -> None:
    assert read("ioctl(3</dev/kvm>, 0xae03, 0x2bc) = 0") == [("0x2bc", "check", "system", 1, ["0"])]
    assert read("ioctl(3, KVM_CHECK_EXTENSION, 0x2bc /* KVM_CAP_??? */) = -1 ENOTTY (x)") == [
        ("0x2bc", "check", "unknown", 1, ["ENOTTY"])
    ]


def test_scopes_follow_the_descriptors() -> None:
    text = """\
openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 8
ioctl(8, KVM_CREATE_VM, 0) = 9
ioctl(9, KVM_CHECK_EXTENSION, KVM_CAP_TEA) = 1
ioctl(9, KVM_CREATE_VCPU, 0) = 10
ioctl(10, KVM_ENABLE_CAP, 0x7ffc) = -1 EINVAL (Invalid argument)
ioctl(10, KVM_ENABLE_CAP, {cap=KVM_CAP_CUP, flags=0}) = 0
close(9) = 0
ioctl(9, KVM_CHECK_EXTENSION, KVM_CAP_TEA) = 0
ioctl(11<anon_inode:kvm-vcpu:0>, KVM_ENABLE_CAP, 0x7ffc) = 0
"""
    assert read(text) == [
        ("KVM_CAP_TEA", "check", "vm", 1, ["1"]), ("", "enable", "vcpu", 2, ["EINVAL", "0"]),
        ("KVM_CAP_CUP", "enable", "vcpu", 1, ["0"]), ("KVM_CAP_TEA", "check", "unknown", 1, ["0"]),
    ]  # fmt: skip


def test_other_lines_say_nothing() -> None:
    assert read('write(1, "ioctl(8, KVM_CHECK_EXTENSION, KVM_CAP_TEA) = 1", 9) = 9\n+++ exited with 0 +++\n\n') == []
    assert read("ioctl(3, 0x5403, 0) = 0\nioctl(3, TCGETS, {B38400}) = 0\nioctl(") == []


def test_requests_that_are_cut_off_are_counted() -> None:
    log = StraceLog()
    log.read(
        ["ioctl(8, KVM_CHECK_EXTENSION, KVM_CAP_TEA", "5 ioctl(8, KVM_CHECK_EXTENSION, KVM_CAP_CUP <unfinished ...>\n"]
    )
    assert (log.requests, log.unread) == ({}, 2)


@pytest.mark.parametrize(
    "line",
    ["ioctl(" * 9_000, "ioctl(8, KVM_CHECK_EXTENSION, " + "7" * 5_000 + ") = 1", ") = 1" * 9_000, "/*" * 30_000,
     "[pid " + " " * 60_000, "ioctl(8, _IOC(" + "," * 60_000, "ioctl(8, KVM_ENABLE_CAP, {" + "a, " * 20_000],
)  # fmt: skip
def test_hostile_lines_take_no_time(line: str) -> None:
    began = time.process_time()
    read(f"{line}\n" * 5)
    assert time.process_time() - began < 5


def test_many_requests_are_bounded() -> None:
    log = StraceLog()
    log.read(f"ioctl(8, KVM_CHECK_EXTENSION, {number}) = 0" for number in range(30_000))
    assert (len(log.requests), log.unread) == (20_000, 10_000)


@pytest.mark.parametrize(
    "line",
    [
        "ioctl(3, KVM_X" + " " * 60_000 + "<unfinished ...>x",
        "ioctl(3, KVM_CHECK_EXTENSION, KVM_CAP_TEA" + ") = 1<a" * 9_000,
        "ioctl(3, KVM_CHECK_EXTENSION, KVM_CAP_TEA) = 1" + " " * 60_000 + "e",
        "ioctl(3" + "<a>" * 20_000 + "<",
        "ioctl(3, _IOC(" + "a," * 30_000,
        "ioctl(3, KVM_ENABLE_CAP, {" + "cap=" * 15_000 + ") = 0",
        "ioctl(3, KVM_CHECK_EXTENSION, " + "(" * 60_000 + ") = 1",
    ],
    ids=range(7),
)
def test_time_is_in_proportion_to_the_length_of_a_line(line: str) -> None:
    begun = time.process_time()
    read(f"{line}\n" * 5)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("number", ["09", "010", "9" * 5000, "0x" + "f" * 5000, "\u0663", "-1", ""])
def test_numbers_that_are_none_are_no_request(number: str) -> None:
    assert read(f"ioctl(3, _IOC(_IOC_NONE, 0xae, {number}, 0), KVM_CAP_TEA) = 1") == []
    assert read(f"ioctl(3</dev/kvm>, KVM_CHECK_EXTENSION, {number}) = 1") == [("", "check", "system", 1, ["1"])]
