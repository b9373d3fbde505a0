"""Asks PyPI for advisories on every locked dependency: `make audit`.

pip-audit calls a dependency that the index does not answer for "skipped" and ends as if nothing were wrong with it, so
what it writes is read here: exit code 1 for an advisory, 0 otherwise, and a line that says how many could be audited.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path("requirements.lock")
_SECONDS = 300


def main() -> int:
    """Audit the lock file."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--requirement", str(LOCK)]
    try:
        done = subprocess.run(
            [*command, "--vulnerability-service", "pypi", "--format", "json", "--progress-spinner", "off"],
            capture_output=True, text=True, check=False, timeout=_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        print(f"audit: nothing was audited: no answer within {_SECONDS} s")
        return 0
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reason = (done.stderr.strip().splitlines() or ["pip-audit wrote nothing"])[-1]
        print(f"audit: nothing was audited: {reason}")
        return 0
    status, lines = verdict(dependencies)
    print("\n".join(lines))
    return status


def verdict(dependencies: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """Exit code, and what to say of the dependencies that pip-audit lists."""
    audited = [entry for entry in dependencies if "vulns" in entry]
    lines = [
        f"audit: {entry['name']} {entry['version']}: {advisory['id']},"
        f" mended in {', '.join(advisory['fix_versions']) or 'no version yet'}"
        for entry in audited
        for advisory in entry["vulns"]
    ]
    found = len(lines)
    count = f"{len(audited)} of {len(dependencies)} locked dependencies audited, {found} advisories"
    if not audited:
        count = f"nothing was audited: the index has no advisories on any of {len(dependencies)} locked dependencies"
    elif len(audited) < len(dependencies):
        names = ", ".join(entry["name"] for entry in dependencies if entry not in audited)
        count += f"; the index does not answer for {names}"
    return int(found > 0), [*lines, f"audit: {count}"]


if __name__ == "__main__":
    sys.exit(main())
