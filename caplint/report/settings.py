"""The settings in force."""

from __future__ import annotations

import json
from typing import Any, TextIO

from caplint.quoting import visible
from caplint.report.style import Style

_REMARKS = {
    state: f", {state}: other commands refuse it; `caplint trust` trusts it, and --config names it"
    for state in ("not trusted", "changed since it was trusted")
}


def write_text(values: dict[str, Any], out: TextIO, _: Style) -> None:
    """Write one setting per line, as caplint.toml would have it, and where they come from."""
    source = values["source"]
    remark = _REMARKS.get(values["trust"], "")
    out.write(
        f"# from {visible(source)}{remark}\n"
        if source
        else "# no caplint.toml found upward from here; these are the defaults\n"
    )
    for key, value in values.items():
        if key not in {"source", "restricted", "trust"}:
            out.write(f"{key.replace('_', '-')} = {json.dumps(value)}\n")


def write_json(values: dict[str, Any], out: TextIO, _: Style) -> None:
    """Write all settings as one object."""
    out.write(json.dumps(values, indent=2) + "\n")
