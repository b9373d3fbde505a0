"""TOML, JSON and rule pages that have the right keys, with values that are right, nearly right, and far from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from choices import Choices

TEXTS = [
    "x", "", " ", "KVM_CAP_X", "CAP205", "\x1b[31m", "\u202e", "\x7f", "\u2028", "\x00", "a\nb", "é" * 300,
    "~nobody/x", "$HOME", "../..",
    "\ufffe", '"', "'", "\\", "/dev/zero", "none", "(a+)+$", "[", "500-599", "9-1", "0123456789abcdef",
]  # fmt: skip
NUMBERS = [
    "0",
    "1",
    "-1",
    "2147483648",
    "-9223372036854775809",
    "9" * 300,
    "1e400",
    "-0.0",
    "1e-9",
    "nan",
    "inf",
    "0x10",
]


def configuration(choices: Choices) -> str:
    """Return a caplint.toml."""
    top = [
        "fail-on",
        "ignore",
        "rules",
        "vendor-range",
        "jobs",
        "cache",
        "c",
        "coverage",
        "suppress",
        "trees",
        "matrix",
    ]
    lines = _pairs(choices, top)
    for _ in range(choices.below(3)):
        table, keys = choices.pick([
            ("[trees.linux]", ["path", "role"]), ("[c]", ["attributes", "iterators"]), ("[coverage]", ["floor"]),
            ("[[suppress]]", ["code", "subject", "reason", "arch"]), ("[matrix]", ["kernels", "vmms"]),
            ("[tool.caplint]", top),
            ("[trees.'\u202e']", ["path"]), ("[[trees]]", ["path"]),
        ])  # fmt: skip
        lines += [table, *_pairs(choices, keys)]
    return "\n".join(lines)


def front_matter(choices: Choices) -> str:
    """Return a rule page."""
    right = {
        "code": '"CAP299"', "name": '"a-b"', "severity": '"note"', "needs": "[]", "since": '"1"',
        "supersedes": '["CAP101"]',
    }  # fmt: skip
    lines = [
        f"{key} = {_toml(choices) if choices.seldom(8) else value}"
        for key, value in right.items()
        if not choices.seldom(30)
    ]
    blocks = [
        "```sql\nSELECT 1\n```", "## Bad", "## Good", "### x", "```c kernel:a.c\nint a; /* !CAP299 */\n```",
        "```diff kernel\n```",
        "```c kernel\n```", "``` \n", "~~~c qemu:a.c line=99999999999999999999\n~~~", "> ```json machine:x\n> {}",
        "- ```c a:b series=\n",
        "# title", "<!--", "\t```c a:b", "```c kernel:../../x line=-1\nx\n```", "\x0c", "\u2028",
    ]  # fmt: skip
    return "\n".join(["+++", *lines, "+++", *(choices.pick(blocks) for _ in range(choices.below(9)))]) + "\n"


def record(choices: Choices) -> str:
    """Return the record of a machine."""
    right = {
        "version": 1, "caplint": "0.1.0", "machine": "box", "release": "6.1", "arch": choices.pick(["x86", "s390",
        "x"]), "vm_error": None,
        "asked": {"first": 0, "last": choices.pick([1023, 0, -1, 65535, 65536])},
        "answers": [
            {"number": number, "name": choices.pick([None, "KVM_CAP_A", "KVM_CAP_\u0661", "x"]),
            "system": _plain(choices), "vm": _plain(choices)}
            for number in range(choices.below(4))
        ],
    }  # fmt: skip
    for key in list(right):
        if choices.seldom(9):
            right[key] = json_value(choices)
    return json.dumps(right)


def baseline(choices: Choices) -> str:
    """Return a baseline."""
    keys = ["code", "severity", "subject", "arch", "tree", "path", "function", "fingerprint", "reason"]
    right = {"severity": '"note"', "fingerprint": '"0123456789abcdef"'}
    entries = []
    for _ in range(choices.below(4)):
        values = {key: right.get(key) or json.dumps(choices.pick(TEXTS)) for key in keys}
        if choices.seldom():
            values[choices.pick([*keys, "codes"])] = _toml(choices)
        if choices.seldom():
            del values[choices.pick(keys)]
        entries.append("{ " + ", ".join(f"{key} = {value}" for key, value in values.items()) + " }")
    trees = choices.pick(['["kernel"]', "[]", '["\u202e"]', "1"])
    return (
        f"version = {choices.pick(['1', '1', '1', '2', 'true'])}\ntrees = {trees}\nfindings = [{', '.join(entries)}]\n"
    )


def _pairs(choices: Choices, keys: Sequence[str]) -> list[str]:
    return [f"{choices.pick(keys)} = {_toml(choices)}" for _ in range(choices.below(4))]


def _toml(choices: Choices, depth: int = 0) -> str:
    match choices.below(6):
        case 0:
            return json.dumps(choices.pick(TEXTS))
        case 1:
            return choices.pick(NUMBERS)
        case 2 if depth < 3:
            return f"[{choices.some(3, lambda: _toml(choices, depth + 1), ', ')}]"
        case 3 if depth < 3:
            return (
                "{ "
                + choices.some(2, lambda: f"{choices.pick(['path', 'x'])} = {_toml(choices, depth + 1)}", ", ")
                + " }"
            )
        case 4:
            return choices.pick(["true", "1979-05-27T07:32:00Z", "07:32:00", "1979-05-27"])
        case _:
            return '"note"'


def _plain(choices: Choices) -> int | None:
    return choices.pick([0, 1, -22, None, 2147483647, -2147483648])


def json_value(choices: Choices, depth: int = 0) -> Any:
    """Return a value that is likely not of the type that is wanted."""
    match choices.below(5):
        case 0:
            return choices.pick(TEXTS)
        case 1:
            return choices.pick([0, -1, 1.5, float("inf"), float("nan"), 10**40, True, None, 65536])
        case 2 if depth < 3:
            return [json_value(choices, depth + 1) for _ in range(choices.below(3))]
        case 3 if depth < 3:
            return {
                choices.pick([*TEXTS, "first", "last"]): json_value(choices, depth + 1) for _ in range(choices.below(3))
            }
        case _:
            return None
