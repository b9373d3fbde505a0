"""ioctl_capability: what the comments of the UAPI header say of ioctls."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_kernel

UAPI = "include/uapi/linux/kvm.h"
GET = "#define KVM_GET_X _IOR(KVMIO, 1, struct x)\n"
SET = "#define KVM_SET_X _IOW(KVMIO, 2, struct x)\n"

HEADERS = [
    ("/* Available with KVM_CAP_A */\n" + GET, [("KVM_GET_X", "KVM_CAP_A", 1)]),
    ("/* Available with  KVM_CAP_A */\n" + GET + SET, [("KVM_GET_X", "KVM_CAP_A", 1), ("KVM_SET_X", "KVM_CAP_A", 1)]),
    (
        "/* Available with KVM_CAP_A for a vCPU, or with\n* KVM_CAP_B to set defaults for a VM */\n" + GET,
        [("KVM_GET_X", "KVM_CAP_A", 1), ("KVM_GET_X", "KVM_CAP_B", 1)],
    ),
    (
        "/*\n * vcpu version available with KVM_CAP_A\n * vm version available with KVM_CAP_B\n */\n" + GET,
        [("KVM_GET_X", "KVM_CAP_A", 1), ("KVM_GET_X", "KVM_CAP_B", 1)],
    ),
    ("/* Available with KVM_CAP_A / KVM_FLAG */\n" + GET, [("KVM_GET_X", "KVM_CAP_A", 1)]),
    (GET.replace("\n", " /* available with KVM_CAP_A */\n"), [("KVM_GET_X", "KVM_CAP_A", 1)]),
    ("/* Like KVM_CAP_B. Available with KVM_CAP_A; see KVM_CAP_C. */\n" + GET, [("KVM_GET_X", "KVM_CAP_A", 1)]),
    ("/* Not available with KVM_CAP_A */\n" + GET, []),
    ("/* For KVM_CAP_A */\n" + GET, []),
    ("/* Available with KVM_CAP_A */\n#define KVM_X_FLAG (1 << 0)\n", []),
    # What follows with another name is not what the comment is about.
    ("/* Available with KVM_CAP_A */\n" + GET + "#define KVM_RUN_X_Y _IO(KVMIO, 3)\n", [("KVM_GET_X", "KVM_CAP_A", 1)]),
    ("/* Available with KVM_CAP_A */\n#define KVM_X_FLAG 1\n" + SET, []),
]


@pytest.mark.parametrize(("header", "expected"), HEADERS, ids=[header for header, _ in HEADERS])
def test_comments_of_the_header(tmp_path: Path, header: str, expected: list[tuple[str, str, int]]) -> None:
    trees = [bare_kernel(tmp_path, {UAPI: header})]
    query = "SELECT ioctl, cap, line FROM ioctl_capability WHERE source = 'header' ORDER BY ioctl, cap"
    assert ask(trees, query) == expected


def test_only_the_uapi_header_speaks(tmp_path: Path) -> None:
    text = "/* Available with KVM_CAP_A */\n" + GET
    trees = [bare_kernel(tmp_path, {"virt/kvm/own.h": text, "tools/" + UAPI: text})]
    assert ask(trees, "SELECT * FROM ioctl_capability") == []
