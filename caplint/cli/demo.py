"""caplint demo"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from caplint.cli.exit_codes import CLEAN, FOUND
from caplint.cli.fixing import add_fix, fixed
from caplint.cli.options import add_config, add_rules, config_of, rules_of
from caplint.cli.reporting import add_output, finish, report_files
from caplint.config.settings import Config
from caplint.engine.compare import compare_series
from caplint.engine.outcome import Outcome
from caplint.engine.rule_examples import mini_trees
from caplint.trees.series import PatchedTrees, apply_series, read_series
from caplint.trees.tree import Tree
from caplint.util import shipped_files

_PATCHES = ("kernel-ppin.patch", "qemu-ppin.patch")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_config(parser)
    add_rules(parser)
    add_output(parser)
    add_fix(parser, writes=False)


def run(options: argparse.Namespace) -> int:
    """Check the mini-trees with the pair of patches applied that adds KVM_CAP_PPIN."""
    config = config_of(options)
    report_files(options)  # what is wrong with them is said before the work
    # The demonstration gives the same output everywhere: of the configuration only jobs and cache count.
    demo_config = Config(jobs=config.jobs, cache=config.cache)
    patched, rules = _patched(), rules_of(options, demo_config)

    def check(trees: list[Tree]) -> Outcome:
        return compare_series([replace(patched, trees=trees)], rules, demo_config)[0]

    outcome = replace(check(patched.trees), resolved=None)  # the mini-trees have nothing that a patch could resolve
    if options.diff:
        fixed(patched.trees, outcome, check, options)
        return CLEAN
    status = finish(outcome, options, options.fail_on or "never", 0)
    if options.output_format == "text":
        print(
            "\nThis was a pair of patches that adds KVM_CAP_PPIN to miniature trees. Next, check your own:\n"
            f"    {_program()} check --kernel ~/linux --qemu ~/qemu\n"
            "or read about a finding:\n"
            f"    {_program()} explain CAP204"
        )
    return status if status == FOUND else CLEAN


def _program() -> str:
    """Return the command to type: a relative path if the script lies below the working directory, else `caplint`."""
    script = Path(sys.argv[0]).absolute()
    inside = script.name == "caplint" and script.is_relative_to(Path.cwd())
    return str(script.relative_to(Path.cwd())) if inside else "caplint"


def patched_trees() -> list[Tree]:
    """Return the mini-trees with the shipped patches applied."""
    return _patched().trees


def _patched() -> PatchedTrees:
    files = [(name, (shipped_files.FIXTURES / "patches" / name).read_bytes()) for name in _PATCHES]
    (patched,) = apply_series(read_series(files, sys.stderr.write), list(mini_trees().values()), None, sys.stderr.write)
    return patched
