"""caplint history"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.cli.exit_codes import CLEAN
from caplint.cli.fleet_options import add_scheduler, scheduler_of
from caplint.cli.options import add_config, add_output_format, config_of, progress, write_output
from caplint.knowledge.capability_names import is_capability
from caplint.util.errors import CaplintError
from caplint.util.suggest import suggestion

if TYPE_CHECKING:
    from caplint.history.build import HistoryRun
    from caplint.history.model import Track

_ROLES = {"kernel": "kernel", "qemu": "vmm"}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "capabilities", nargs="*", metavar="KVM_CAP_X", help="only these capabilities; patterns such as x86_* too"
    )
    trees = parser.add_argument_group("trees")
    for option, title in (("--kernel", "Linux"), ("--qemu", "QEMU")):
        trees.add_argument(
            option, nargs="+", action="extend", default=[], metavar="REPO[@REV] | DIR@LABEL",
            help=f"{title}'s repository, up to a revision (default: HEAD); or several states, oldest first: "
            "revisions, or directories under any label",
        )  # fmt: skip
    trees.add_argument(
        "--tree", action="append", default=[], metavar="NAME=ROLE:REPO[@REV]",
        help="repository of any tree; ROLE is kernel or vmm",
    )  # fmt: skip
    parser.add_argument(
        "--tags", action="append", default=[], metavar="GLOB",
        help="take these tags for the releases (default: those of versions, such as v6.1); may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--header-only", action="store_true", help="only numbers in the header; code and documentation are not read"
    )
    parser.add_argument(
        "--needs", action="store_true",
        help="instead: the oldest kernel that a VMM (--qemu DIR, --tree NAME=vmm:DIR) can run on, and the first kernel "
        "with each other capability that it uses; releases are those of --kernel, or else caplint's own data",
    )  # fmt: skip
    add_config(parser)
    add_scheduler(parser)
    add_output_format(parser, "history")


def run(options: argparse.Namespace) -> int:
    """Print the histories."""
    from caplint.history.build import HistoryRun  # noqa: PLC0415 - imports most of the program
    from caplint.history.model import CapabilityHistory  # noqa: PLC0415
    from caplint.history.wanted import Wanted  # noqa: PLC0415

    config = config_of(options)
    caps = [*options.capabilities]
    for role in _ROLES:  # `--kernel REPO KVM_CAP_X`
        words = getattr(options, role)
        caps += [word for word in words if is_capability(word) and not Path(word).exists()]
        setattr(options, role, [word for word in words if word not in caps])
    scheduler = scheduler_of(options)
    wanted = Wanted(tuple(caps), tuple(options.tags), code=not options.header_only)
    if options.needs:
        return _needs(options, HistoryRun(wanted, config, lambda _done, _total: None, scheduler))
    with progress("reading releases") as show:
        tracks = _tracks(options, HistoryRun(wanted, config, show, scheduler))
    if not tracks:
        raise CaplintError("no repository given; use --kernel REPO, --qemu REPO or --tree NAME=vmm:REPO")
    _all_known(caps, tracks)
    write_output(CapabilityHistory(tuple(tracks)), "history", options)
    return CLEAN


def _tracks(options: argparse.Namespace, run: HistoryRun) -> list[Track]:
    from caplint.history.build import of_directories, of_repository  # noqa: PLC0415
    from caplint.history.sources import repository_of, state_of  # noqa: PLC0415

    tracks = []
    for option, role in _ROLES.items():
        words: list[str] = getattr(options, option)
        states = len(words) > 1 and any("@" in word for word in words)
        repositories = [repository_of(word) for word in words] if not states else []
        if repositories and None not in repositories:
            for path, revision in filter(None, repositories):
                name = Path(path).resolve().name if len(words) > 1 else None
                tracks.append(of_repository(path, revision, (role, name), run))
        elif words:
            tracks.append(of_directories(list(map(state_of, words)), (role, None), run))
    for option in options.tree:
        name, _, rest = option.partition("=")
        role, _, word = rest.partition(":")
        found = repository_of(word) if name and word and role in _ROLES.values() else None
        if found is None:
            raise CaplintError(f"--tree {option}: write NAME=kernel:REPO[@REV] or NAME=vmm:REPO[@REV]")
        tracks.append(of_repository(*found, (role, name), run))
    return tracks


def _needs(options: argparse.Namespace, run: HistoryRun) -> int:
    from caplint.history.needs import needs_of  # noqa: PLC0415
    from caplint.trees.detect import tree_of  # noqa: PLC0415

    named = [option.partition("=vmm:") for option in options.tree]
    vmms = [(word, None) for word in options.qemu] + [(word, name) for name, _, word in named if word]
    if len(vmms) != 1 or not all(word for _, _, word in named):
        raise CaplintError("--needs is about one VMM; give it as --qemu DIR[@REV] or --tree NAME=vmm:DIR[@REV]")
    tree = tree_of(vmms[0][0], "vmm", vmms[0][1])
    options.qemu, options.tree = [], []
    kernels = _tracks(options, run)
    if len(kernels) > 1:
        raise CaplintError("--needs takes the releases of one kernel; give one repository, or states as DIR@LABEL")
    write_output(needs_of(tree, run.config, kernels[0] if kernels else None), "history --needs", options)
    return CLEAN


def _all_known(caps: list[str], tracks: list[Track]) -> None:
    """Raise `CaplintError` for a capability that nothing is known of."""
    from caplint.inventory.select import is_named  # noqa: PLC0415

    known = sorted({cap for track in tracks for cap in track.known})
    for glob in caps:
        if not any(map(partial(is_named, globs=[glob]), known)):
            raise CaplintError(f"no header of this history defines {glob}{suggestion(glob.upper(), known)}")
