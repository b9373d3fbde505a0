"""Path globs with `*`, `?`, `**` and `{a,b}`, compiled to one regular expression."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import pairwise

_TOKEN = re.compile(r"\*\*/|/\*\*$|\*|\?|\{[^{}]*\}|[^*?{]")


class Globs:
    """Several globs as one pattern, compiled on first use: most runs use few of projects.toml's globs."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    @cached_property
    def fullmatch(self) -> Callable[[str], re.Match[str] | None]:
        """Match method for relative paths; it accepts a path that any of the globs matches."""
        return re.compile(self._pattern, re.DOTALL).fullmatch


def compile_globs(globs: Iterable[str]) -> Globs:
    """Return a matcher of relative paths that any of `globs` matches; without globs it matches no path.

    Raises `ValueError` on an unbalanced brace or a misplaced `**`.
    """
    return Globs("|".join(f"(?:{_translate(glob)})" for glob in globs) or r"(?!)")


def directories(globs: Iterable[str]) -> Globs:
    """Return a matcher of the directories that may contain, at any depth, a path that any of `globs` matches."""
    return Globs("|".join(f"(?:{pattern})" for glob in globs for pattern in _above(glob)) or r"(?!)")


def _above(glob: str) -> Iterator[str]:
    """Yield patterns of a glob's directories: for `a/*/b.c` those of `a` and `a/*`, for `**/b.c` any directory."""
    parts = glob.split("/")
    for count, part in enumerate(parts, 1):
        if part == "**":
            yield _translate("/".join([*parts[:count], "*"]))
            return
        if count < len(parts):
            yield _translate("/".join(parts[:count]))


def _translate(glob: str) -> str:
    tokens = _TOKEN.findall(glob)
    if "".join(tokens) != glob or any(a == b == "*" for a, b in pairwise(tokens)):
        raise ValueError(f"not a glob: {glob!r}")
    return "".join(map(_token, tokens))


def _token(token: str) -> str:
    match token:
        case "**/":
            return "(?:.*/)?"
        case "/**":
            return "/.*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case _ if token.startswith("{"):
            return "(?:" + "|".join(map(re.escape, token[1:-1].split(","))) + ")"
        case _:
            return re.escape(token)
