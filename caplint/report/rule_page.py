"""Page of a rule for a reader: meaning, repair, an example, public faults, limits, and on request the query."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TextIO

from caplint.report.style import Style
from caplint.report.wording import plural
from caplint.rules.page import Rule
from caplint.util.escape import visible

if TYPE_CHECKING:
    from markdown_it.token import Token

_LIMITS = "**Known limits.**"
_MARK = re.compile(r"/\* !([A-Z]{2,8}\d{3}) \*/")
_WIDTH = 100


class RulePage(NamedTuple):
    """Rule to explain; `query` adds its SQL."""

    rule: Rule
    query: bool = False


def write(page: RulePage, out: TextIO, style: Style, *, terminal: bool) -> None:
    """Write the page: rendered for a terminal, as Markdown elsewhere."""
    text = markdown(page)
    if not terminal:
        out.write(f"{_head(page.rule)}\n\n{text}")
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.markdown import Markdown  # noqa: PLC0415

    plain = not style.colour
    width = min(_WIDTH, shutil.get_terminal_size().columns)
    console = Console(
        file=out, width=width, force_terminal=not plain, color_system=None if plain else "standard", no_color=plain
    )
    console.print(_head(page.rule), style="bold", highlight=False)
    console.print()
    rendered = Markdown(text, code_theme="bw" if plain else "ansi_dark")
    for token in _tokens(rendered.parsed):  # an entity may stand for a character that reorders a line
        token.content = "\n".join(map(visible, token.content.split("\n")))
    console.print(rendered)


def _head(rule: Rule) -> str:
    patch = f", {rule.in_patch} where a patch brings it" if rule.in_patch else ""
    needs = f" · needs {', '.join(rule.needs)}" if rule.needs else ""
    return f"{rule.code} {rule.name} · {rule.severity}{patch} · since {rule.since}{needs}"


def markdown(page: RulePage) -> str:
    """Return the page as Markdown."""
    return "\n\n".join(part.strip() for part in _parts(page)) + "\n"


def _parts(page: RulePage) -> Iterator[str]:
    rule = page.rule
    meaning, mark, limits = rule.explanation.partition(f"\n{_LIMITS}")
    yield meaning
    if rule.fix:
        yield "caplint can repair it: `caplint check --diff` shows the repair, `--fix` makes it."
    if example := first_example(rule.body):
        yield f"## Example\n\n{example}"
    if rule.history:
        yield "\n".join(["## Public faults that it would have caught", "", *(f"- {fault}" for fault in rule.history)])
    if mark:
        yield f"## Known limits\n\n{limits.strip()}"
    if page.query:
        yield f"## Query\n\n```sql\n{rule.query}```"
    count = len(rule.bad) + len(rule.good)
    more = "" if page.query else "; `--query` shows the query"
    yield f"The page with {plural(count, 'example')}: {rule.path}{more}"


def first_example(body: str) -> str:
    """Return the first bad example of a page with the text before it, its marks as words; empty without any."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - as caplint.rules.page

    lines = body.split("\n")
    first = last = None
    for token in MarkdownIt().disable("inline").parse(body):
        if token.map is None or token.type == "inline":
            continue
        if first is None:
            if token.type == "heading_open" and token.tag == "h2" and lines[token.map[0]].lower().rstrip() == "## bad":
                first = token.map[1]
        elif token.type != "heading_open":
            last = token.map[1]
        elif last is not None or token.tag != "h3":
            break
        else:
            first = token.map[1]
    return "" if first is None or last is None else _readable("\n".join(lines[first:last]).strip("\n"))


def _readable(example: str) -> str:
    """Return an example with its marks as words."""
    marked = _MARK.sub(r"/* <- \1 */", example)
    return re.sub(r"(?m)^(```\S+ [^\n]*?)\s+line=(\d+)((?: line=\d+)*)$", _named_lines, marked)


def _named_lines(match: re.Match[str]) -> str:
    numbers = [match[2], *re.findall(r"\d+", match[3])]
    return f"Reported: {'line' if len(numbers) == 1 else 'lines'} {', '.join(numbers)} of the file.\n\n{match[1]}"


def _tokens(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or ())
