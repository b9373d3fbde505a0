"""Reports of an outcome: the options that choose them, the files that they go to, and the exit code."""

from __future__ import annotations

import argparse
import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from caplint.cli.exit_codes import CLEAN, FOUND, UNCOVERED
from caplint.cli.options import add_output_format, style_of
from caplint.engine.outcome import Outcome
from caplint.findings.finding import SEVERITIES
from caplint.report import choices, writer
from caplint.report.style import Style
from caplint.report.wording import coverage_line, remarks
from caplint.util.atomic_write import replace_file
from caplint.util.errors import CaplintError
from caplint.util.suggest import suggestion


class ReportFile(NamedTuple):
    """File of a report, and its format."""

    path: Path
    format: str


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the reports and the severity that fails the command."""
    add_output_format(parser, "check")
    parser.add_argument(
        "--statistics",
        action="store_true",
        help="print the number of findings of each rule, and no finding",
    )
    parser.add_argument(
        "--output-file",
        action="append",
        default=[],
        metavar="[FORMAT=]FILE",
        help="also write a report in FORMAT to FILE; without FORMAT= the report goes there and not to standard output;"
        " may be repeated",
    )
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="print the findings only: no summary, remarks and coverage"
    )
    parser.add_argument(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        help="exit with 1 on findings at least as severe (default: warning)",
    )
    parser.add_argument(
        "--exit-zero",
        action="store_const",
        const="never",
        dest="fail_on",
        help="exit with 0 also on findings: --fail-on never",
    )


def report_files(options: argparse.Namespace) -> list[ReportFile]:
    """Return the files of --output-file. Raises `CaplintError` for an unknown format or an equal name."""
    formats = choices("check")
    files: list[ReportFile] = []
    if options.statistics and options.output_format not in choices("check --statistics"):
        raise CaplintError(f"--statistics are shown as text or json, not as {options.output_format}")
    for text in options.output_file:
        name, equals, path = text.partition("=")
        if not equals or "/" in name:  # a path with an equals sign
            name, path = "", text
        if name and name not in formats:
            hint = suggestion(name, formats, otherwise=f"known are {', '.join(formats)}")
            raise CaplintError(
                f"--output-file {text}: {name} is not a format{hint}; write ./{text} for such a file name"
            )
        if not path:
            raise CaplintError(f"--output-file {text}: the name of the file is missing")
        file = ReportFile(Path(path), name)
        if any(other.path == file.path for other in files):
            raise CaplintError(f"--output-file {text}: {path} is named twice; name each file once")
        files.append(file)
    return files


def finish(outcome: Outcome, options: argparse.Namespace, fail_on: str, floor: float) -> int:
    """Report an outcome, write the files of --output-file and return the exit code."""
    write_files(outcome, options)
    return report(outcome, options, fail_on, floor)


def report(outcome: Outcome, options: argparse.Namespace, fail_on: str, floor: float) -> int:
    """Report an outcome on standard output, unless a file takes its place, and return the exit code."""
    shown = all(file.format for file in report_files(options))
    if shown:
        kind = "check --statistics" if options.statistics else "check"
        writer(kind, options.output_format)(outcome, sys.stdout, replace(style_of(options), brief=options.quiet))
    if not options.quiet and not (shown and options.output_format == "text"):
        for line in (*remarks(outcome), f"coverage: {coverage_line(outcome.coverage)}"):
            sys.stderr.write(f"{line}\n")
    return status_of(outcome, fail_on, floor)


def write_files(outcome: Outcome, options: argparse.Namespace) -> None:
    """Write the files of --output-file, each whole or not at all. Raises `CaplintError` if one cannot be written."""
    for file in report_files(options):
        text = io.StringIO()
        writer("check", file.format or options.output_format)(outcome, text, Style(brief=options.quiet))
        replace_file(file.path, text.getvalue())


def status_of(outcome: Outcome, fail_on: str, floor: float) -> int:
    """Return the exit code of an outcome."""
    limit = SEVERITIES.index(fail_on) if fail_on in SEVERITIES else -1
    if any(SEVERITIES.index(finding.severity) <= limit for finding in outcome.findings):
        return FOUND
    if outcome.coverage.percent < floor:
        sys.stderr.write(f"caplint: coverage {outcome.coverage.percent:.3f} % is below coverage.floor {floor} %\n")
        return UNCOVERED
    return CLEAN
