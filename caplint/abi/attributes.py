"""Rewriting of GNU attributes, which pycparser cannot parse, as markers that it accepts.

A structure's attribute becomes a marker member at its beginning. A declaration's attribute becomes an alignment
specifier in front of it. Each marker's number is an index into `DeclarationChunk.attributes`; `layout.py` reads the
markers back. An unknown or misplaced attribute makes the layout unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from caplint.abi.abis import harmless_attributes
from caplint.abi.preprocess import PlacedToken
from caplint.values.expression_text import partner, split_words

MARKER = "__caplint_attribute_"
_RECORDS = {"struct", "union"}
ATTRIBUTE = {"__attribute__", "__attribute"}
"""Keywords that begin an attribute in GNU C."""
# GNU spellings that pycparser rejects, and their C equivalents.
_SPELLINGS = {
    "__signed__": "signed", "__signed": "signed", "__const": "const", "__const__": "const", "__volatile__": "volatile",
    "__volatile": "volatile", "__restrict": "restrict", "__restrict__": "restrict", "__inline": "inline",
    "__inline__": "inline", "__alignof__": "_Alignof", "__extension__": "",
}  # fmt: skip


class AttributeProblem(Exception):  # noqa: N818 - it is a finding about the text, not a failure
    """Attribute that is not understood; the message gives the reason."""


@dataclass
class Attributes:
    """Layout attributes of one declaration or structure."""

    packed: bool = False
    aligned: list[str] = field(default_factory=list)
    """Alignment expressions; `""` (no argument) is the largest alignment of the target."""


@dataclass
class DeclarationChunk:
    """Declaration at file scope, rewritten as C that pycparser accepts."""

    text: str
    places: list[tuple[str, int]]
    """Path and line of each line of the text."""
    attributes: list[Attributes]
    """Attributes, indexed by the number in their marker."""
    outer: list[int]
    """Indexes of attributes without a marker: they apply to the declared name itself, such as a typedef's."""
    problem: str | None = None
    """Reason why the layout is not known."""


def chunk_of(tokens: Sequence[PlacedToken]) -> DeclarationChunk:
    """Return the declaration with its attributes as markers."""
    writer = _Writer(tokens)
    try:
        writer.run()
        problem = None
    except AttributeProblem as error:
        problem = str(error)
    return writer.chunk(problem)


class _Writer:
    """Copier of tokens that records where markers belong."""

    def __init__(self, tokens: Sequence[PlacedToken]) -> None:
        self._tokens = tokens
        self._out: list[PlacedToken] = []
        self._attributes: list[Attributes] = []
        self._inserts: list[tuple[int, int, bool]] = []
        """Offset in `_out`, index of the attributes, and whether they are a structure's."""
        self._outer: list[int] = []
        self._starts = [0]
        """Offset at which the current declaration begins, per open brace."""
        self._braces: list[tuple[int, str]] = []
        """Offset behind each open brace, and its kind: struct, union, enum or other."""
        self._closed: tuple[int, str] | None = None
        """Entry of `_braces` that the last token closed."""
        self._waiting: Attributes | None = None
        """Attributes between `struct` and its brace."""
        self._commas = [False]
        """Whether the current declaration has a comma so far, per open brace."""
        self._depths = [0]
        """Parentheses that the current declaration has opened so far, per open brace."""
        self._marked = [False]
        """Whether the current declaration has an attribute behind its type so far, per open brace."""

    def run(self) -> None:
        """Copy all tokens. Raises `AttributeProblem`."""
        position = 0
        while position < len(self._tokens):
            token = self._tokens[position]
            if token.text in ATTRIBUTE:
                end = _closing(self._tokens, position + 1)
                self._attribute(_parsed([other.text for other in self._tokens[position + 1 : end]]))
                position = end
                continue
            text = _SPELLINGS.get(token.text, token.text)
            if text:
                self._copy(token._replace(text=text))
            position += 1

    def _copy(self, token: PlacedToken) -> None:
        self._out.append(token)
        self._closed = None
        if token.text == "{":
            self._open()
        elif token.text == "}" and self._braces:
            self._closed = self._braces.pop()
            for stack in (self._starts, self._commas, self._marked):
                stack.pop()
            inner = self._depths.pop()
            self._depths[-1] += inner
        elif token.text == ";":
            if self._waiting is not None:
                raise AttributeProblem("an attribute between a tag and its use is not understood")
            self._starts[-1], self._commas[-1], self._marked[-1] = len(self._out), False, False
            self._depths[-1] = 0
        elif token.text in {"(", ")"}:
            self._depths[-1] += 1 if token.text == "(" else -1
        elif token.text == "," and self._depths[-1] <= 0:
            self._commas[-1] = True
            if self._marked[-1]:
                raise AttributeProblem("an attribute in a list of declarators is not understood")

    def _open(self) -> None:
        kind = self._kind()
        self._braces.append((len(self._out), kind))
        if self._waiting is not None:
            self._insert(len(self._out), self._waiting, kind)
            self._waiting = None
        self._starts.append(len(self._out))
        self._commas.append(False)
        self._marked.append(False)
        self._depths.append(0)

    def _kind(self) -> str:
        """Return the kind of the brace that was copied last."""
        before = [token.text for token in self._out[-3:-1]]
        return next((word for word in reversed(before) if word in {*_RECORDS, "enum"}), "other")

    def _attribute(self, attributes: Attributes | None) -> None:
        if attributes is None:
            return
        if self._closed is not None:
            self._insert(*self._closed[:1], attributes, self._closed[1])
        elif self._out and self._out[-1].text in _RECORDS:
            self._waiting = attributes
        elif self._braces and self._braces[-1][1] == "enum":
            raise AttributeProblem("an attribute of an enumerator is not understood")
        elif self._commas[-1]:
            raise AttributeProblem("an attribute in a list of declarators is not understood")
        else:
            self._marked[-1] = True
            if len(self._starts) == 1:
                self._outer.append(len(self._attributes))
            else:
                self._inserts.append((self._starts[-1], len(self._attributes), False))
            self._attributes.append(attributes)

    def _insert(self, offset: int, attributes: Attributes, kind: str) -> None:
        if kind not in _RECORDS:
            raise AttributeProblem("an attribute of an enumeration is not understood")
        self._inserts.append((offset, len(self._attributes), True))
        self._attributes.append(attributes)

    def chunk(self, problem: str | None) -> DeclarationChunk:
        """Return the copied tokens with the markers inserted; the original tokens if there was a problem."""
        if problem is not None:
            self._out, self._inserts, self._attributes, self._outer = list(self._tokens), [], [], []
        markers: dict[int, str] = {}
        for offset, number, of_record in self._inserts:
            marker = f"int {MARKER}{number};" if of_record else f"_Alignas({MARKER}{number})"
            markers[offset] = f"{marker} {markers.get(offset, '')}".strip() if of_record else (
                f"{markers.get(offset, '')} {marker}".strip()
            )  # fmt: skip
        lines: list[list[str]] = []
        places: list[tuple[str, int]] = []
        for offset, token in enumerate(self._out):
            location = (token.path, token.line)
            if not places or places[-1] != location:
                places.append(location)
                lines.append([])
            if offset in markers:
                lines[-1].append(markers[offset])
            lines[-1].append(token.text)
        return DeclarationChunk(
            "\n".join(" ".join(line) for line in lines), places, self._attributes, self._outer, problem
        )


def _closing(tokens: Sequence[PlacedToken], opening: int) -> int:
    """Return the position behind the parenthesis that matches the one at `opening`. Raises `AttributeProblem`."""
    end = partner(tokens[position].text for position in range(opening, len(tokens)))
    if end < 0:
        raise AttributeProblem("an attribute's parentheses do not close")
    return opening + end + 1


def _parsed(words: list[str]) -> Attributes | None:
    """Return the attributes of `((…))`, None if they do not affect layouts. Raises `AttributeProblem`."""
    if words[:2] != ["(", "("] or words[-2:] != [")", ")"]:
        raise AttributeProblem(f"`__attribute__{''.join(words)[:60]}` is not understood")
    attributes = Attributes()
    for entry in split_words(words[2:-2]):
        name = entry[0].strip("_") if entry else ""
        if name == "packed":
            attributes.packed = True
        elif name == "aligned":
            attributes.aligned.append(" ".join(entry[2:-1]))
        elif name and name not in harmless_attributes():
            raise AttributeProblem(f"the attribute `{name}` is not understood")
    return attributes if attributes.packed or attributes.aligned else None
