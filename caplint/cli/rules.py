"""caplint rules"""

from __future__ import annotations

import argparse

from caplint.cli.exit_codes import CLEAN, FOUND
from caplint.cli.options import add_config, add_output_format, add_rules, config_of, rules_of, write_output
from caplint.config.settings import Config
from caplint.engine.left_out import reason_to_leave_out
from caplint.engine.rule_examples import BARE, cases, problem
from caplint.report.rule_list import RuleList
from caplint.report.wording import plural
from caplint.rules.page import Rule


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_config(parser)
    add_rules(parser)
    parser.add_argument(
        "--test", action="store_true", help="test the examples of the rule pages instead of listing the rules"
    )
    parser.add_argument(
        "--history", action="store_true", help="also show the public faults that each rule would have caught"
    )
    add_output_format(parser, "rules")


def run(options: argparse.Namespace) -> int:
    """List the rules, or test their examples."""
    config = config_of(options)
    rules = rules_of(options, config)
    if options.test:
        return _test(rules, config)
    idle = tuple(rule.code for rule in rules if reason_to_leave_out(rule, config))
    write_output(RuleList(rules, idle, options.history), "rules", options)
    return CLEAN


def _test(rules: list[Rule], config: Config) -> int:
    test_config = Config(jobs=1, cache=config.cache)
    ran = [(case, problem(case, test_config)) for rule in rules for case in cases(rule)]
    wrong = [text for _, text in ran if text is not None]
    for text in wrong:
        print(text)
    examples = sum(case.kind != BARE for case, _ in ran)
    verdict = f"{len(wrong)} failed" if wrong else "all passed"
    print(f"{plural(examples, 'example')} of {plural(len(rules), 'rule')}, each rule on the bare mini-trees: {verdict}")
    return FOUND if wrong else CLEAN
