"""Functions of QEMU that a series changes, and how calls and messages are broken into lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import bare_qemu
from written import workshop

from caplint.authoring.qemu.code import (
    FunctionEnd,
    QemuFunction,
    end_of,
    function,
    include_line,
    listed,
    reported,
    unused,
)
from caplint.util.errors import CaplintError

X86 = "target/i386/kvm/kvm.c"
ARM = "target/arm/kvm.c"
SHARED = "accel/kvm/kvm-all.c"
CAP = "/* KVM_CAP_HLT */\n"


def _end(root: Path, code: str) -> FunctionEnd:
    code = f"{CAP}int start(KVMState *s)\n{{\n{code}}}\n"
    with workshop(bare_qemu(root, {X86: code})) as place:
        return end_of(place, function(place, "start", "x86"))


@pytest.mark.parametrize(
    ("code", "end"),
    [
        ("    return 0;\n", FunctionEnd(4, "0", None)),
        ("    f(s);\n\n    return ret;\n", FunctionEnd(6, "ret", None)),
        ("    return g(s,\n             1);\n    return f(s);\n", FunctionEnd(6, "f(s)", None)),
        ("    if (s) {\n        return -1;\n    }\n    return 0;\n", FunctionEnd(7, "0", None)),
        # Where errors go is behind the success.
        ("    return 0;\n\nerr:\n    return ret;\n", FunctionEnd(4, "0", "err")),
        ("    return 0;\n\n fail:\n    f();\nout:\n    return -1;\n", FunctionEnd(4, "0", "fail")),
        # A label of a switch is none.
        (
            "    switch (a) {\n    case 1:\n    default:\n        f();\n    }\n    return 0;\n",
            FunctionEnd(9, "0", None),
        ),
    ],
)
def test_the_place_where_a_function_has_succeeded(tmp_path: Path, code: str, end: FunctionEnd) -> None:
    assert _end(tmp_path, code) == end


@pytest.mark.parametrize(
    "code", ["", "    f(s);\n", "    if (s) {\n        return 0;\n    }\n", "out:\n    return 0;\n"]
)
def test_a_function_without_a_plain_end(tmp_path: Path, code: str) -> None:
    with pytest.raises(CaplintError, match=r"lacks the place to enable it: .*start\(\) has no plain return at its end"):
        _end(tmp_path, code)


def test_a_function_is_that_of_its_architecture(tmp_path: Path) -> None:
    files = {
        X86: f"{CAP}static int\nstart(int a)\n{{\n    return 0;\n}}\n", ARM: f"{CAP}int start(void)\n{{\n}}\n",
        SHARED: f"{CAP}int other(void)\n{{\n    return 1;\n}}\n",
    }  # fmt: skip
    with workshop(bare_qemu(tmp_path, files)) as place:
        found = function(place, "start", "x86")
        assert (found.path, found.first, found.last) == (X86, 2, 6)
        assert found.lines == ("static int", "start(int a)", "{", "    return 0;", "}")
        assert function(place, "start", "arm64").path == ARM
        assert function(place, "other", "generic").first == 2
        for name, arch, where in (
            ("start", "s390", "its code for s390"),
            ("start", "generic", "its code for all arch"),
        ):
            with pytest.raises(CaplintError, match=f"lacks the place to enable it: {where}.* has no {name}"):
                function(place, name, arch)
        assert unused(place, "third") == "third"
        with pytest.raises(CaplintError, match=f"{SHARED}:2 is a function of that name"):
            unused(place, "other")


def test_a_function_of_a_file_that_cannot_be_edited(tmp_path: Path) -> None:
    with (
        workshop(bare_qemu(tmp_path, {X86: "/* KVM_CAP_HLT \x1b */\nint start(void)\n{\n}\n"})) as place,
        pytest.raises(CaplintError, match=f"{X86} is not plain text"),
    ):
        function(place, "start", "x86")


@pytest.mark.parametrize(
    ("lines", "state", "result"),
    [
        (["int f(KVMState *s)", "    int ret;"], "s", "ret"),
        (["int f(MachineState *ms, KVMState *state)", "    int i, r;"], "state", "r"),
        (["int f(void)", "    KVMState *s = kvm_state;", "    int ret = 0;"], "s", "ret"),
        (["int f(OtherKVMState *s)", "    int retries;"], None, None),
        (["int f(KVMState s)", "    long ret;"], None, None),
        (["int f(void)", "        int ret;"], None, None),
    ],
)
def test_variables(lines: list[str], state: str | None, result: str | None) -> None:
    found = QemuFunction("f", X86, 1, 9, tuple(lines))
    assert (found.variable("KVMState"), found.result) == (state, result)


INCLUDES = '#include "qemu/osdep.h"\n#include <linux/kvm.h>\n#include "qapi/error.h"\n#include "system/kvm.h"\n'


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("qapi/visitor.h", 3),
        ("system/cpus.h", 4),
        ("exec/memory.h", 1),
        ("qemu/error-report.h", 1),
        ("qapi/error.h", None),
    ],
)
def test_where_a_header_is_included(tmp_path: Path, header: str, line: int | None) -> None:
    more = '#ifdef CONFIG_X\n#include "exec/ram.h"\n#endif\n'
    with workshop(bare_qemu(tmp_path, {X86: INCLUDES + more + CAP})) as place:
        assert include_line(place, X86, header) == line


def test_a_file_that_includes_nothing(tmp_path: Path) -> None:
    with (
        workshop(bare_qemu(tmp_path, {X86: "#include <linux/kvm.h>\n" + CAP})) as place,
        pytest.raises(CaplintError, match=rf"lacks the place to include a\.h: {X86} includes nothing"),
    ):
        include_line(place, X86, "a.h")


@pytest.mark.parametrize(
    ("head", "parts", "lines"),
    [
        ("    f(", ["a", "b"], ["    f(a, b);"]),
        ("    f(", ["a" * 40, "b" * 40], [f"    f({'a' * 40},", f"      {'b' * 40});"]),
        ("    f(", ["a" * 72], [f"    f({'a' * 72});"]),
        ("    f(", ["a" * 72, "b" * 30], [f"    f({'a' * 72},", f"      {'b' * 30});"]),
        ("    f(", ["a" * 73, "b"], [f"    f({'a' * 73},", "        b);"]),
        ("    f(", ["a" * 75, "b"], ["    f(", f"        {'a' * 75},", "        b);"]),
        (f"    {'f' * 60}(", ["a" * 20, "b"], [f"    {'f' * 60}(", f"        {'a' * 20}, b);"]),
        (f"    {'f' * 60}(", ["a", "b" * 20], [f"    {'f' * 60}(a,", f"        {'b' * 20});"]),
        ("f(", ["a" * 30, "b" * 30, "c" * 30], [f"f({'a' * 30}, {'b' * 30},", f"  {'c' * 30});"]),
    ],
)
def test_calls_are_broken_between_their_arguments(head: str, parts: list[str], lines: list[str]) -> None:
    assert listed(head, parts, ");") == lines


def test_messages_are_broken_between_words() -> None:
    assert reported("    ", "kvm: no") == ['    error_report("kvm: no");']
    assert reported("    ", "kvm: no %d", "a") == ['    error_report("kvm: no %d", a);']
    words = "a message of several words that is longer than one line of eighty columns can be"
    for given, end in (((), '");'), (("value",), "value);")):
        lines = reported("        ", words, *given)
        assert len(lines) > 1
        assert all(len(line) <= 80 for line in lines)
        assert lines[-1].endswith(end)
        pieces = [line.partition('"')[2].rpartition('"')[0] for line in lines]
        assert "".join(pieces) == words, "no blank is lost"


@pytest.mark.parametrize(("width", "lines"), [(49, 1), (50, 2)])
def test_a_value_stands_beside_the_message_if_it_fits(width: int, lines: int) -> None:
    found = reported("    ", "x" * width, "value[1]")
    assert len(found) == lines
    assert max(map(len, found)) == (80 if lines == 1 else 70)


def test_a_value_that_does_not_fit_stands_below() -> None:
    lines = reported("        ", "x" * 50, "strerror(-ret)")
    assert lines == [f'        error_report("{"x" * 50}",', f"{' ' * 21}strerror(-ret));"]
