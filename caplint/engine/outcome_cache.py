"""Cache of outcomes: a run whose inputs have not changed returns the outcome of the earlier run.

The cache key covers all inputs: the states of all trees, the rules' pages, the configuration, the answers of
machines, and the program. An outcome is not cached if some input has no stable state, or if a state differs before and
after the run. If a cache file is damaged, the run is repeated.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import astuple, replace
from pathlib import Path

from caplint.config.run import machines_of
from caplint.config.settings import Config
from caplint.engine import kept_outcomes
from caplint.engine.outcome import Outcome
from caplint.engine.outcome_json import parse, render
from caplint.rules.page import Rule
from caplint.trees.tree import States, Tree
from caplint.util.code_identity import CHANGING, code_identity, is_unchanged

# Less than the days that facts are kept: recalling an outcome does not refresh the facts that it is based on.
_KEEP_DAYS = 7
_DAY = 86_400
# Total size of the cached outcomes; the oldest are deleted. One outcome takes about 50 kB; a fleet has hundreds.
_KEEP_BYTES = 128 << 20


def recalled(
    trees: list[Tree], rules: list[Rule], config: Config, compute: Callable[[], Outcome], asked: str = ""
) -> Outcome:
    """Return the outcome of the rules over the trees, from the cache or else from `compute`.

    `asked` names further inputs of the outcome.
    """
    return recalled_all([trees], rules, config, lambda: [compute()], lambda _: asked)[0]


def recalled_all(
    groups: list[list[Tree]],
    rules: list[Rule],
    config: Config,
    compute: Callable[[], list[Outcome]],
    asked: Callable[[States], str | None],
) -> list[Outcome]:
    """Return the outcomes of several groups of trees that are compared together, from the cache or computed."""
    begun = time.monotonic()
    cache = config.cache_directory
    inputs = _digest(rules, config) if cache is not None else ""
    name = _named(groups, inputs, asked, {}) if cache is not None else None
    if cache is None or name is None:
        return compute()
    file = cache / "outcomes" / name
    cached = _read(file, groups, rules)
    if cached is not None:
        return [replace(outcome, seconds=time.monotonic() - begun) for outcome in cached]
    outcomes = compute()
    if (
        not any(outcome.passing for outcome in outcomes)
        and is_unchanged()
        and _named(groups, inputs, asked, {}) == name
    ):
        with suppress(OSError):  # a full disk, a read-only home
            _keep(file, "\n".join(map(render, outcomes)))
    return outcomes


class OutcomeReader:
    """Reader of the outcomes that `recalled` would find in the cache, for many pairs of trees."""

    def __init__(self, rules: list[Rule], config: Config) -> None:
        self._rules = rules
        self._cache = config.cache_directory
        self._inputs = _digest(rules, config)
        self._states: States = {}

    def known(self, trees: list[Tree]) -> Outcome | None:
        """Return the outcome of some trees, else None; trees that pairs share are examined once."""
        if self._cache is None:
            return None
        name = _named([trees], self._inputs, lambda _: "", self._states)
        cached = _read(self._cache / "outcomes" / name, [trees], self._rules) if name is not None else None
        return cached[0] if cached else None


def _digest(rules: list[Rule], config: Config) -> str:
    return hashlib.sha256(repr(rules_and_settings(rules, config)).encode("utf-8", "surrogateescape")).hexdigest()


def _named(groups: list[list[Tree]], inputs: str, asked: Callable[[States], str | None], known: States) -> str | None:
    """Return the cache key over all inputs of the outcomes; None if some input has no stable state."""
    program = code_identity()
    if program.startswith(CHANGING):
        return None
    states = [[*_states(trees, known)] for trees in groups]
    further_inputs = asked(known)
    if further_inputs is None or any(None in group for group in states):
        return None
    whole = repr((program, states, inputs, further_inputs))
    return hashlib.sha256(whole.encode("utf-8", "surrogateescape")).hexdigest()


def rules_and_settings(rules: list[Rule], config: Config) -> tuple[list[object], tuple[object, ...]]:
    """Return the further inputs of outcomes, besides trees and program: the rules' pages, and the settings."""
    pages: list[object] = [
        (
            rule.code,
            rule.name,
            rule.severity,
            rule.in_patch,
            rule.needs,
            rule.supersedes,
            rule.excerpts,
            rule.fix,
            rule.body,
        )
        for rule in rules
    ]
    suppressed = [astuple(entry) for entry in config.suppress]
    machines = [astuple(machine) for machine in machines_of(config)]
    reading = (config.vendor_range, config.abis, config.oldest_kernel, astuple(config.repairs), machines)
    return pages, (*reading, config.select, config.extend_select, config.ignore, suppressed)


def _states(trees: list[Tree], known: States) -> Iterator[tuple[object, ...] | None]:
    for given in trees:
        side: Tree | None = given
        while side is not None:
            state = side.state_id(known)
            named = (side.name, side.role, side.project.name, side.location, side.revision, tuple(side.patch_files))
            yield None if state is None else (*named, state, side.base is not None)
            side = side.base


def _read(file: Path, groups: list[list[Tree]], rules: list[Rule]) -> list[Outcome] | None:
    """Read cached outcomes; None if the file is missing, too old or damaged."""
    try:
        text = kept_outcomes.read(file, time.time() - _KEEP_DAYS * _DAY)
        if text is None:
            return None
        return [parse(line, trees, rules) for trees, line in zip(groups, text.split("\n"), strict=True)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _keep(file: Path, text: str) -> None:
    """Write the file atomically, and delete the oldest ones."""
    kept_outcomes.keep(file, text, _KEEP_BYTES, time.time() - _KEEP_DAYS * _DAY)
