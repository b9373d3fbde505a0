"""Report of the effective settings."""

from __future__ import annotations

import json
from typing import Any, TextIO

from caplint.report.style import Style
from caplint.util.escape import visible

_REMARKS = {
    state: f", {state}: other commands refuse it; run `caplint trust`, or name it with --config"
    for state in ("not trusted", "changed since it was trusted")
}


def write_text(values: dict[str, Any], out: TextIO, _: Style) -> None:
    """Write the settings as a caplint.toml that can be read back, and the file that they come from."""
    source = values["source"]
    remark = _REMARKS.get(values["trust"], "")
    out.write(
        f"# from {visible(source)}{remark}\n"
        if source
        else "# no caplint.toml found here or above; these are the defaults\n"
    )
    out.writelines(f"{visible(line)}\n" for text in values["lines"] for line in text.split("\n"))
    out.write(f"\n# store: {visible(values['store'] or 'none')}\n")


def write_json(values: dict[str, Any], out: TextIO, _: Style) -> None:
    """Write all settings as one object."""
    shown = {key: value for key, value in values.items() if key != "lines"}
    out.write(json.dumps(shown, indent=2) + "\n")
