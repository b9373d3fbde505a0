"""Self-tests are read and lexed once, by whatever asks."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest
from conftest import UAPI, bare_kernel

from caplint.c.lexer import lex
from caplint.link.docs.selftest_code import SelftestCode, SelftestName
from caplint.trees.overlay import OverlayTree

DIRECTORY = "tools/testing/selftests/kvm"
A, B = f"{DIRECTORY}/a_test.c", f"{DIRECTORY}/b_test.c"
FILES = {UAPI: "", A: "int a = KVM_CAP_TEA;\n#define B \\\n\tKVM_CAP_POT\n", B: "KVM_CAP_CUP\n", "kvm.c": "KVM_CAP_X"}


def test_places_of_names(tmp_path: Path) -> None:
    code = SelftestCode(bare_kernel(tmp_path, FILES))
    assert code.names(A) == [SelftestName("KVM_CAP_TEA", 1, 9, False), SelftestName("KVM_CAP_POT", 3, 2, True)]
    assert code.names(f"{DIRECTORY}/none.c") == []


def test_files_of_self_tests_only(tmp_path: Path) -> None:
    code = SelftestCode(bare_kernel(tmp_path, {**FILES, f"{DIRECTORY}/README": "KVM_CAP_Y"}))
    assert sorted(code.every) == [A, B]
    assert code.among([B, "kvm.c", f"{DIRECTORY}/README", f"{DIRECTORY}2/a.c"]) == {B: FILES[B].encode()}
    assert code.built == [A, B]


def test_each_file_is_read_and_lexed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = bare_kernel(tmp_path, FILES)
    lexing, reading = Mock(wraps=lex), Mock(wraps=tree.read_or_none)
    monkeypatch.setattr("caplint.link.docs.selftest_code.lex", lexing)
    monkeypatch.setattr(tree, "read_or_none", reading)
    code = SelftestCode(tree)
    for _ in range(3):
        assert [name.cap for path in code.built for name in code.names(path)] == [
            "KVM_CAP_TEA", "KVM_CAP_POT", "KVM_CAP_CUP"
        ]  # fmt: skip
        assert code.among([A, B]) == code.every
    assert lexing.call_count == 2
    assert sorted(call.args[0] for call in reading.mock_calls if call.args[0].endswith(".c")) == [A, B]


def test_a_file_that_cannot_be_read_names_nothing(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, FILES)
    (tmp_path / B).unlink()
    (tmp_path / B).mkdir()
    assert SelftestCode(tree).names(B) == []
    gone = OverlayTree(tree, {A: None})
    assert SelftestCode(gone).names(A) == []


def test_a_project_without_self_tests(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, FILES)
    code = SelftestCode(tree)
    code.directories = []
    assert (code.built, code.every, code.among([A])) == ([], {}, {})
