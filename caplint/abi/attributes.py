"""Carries what pycparser does not know past it: attributes become markers that it accepts, and are read back.

An attribute of a structure becomes its first member, one of a declaration an alignment specifier in front of it; both
name an entry of `Chunk.attributes`. What cannot be placed or is not known is a reason why there is no layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from caplint.abi.abis import harmless_attributes
from caplint.abi.preprocess import Token
from caplint.values.expression_text import partner, split_words

MARKER = "__caplint_attribute_"
_RECORDS = {"struct", "union"}
ATTRIBUTE = {"__attribute__", "__attribute"}
"""How GNU C begins attributes."""
# GNU spellings that pycparser does not take, and what they mean.
_SPELLINGS = {
    "__signed__": "signed", "__signed": "signed", "__const": "const", "__const__": "const", "__volatile__": "volatile",
    "__volatile": "volatile", "__restrict": "restrict", "__restrict__": "restrict", "__inline": "inline",
    "__inline__": "inline", "__alignof__": "_Alignof", "__extension__": "",
}  # fmt: skip


class AttributeProblem(Exception):  # noqa: N818 - it is a finding about the text, not a failure
    """An attribute that is not understood; the message says why."""


@dataclass
class Attributes:
    """What attributes say of one declaration or structure."""

    packed: bool = False
    aligned: list[str] = field(default_factory=list)
    """Expressions; `""` is the largest alignment of the target."""


@dataclass
class Chunk:
    """A declaration outside functions, in C that pycparser takes."""

    text: str
    places: list[tuple[str, int]]
    """Path and line of each line of the text."""
    attributes: list[Attributes]
    """By the number in their marker."""
    outer: list[int]
    """Those without a marker: they are of what is declared itself, a type's name."""
    problem: str | None = None
    """Why the layout is not known."""


def chunk_of(tokens: Sequence[Token]) -> Chunk:
    """The declaration with its attributes as markers."""
    writer = _Writer(tokens)
    try:
        writer.run()
        problem = None
    except AttributeProblem as error:
        problem = str(error)
    return writer.chunk(problem)


class _Writer:
    """Copies tokens, and remembers where markers belong."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._out: list[Token] = []
        self._attributes: list[Attributes] = []
        self._inserts: list[tuple[int, int, bool]] = []
        """Offset in `_out`, number of the attributes, and whether it is a structure's."""
        self._outer: list[int] = []
        self._starts = [0]
        """Where the current declaration begins, per open brace."""
        self._braces: list[tuple[int, str]] = []
        """Offset behind each open brace, and what it opens."""
        self._closed: tuple[int, str] | None = None
        """The brace that the last token closed."""
        self._waiting: Attributes | None = None
        """Attributes between `struct` and its brace."""
        self._commas = [False]
        """Whether the current declaration has had a comma, per open brace."""
        self._marked = [False]
        """Whether it has had an attribute behind its type."""

    def run(self) -> None:
        """Copy everything. Raises `AttributeProblem`."""
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

    def _copy(self, token: Token) -> None:
        self._out.append(token)
        self._closed = None
        if token.text == "{":
            self._open()
        elif token.text == "}" and self._braces:
            self._closed = self._braces.pop()
            for stack in (self._starts, self._commas, self._marked):
                stack.pop()
        elif token.text == ";":
            if self._waiting is not None:
                raise AttributeProblem("an attribute between a tag and its use is not understood")
            self._starts[-1], self._commas[-1], self._marked[-1] = len(self._out), False, False
        elif token.text == "," and not self._in_parentheses():
            self._commas[-1] = True
            if self._marked[-1]:
                raise AttributeProblem("an attribute in a list of declarators is not understood")

    def _in_parentheses(self) -> bool:
        depth = 0
        for token in self._out[self._starts[-1] :]:
            depth += (token.text == "(") - (token.text == ")")
        return depth > 0

    def _open(self) -> None:
        kind = self._kind()
        self._braces.append((len(self._out), kind))
        if self._waiting is not None:
            self._insert(len(self._out), self._waiting, kind)
            self._waiting = None
        self._starts.append(len(self._out))
        self._commas.append(False)
        self._marked.append(False)

    def _kind(self) -> str:
        """What the brace that has just been copied opens."""
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

    def chunk(self, problem: str | None) -> Chunk:
        """What has been copied, with the markers put in."""
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
            place = (token.path, token.line)
            if not places or places[-1] != place:
                places.append(place)
                lines.append([])
            if offset in markers:
                lines[-1].append(markers[offset])
            lines[-1].append(token.text)
        return Chunk("\n".join(" ".join(line) for line in lines), places, self._attributes, self._outer, problem)


def _closing(tokens: Sequence[Token], opening: int) -> int:
    """The position behind the parenthesis that closes the one at `opening`."""
    end = partner(tokens[position].text for position in range(opening, len(tokens)))
    if end < 0:
        raise AttributeProblem("an attribute's parentheses do not close")
    return opening + end + 1


def _parsed(words: list[str]) -> Attributes | None:
    """The attributes of `((…))`, None where they change no layout."""
    if words[:2] != ["(", "("] or words[-2:] != [")", ")"]:
        raise AttributeProblem(f"`__attribute__{''.join(words)[:60]}` is not understood")
    found = Attributes()
    for entry in split_words(words[2:-2]):
        name = entry[0].strip("_") if entry else ""
        if name == "packed":
            found.packed = True
        elif name == "aligned":
            found.aligned.append(" ".join(entry[2:-1]))
        elif name and name not in harmless_attributes():
            raise AttributeProblem(f"the attribute `{name}` is not understood")
    return found if found.packed or found.aligned else None
