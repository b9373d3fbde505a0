"""Names of methods that tell their type: several words that no library of Rust has."""

from __future__ import annotations

import pytest

from caplint.graph.rust_names import is_telling


@pytest.mark.parametrize(
    "name", ["enable_split_irqchip", "setup_regs", "kvm_run", "set_lint", "boot_vcpus", "irqfd_2", "set_len_of"]
)
def test_a_name_of_a_programs_own(name: str) -> None:
    assert is_telling(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "_", "run", "_run", "run_", "__run__", "as_ref", "into_inner", "try_clone_box", "is_some_and", "map_err",
        "unwrap_or_default", "read_obj", "write_volatile", "get_or_insert_with", "try_lock", "checked_add", "to_string",
        "or_insert_with", "from_le_bytes", "set_len", "set_size", "set_permissions", "set_nonblocking", "starts_with",
        "for_each", "with_context", "by_ref",
    ],
)  # fmt: skip
def test_a_name_of_one_word_or_of_a_library(name: str) -> None:
    assert not is_telling(name)
