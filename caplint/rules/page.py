"""Rule pages: one Markdown file holds a rule's documentation, query and examples."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from caplint.findings.finding import SEVERITIES
from caplint.util import shipped_files
from caplint.util.errors import CaplintError
from caplint.util.escape import visible
from caplint.util.regular_file import read_regular
from caplint.util.suggest import close_match, hint, suggestion
from caplint.util.toml_file import parse_toml

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

ROLES = (
    "kernel", "code", "documentation", "vmm", "manager", "reference", "patch", "series", "rival", "machine", "deep"
)  # fmt: skip
"""Roles that a rule may need; `patch` is present if some tree has a base, `series` if its patches or commits are known,
`rival` if other series may be checked with it.

`code` and `documentation` are parts of the kernel, which a tree of its headers lacks.
"""

# Limits: bytes of a page and number of its examples; the largest shipped page has 13 kB.
_LARGEST_PAGE = 1_000_000
_MOST_EXAMPLES = 1_000

# The query of a shipped page, of which the tests ensure that it is the one that a parser finds.
_SHIPPED_QUERY = re.compile(r"^```sql\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
_FRONT_MATTER = re.compile(r"\+\+\+\n(.*?)\n\+\+\+\n", re.DOTALL)
_CODE = re.compile(r"[A-Z]{2,8}\d{3}\Z")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_VERSION = re.compile(r"\d[\w.+-]{0,40}\Z", re.ASCII)
_MARK = re.compile(r"[ \t]*/\* !([A-Z]{2,8}\d{3}) \*/")
# Relative, without `.`, `..` and names reserved by git; `machine:` stands before a machine's record, not a file.
_PLAIN_PATH = re.compile(
    r"(?:(?!\.{1,2}(?:/|\Z)|\.git(?:/|\Z))[^/\x00-\x1f\\:\ud800-\udfff]+(?:/(?!\Z)|\Z))+", re.IGNORECASE
)
_PAGE_LINK = re.compile(r"\[([^\]]+)\]\([^)\s]+\.md\)")
_FIELDS: dict[str, type] = {
    "code": str, "name": str, "severity": str, "needs": list, "since": str, "supersedes": list,
    "in-patch": str, "excerpts": bool, "fix": str, "decide": str,
}  # fmt: skip
_WORDS = {str: "a text in quotes", list: "a list in brackets", bool: "true or false"}
_OPTIONAL = {"supersedes", "in-patch", "excerpts", "fix", "decide"}


@dataclass(frozen=True)
class Example:
    """File or patch to apply to the mini-trees, and the lines that the rule must report then."""

    kind: str
    """Language of a whole file, such as `c`; `diff` for a patch."""
    tree: str
    path: str
    content: str
    expected: tuple[int, ...] = ()
    """Lines of the file; the lines of a diff are found by its marks once it is applied."""
    line: int = 0
    """Line of the page on which the example begins."""
    series: str = ""
    """Name of another series that the patch belongs to; such a series expects no finding."""


class Blocks(NamedTuple):
    """Fenced blocks of a page."""

    query: str
    bad: list[list[Example]]
    good: list[list[Example]]


@dataclass(frozen=True)
class Rule:
    """Rule page. Its blocks are parsed on first access; see `parse`."""

    code: str
    name: str
    severity: str
    needs: tuple[str, ...]
    since: str
    supersedes: tuple[str, ...]
    path: Path
    body: str
    """Page without its front matter."""
    in_patch: str | None = None
    """Severity of findings that a patch, the index or a revision adds, if it is higher than theirs."""
    offset: int = 0
    """Number of lines of the page before its body."""
    excerpts: bool = False
    """Whether it is right about parts of files: it reports what it sees, and nothing because something is missing."""
    fix: str | None = None
    """Name of the fixer of its findings, of `caplint/fixes/fixers.py`; None if they have no fixes."""
    decide: str | None = None
    """Decision about a finding without a fix that a person must make: a sentence without its full stop."""

    @cached_property
    def text(self) -> str:
        """Page without its front matter and surrounding empty lines."""
        return self.body.strip() + "\n"

    @cached_property
    def blocks(self) -> Blocks:
        """Query and examples. Raises `CaplintError` for malformed blocks."""
        return _blocks(self.path, self.body, self.offset)

    @cached_property
    def query(self) -> str:
        """SQL query that finds violations; a shipped page is not parsed for it, which takes longer than most queries.

        Raises `CaplintError` for malformed blocks of another page.
        """
        found = _SHIPPED_QUERY.search(self.body) if self.path.parent == shipped_files.RULES else None
        return found.group(1) if found else self.blocks.query

    @property
    def bad(self) -> list[list[Example]]:
        """Examples in which the rule must report a finding."""
        return self.blocks.bad

    @property
    def good(self) -> list[list[Example]]:
        """Examples in which the rule must report nothing."""
        return self.blocks.good

    def is_called(self, word: str) -> bool:
        """Return whether the word is the rule's code or name, ignoring case."""
        return word.upper() == self.code or word.lower() == self.name

    @cached_property
    def title(self) -> str:
        """Heading of the page."""
        return next((line[2:] for line in self.text.splitlines() if line.startswith("# ")), self.name)

    @property
    def explanation(self) -> str:
        """Text of the page before its query: the check, its reason, the fix and known limits.

        Links to other pages become plain words, because readers of this text may not have those pages.
        """
        return _PAGE_LINK.sub(r"\1", self.text.partition("```sql")[0].strip())

    @property
    def summary(self) -> str:
        """First paragraph below the heading, on one line; the title if there is none."""
        paragraphs = self.explanation.split("\n\n")[1:]
        return " ".join(paragraphs[0].split()) if paragraphs else self.title

    @property
    def history(self) -> list[str]:
        """Public faults that the rule would have caught: the items of the section `## History`, each on one line."""
        section = self.text.partition("\n## History\n")[2].partition("\n## ")[0]
        items = re.split(r"(?m)^- ", section)[1:]
        return [" ".join(item.partition("\n\n")[0].split()) for item in items]


def load(directories: Iterable[Path], *, whole: bool = True) -> list[Rule]:
    """Return the rules of some directories, by code; `whole=False` skips `parse`, which is slow.

    Raises `CaplintError`, naming page and line, for a malformed page, and for a code that is
    used twice.
    """
    rules: dict[str, Rule] = {}
    for directory in directories:
        if not directory.is_dir():
            raise CaplintError(f"{directory}: no such directory; name a directory of rule pages")
        for path in sorted(directory.glob("*.md")):
            rule = _load(path)
            if rule.code in rules:
                raise CaplintError(f"{path}: {rule.code} is already defined by {rules[rule.code].path}")
            rules[rule.code] = rule
    loaded = [rules[code] for code in sorted(rules)]
    if whole:
        parse(loaded)
    return loaded


def parse(rules: Iterable[Rule]) -> None:
    """Read the queries of all rules, and the examples of those that are not shipped.

    Raises `CaplintError`, naming page and line, for a malformed page.
    """
    for rule in rules:
        _ = rule.query if rule.path.parent == shipped_files.RULES else rule.blocks


def find(rules: Iterable[Rule], code: str) -> Rule:
    """Return the rule of a code or name. Raises `CaplintError` with the closest match for an unknown one."""
    table = {rule.code: rule for rule in rules}
    match = next((rule for rule in table.values() if rule.is_called(code)), None)
    if match is None:
        names = [rule.name for rule in table.values()]
        near = close_match(code.upper(), table) or close_match(code, names)
        raise CaplintError(f"{code}: unknown rule{hint(near, '`caplint rules` lists all rules')}")
    return match


def _load(path: Path) -> Rule:
    try:
        page = read_regular(path, _LARGEST_PAGE).decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise CaplintError(f"{path}: cannot be read: {error}") from error
    match = _FRONT_MATTER.match(page)
    if match is None:
        raise CaplintError(f"{path}:1: front matter between two +++ lines is missing")
    _check_characters(path, page)
    front = parse_toml(match.group(1).encode(), f"{path}: front matter")
    _check_front(path, front)
    return Rule(
        code=front["code"],
        name=front["name"],
        severity=front["severity"],
        needs=tuple(front["needs"]),
        since=front["since"],
        supersedes=tuple(front.get("supersedes", ())),
        path=path,
        body=page[match.end() :],
        in_patch=front.get("in-patch"),
        offset=page[: match.end()].count("\n"),
        excerpts=front.get("excerpts", False),
        fix=front.get("fix"),
        decide=front.get("decide"),
    )


def _check_characters(path: Path, page: str) -> None:
    """Refuse a page with characters that a terminal obeys, or that hide others: pages are shown as they are."""
    for number, line in enumerate(page.split("\n"), 1):
        if visible(line) != line:
            raise CaplintError(f"{path}:{number}: holds a control character, which is not shown here; take it out")


def _check_front(path: Path, front: dict[str, Any]) -> None:
    for key, value in front.items():
        if key not in _FIELDS:
            raise CaplintError(f"{path}: front matter: unknown key {key!r}{suggestion(key, _FIELDS)}")
        if not isinstance(value, _FIELDS[key]):
            raise CaplintError(f"{path}: front matter: {key} must be {_WORDS[_FIELDS[key]]}")
    for key in sorted(_FIELDS.keys() - front.keys() - _OPTIONAL):
        raise CaplintError(f"{path}: front matter: {key} is missing; add it")
    _check_values(path, front)


def _check_values(path: Path, front: dict[str, Any]) -> None:
    if not _CODE.match(front["code"]):
        raise CaplintError(
            f"{path}: front matter: code {front['code']!r} is not letters and three digits, such as CAP299"
        )
    if not _NAME.match(front["name"]):
        raise CaplintError(
            f"{path}: front matter: name {front['name']!r} is not lower-case words with hyphens, "
            "such as number-mismatch"
        )
    for key in ("severity", "in-patch"):
        if front.get(key, "note") not in SEVERITIES:
            raise CaplintError(f"{path}: front matter: {key} must be one of {', '.join(SEVERITIES)}")
    if not _VERSION.match(front["since"]):
        raise CaplintError(f"{path}: front matter: since {front['since']!r} is not a version such as 1.2.0")
    for role in front["needs"]:
        if role not in ROLES:
            raise CaplintError(f"{path}: front matter: needs {role!r}, which must be one of {', '.join(ROLES)}")


def _blocks(path: Path, text: str, offset: int) -> Blocks:
    """Parse the page's query and examples; a heading of level three begins a new example."""
    query = ""
    groups: dict[str, list[list[Example]]] = {"bad": [], "good": []}
    current: list[list[Example]] | None = None
    tokens = _markdown().parse(text)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            title = tokens[index + 1].content.strip().lower()
            if token.tag == "h2":
                current = groups.get(title)
            if current is not None:
                current.append([])
        elif token.type == "fence":
            line = offset + (token.map[0] if token.map else 0) + 1
            if token.info.strip() == "sql" and not query:
                query = token.content
            elif current is not None:
                current[-1].append(_example(path, token.info, token.content, line))
    if not query:
        raise CaplintError(f"{path}: has no ```sql block; add one with the query")
    if sum(len(examples) for examples in groups.values()) > _MOST_EXAMPLES:
        raise CaplintError(f"{path}: has more than {_MOST_EXAMPLES:,} examples; remove some")
    bad, good = ([group for group in groups[name] if group] for name in ("bad", "good"))
    return Blocks(query, bad, good)


@cache
def _markdown() -> MarkdownIt:
    """Return a parser for the blocks of a page; text inside paragraphs and headings stays unparsed."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - a cached outcome needs no blocks

    return MarkdownIt().disable("inline")


def _example(path: Path, info: str, content: str, line: int) -> Example:
    words = info.split()
    if len(words) < 2:
        raise CaplintError(f"{path}:{line}: the fence of an example needs a language and TREE:PATH")
    tree, _, file = words[1].partition(":")
    if words[0] != "diff" and (not file or not _PLAIN_PATH.fullmatch(file)):
        raise CaplintError(f"{path}:{line}: {words[1]!r:.200} is not TREE:PATH")
    expected = [int(word[5:]) for word in words[2:] if re.fullmatch(r"line=[0-9]{1,9}", word)]
    if words[0] != "diff":
        expected += [number for number, text in enumerate(content.splitlines(), 1) if is_marked(text)]
        content = strip_marks(content)
    series = next((word.partition("=")[2] for word in words[2:] if word.startswith("series=")), "")
    return Example(words[0], tree, file, content, tuple(expected), line, series)


def strip_marks(content: str) -> str:
    """Return the content without its `/* !CODE */` marks."""
    return _MARK.sub("", content)


def is_marked(line: str) -> bool:
    """Return whether a line of an example is marked as expected."""
    return bool(_MARK.search(line))
