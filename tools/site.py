"""`make site`: the documentation as a site, from docs/, the rule pages and the comments of the schema."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from caplint.rules.page import Rule, load
from caplint.util import shipped_files
from tools.vocabulary import Relation, facts, links

ROOT = Path(__file__).parents[1]
GROUPS = {
    "1": "Definitions and ABI",
    "2": "Kernel handlers",
    "3": "Model-specific registers",
    "4": "The VMM",
    "5": "Documentation and tests",
    "6": "Patches",
}
_CONFIG = """\
project = "caplint"
html_title = "caplint"
html_theme = "furo"
extensions = ["myst_parser"]
myst_heading_anchors = 4
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_extra_path = ["extra"]
suppress_warnings = ["misc.highlighting_failure"]
"""
_ASSETS = Path(__file__).with_name("site_assets")
# Pages that caplint makes of the miniature trees, by their name in the site.
_MADE = {
    "extra/example-inventory.html": ("inventory", "--output-format", "html"),
    "static/path.svg": ("path", "KVM_CAP_S390_IRQCHIP", "--from", "cmdStart", "--output-format", "svg"),
}

_TREES = {"kernel": "linux", "qemu": "qemu", "libvirt": "libvirt"}
_SEVERITIES = (
    "An **error** breaks an ABI or is certainly a bug, a **warning** is very likely wrong, a **note** is worth knowing."
)
_SCHEMA = """\
# Schema reference

`caplint facts 'SELECT …'` and the rule pages ask these tables and views. What the text of one file says is a fact;
what only the whole project can tell is a link. Lines and columns count from 1, offsets are bytes from 0.
"""


def build(target: Path) -> None:
    """Write the sources below the target, and the site into `html`. Raises `CalledProcessError` on any warning."""
    source = target / "source"
    shutil.rmtree(target, ignore_errors=True)
    (source / "rules").mkdir(parents=True)
    (source / "conf.py").write_text(_CONFIG)
    for page in sorted(file for file in (ROOT / "docs").iterdir() if file.is_file()):
        shutil.copy(page, source)
    for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text("utf-8").replace("](docs/", "](")
        (source / name.lower()).write_text(text, "utf-8")
    rules = load([shipped_files.RULES])
    for rule in rules:
        (source / "rules" / rule.path.name).write_text(rule_page(rule), "utf-8")
    (source / "rules" / "index.md").write_text(rule_index(rules), "utf-8")
    (source / "schema.md").write_text(schema_page(), "utf-8")
    shutil.copy(_ASSETS / "index.md", source)
    (source / "extra").mkdir()
    (source / "static").mkdir()
    for name in ("site.css", "site.js"):
        shutil.copy(_ASSETS / name, source / "static")
    for name, words in _MADE.items():
        (source / name).write_text(_made(words), "utf-8")
    sphinx = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    subprocess.run([*sphinx, str(source), str(target / "html")], check=True)


def _made(words: tuple[str, ...]) -> str:
    """Return what a command prints of the miniature trees."""
    trees = [f"--{role}={ROOT / 'fixtures' / name}" for role, name in _TREES.items()]
    run = [sys.executable, "-m", "caplint", *words, *trees]
    return subprocess.run(run, check=True, capture_output=True, text=True, encoding="utf-8").stdout


def rule_page(rule: Rule) -> str:
    """Return a page with its front matter as a table below the title; fences keep only their language."""
    table = [f"| code | `{rule.code}` |", "|---|---|", f"| name | `{rule.name}` |"]
    table += [f"| severity | {rule.severity} |", f"| needs | {', '.join(rule.needs)} |"]
    if rule.in_patch:
        table.append(f"| severity where a patch brings it | {rule.in_patch} |")
    if rule.supersedes:
        table.append(f"| supersedes | {', '.join(rule.supersedes)} |")
    table.append(f"| since | {rule.since} |")
    lines = [_fence(line) for line in rule.text.splitlines()]
    title = next(index for index, line in enumerate(lines) if line.startswith("# "))
    lines[title] = f"# {rule.code}: {lines[title][2:]}"
    return "\n".join([*lines[: title + 1], "", *table, "", *lines[title + 1 :]]) + "\n"


def _fence(line: str) -> str:
    if not line.startswith("```") or " " not in line:
        return line
    language, _, about = line[3:].partition(" ")
    return f"`{about}`\n\n```{language}"


def rule_index(rules: list[Rule]) -> str:
    """All rules by group."""
    lines = ["# Rules", "", _SEVERITIES]
    for digit, title in GROUPS.items():
        lines += ["", f"## {title}", "", "| code | name | severity | what is wrong |", "|---|---|---|---|"]
        lines += [
            f"| [{rule.code}]({rule.path.name}) | {rule.name} | {rule.severity} | {rule.title} |"
            for rule in rules
            if rule.code[3] == digit
        ]
    names = [rule.path.stem for rule in rules]
    return "\n".join([*lines, "", "```{toctree}", ":hidden:", *names, "```"]) + "\n"


def schema_page() -> str:
    """Every table and view with its columns."""
    return _SCHEMA + _part("Links: what rules speak in", links()) + _part("Facts: what one file says", facts())


def _part(title: str, relations: list[Relation]) -> str:
    lines = ["", f"## {title}", ""]
    for entry in relations:
        lines += [f"### {entry.name}", "", cell(entry.text), "", "| column | |", "|---|---|"]
        lines += [f"| `{name}` | {cell(text)} |" for name, text in entry.columns] + [""]
    return "\n".join(lines)


def cell(text: str) -> str:
    """Return the text of a comment, of which only code in backticks means anything to Markdown."""
    parts = text.split("`")
    for index in range(0, len(parts), 2):
        for mark in "\\|*<[":
            parts[index] = parts[index].replace(mark, "\\" + mark)
        parts[index] = parts[index].replace("_", "\\_")
    return "`".join(parts).replace("|", "&#124;") if len(parts) == 1 else "`".join(parts)


if __name__ == "__main__":
    build(ROOT / ".site")
    print(f"{ROOT / '.site' / 'html' / 'index.html'}")
