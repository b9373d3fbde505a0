"""`make reference`: docs/reference.md, the manual pages and the JSON Schema, all from the parsers themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from caplint.cli.exit_codes import MEANINGS
from caplint.config.keys import COVERAGE, MATRIX, SUPPRESS, TOP, TREE, C, Key
from caplint.config.settings import RESTRICTED, VARIABLES
from tools.commands import Command, commands
from tools.config_schema import schema
from tools.manual import manual, settings_manual
from tools.site import cell

ROOT = Path(__file__).parents[1]
TABLES: Mapping[str, Mapping[str, Key]] = {
    "": TOP, "[trees.NAME]": TREE, "[matrix]": MATRIX, "[c]": C, "[coverage]": COVERAGE, "[[suppress]]": SUPPRESS,
}  # fmt: skip
"""Table of caplint.toml → its keys; the first are outside of any table."""
ENVIRONMENT = {
    **{
        name: f"{title} tree for runs that name none: a directory, or `DIR@REV`"
        for name, (title, _) in VARIABLES.items()
    },
    "CAPLINT_CACHE": "directory of the caches instead of the configured one; `none` disables them",
    "NO_COLOR": "if not empty, no output is coloured",
    "PAGER": "program that shows long output on a terminal (default: `less`)",
    "SOURCE_DATE_EPOCH": "date of the mails that `caplint new` writes, in seconds since 1970",
    "GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL": "author of the mails that `caplint new` writes",
}
"""Environment variable → its meaning."""
_FRONT = """\
# Reference: commands, configuration, exit codes

<!-- Written by `make reference` from the parsers; a test compares. -->

`caplint COMMAND --help` shows the same. `caplint completions bash` (or `zsh`, `fish`) prints a script that completes
commands, options and rule codes; `man caplint` and `man caplint.toml` are installed with the package.
"""


def files() -> dict[str, str]:
    """Return the generated files: path in the repository → text."""
    listed = list(commands())
    return {
        "docs/reference.md": "\n".join(_reference(listed)),
        "docs/man/caplint.1": manual(listed, ENVIRONMENT),
        "docs/man/caplint.toml.5": settings_manual(TABLES, RESTRICTED),
        "caplint/schemas/config.json": json.dumps(schema(), indent=1, ensure_ascii=False) + "\n",
    }


def _reference(listed: list[Command]) -> Iterator[str]:
    yield _FRONT
    yield "## Exit codes\n\n| code | meaning |\n|--:|---|"
    for code, meaning in MEANINGS.items():
        yield f"| {code} | {meaning} |"
    yield (
        "\nFindings count if they are at least as severe as `--fail-on` (default: `warning`). Coverage is too low below"
        "\nthe `floor` of the configuration."
    )
    yield "\n## Environment variables\n\n| variable | meaning |\n|---|---|"
    for name, meaning in ENVIRONMENT.items():
        yield f"| {', '.join(f'`{word}`' for word in name.split(', '))} | {cell(meaning)} |"
    yield from _configuration()
    yield "\n## Commands"
    for command in listed:
        yield f"\n### caplint {command.name}\n\n{command.purpose}\n"
        yield from (f"- `{argument.words}`: {cell(argument.text)}" for argument in command.arguments)
    yield ""


def _configuration() -> Iterator[str]:
    yield (
        "\n## Configuration\n\n"
        "caplint reads `caplint.toml`, or `[tool.caplint]` of a `pyproject.toml`, from the working directory or the\n"
        "next one above it that has one. Every key is optional. A dagger (†) marks settings that need `caplint trust`\n"
        "unless `--config` names the file. Its JSON Schema is `caplint/schemas/config.json`; editors find it by\n"
        "the line `#:schema` that `caplint init` writes."
    )
    for table, keys in TABLES.items():
        yield f"\n### {f'`{table}`' if table else 'Outside of tables'}\n\n| key | value | meaning |\n|---|---|---|"
        for name, key in keys.items():
            if key.kind is not dict and key.read is not list:
                mark = "†" if needs_trust(table, name) else ""
                yield f"| `{name}`{mark} | {cell(key.words)} | {cell(key.purpose)} |"


def needs_trust(table: str, name: str) -> bool:
    """Return whether a setting needs trust in the file."""
    section = table.strip("[]").split(".")[0]
    return bool({section or name, f"{section}.{name}"} & set(RESTRICTED))


def write() -> None:
    """Write all files."""
    for path, text in files().items():
        file = ROOT / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        print(path)


if __name__ == "__main__":
    write()
