"""Outcomes that are remembered: where nothing has changed since a run, what it found is what this one would find.

An outcome is kept under a name of everything that it depends on: the state of all trees, the rules' pages, the
configuration, the answers of machines, and the program. A state that cannot be told, or that is another one after the
run than before it, is not kept. Whatever is wrong with what was kept, the run is done again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import astuple, replace
from pathlib import Path

from caplint import kept_outcomes
from caplint.code_identity import CHANGING, code_identity, is_unchanged
from caplint.config import Config
from caplint.outcome import Outcome
from caplint.outcome_file import parse, render
from caplint.rules import Rule
from caplint.run_config import machines_of
from caplint.trees.tree import States, Tree

# Facts are kept for longer: a run that recalls an outcome does not tell the store which of them it would need.
_KEEP_DAYS = 7
_DAY = 86_400
# Bytes of outcomes that are kept, the latest ones. One of real trees has some fifty thousand; a fleet has hundreds.
_KEEP_BYTES = 128 << 20


def recalled(
    trees: list[Tree], rules: list[Rule], config: Config, compute: Callable[[], Outcome], asked: str = ""
) -> Outcome:
    """The outcome of a run of the rules over the trees; worked out only where it is not known.

    `asked` names what else the answer depends on.
    """
    return recalled_all([trees], rules, config, lambda: [compute()], lambda _: asked)[0]


def recalled_all(
    groups: list[list[Tree]],
    rules: list[Rule],
    config: Config,
    compute: Callable[[], list[Outcome]],
    asked: Callable[[States], str | None],
) -> list[Outcome]:
    """The outcomes of several groups of trees that are looked at together."""
    begun = time.monotonic()
    cache = config.cache_directory
    name = _name(groups, rules, config, asked, {}) if cache is not None else None
    if cache is None or name is None:
        return compute()
    file = cache / "outcomes" / name
    found = _read(file, groups, rules)
    if found is not None:
        return [replace(outcome, seconds=time.monotonic() - begun) for outcome in found]
    outcomes = compute()
    if (
        not any(outcome.passing for outcome in outcomes)
        and is_unchanged()
        and _name(groups, rules, config, asked, {}) == name
    ):
        with suppress(OSError):  # a full disk, a read-only home
            _keep(file, "\n".join(map(render, outcomes)))
    return outcomes


def known(trees: list[Tree], rules: list[Rule], config: Config, states: States) -> Outcome | None:
    """The outcome that `recalled` would recall, None where it would work it out.

    `states` are those of trees that were looked at for other pairs; it is added to.
    """
    cache = config.cache_directory
    name = _name([trees], rules, config, lambda _: "", states) if cache is not None else None
    found = _read(cache / "outcomes" / name, [trees], rules) if cache is not None and name is not None else None
    return found[0] if found else None


def _name(
    groups: list[list[Tree]],
    rules: list[Rule],
    config: Config,
    asked: Callable[[States], str | None],
    known: States,
) -> str | None:
    """Of everything that the outcomes depend on; None where that cannot be told."""
    program = code_identity()
    if program.startswith(CHANGING):
        return None
    states = [[*_states(trees, known)] for trees in groups]
    more = asked(known)
    if more is None or any(None in group for group in states):
        return None
    pages = [(rule.code, rule.name, rule.severity, rule.needs, rule.supersedes, rule.body) for rule in rules]
    suppressed, machines = [astuple(one) for one in config.suppress], [astuple(one) for one in machines_of(config)]
    settings = (config.vendor_range, config.ignore, astuple(config.repairs), suppressed, machines)
    whole = repr((program, states, pages, settings, more))
    return hashlib.sha256(whole.encode("utf-8", "surrogateescape")).hexdigest()


def _states(trees: list[Tree], known: States) -> Iterator[tuple[object, ...] | None]:
    for given in trees:
        side: Tree | None = given
        while side is not None:
            state = side.state(known)
            named = (side.name, side.role, side.project.name, side.location, side.revision, tuple(side.patch_files))
            yield None if state is None else (*named, state, side.base is not None)
            side = side.base


def _read(file: Path, groups: list[list[Tree]], rules: list[Rule]) -> list[Outcome] | None:
    """What a file holds, None where it is not there, too old or damaged."""
    try:
        text = kept_outcomes.read(file, time.time() - _KEEP_DAYS * _DAY)
        if text is None:
            return None
        return [parse(line, trees, rules) for trees, line in zip(groups, text.split("\n"), strict=True)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _keep(file: Path, text: str) -> None:
    """Write the file as a whole or not at all, and forget the oldest ones."""
    kept_outcomes.keep(file, text, _KEEP_BYTES, time.time() - _KEEP_DAYS * _DAY)
