"""Reading registers: from a file that is laid out as /dev/cpu/N/msr is."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from caplint.machine.msr import number_of, read
from caplint.util.errors import CaplintError

NAMES = {"MSR_PPIN": 0x4F, "MSR_PPIN_CTL": 0x4E, "MSR_EFER": 0xC0000080}


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    for cpu, value in (("0", 0x11), ("1", 0xFEDCBA9876543210)):
        (tmp_path / cpu).mkdir()
        (tmp_path / cpu / "msr").write_bytes(b"\0" * 0x4F + value.to_bytes(8, "little"))
    return tmp_path


@pytest.mark.parametrize(("cpu", "value"), [(0, 0x11), (1, 0xFEDCBA9876543210)])
def test_all_64_bits_are_read_at_the_offset_that_is_its_number(devices: Path, cpu: int, value: int) -> None:
    assert read(0x4F, cpu, devices=devices) == value


def test_without_the_module(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match="load the module msr"):
        read(0x4F, devices=tmp_path)


def test_a_processor_that_is_not_there(devices: Path) -> None:
    with pytest.raises(CaplintError, match="this machine has no processor 7"):
        read(0x4F, 7, devices=devices)


def test_a_file_that_is_no_device(devices: Path) -> None:
    with pytest.raises(CaplintError, match="returns 0 bytes for MSR 0x1000; it is not an MSR device"):
        read(0x1000, devices=devices)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.EIO, "this processor does not have MSR 0x4f, or does not allow reading it"),
        (errno.EPERM, "MSR 0x4f cannot be read: Operation not permitted; only root may read MSRs"),
    ],
)
def test_a_register_that_cannot_be_read(
    devices: Path, monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    def refuse(*_: object) -> bytes:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "pread", refuse)
    with pytest.raises(CaplintError, match=message):
        read(0x4F, devices=devices)


@pytest.mark.parametrize(
    ("word", "number"), [("MSR_PPIN", 0x4F), ("0x4f", 0x4F), ("0XC0000080", 0xC0000080), ("79", 79), ("010", 10)]
)
def test_a_register_by_name_or_number(word: str, number: int) -> None:
    assert number_of(word, NAMES) == number


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("MSR_PPPIN", "the trees do not define this MSR; did you mean MSR_PPIN?"),
        ("0x100000000", "is above 0xffffffff"),
        ("9" * 20, "is above 0xffffffff"),
        ("0xxx", "the trees do not define this MSR"),
        ("4f", "the trees do not define this MSR"),
    ],
)
def test_what_is_no_register(word: str, message: str) -> None:
    with pytest.raises(CaplintError) as error:
        number_of(word, NAMES)
    assert message in str(error.value)


def test_a_name_without_a_tree() -> None:
    with pytest.raises(CaplintError, match="give --kernel DIR, or a number such as 0x4f"):
        number_of("MSR_PPIN", {})
