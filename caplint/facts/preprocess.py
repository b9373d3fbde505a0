"""In-place expansion of function-like macros, as the preprocessor would do it.

pcpp differs from C in one relevant point: an operand of `##` that is itself an invocation of one of the macros
is expanded first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from caplint.c.lexer import lex
from caplint.c.pcpp_tokens import Preprocessor
from caplint.values.expression_text import closing_byte

# Largest expansion of one invocation, in bytes; more is a mistake or an attack.
MAX_EXPANSION = 200_000
_CALL = rb"\b(%s)[ \t]*+\("

Macros = Mapping[str, tuple[list[str] | None, str]]
"""Name → parameters (None for an object-like macro that names another one) and body."""


class ExpansionError(Exception):
    """Error for an invocation that cannot be expanded; the message gives the reason."""


class _ExpandingPreprocessor(Preprocessor):
    def on_error(self, file: str, line: int, msg: str) -> None:  # noqa: ARG002
        raise ExpansionError(msg)


class Expander:
    """Expander of the invocations of the given macros only."""

    def __init__(self, macros: Macros) -> None:
        self._preprocessor = _ExpandingPreprocessor()
        for name, (parameters, body) in macros.items():
            head = name if parameters is None else f"{name}({','.join(parameters)})"
            self._preprocessor.define(self._preprocessor.tokenize(f"{head} {body}"))
        names = [re.escape(name.encode()) for name in macros]
        self._call = re.compile(_CALL % b"|".join(names)) if names else None

    def text(self, source: bytes) -> bytes:
        """Expand every invocation on the line where it begins; the number of lines is unchanged.

        Raises `ExpansionError`.
        """
        if self._call is None:
            return source
        lexed = lex(source)
        code = lexed.code
        pieces, position = [], 0
        for match in self._call.finditer(code):
            if match.start() < position or match.start() in lexed.strings:
                continue
            end = _closing(code, match.end() - 1)
            invocation = code[match.start() : end]
            pieces += [source[position : match.start()], self.expansion(invocation), b"\n" * invocation.count(b"\n")]
            position = end
        return b"".join([*pieces, source[position:]])

    def expansion(self, invocation: bytes) -> bytes:
        """Return the expansion of one invocation, on one line. Raises `ExpansionError`."""
        self._preprocessor.handled = 0  # each has the whole limit, whatever was expanded before
        tokens = self._preprocessor.tokenize(" ".join(invocation.decode("utf-8", "replace").split()))
        try:
            expanded = "".join(token.value for token in self._preprocessor.expand_macros(tokens))
        except (ExpansionError, MemoryError):
            raise
        except Exception as error:  # pcpp raises several unrelated types on bad input
            raise ExpansionError(str(error)) from error
        if len(expanded) > MAX_EXPANSION:
            raise ExpansionError(f"expands to more than {MAX_EXPANSION // 1000} kB")
        return " ".join(expanded.split()).encode()


def _closing(code: bytes, opening: int) -> int:
    """Return the offset behind the partner of a parenthesis. Raises `ExpansionError`."""
    end = closing_byte(code, opening)
    if end < 0:
        raise ExpansionError("unbalanced parentheses")
    return end + 1
