"""Fixers by the name that rule pages give in `fix`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplint.util.errors import CaplintError
from caplint.util.suggest import suggestion

if TYPE_CHECKING:
    from caplint.fixes.workbench import Fixer
    from caplint.rules.page import Rule

FIXERS = (
    "asked-first",
    "asked-vm",
    "checked-result",
    "defined-name",
    "dropped-copy",
    "enabled-scope",
    "ioctl-capability",
    "missing-break",
    "new-section",
    "next-free-number",
    "parameters-line",
    "request-arguments",
    "request-flags",
    "saved-list",
    "scope-line",
    "section-fields",
    "section-number",
    "split-sync",
    "stale-copy",
    "vendor-filter",
)


def fixer_name(rule: Rule) -> str:
    """Return the name of the fixer of a page that has one. Raises `CaplintError` for an unknown name."""
    name = rule.fix or ""
    if name not in FIXERS:
        raise CaplintError(
            f"{rule.path}: front matter: fix: unknown fixer {name!r:.100}"
            + suggestion(name, FIXERS, otherwise=f"known are {', '.join(FIXERS)}")
        )
    return name


def fixer(name: str) -> Fixer:
    """Return the fixer of a known name."""
    # Import statements, so that cache keys of outcomes cover the fixers; and on use, because few runs need one.
    from caplint.fixes import (  # noqa: PLC0415
        asked_first,
        asked_vm,
        checked_result,
        defined_name,
        dropped_copy,
        enabled_scope,
        ioctl_capability,
        missing_break,
        new_section,
        next_number,
        parameters_line,
        request_arguments,
        request_flags,
        saved_list,
        scope_line,
        section_fields,
        section_number,
        split_sync,
        stale_copy,
        vendor_filter,
    )

    functions = (
        asked_first.propose,
        asked_vm.propose,
        checked_result.propose,
        defined_name.propose,
        dropped_copy.propose,
        enabled_scope.propose,
        ioctl_capability.propose,
        missing_break.propose,
        new_section.propose,
        next_number.propose,
        parameters_line.propose,
        request_arguments.propose,
        request_flags.propose,
        saved_list.propose,
        scope_line.propose,
        section_fields.propose,
        section_number.propose,
        split_sync.propose,
        stale_copy.propose,
        vendor_filter.propose,
    )
    return dict(zip(FIXERS, functions, strict=True))[name]
