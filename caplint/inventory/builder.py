"""Construction of an inventory: links the trees, runs the rules, and reads the views."""

from __future__ import annotations

from caplint.config.settings import Config
from caplint.engine.check import run_rules, with_sessions
from caplint.engine.outcome import Outcome
from caplint.facts.harvest import ExtractionSettings
from caplint.inventory.call_paths import chains
from caplint.inventory.collect import collect
from caplint.inventory.model import Inventory
from caplint.rules.page import Rule
from caplint.session import Progress, Session, no_progress
from caplint.trees.tree import Tree


def build(  # noqa: PLR0913 - the parameters of `check`, and two for paths
    trees: list[Tree],
    rules: list[Rule],
    config: Config,
    progress: Progress = no_progress,
    *,
    paths: bool = False,
    deep: bool = False,
) -> tuple[Inventory, Outcome]:
    """Return the inventory of trees, and the outcome of a check of them; `paths` and `deep` as for `chains`."""
    inventories: list[Inventory] = []

    def run(sessions: list[Session]) -> list[Outcome]:
        inventories.clear()
        outcome = run_rules(sessions[0], rules, config)
        inventory = collect(sessions[0], outcome.findings)
        if paths:
            ways = chains(sessions[0], ExtractionSettings(config.repairs, config.jobs), deep=deep)
            for capability in inventory.capabilities:
                capability.paths = ways.get(capability.name, [])
        inventories.append(inventory)
        return [outcome]

    (outcome,) = with_sessions([trees], config, progress, run)
    return inventories[0], outcome
