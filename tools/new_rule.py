"""Writes the page of a new rule, which passes its own tests, and says which steps follow (`make new-rule`)."""

from __future__ import annotations

import argparse
import sys
from difflib import unified_diff
from pathlib import Path

from caplint import __version__, share
from caplint.config import Config
from caplint.errors import CaplintError
from caplint.examples import cases, problem
from caplint.rules import load

ROOT = Path(__file__).parents[1]
HEADER = "include/uapi/linux/kvm.h"
_PAGE = """+++
code = "{code}"
name = "{name}"
severity = "note"
needs = ["kernel"]
since = "{version}"
+++
# The kernel defines KVM_CAP_EXAMPLE

TODO: what is checked, why it matters, and to whom.

**How to fix it.** TODO

**Known limits.** TODO

```sql
SELECT tree, path, line, column, name AS subject, NULL AS arch, NULL AS function, NULL AS severity,
       'is defined' AS message, json_array() AS related
FROM cap
WHERE role = 'kernel' AND header = 'uapi' AND name = 'KVM_CAP_EXAMPLE'
```

## Bad

TODO: why this is wrong:

```diff kernel
{bad}```

## Good

TODO: why this is right:

```diff kernel
{good}```
"""
_STEPS = """
{path}: written; its examples pass. What follows:
  1. Replace the query, the TODOs and both examples; `caplint facts` shows the vocabulary, and
     .venv/bin/caplint rules --test --select {code} runs the examples.
  2. Run it on the real trees (make corpus), read every finding in the source, and put the verdicts into
     docs/findings.md.
  3. make golden, and read the difference: tests/golden/demo.* count and list the rules.
  4. Write a line into CHANGELOG.md, under {version}.
  5. make test lint
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the page and say what follows; 2 where the code or the name cannot be used."""
    parser = argparse.ArgumentParser(description="Write the page of a new rule.")
    parser.add_argument("code", help="letters and three digits, such as CAP109; the first digit is the rule's group")
    parser.add_argument("name", help="lower-case words joined by hyphens")
    parser.add_argument("--directory", type=Path, default=ROOT / "rules", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        path = new_rule(options.code, options.name, options.directory)
    except CaplintError as error:
        sys.stderr.write(f"new-rule: {error}\n")
        return 2
    print(_STEPS.format(path=path, code=options.code, version=__version__).strip("\n"))
    return 0


def new_rule(code: str, name: str, directory: Path) -> Path:
    """Write the page into a directory of rules. Raises `CaplintError` where it is not a rule that could be shipped."""
    taken = next((rule for rule in load([directory]) if rule.is_called(code) or rule.is_called(name)), None)
    if taken is not None:
        raise CaplintError(f"{taken.path}: the code or name is taken")
    if "/" in code or "/" in name:
        raise CaplintError(f"{code}-{name}: is no file's name")
    path = directory / f"{code}-{name}.md"
    page = _PAGE.format(
        code=code,
        name=name,
        version=__version__,
        bad=_hunk(f"#define KVM_CAP_EXAMPLE 224 /* !{code} */"),
        good=_hunk("#define KVM_CAP_OTHER 224"),
    )
    path.write_text(page, "utf-8")
    try:
        rule = next(rule for rule in load([directory]) if rule.path == path)
        wrong = [text for case in cases(rule) if (text := problem(case, Config(cache="none", jobs=1))) is not None]
    except CaplintError:
        path.unlink()
        raise
    if wrong:
        path.unlink()
        raise CaplintError(wrong[0])
    return path


def _hunk(line: str) -> str:
    """Return a diff that adds a definition at the end of the miniature kernel's header."""
    before = (share.FIXTURES / "linux" / HEADER).read_text("utf-8").splitlines(keepends=True)
    last = max(index for index, text in enumerate(before) if text.startswith("#define KVM_CAP_"))
    after = [*before[: last + 1], f"{line}\n", *before[last + 1 :]]
    return "".join(unified_diff(before, after, f"a/{HEADER}", f"b/{HEADER}", n=2))


if __name__ == "__main__":
    sys.exit(main())
