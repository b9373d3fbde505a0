"""Capabilities of one text of a header, read by its directives alone."""

from __future__ import annotations

import time

import pytest

from caplint.history.headers import Defined, Definitions, definitions


def _shown(text: str) -> dict[str, list[str]]:
    return {cap.removeprefix("KVM_CAP_"): [entry.text for entry in found] for cap, found in _of(text).items()}


def _of(text: str) -> Definitions:
    return definitions(text.encode())


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("#define KVM_CAP_A 7", "7"),
        ("#define KVM_CAP_A\t7\t", "7"),
        ("  #  define  KVM_CAP_A  7", "7"),
        ("#define KVM_CAP_A 0x1F", "31"),
        ("#define KVM_CAP_A (1 + 2)", "3"),
        ("#define KVM_CAP_A 7 /* seven */", "7"),
        ("#define KVM_CAP_A /* seven */ 7", "7"),
        ("#define KVM_CAP_A 7 // seven", "7"),
        ("#define KVM_CAP_A /* of\n several lines */ 7", "7"),
        ("/* of\n several lines */ #define KVM_CAP_A 7", "7"),
        ("#define KVM_CAP_A \\\n 7", "7"),
        ("#define KVM_CAP_A \\\r\n 7\r", "7"),
        ("#define BASE 5\n#define KVM_CAP_A (BASE + 2)", "7"),
        ("#define KVM_CAP_A (BASE + 2)\n#define BASE 5", "7"),
        ("#define UP(x) (x + 2)\n#define KVM_CAP_A UP(5)", "7"),
        ("#define KVM_CAP_A ELSEWHERE", "unknown number"),
        ("#define KVM_CAP_A KVM_CAP_A", "unknown number = KVM_CAP_A"),
        ("#define KVM_CAP_A 1 /* not ended", "1"),
    ],
)
def test_one_definition(line: str, number: str) -> None:
    assert _shown(line)["A"] == [number]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#define KVM_CAP_A",
        "#define KVM_CAP_A(x) 7",
        "// #define KVM_CAP_A 7",
        "/*\n#define KVM_CAP_A 7\n*/",
        "/* #define KVM_CAP_A 7",
        "int x; #define KVM_CAP_A 7",
        "int x; /*\n*/ #define KVM_CAP_A 7",
        "#undef KVM_CAP_A",
        "#defined KVM_CAP_A 7",
        "#define OTHER 7",
        "#define KVM_CAPABLE 7",
        "\0\xff",
    ],
)
def test_no_definition(text: str) -> None:
    assert _of(text) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#ifdef X\n#define KVM_CAP_A 1\n#endif\n#define KVM_CAP_B 2", {"A": ["1 if defined(X)"], "B": ["2"]}),
        ("#ifndef X\n#define Y\n#define KVM_CAP_A 1\n#endif", {"A": ["1 if !defined(X)"]}),
        ("#if  A  &&\tB\n#define KVM_CAP_A 1\n#endif", {"A": ["1 if A && B"]}),
        (
            "#if X\n#define KVM_CAP_A 1\n#else\n#define KVM_CAP_A 2\n#endif",
            {"A": ["1 if X", "2 if !X"]},
        ),
        (
            "#if X\n#elif Y\n#define KVM_CAP_A 1\n#else\n#define KVM_CAP_A 2\n#endif",
            {"A": ["1 if !X && Y", "2 if !X && !Y"]},
        ),
        ("#if X\n#ifdef Y\n#define KVM_CAP_A 1\n#endif\n#endif", {"A": ["1 if X && defined(Y)"]}),
        (
            "#if X\n#elifdef Z\n#define KVM_CAP_A 2\n#elifndef Q\n#define KVM_CAP_A 3\n#endif",
            {"A": ["2 if !X && defined(Z)", "3 if !X && !defined(Q) && !defined(Z)"]},
        ),
        ("#if defined( __KERNEL__ )\n#ifdef X\n#define KVM_CAP_A 1\n#endif\n#endif", {}),
        ("#if 0\n#define KVM_CAP_A 1\n#else\n#define KVM_CAP_A 2\n#endif", {"A": ["2"]}),
        ("#if 1\n#define KVM_CAP_A 1\n#else\n#define KVM_CAP_A 2\n#endif", {"A": ["1"]}),
        ("#endif\n#else\n#elif X\n#define KVM_CAP_A 1", {"A": ["1"]}),
        ("#if X\n#define KVM_CAP_A 1", {"A": ["1 if X"]}),
        (f"#if {'x' * 300}\n#else\n#define KVM_CAP_A 1\n#endif", {"A": [f"1 if !{'x' * 200}"]}),
    ],
)
def test_conditions(text: str, expected: dict[str, list[str]]) -> None:
    assert _shown(text) == expected


@pytest.mark.parametrize(
    "kernel",
    [
        "ifdef __KERNEL__",
        "if defined __KERNEL__",
        "if defined( __KERNEL__ )",
        "if __KERNEL__",
        "if defined(__KERNEL__) && defined(X)",
        "if !(!defined(__KERNEL__) || X)",
        "if 0 || defined(__KERNEL__)",
        "ifndef __KERNEL__\n#elif X",
    ],
)
def test_code_of_the_kernel_is_left_out(kernel: str) -> None:
    assert _shown(f"#{kernel}\n#define KVM_CAP_A 1\n#endif\n#define KVM_CAP_B 2\n") == {"B": ["2"]}


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        ("ifndef __KERNEL__", "1"),
        ("if !defined(__KERNEL__)", "1"),
        ("if !__KERNEL__", "1"),
        ("if defined(__KERNEL__) || defined(X)", "1 if defined(X)"),
        ("if !defined(__KERNEL__) && X > 2", "1 if X > 2"),
        ("ifdef __KERNEL__\n#elif defined(X)", "1 if defined(X)"),
        ("ifdef __KERNEL__\n#else", "1"),
        ("ifdef __KERNEL__\n#else\n#ifdef X", "1 if defined(X)"),
        ("ifdef __cplusplus\n#else", "1"),
        ("ifdef __KERNEL_PRINTK__", "1 if defined(__KERNEL_PRINTK__)"),
    ],
)
def test_conditions_of_the_kernel_are_none_of_user_space(condition: str, shown: str) -> None:
    assert _shown(f"#{condition}\n#define KVM_CAP_A 1\n") == {"A": [shown]}


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("#ifndef H\n#define H\n#define KVM_CAP_A 1\n#endif", ""),
        ("/* words */\n#ifndef H\n\n#define H 1\n#define KVM_CAP_A 1\n#endif", ""),
        ("#ifndef H\n#define OTHER\n#define H\n#define KVM_CAP_A 1\n#endif", "!defined(H)"),
        ("#ifndef H\n#if X\n#endif\n#define H\n#define KVM_CAP_A 1\n#endif", "!defined(H)"),
        ("#ifdef H\n#define H\n#define KVM_CAP_A 1\n#endif", "defined(H)"),
        ("#ifndef KVM_CAP_A\n#define KVM_CAP_A 1\n#endif", "!defined(KVM_CAP_A)"),
    ],
)
def test_the_guard_of_a_header_is_no_condition(text: str, condition: str) -> None:
    assert [entry.condition for entry in _of(text)["KVM_CAP_A"]] == [condition]


def test_an_alias_has_the_number_of_what_it_names() -> None:
    found = _of("#define KVM_CAP_OLD (KVM_CAP_NEW)\n#define KVM_CAP_NEW 9\n")
    assert found == {
        "KVM_CAP_OLD": (Defined(9, "KVM_CAP_NEW", ""),),
        "KVM_CAP_NEW": (Defined(9, None, ""),),
    }
    assert found["KVM_CAP_OLD"][0].text == "9 = KVM_CAP_NEW"


def test_the_order_is_that_of_the_header() -> None:
    names = ["Z", "A", "M", "B"]
    assert list(_shown("".join(f"#define KVM_CAP_{name} 1\n" for name in names))) == names


def test_bytes_that_are_no_text_change_nothing_else() -> None:
    assert definitions(b"/* \xff\xfe */\n#define KVM_CAP_A 1\n\xc3(\n#define KVM_CAP_B 2\n").keys() == {
        "KVM_CAP_A",
        "KVM_CAP_B",
    }


@pytest.mark.parametrize(
    "text",
    [
        "#define KVM_CAP_A 1\n" * 20_000,
        "#if X\n" * 20_000 + "#define KVM_CAP_A 1\n",
        "#if X\n" + "#elif Y\n" * 20_000 + "#define KVM_CAP_A 1\n",
        "#if X\n" + "#else\n" * 100_000 + "#define KVM_CAP_A 1\n",
        "#if X\n" + "".join(f"#elif Y{n}\n" for n in range(20_000)) + "#define KVM_CAP_A 1\n",
        "".join(f"#if Y{n} || Z{n}\n" for n in range(20_000)) + "#define KVM_CAP_A 1\n",
        "".join(f"#if {' || '.join(f'(A{n}{m} && B{m})' for m in range(9))}\n#else\n" for n in range(3_000))
        + "#define KVM_CAP_A 1\n",
        f"#if {'x' * 200_000}\n" * 2
        + "#define KVM_CAP_A 1\n"
        + "".join(f"#define KVM_CAP_{n} 1\n" for n in range(9_000)),
        "#define KVM_CAP_A " + "(" * 20_000 + "\n",
        "#define KVM_CAP_A " + "9" * 20_000 + "\n",
        "/*" * 50_000,
        "#define KVM_CAP_A 1\n" + "/*\n" * 50_000,
        "#define KVM_CAP_A M199\n#define M0 1\n" + "".join(f"#define M{n} (M{n - 1} + M{n - 1})\n" for n in range(200)),
    ],
    ids=[
        "again",
        "nested",
        "elif",
        "else",
        "elifs",
        "ifs",
        "mixed",
        "long",
        "brackets",
        "digits",
        "comments",
        "open comment",
        "doubling",
    ],
)
def test_hostile_headers_are_bounded(text: str) -> None:
    begin = time.process_time()
    found = _of(text).get("KVM_CAP_A", ())
    assert time.process_time() - begin < 2
    assert len(found) <= 64
    assert all(len(entry.text) < 1_000 for entry in found)
