"""Rules that the configuration leaves out of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplint.engine.outcome import IGNORED, UNSELECTED
from caplint.rules.selection import is_ignored, is_selected

if TYPE_CHECKING:
    from caplint.config.settings import Config
    from caplint.rules.page import Rule


def reason_to_leave_out(rule: Rule, config: Config) -> str | None:
    """Return why the configuration leaves a rule out; None if it runs."""
    if not is_selected(rule, config.select, config.extend_select):
        return UNSELECTED
    return IGNORED if is_ignored(rule, config.ignore, (*config.select, *config.extend_select)) else None
