"""Requests: what options mean, and one clear line for what they cannot."""

from __future__ import annotations

import pytest

from caplint.authoring.request import Bit, RequestedIoctl, RequestedRegister, parse
from caplint.util.errors import CaplintError


def test_bits_count_on_from_the_last_one() -> None:
    found = parse("KVM_CAP_X86_FOO", archs=["x86_64"], arguments="mask:A,B=3,C,D=1")
    assert found.arguments.bits == (Bit("A", 0), Bit("B", 3), Bit("C", 4), Bit("D", 1))
    assert found.macro("A") == "KVM_X86_FOO_A"


def test_a_bit_may_be_given_as_a_whole_macro() -> None:
    request = parse("KVM_CAP_TEA", arguments="mask:GREEN,KVM_TEA_BLACK=4", answer="mask")
    macros = [(request.macro(bit.name), bit.position) for bit in request.arguments.bits]
    assert macros == [("KVM_TEA_GREEN", 0), ("KVM_TEA_BLACK", 4)]


def test_architectures_have_their_own_names_in_their_own_order() -> None:
    assert parse("KVM_CAP_FOO", archs=["s390x", "amd64", "x86"]).archs == ("x86", "s390")
    assert parse("KVM_CAP_FOO").archs == ("generic",)


@pytest.mark.parametrize(
    ("name", "archs", "stem"),
    [
        ("KVM_CAP_X86_PPIN", ["x86"], "PPIN"),
        ("KVM_CAP_ARM_MTE2", ["arm64"], "MTE2"),
        ("KVM_CAP_X86_PPIN", ["s390"], "X86_PPIN"),
        ("KVM_CAP_X86", ["x86"], "X86"),
        ("KVM_CAP_PPIN", [], "PPIN"),
    ],
)
def test_state_is_named_without_the_architecture(name: str, archs: list[str], stem: str) -> None:
    assert parse(name, archs=archs).stem == stem


@pytest.mark.parametrize(
    ("text", "register"),
    [
        ("PPIN", RequestedRegister("MSR_PPIN", None, writable=False)),
        ("MSR_PPIN=0x4f", RequestedRegister("MSR_PPIN", 0x4F, writable=False)),
        ("PPIN=79:ro", RequestedRegister("MSR_PPIN", 79, writable=False)),
        ("PPIN:rw", RequestedRegister("MSR_PPIN", None, writable=True)),
    ],
)
def test_registers(text: str, register: RequestedRegister) -> None:
    assert parse("KVM_CAP_X86_PPIN", archs=["x86"], register=text).register == register


def test_ioctls_have_kvms_prefix() -> None:
    assert parse("KVM_CAP_FOO", ioctl="SET_FOO").ioctl == RequestedIoctl("KVM_SET_FOO")
    request = parse("KVM_CAP_FOO", scope="vcpu", arguments="bool", ioctl="KVM_SET_FOO")
    assert (request.enabled, request.has_state, request.setter) == (False, True, "KVM_SET_FOO")
    assert parse("KVM_CAP_FOO").setter == "KVM_ENABLE_CAP"


WRONG = [
    ("kvm_cap_foo", {}, "is not the name of a capability"),
    ("KVM_CAP_", {}, "is not the name of a capability"),
    ("KVM_CAP_" + "A" * 5_000, {}, "is not the name of a capability"),
    ("KVM_CAP_FOO\n", {}, "is not the name of a capability"),
    ("KVM_CAP_FÖÖ", {}, "is not the name of a capability"),
    ("KVM_CAP_FOO", {"archs": ["z80"]}, "--arch z80: unknown"),
    ("KVM_CAP_FOO", {"scope": "system"}, "--scope system: unknown"),
    ("KVM_CAP_FOO", {"answer": "no"}, "--answer no: unknown"),
    ("KVM_CAP_FOO", {"arguments": "mask"}, "--args mask: is not understood"),
    ("KVM_CAP_FOO", {"arguments": "mask:"}, "is not understood"),
    ("KVM_CAP_FOO", {"arguments": "bool:1"}, "is not understood"),
    ("KVM_CAP_FOO", {"arguments": "mask:A,A"}, "twice"),
    ("KVM_CAP_FOO", {"arguments": "mask:A=1,B=1"}, "twice"),
    ("KVM_CAP_FOO", {"arguments": "mask:A=64"}, "a bit of 0 to 63"),
    ("KVM_CAP_FOO", {"arguments": "mask:A=63,B"}, "a bit of 0 to 63"),
    ("KVM_CAP_FOO", {"arguments": "mask:A=" + "9" * 5_000}, "a bit of 0 to 63"),
    ("KVM_CAP_FOO", {"arguments": "mask:a"}, "a bit of 0 to 63"),
    ("KVM_CAP_FOO", {"arguments": "mask:A=08"}, "a bit of 0 to 63"),
    ("KVM_CAP_FOO", {"ioctl": "KVM_FOO", "scope": "none"}, "--ioctl: needs --scope vm or vcpu"),
    ("KVM_CAP_FOO", {"ioctl": "KVM_FOO", "register": "FOO=0x1", "archs": ["x86"]}, "--ioctl: goes without --msr"),
    ("KVM_CAP_FOO", {"ioctl": "KVM_CAP_BAR"}, "--ioctl KVM_CAP_BAR: is not the name of an ioctl"),
    ("KVM_CAP_FOO", {"ioctl": "set_foo"}, "is not the name of an ioctl"),
    ("KVM_CAP_FOO", {"ioctl": "KVM_"}, "is not the name of an ioctl"),
    ("KVM_CAP_FOO", {"ioctl": ""}, "is not the name of an ioctl"),
    ("KVM_CAP_FOO", {"ioctl": "KVM_FOO\n"}, "is not the name of an ioctl"),
    ("KVM_CAP_FOO", {"ioctl": "KVM_" + "A" * 5_000}, "is not the name of an ioctl"),
    ("KVM_CAP_FOO", {"ioctl": "KVM_GET_FOO"}, "hands a value to KVM can be written"),
    ("KVM_CAP_FOO", {"answer": "mask"}, "name the bits"),
    ("KVM_CAP_FOO", {"answer": "mask", "arguments": "mask:A=31"}, "bits 0 to 30"),
    ("KVM_CAP_FOO", {"answer": "count", "arguments": "mask:A"}, "goes with --args size"),
    ("KVM_CAP_FOO", {"scope": "none", "arguments": "bool"}, "needs --scope"),
    ("KVM_CAP_FOO", {"scope": "vcpu", "arguments": "fd"}, "needs --scope vm"),
    ("KVM_CAP_FOO", {"register": "PPIN"}, "needs --arch x86"),
    ("KVM_CAP_FOO", {"archs": ["x86"], "scope": "vcpu", "register": "PPIN"}, "needs --scope vm"),
    ("KVM_CAP_FOO", {"archs": ["x86"], "scope": "none", "register": "PPIN"}, "needs --scope vm"),
    ("KVM_CAP_FOO", {"archs": ["x86"], "register": "PPIN=4294967296"}, "32 bits"),
    ("KVM_CAP_FOO", {"archs": ["x86"], "register": "PPIN=" + "1" * 5_000}, "is not understood"),
    ("KVM_CAP_FOO", {"archs": ["x86"], "register": "PPIN=0x4f:wo"}, "is not understood"),
    ("KVM_CAP_FOO", {"archs": ["x86"], "register": ""}, "is not understood"),
]


@pytest.mark.parametrize(("name", "options", "told"), WRONG)
def test_what_cannot_be_is_one_line(name: str, options: dict[str, str], told: str) -> None:
    with pytest.raises(CaplintError, match=told):
        parse(name, **options)
