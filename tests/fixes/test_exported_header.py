"""Text of a UAPI header as user space gets it, or nothing where that is not certain."""

from __future__ import annotations

import pytest

from caplint.fixes.exported_header import exported


def _text(text: str) -> str | None:
    lines = exported(text.splitlines())
    return None if lines is None else "\n".join(lines)


@pytest.mark.parametrize(
    ("kernel", "user"),
    [
        ("int a;\nint b;", "int a;\nint b;"),
        ("", ""),
        # The kernel's own parts, however the test is written
        ("a\n#ifdef __KERNEL__\nb\n#endif\nc", "a\nc"),
        ("#if defined(__KERNEL__)\nb\n#else\nc\n#endif", "c"),
        ("#ifndef __KERNEL__\nb\n#else\nc\n#endif /* __KERNEL__ */", "b"),
        ("#if !defined(__KERNEL__)\nb\n#endif", "b"),
        ("#ifdef __KERNEL__ /* own */\nb\n# endif\nc", "c"),
        (" # ifdef __KERNEL__\nb\n\t#else\nc\n#endif", "c"),
        # Other groups stay, within and around those; what is in a part that goes goes with it.
        ("#ifdef CONFIG_A\nb\n#else\nc\n#endif", "#ifdef CONFIG_A\nb\n#else\nc\n#endif"),
        ("#ifdef CONFIG_A\n#ifdef __KERNEL__\nb\n#endif\nc\n#endif", "#ifdef CONFIG_A\nc\n#endif"),
        ("#ifndef __KERNEL__\n#ifdef A\nb\n#elif B\nc\n#endif\n#endif", "#ifdef A\nb\n#elif B\nc\n#endif"),
        ("#if A\nb\n#elif defined(B)\nc\n#endif", "#if A\nb\n#elif defined(B)\nc\n#endif"),
        # Annotations and an include that user space has not got
        ("void __user *p;", "void *p;"),
        ("int f(__user char *p, struct __user s)", "int f(char *p, struct s)"),
        ("struct s { int a; } __packed;", "struct s { int a; } __attribute__((packed));"),
        ("int a__packed, __packed_b, __user_c;", "int a__packed, __packed_b, __user_c;"),
        ("#include <linux/compiler.h>\n#include <linux/types.h>", "\n#include <linux/types.h>"),
        ("# include <linux/compiler_types.h>", ""),
        ("#include <linux/compiler-gcc.h>", "#include <linux/compiler-gcc.h>"),
        ("int a; /* for __KERNEL__ */ // __KERNEL__", "int a; /* for __KERNEL__ */ // __KERNEL__"),
    ],
)
def test_text(kernel: str, user: str) -> None:
    assert _text(kernel) == user


@pytest.mark.parametrize(
    "kernel",
    [
        "#if defined(__KERNEL__) && A\nb\n#endif",
        "#if A || defined(__KERNEL__)\n#endif",
        "#ifdef __KERNEL__\nb\n#elif A\nc\n#endif",
        "#if A\nb\n#elif defined(__KERNEL__)\nc\n#endif",
        "#define A __KERNEL__",
        "#ifdef __KERNEL__\nb",
        "#ifdef A\nb",
        "#endif",
        "#else\n",
        "#if 1\n#endif\n#endif",
    ],
)
def test_what_is_not_certain(kernel: str) -> None:
    assert _text(kernel) is None


def test_a_part_that_goes_within_one_that_goes() -> None:
    """The inner test changes nothing of the outer one, not even behind its `#else`."""
    assert _text("#ifdef __KERNEL__\n#ifndef __KERNEL__\na\n#else\nb\n#endif\nc\n#else\nd\n#endif") == "d"
