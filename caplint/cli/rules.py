"""caplint rules"""

from __future__ import annotations

import argparse
import json
import sys

from caplint.cli.exit_codes import CLEAN, FOUND
from caplint.cli.options import add_config, add_rules, config_of, rules_of, style_of
from caplint.config.settings import Config
from caplint.engine.rule_examples import cases, problem
from caplint.rules.page import Rule


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_config(parser)
    add_rules(parser)
    parser.add_argument("--test", action="store_true", help="run the examples of the pages instead of listing them")
    parser.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """List the rules."""
    config = config_of(options)
    rules = rules_of(options, config)
    if options.test:
        return _test(rules, config)
    if options.output_format == "json":
        found = [
            {
                "code": rule.code,
                "name": rule.name,
                "severity": rule.severity,
                "needs": rule.needs,
                "since": rule.since,
                "title": rule.title,
            }
            for rule in rules
        ]
        json.dump(found, sys.stdout, indent=2)
        print()
        return CLEAN
    style = style_of(options)
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        severity = style(rule.severity, f"{rule.severity:<7}")
        ignored = " (ignored)" if any(rule.is_called(word) for word in config.ignore) else ""
        print(f"{style('bold', rule.code)}  {severity}  {rule.name:<{width}}  {rule.title}{ignored}")
    print(f"\n{len(rules)} rules; `caplint explain CODE` shows a rule's page")
    return CLEAN


def _test(rules: list[Rule], config: Config) -> int:
    own = Config(jobs=1, cache=config.cache)
    ran = [problem(case, own) for rule in rules for case in cases(rule)]
    wrong = [text for text in ran if text is not None]
    for text in wrong:
        print(text)
    print(f"{len(ran)} examples of {len(rules)} rules: {len(wrong) or 'none'} wrong")
    return FOUND if wrong else CLEAN
