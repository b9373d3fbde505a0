"""Targets for UAPI headers: what is put aside before preprocessing, and layouts and numbers in every ABI."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from unittest.mock import patch

from c_grammar import CText
from choices import Choices
from target import MADE, Target, seeds_of
from tree_grammar import header

from caplint.abi import preprocess
from caplint.abi.abis import abi_named, abis_of
from caplint.abi.evaluation_pool import _json, unit_of
from caplint.abi.opaque_lines import Thin
from caplint.abi.preprocess import HeaderError, PlacedToken, Preprocessed
from caplint.abi.sources import HeaderSet, Sources, gather
from caplint.abi.unit import AbiUnit, IoctlNumber, Structure, Unknown, evaluate

_ROOT, _OTHER = "include/uapi/linux/kvm.h", "include/uapi/linux/b.h"
_ABI = abi_named("x86_64")
_ALL = [abi.name for abi in abis_of(None, None)]
_IOCTLS = {"_IO", "_IOR", "_IOW", "_IOWR", "_IOC"}


def _files(data: bytes) -> dict[str, bytes]:
    """Two headers: of the grammar, or the input's parts."""
    if data.startswith(MADE):
        choices = Choices(data[1:])
        c = CText(choices)
        root = choices.pick(["", "#include <linux/b.h>\n"]) + header(c, "KVM_CAP_T", "kvm_s")
        return {_ROOT: root.encode(), _OTHER: header(c, "KVM_XCAP_T", "kvm_a").encode()}
    first, _, second = data.partition(b"\xff")
    return {_ROOT: first, _OTHER: second}


def _sources(files: dict[str, bytes]) -> Sources:
    return gather(HeaderSet(_ROOT, ""), files.get)


def layouts(data: bytes) -> object:
    """Evaluate headers for all ABIs: what has a layout has one that is possible, and lies in the headers."""
    files = _files(data)
    units = evaluate(_sources(files), _ALL)
    for unit in units.values():
        _check_unit(unit, files)
    text = _json(units)
    assert {name: unit_of(unit) for name, unit in json.loads(text).items()} == units
    return text


def _check_unit(unit: AbiUnit, files: dict[str, bytes]) -> None:
    for structure in unit.structures:
        assert structure.size >= 0, structure
        assert structure.alignment & (structure.alignment - 1) == 0 < structure.alignment, structure
        assert structure.size % structure.alignment == 0, structure
        assert all(0 <= member.offset <= structure.size for member in structure.members), structure
    for ioctl in unit.ioctls:
        assert 0 <= ioctl.value < 1 << 32, ioctl
    rows: list[Structure | IoctlNumber | Unknown] = [*unit.structures, *unit.ioctls, *unit.unknown]
    for row in rows:
        assert row.line >= 1, row
        if row.path in files:
            assert row.line <= len(files[row.path].decode("utf-8", "replace").splitlines()) + 1, row


def thinned(data: bytes) -> object:
    """Hold a header that was thinned against the same one as it is: pcpp makes the same of both.

    Where it does not, a compiler that has no complaint is the judge: pcpp's own faults are none of the thinning.
    """
    files = _files(data)
    sources = _sources(files)
    seen = _seen(sources)
    with patch.object(preprocess, "thin", lambda given, _: Thin(dict(given.files), {})):
        whole = _seen(sources)
    if seen != whole:
        truth = _compiled(files)
        mine = None if isinstance(seen, str) else _words(" ".join(token.text for token in seen[0]))
        assert truth is None or truth == mine, (seen, whole, truth)
    return seen


def _seen(sources: Sources) -> tuple[list[PlacedToken], list[tuple[str, str]]] | str:
    """Return tokens and ioctls, or why there are none."""
    preprocess._EXPANSIONS.clear()
    try:
        found = Preprocessed(sources, _ABI.predefined)
    except HeaderError as error:
        return f"{error} {error.path} {error.line}"
    return found.tokens, [
        (macro.name, _expansion(found, macro.name)) for macro in found.macros if _IOCTLS & {*macro.words}
    ]


def _expansion(found: Preprocessed, name: str) -> str:
    try:
        return found.expansion(name)
    except HeaderError as error:
        return str(error)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text)


def _compiled(files: dict[str, bytes]) -> list[str] | None:
    """Return the words that gcc makes of the header, None where it complains or is not here."""
    if shutil.which("gcc") is None:
        return None
    with tempfile.TemporaryDirectory(prefix="caplint-fuzz-") as place:
        for path, content in files.items():
            file = Path(place) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        flags = [f"-D{name}={value}" for name, value in _ABI.predefined.items()]
        words = [
            "gcc",
            "-E",
            "-P",
            "-undef",
            "-nostdinc",
            "-Werror",
            "-w",
            *flags,
            "-I",
            f"{place}/include/uapi",
            f"{place}/{_ROOT}",
        ]
        done = subprocess.run(words, capture_output=True, check=False)
    return _words(done.stdout.decode("utf-8", "replace")) if done.returncode == 0 and not done.stderr else None


TARGETS = {
    "layouts": Target(layouts, ("caplint.abi",), share=2, places=(seeds_of("headers"),), made=6),
    "thinning": Target(thinned, ("caplint.abi",), share=2, places=(seeds_of("headers"),), made=6),
}
