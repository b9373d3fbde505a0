"""Requests of new capabilities, for which series are written for small trees and for the real ones."""

from __future__ import annotations

from caplint.authoring.request import parse

REQUESTS = {
    "query": parse("KVM_CAP_X86_BELL", archs=["x86"], scope="none"),
    "mask": parse("KVM_CAP_X86_BELL", archs=["x86"], answer="mask", arguments="mask:A,B=3,C"),
    "bool on arm64": parse("KVM_CAP_ARM_BELL", archs=["arm64"], arguments="bool"),
    "vcpu on s390": parse("KVM_CAP_S390_BELL", archs=["s390"], scope="vcpu"),
    "descriptor": parse("KVM_CAP_BELL", arguments="fd"),
    "register": parse("KVM_CAP_X86_PPIN", archs=["x86"], register="PPIN=0x4f:ro"),
    "new register": parse("KVM_CAP_X86_BELL", archs=["x86"], arguments="bool", register="BELL=0x1234:rw"),
    "ioctl": parse("KVM_CAP_X86_BELL", archs=["x86"], answer="mask", arguments="mask:A,B=3,C", ioctl="KVM_SET_BELL"),
    "ioctl of a vcpu": parse("KVM_CAP_S390_BELL", archs=["s390"], scope="vcpu", ioctl="S390_RING_BELL"),
    "ioctl for a descriptor": parse("KVM_CAP_BELL", arguments="fd", ioctl="KVM_BELL"),
    "largest": parse("KVM_CAP_BELL", answer="count", arguments="size"),
}
