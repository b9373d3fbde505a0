"""Attribute macros that a tree defines itself mend the files that they make hard to read."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import QEMU_UAPI, ask, bare_qemu

from caplint.config.settings import Config
from caplint.session import open_session

USER = "int stop(void) OWN;\nstatic OWN int check(KVMState *s)\n{\n\treturn kvm_check_extension(s, KVM_CAP_A);\n}\n"
HEADER = "accel/kvm/own.h"
BLIND = "SELECT path FROM blind ORDER BY path"
CHECKS = "SELECT cap, function FROM vmm_check ORDER BY line"
NORETURN = "#define OWN __attribute__((__noreturn__))\n"


def _files(header: str, user: str = USER) -> dict[str, str]:
    return {QEMU_UAPI: "#define KVM_CAP_A 1\n", HEADER: header, "target/i386/kvm/own.c": user}


@pytest.mark.parametrize(
    "header",
    [
        NORETURN,
        "#ifdef __GNUC__\n" + NORETURN + "#else\n#define OWN\n#endif\n",
        "#define OWN _Noreturn\n",
        "#define OWN [[noreturn]]\n",
        "#define OWN __attribute__ ((format(printf, 1, 2))) __attribute__((cold))\n",
        "#define OWN __cold __attribute__((noreturn)) /* both */\n",
        "#define OWN OTHER\n#define OTHER __declspec(noreturn)\n",
        "#define OWN inline __attribute__((always_inline))\n",
    ],
)
def test_a_macro_of_attributes_is_learnt(tmp_path: Path, header: str) -> None:
    tree = bare_qemu(tmp_path, _files(header))
    assert ask([tree], BLIND) == []
    assert ask([tree], CHECKS) == [("KVM_CAP_A", "check")]


def test_a_macro_with_arguments_is_learnt(tmp_path: Path) -> None:
    header = "#define OWN(a, b) __attribute__((format(printf, a, b)))\n"
    tree = bare_qemu(tmp_path, _files(header, USER.replace("OWN", "OWN(1, 2)")))
    assert ask([tree], BLIND) == []


@pytest.mark.parametrize(
    "header",
    [
        "",
        "#define OWN\n",
        "#define OWN 1\n",
        "#define OWN inline\n",
        "#define OWN struct x\n",
        NORETURN + "#undef OWN\n#define OWN 1\n",
        NORETURN + "#undef OWN\n#define OWN(x) x\n",
        "#define OWN OTHER\n#define OTHER OWN\n",
        "#define OWN __attribute__((noreturn\n",
        "#define OWN __attribute__" + "(" * 900 + "\n",
    ],
)
def test_any_other_macro_is_not(tmp_path: Path, header: str) -> None:
    assert ("target/i386/kvm/own.c",) in ask([bare_qemu(tmp_path, _files(header))], BLIND)


def test_files_that_are_understood_are_not_read_again(tmp_path: Path) -> None:
    tree = bare_qemu(tmp_path, _files(NORETURN, USER.replace(" OWN", "")))
    assert ask([tree], "SELECT count(DISTINCT extractor) FROM main.blob") == [(1,)]


def test_a_file_is_read_as_before_if_the_words_make_it_no_better(tmp_path: Path) -> None:
    tree = bare_qemu(tmp_path, _files(NORETURN, "int OWN = 1;\nint broken( = ;\n"))
    (spots,) = ask([tree], "SELECT count(*) FROM blind")
    assert spots[0] >= 1
    assert ask([tree], "SELECT count(DISTINCT b.extractor) FROM file f JOIN main.blob b ON b.id = f.blob") == [(1,)]


def test_a_later_definition_counts_although_everything_else_is_remembered(tmp_path: Path) -> None:
    config = Config(cache=str(tmp_path / "cache"), jobs=1)
    for header, functions in (("", []), (NORETURN, [("KVM_CAP_A", "check")]), ("", [])):
        tree = bare_qemu(tmp_path / "tree", _files(header))
        session = open_session([tree], config)
        rows = session.connection.execute(CHECKS).fetchall()
        session.store.close()
        assert rows == functions
