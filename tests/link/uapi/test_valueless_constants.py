"""Macros of kvm.h that have no value on any ABI."""

from __future__ import annotations

from pathlib import Path

from conftest import HEADER, UAPI, bare_kernel

from caplint.config.settings import Config
from caplint.session import open_session

DEFINITIONS = """\
#define KVM_NUMBER 3
#define KVM_EMPTY
#define KVM_WHOLE KVM_WHOLE
#define KVM_CALLED(x) ((x) + 1)
#define KVM_FOREIGN (SOMETHING_ELSEWHERE + 1)
#define KVM_OTHER OTHER_HEADER
#define KVM_CAP_FOREIGN SOMETHING_ELSEWHERE
"""


def test_only_macros_that_may_be_numbers_and_have_no_value_are_listed(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path / "k", {UAPI: HEADER + DEFINITIONS, "arch/x86/include/uapi/asm/kvm.h": "\n"})
    for _ in range(2):  # the second run recalls the names
        session = open_session([tree], Config(cache=str(tmp_path / "cache"), jobs=1))
        rows = session.connection.execute("SELECT path, reason FROM all_cut").fetchall()
        session.store.close()
        listed = {reason.rpartition(": ")[2]: path for path, reason in rows if "without a value" in reason}
        assert listed == {"KVM_FOREIGN": UAPI, "KVM_OTHER": UAPI}
