"""`make release` and the release workflow: whether a version may be released, its notes, and its tag.

`check [TAG]` refuses what would make a wrong release, `notes` prints the version's section of CHANGELOG.md, `tag`
checks and makes the tag, which a person pushes. It needs the standard library and caplint's version only.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from caplint import HOME, __version__

ROOT = Path(__file__).parents[1]
TAG = f"v{__version__}"
# Documents that tell their reader to use a release.
_NAMING = ("README.md", "docs/hooks.md", "docs/ci.md", "templates/check.yml")
_NAMED = re.compile(r"(?:rev: |/caplint@|caplint/check@|caplint==)v?(\d+(?:\.\d+)+)")


def section(changelog: str, version: str) -> tuple[str, str]:
    """Return what follows a version in its heading, such as its date, and the section's text; empty without one."""
    match = re.search(rf"^## {re.escape(version)}\b *(?:— *)?(.*)\n((?:(?!## ).*\n?)*)", changelog, re.MULTILINE)
    return (match.group(1).strip(), match.group(2).strip() + "\n") if match else ("", "")


def problems(root: Path, tag: str | None, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield every reason not to release: for a tag that was pushed, or before one is made."""
    if tag is not None and tag != TAG:
        yield f"the tag is {tag}, but caplint/__init__.py has {__version__}; push {TAG}, or change the version"
    date, notes = section((root / "CHANGELOG.md").read_text("utf-8"), __version__)
    if not notes.strip():
        yield f"CHANGELOG.md has no section {__version__}"
    elif not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        yield f"CHANGELOG.md dates {__version__} as {date!r}; write its day: ## {__version__} — YYYY-MM-DD"
    for name, url in tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["urls"].items():
        if not url.startswith(HOME):
            yield f"pyproject.toml: the URL {name} is {url}, which is not below {HOME}"
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    if server and repository and f"{server}/{repository}" != HOME:
        yield f"this is {server}/{repository}, but caplint/__init__.py names {HOME} as the home; change HOME"
    for path in _NAMING:
        for other in sorted(set(_NAMED.findall((root / path).read_text("utf-8"))) - {__version__}):
            yield f"{path} names release {other}; write {__version__}"


def main(arguments: list[str]) -> int:
    """Run one of the actions. Returns 1 if there is a problem."""
    action, tag = arguments[0], arguments[1] if len(arguments) > 1 else None
    if action == "notes":
        sys.stdout.write(section((ROOT / "CHANGELOG.md").read_text("utf-8"), __version__)[1])
        return 0
    found = list(problems(ROOT, tag, os.environ))
    for line in found:
        sys.stderr.write(f"release: {line}\n")
    if found:
        return 1
    if action == "tag":
        subprocess.run(["git", "tag", "-a", TAG, "-m", f"caplint {__version__}"], cwd=ROOT, check=True)
        print(f"{TAG} is made; `git push origin {TAG}` releases it")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
