"""Configuration as the text of a `caplint.toml`, for `caplint config` and `caplint init`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from caplint import HOME, __version__
from caplint.config.settings import Config, ConfiguredTree

SCHEMA = f"{HOME.replace('github.com', 'raw.githubusercontent.com')}/v{__version__}/caplint/schemas/config.json"
"""Address of this version's JSON Schema of a configuration, for editors; a release publishes it with its tag."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def quoted(text: str) -> str:
    """Return a text as a basic string of TOML, with every character that does not print escaped."""
    return f'"{"".join(map(_escaped, text))}"'


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else quoted(name)


def _escaped(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, texts))}]"


def settings(config: Config) -> Iterator[str]:
    """Yield the lines of all settings; read again, they give the same configuration."""
    yield f"fail-on = {quoted(config.fail_on)}"
    yield f"select = {_list(config.select)}"
    yield f"extend-select = {_list(config.extend_select)}"
    yield f"ignore = {_list(config.ignore)}"
    yield f"rules = {_list(config.rules)}"
    yield f"known = {_list(config.known)}"
    yield f"vendor-range = {_list(f'{low}-{high}' for low, high in config.vendor_range)}"
    yield f"abis = {_list(config.abis)}"
    yield f"oldest-kernel = {quoted(config.oldest_kernel)}"
    yield f"jobs = {config.jobs}"
    if config.cache:
        yield f"cache = {quoted(config.cache)}"
    for tree in config.trees:
        yield from _tree(tree)
    yield from ("", "[c]", f"attributes = {_list(config.repairs.attributes)}")
    yield f"iterators = {_list(config.repairs.iterators)}"
    yield from ("", "[coverage]", f"floor = {config.coverage_floor}")
    yield from ("", "[matrix]", f"kernels = {_list(config.matrix.kernels)}", f"vmms = {_list(config.matrix.vmms)}")
    for entry in config.suppress:
        yield from ("", "[[suppress]]")
        for key in ("code", "subject", "path", "arch", "reason"):
            if value := getattr(entry, key):
                yield f"{key} = {quoted(value)}"


def _tree(tree: ConfiguredTree) -> Iterator[str]:
    """Yield the table of a tree; that of an environment variable is a comment, since the file does not have it."""
    mark = "# " if tree.variable else ""
    yield f"\n# from {tree.variable}" if tree.variable else ""
    yield f"{mark}[trees.{_key(tree.name)}]"
    yield f"{mark}path = {quoted(tree.path)}"
    if tree.role:
        yield f"{mark}role = {quoted(tree.role)}"


def first_file(trees: Iterable[ConfiguredTree], directory: Path) -> str:
    """Return the text of a commented file for some trees; paths are relative to its directory where that is short."""
    lines = [_HEAD]
    for tree in trees:
        lines += [f"[trees.{_key(tree.name)}]", f"path = {quoted(_relative(tree.path, directory))}", ""]
    return "\n".join([*lines, _TAIL])


def _relative(path: str, directory: Path) -> str:
    relative = os.path.relpath(path, directory)
    return path if relative.startswith(os.path.join("..", "..", "..")) else relative  # noqa: PTH118 - a prefix of text


_HEAD = f"""\
#:schema {SCHEMA}
# Configuration of caplint. `caplint config` shows what is in force, `caplint explain CODE` the page of a rule.

fail-on = "warning"         # exit with 1 on findings at least as severe: error, warning, note; never
# select = ["CAP1", "CAP4"] # rules to run, by code, prefix of codes or name; default: all
# ignore = ["CAP103"]       # rules to leave out
# oldest-kernel = "5.10"    # oldest Linux that your VMM supports: its capabilities need no check
# vendor-range = "500-599"  # capability numbers of your own, which collide with no upstream number

# Trees for runs that name none of their role. Such settings need `caplint trust` where somebody else wrote the file.
"""
_TAIL = """\
# A finding that is wrong or intended; it is reported once it matches nothing any more.
# [[suppress]]
# code = "CAP205"
# subject = "KVM_CAP_X"     # `*` stands for any characters
# path = "virt/kvm/**"      # subject, path or both
# reason = "why nobody should mend it"
"""
