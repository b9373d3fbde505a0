"""Splitting of preprocessed headers into declarations, each parsed by itself.

Therefore a declaration that is not understood hides no other, and one that architectures share is parsed once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pycparser import c_ast, c_parser

from caplint.abi.attributes import ATTRIBUTE, DeclarationChunk, chunk_of
from caplint.abi.preprocess import HeaderError, PlacedToken

# Longer declarations are not parsed; KVM's have hundreds of tokens.
_MAX_TOKENS = 20_000
_TYPES = {"struct", "union", "enum", "typedef"}
_WORDS = re.compile(r"[A-Za-z_]\w*")
# Types that compilers provide without a declaration.
_BUILT_IN = ("__int128_t", "__uint128_t", "_Float128", "__float128")


@dataclass(frozen=True)
class Declaration:
    """Declaration at file scope that defines types."""

    chunk: DeclarationChunk
    node: c_ast.Node | None
    """None if the declaration is not understood."""
    problem: str | None

    @property
    def place(self) -> tuple[str, int]:
        """Path and line of its beginning."""
        return self.chunk.places[0]

    def place_of(self, node: c_ast.Node) -> tuple[str, int]:
        """Return path and line of one of its nodes."""
        line = node.coord.line if node.coord is not None else 1
        return self.chunk.places[min(max(line, 1), len(self.chunk.places)) - 1]


def declarations(tokens: list[PlacedToken]) -> Iterator[Declaration]:
    """Yield the declarations that define types, in order. Raises `HeaderError` for unbalanced brackets."""
    typedefs: set[str] = set(_BUILT_IN)
    for part in _parts(tokens):
        if not any(token.text in _TYPES for token in part):
            continue
        chunk = _chunk(tuple(part))
        if chunk.problem is not None or len(part) > _MAX_TOKENS:
            yield Declaration(chunk, None, chunk.problem or f"has more than {_MAX_TOKENS:,} tokens")
            continue
        used_typedefs = sorted(typedefs.intersection(_WORDS.findall(chunk.text)))
        node, problem = _parse(chunk.text, tuple(used_typedefs))
        if isinstance(node, c_ast.Typedef):
            typedefs.add(node.name)
        yield Declaration(chunk, node, problem)


def _parts(tokens: list[PlacedToken]) -> Iterator[list[PlacedToken]]:
    """Yield the tokens of each declaration, split at semicolons outside brackets; function bodies are left out."""
    part: list[PlacedToken] = []
    depth = 0
    for token in tokens:
        part.append(token)
        depth += (token.text in {"{", "("}) - (token.text in {"}", ")"})
        if depth < 0:
            raise HeaderError(f"`{token.text}` has no matching opening bracket", token.path, token.line)
        if depth == 0 and (token.text == ";" or (token.text == "}" and _is_function(part))):
            if token.text == ";":
                yield part
            part = []
    if part:
        raise HeaderError("the declaration that begins here does not end", part[0].path, part[0].line)


def _is_function(part: list[PlacedToken]) -> bool:
    """Return whether a declaration that ends in a brace is a function: its first brace follows its parameters."""
    # Brackets are counted without their kind, so the part may lack an opening brace.
    position = next((index for index, token in enumerate(part) if token.text == "{"), 0) - 1
    if position < 0 or part[position].text != ")":
        return False
    depth = 0
    while position >= 0:
        depth += (part[position].text == ")") - (part[position].text == "(")
        if depth == 0:
            break
        position -= 1
    return position > 0 and part[position - 1].text not in ATTRIBUTE


# Architectures and copies of the headers share most declarations.
_chunk = lru_cache(maxsize=4096)(chunk_of)


@lru_cache(maxsize=4096)
def _parse(text: str, typedefs: tuple[str, ...]) -> tuple[c_ast.Node | None, str | None]:
    """Return the declaration's node, or the reason why there is none. Lines count from 1 as in the text."""
    prelude = "".join(f"typedef int {name};" for name in typedefs)
    try:
        tree = c_parser.CParser().parse(f"{prelude} {text}")
    except RecursionError:
        return None, "nests too deeply"
    except Exception as error:  # noqa: BLE001 - pycparser raises several unrelated types on bad input
        return None, f"is not understood ({str(error).strip(': ')[:100]})"
    return tree.ext[-1], None
