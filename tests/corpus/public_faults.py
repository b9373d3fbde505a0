"""Faults of 2012 to 2026 that were public, rebuilt as edits of the fixed sources, and which of them are found.

Their collection was blind: whoever chose the faults and the codes that may name them had read the rule catalogue, but
neither the analyser nor the rule pages. Those of public_faults_more and public_faults_latest came after the rules.
"""

from __future__ import annotations

import public_faults_kernel
import public_faults_latest
import public_faults_more
import public_faults_msrs
import public_faults_uapi
import public_faults_vmm

FAULTS = [
    *public_faults_kernel.FAULTS,
    *public_faults_uapi.FAULTS,
    *public_faults_msrs.FAULTS,
    *public_faults_vmm.FAULTS,
    *public_faults_more.FAULTS,
    *public_faults_latest.FAULTS,
]

FOUND: set[str] = {
    "two releases give a capability different numbers",
    "interrupts of Hyper-V are not saved",
    "the number of written MSRs is thrown away",
    "an interrupt controller comes after vCPUs",
    "the counters of AMD are not listed",
    "the MSR filter has no handler for 32-bit programs",
    "clearing the dirty log has no handler for 32-bit programs",
    "a capability can be enabled and is never reported",
    "KVM_ENABLE_CAP works and its capability is not reported",
    "s390 reads through a VM that may be NULL",
    "powerpc asks a VM that may be NULL for its kind",
    "unknown bits of an argument are stored",
    "a request's flags are not looked at",
    "a capability can be enabled before anything heeds it",
    "two maintainers give away one number",
    "the copy for tools keeps a number that a merge has changed",
    "a self-test names what its header does not define",
    "a section is named after a capability that does not exist",
    "the text speaks of a capability by a name that it never had",
    "two sections have one number",
    "a new section gets a number that is taken",
    "a VM's ioctl is documented as one of vCPUs",
    "the documentation knows one of two descriptors",
    "state that a guest writes is not listed",
    "a VMM waits in vain for an MSR in the list",
    "a listed MSR is not saved",
    "a capability of a VM is asked of the system",
    "nobody looks whether enabling has worked",
    "a VM's capability is enabled on /dev/kvm",
    "a member of an exit's structure vanishes",
    "guest debugging works and its capability is not reported",
    "a ring can be enabled where it is not reported",
    "a register that the host sets is not listed",
    "QEMU uses a capability before its header has it",
    "a case of the check handler lacks its break",
    "an enlightenment is reported where nesting cannot enable it",
    "a capability is reported on VMs and hosts that cannot enable it",
    "an ioctl of one kind of KVM is promised by the other kind",
    "enabling accepts bits that the check does not offer",
    "the answer on /dev/kvm is an error",
    "an exit moves while VMMs have its old number",
    "several series take the same exit number",
    "a printed structure has not followed the header",
    "the list offers what one vendor does not have",
    "a size is taken for a yes",
    "the list of required capabilities is incomplete",
    "a feature of a vCPU is set unasked",
    "an MSR is written that older kernels do not know",
    "an MSR is written whether or not the host has it",
    "MSRs that were not restored go unnoticed",
    "a single MSR that was refused goes unnoticed",
    "an MSR is read and never written back",
    "the count of the MSRs is checked for errors only",
    "a mask is compared as a whole",
    "a count is taken for a yes",
    "a VMM starts without asking for what it needs",
    "state is saved with an ioctl that nobody asked for",
    "MSRs that were not saved go unnoticed",
    "a capability can be enabled when vCPUs exist already",
    "an attribute is promised and reading it cannot work",
    "an MSR of a feature is gated by its neighbour's bit",
    "a listed MSR cannot be read by the host",
    "the clock's rate is set on hosts that cannot scale it",
    "memory types are not saved",
    "a guest uses a register of a feature that it was not given",
    "nobody looks how many memory slots there are",
    "more vCPUs are accepted than the hypervisor can have",
}
"""The names of the faults that are found: none of them may be lost again."""
