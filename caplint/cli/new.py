"""caplint new"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.cli.exit_codes import CLEAN
from caplint.cli.options import add_trees, config_of, progress, trees_of
from caplint.util.errors import CaplintError
from caplint.util.escape import visible

if TYPE_CHECKING:
    from caplint.authoring.request import CapabilityRequest
    from caplint.authoring.series.compose import NewSeries
    from caplint.authoring.series.mails import Sender
    from caplint.session import Session

_AUTHOR = re.compile(r"[^<>\x00-\x1f\x7f]{1,200} <[^<>\s\x00-\x1f\x7f]{1,200}>\Z")
_NOBODY = "Nobody <nobody@localhost>"
_QUESTIONS = {
    "scope": ("Descriptor on which it is enabled (vm, vcpu, none)", "vm"),
    "answer": ("Answer of KVM_CHECK_EXTENSION (yes, mask, count)", "yes"),
    "args": ("Meaning of args[0] (none, mask:NAME[=BIT],..., bool, fd, size)", "none"),
    "arch": ("Architectures, separated by commas (all: code that they share)", "all"),
}
_OPTIONAL = {
    "msr": ("MSR that it gives to guests (none, or NAME[=NUMBER][:ro|rw])", "none"),
    "ioctl": ("ioctl that takes the value instead of KVM_ENABLE_CAP (none, or NAME)", "none"),
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("name", nargs="?", metavar="KVM_CAP_NAME", help="name of the new capability")
    parser.add_argument(
        "--arch",
        action="append",
        metavar="ARCH",
        help="architecture that gets it; may be repeated (default: code that all architectures share)",
    )
    parser.add_argument("--scope", metavar="vm|vcpu|none", help="descriptor on which it is enabled (default: vm)")
    parser.add_argument("--answer", metavar="yes|mask|count", help="answer to a check (default: yes)")
    parser.add_argument(
        "--args",
        metavar="MEANING",
        help="meaning of args[0]: none, mask:NAME[=BIT],..., bool, fd or size (default: none)",
    )
    parser.add_argument("--msr", metavar="NAME[=NUMBER][:ro|rw]", help="MSR that it gives to guests")
    parser.add_argument(
        "--ioctl", metavar="NAME", help="ioctl of the descriptor that takes the value, instead of KVM_ENABLE_CAP"
    )
    parser.add_argument(
        "--number",
        default="next",
        metavar="next|vendor|N",
        help="number: the next free one (default), one of the vendor-range, or N",
    )
    parser.add_argument("-o", dest="output", type=Path, metavar="DIR", help="write the mails below this new directory")
    parser.add_argument("--from", dest="author", metavar="'NAME <MAIL>'", help="author (default: GIT_AUTHOR_NAME)")
    parser.add_argument("--interactive", action="store_true", help="ask for the values that no option gives")
    parser.add_argument("--dry-run", action="store_true", help="print the mails instead of writing them")
    add_trees(parser, bare=False)


def run(options: argparse.Namespace) -> int:
    """Write the series of a new capability."""
    from caplint.util.new_directory import want_free, write_directory  # noqa: PLC0415 - after wrong options

    if options.interactive:
        _ask(options)
    request = _request(options)
    sender = _sender(options)
    directory = options.output or Path(request.name)
    config = config_of(options)
    trees = trees_of(options, config)
    kernels = [tree.name for tree in trees if tree.role == "kernel"]
    if len(kernels) != 1:
        given = f"{', '.join(kernels)} are kernels; name one" if kernels else "no kernel given; name one"
        raise CaplintError(f"{given} with --kernel")
    if not options.dry_run:
        want_free(directory)
        _want_outside(directory, [tree.location for tree in trees])
    from caplint.session import open_session  # noqa: PLC0415

    with progress() as show:
        session = open_session(trees, config, show)
    try:
        files = _written(session, request, options.number, sender)
    finally:
        session.store.close()
    if options.dry_run:
        for content in files.values():
            print(content.decode(), end="")
        return CLEAN
    write_directory(directory, files)
    for path in files:
        print(f"{visible(str(directory))}/{path}")
    return CLEAN


def _request(options: argparse.Namespace) -> CapabilityRequest:
    from caplint.authoring.request import parse  # noqa: PLC0415

    if options.name is None:
        raise CaplintError("no name given; write caplint new KVM_CAP_NAME")
    return parse(
        options.name,
        archs=[word for text in options.arch or () for word in text.split(",")],
        scope=options.scope or "vm",
        answer=options.answer or "yes",
        arguments=options.args or "none",
        register=options.msr,
        ioctl=options.ioctl,
    )


def _written(session: Session, request: CapabilityRequest, number: str, sender: Sender) -> dict[str, bytes]:
    """Return path → content of the mails for all trees of a session."""
    from caplint.authoring.kernel.numbers import settled  # noqa: PLC0415
    from caplint.authoring.series.compose import series  # noqa: PLC0415
    from caplint.authoring.series.mails import mails  # noqa: PLC0415
    from caplint.authoring.workshop import Workshop  # noqa: PLC0415
    from caplint.fixes.workbench import Workbench  # noqa: PLC0415

    bench = Workbench(session.connection, {tree.name: tree for tree in session.trees})
    wanted = [entry.tree for role in ("kernel", "vmm") for entry in session.loaded if entry.tree.role == role]
    files: dict[str, bytes] = {}
    for tree in wanted:
        workshop = Workshop(bench, tree)
        if request.number is None:
            request = settled(request, workshop, number)
        made = series(request, workshop)
        _want_committed(session, made)
        files |= {f"{tree.name}/{name}": content for name, content in mails(made, sender).items()}
    return files


def _want_committed(session: Session, made: NewSeries) -> None:
    from caplint.authoring.committed import want_committed  # noqa: PLC0415

    tree = made.workshop.tree
    read = next(entry.files for entry in session.loaded if entry.tree is tree)
    want_committed(tree, read, {path for topic in made.topics for path in topic.files})


def _sender(options: argparse.Namespace) -> Sender:
    """Return author and time; SOURCE_DATE_EPOCH sets the time, so that equal input gives equal bytes."""
    from caplint.authoring.series.mails import Sender  # noqa: PLC0415

    name, mail = os.environ.get("GIT_AUTHOR_NAME"), os.environ.get("GIT_AUTHOR_EMAIL")
    author = options.author or (f"{name} <{mail}>" if name and mail else _NOBODY)
    if not _AUTHOR.match(author) or any(0xD800 <= ord(char) < 0xE000 for char in author):
        raise CaplintError(f"--from {author}: is not understood; write 'NAME <MAIL>'")
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return Sender(author, int(epoch) if re.fullmatch(r"[0-9]{1,10}", epoch) else int(time.time()))


def _want_outside(directory: Path, locations: list[str]) -> None:
    """Raise `CaplintError` if a directory lies in a tree: nothing is written to the trees."""
    place = directory.resolve()
    for location in locations:
        root = Path(location).resolve()
        if root.is_dir() and place.is_relative_to(root):
            raise CaplintError(f"{visible(str(directory))}: lies in a tree, which stays as it is; name another with -o")


def _ask(options: argparse.Namespace) -> None:
    """Ask for the options that are not given. Raises `CaplintError` without a terminal."""
    missing = ["name"] * (options.name is None) + [name for name in _QUESTIONS if getattr(options, name) is None]
    if sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty():
        if not missing:
            return
        words = ", ".join("KVM_CAP_NAME" if name == "name" else f"--{name}" for name in missing)
        raise CaplintError(f"--interactive: there is no terminal to ask on; give {words}")
    for name in missing:
        answer = _answer(*_QUESTIONS.get(name, ("Name of the capability", "")))
        if name == "arch":
            options.arch = [] if answer == "all" else [answer]
        else:
            setattr(options, name, answer or None)
    if options.msr is None and any("x86" in word.split(",") for word in options.arch):
        options.msr = _optional("msr")
    if options.ioctl is None and options.msr is None and options.scope != "none":
        options.ioctl = _optional("ioctl")


def _optional(name: str) -> str | None:
    answer = _answer(*_OPTIONAL[name])
    return None if answer == "none" else answer


def _answer(question: str, default: str) -> str:
    sys.stderr.write(f"{question}{f' [{default}]' if default else ''}: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() or default
