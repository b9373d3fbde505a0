"""Path globs with `*`, `?`, `**` and `{a,b}`, compiled to one regular expression."""

import re
from collections.abc import Iterable
from itertools import pairwise

_TOKEN = re.compile(r"\*\*/|/\*\*$|\*|\?|\{[^{}]*\}|[^*?{]")


def compile_globs(globs: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern whose `fullmatch` accepts a relative path that any of `globs` matches.

    No globs match no path. Raises ValueError on an unbalanced brace or a misplaced `**`.
    """
    return re.compile("|".join(f"(?:{_translate(glob)})" for glob in globs) or r"(?!)", re.DOTALL)


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
