"""Possessive groups match alike on every Python 3.11: each pattern of the program that has one, on made-up texts."""

from __future__ import annotations

import importlib
import json
import pkgutil
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import caplint
from caplint.util.patterns import compiled, with_atomic_groups

_REPEATED = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")
_WORDS = (
    "/*", "*/", "//", "*", "/", "\\", "\\\n", "\n", '"', "'", "#", "define", "x", "->", ".", "(", ")", "[", "]", "{",
    "}", ",", ";", ":", "=", "++", "struct", "int", "static", "__attribute__((", "r#", "KVM_X", "'a'", "1", " ", "\t",
    "<a>", "-- x", "`", "a.b",
)  # fmt: skip

# What words in any order hardly make.
_WHOLE = (
    "\n\tCASE64(MSR_X, (1)):\n",
    "sizeof(struct x * *)",
    "g(unsigned long *, a)",
    'a.\'b\'."c\\"".d.' * 12 + "e = 1",
)


def _text(pattern: re.Pattern[Any]) -> str:
    return pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")


def _possessive() -> Iterator[tuple[str, str, re.Pattern[Any]]]:
    """Yield module, name and pattern of each pattern of the program with a possessive group."""
    for module in pkgutil.walk_packages(caplint.__path__, "caplint."):
        if not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern) and _REPEATED.search(re.sub(r"\\.", "xx", _text(value))):
                    yield module.name, name, value


PATTERNS = [(f"{module}.{name}", pattern) for module, name, pattern in _possessive()]
CASES = [
    ("(?:a|b)*+c", "(?>(?:a|b)*)c"),
    (r"x(?:a|\)*+)++", r"x(?>(?:a|\)*+)+)"),
    ("(?:[)*+]|(?:a)?+){0,3}+", "(?>(?:[)*+]|(?>(?:a)?)){0,3})"),
    ("[]()*+]*+(a)*", "[]()*+]*+(a)*"),
    ("[^])*+](?P<n>b*+)", "[^])*+](?P<n>b*+)"),
    (r"[\])*+](b)?+", r"[\])*+](?>(b)?)"),
]


@pytest.mark.parametrize(("pattern", "written"), CASES)
def test_groups_become_atomic(pattern: str, written: str) -> None:
    assert with_atomic_groups(pattern) == written
    assert with_atomic_groups(pattern.encode()) == written.encode()


def _texts(seed: str) -> list[str]:
    draw = random.Random(seed)
    return [*_WHOLE, *("".join(draw.choices(_WORDS, k=draw.randint(1, 30))) for _ in range(300))]


def _flags(pattern: re.Pattern[Any]) -> int:
    return pattern.flags if isinstance(pattern.pattern, str) else pattern.flags & ~re.UNICODE


def _found(pattern: re.Pattern[Any], text: str) -> list[tuple[Any, ...]]:
    subject = text if isinstance(pattern.pattern, str) else text.encode()
    return [(match.span(), *(match.span(group) for group in range(1, pattern.groups + 1)))
            for match in pattern.finditer(subject)]  # fmt: skip


@pytest.mark.parametrize(("name", "pattern"), PATTERNS, ids=[name for name, _ in PATTERNS])
def test_both_forms_match_alike(name: str, pattern: re.Pattern[Any]) -> None:
    atomic = re.compile(with_atomic_groups(pattern.pattern), _flags(pattern))
    assert not _REPEATED.search(re.sub(r"\\.", "xx", _text(atomic)))
    found = [_found(pattern, text) for text in _texts(name)]
    assert [_found(atomic, text) for text in _texts(name)] == found
    assert any(found)


def test_patterns_with_such_groups_are_compiled_for_each_python() -> None:
    for module, name, _ in _possessive():
        source = Path(str(importlib.import_module(module).__file__)).read_text("utf-8")
        assert re.search(rf"(?m)^{name} = compiled\(", source), f"{module}: compile {name} with `compiled`"
    assert len(PATTERNS) > 20


_RUN = """
import json, re, sys
sys.path.insert(0, sys.argv[1])
from caplint.util.patterns import compiled
pattern, flags, texts = json.load(sys.stdin)
made = compiled(pattern.encode("latin-1"), flags)
print(json.dumps([[match.span() for match in made.finditer(text.encode())] for text in texts]))
"""


def test_a_python_that_matches_possessive_groups_wrongly_matches_atomic_ones() -> None:
    python = shutil.which("python3.11", path="/usr/bin")
    if python is None:
        pytest.skip("no python3.11 of the system")
    from caplint.c import lexer  # noqa: PLC0415 - the pattern that found nothing at all

    pattern, texts = lexer._COMMENT_OR_LITERAL, _texts("comments")
    asked = json.dumps([_text(pattern), _flags(pattern), texts])
    root = str(Path(__file__).parents[2])
    done = subprocess.run([python, "-I", "-c", _RUN, root], input=asked, capture_output=True, text=True, check=True)
    expected = [[list(match.span()) for match in pattern.finditer(text.encode())] for text in texts]
    assert json.loads(done.stdout) == expected
    assert compiled(_text(pattern).encode("latin-1"), _flags(pattern)).groups == pattern.groups
