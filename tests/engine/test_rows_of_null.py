"""Rule examples run with unknown scopes, architectures and functions; a query that makes NULL of a message fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from caplint.config.settings import Config
from caplint.engine.rule_examples import BARE, Case, problem
from caplint.rules.page import load

PAGE = """+++
code = "ZZZ901"
name = "tea"
severity = "note"
needs = ["kernel"]
since = "0.1.0"
+++
# T

```sql
SELECT tree, path, line, column, {subject} AS subject, arch, function, NULL AS severity, {message} AS message,
       NULL AS related
FROM ioctl_case WHERE {where}
```
"""


@pytest.mark.parametrize(
    ("subject", "message", "where", "column"),
    [
        ("ioctl", "'on the ' || scope", "1", "message"),
        ("ioctl", "'on ' || arch", "1", "message"),
        ("function || '()'", "'m'", "1", "subject"),
        ("ioctl", "'x' || nullif(scope || arch, 'x')", "1", "message"),
        ("ioctl", "'on the ' || coalesce(scope, 'unknown')", "1", None),
        ("ioctl", "'on the ' || scope", "scope IS NOT NULL", None),
        ("ioctl", "'in ' || arch || function || scope", "arch || function || scope IS NOT NULL", None),
    ],
)
def test_a_query_that_forgets_null(tmp_path: Path, subject: str, message: str, where: str, column: str | None) -> None:
    # The mini-trees must give no finding without rows of NULL, so only these are let through.
    where = f"({where}) AND (scope IS NULL OR arch IS NULL OR function IS NULL)"
    (tmp_path / "a.md").write_text(PAGE.format(subject=subject, message=message, where=where), "utf-8")
    (rule,) = load([tmp_path])
    found = problem(Case(rule, BARE, 0), Config(cache="none", jobs=1))
    assert (found is None) == (column is None)
    assert column is None or f"{column} is NULL in ('kernel', " in str(found)
