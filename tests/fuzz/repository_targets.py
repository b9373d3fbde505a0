"""Targets for repositories of others: their references and layout, read without git, and what git is asked of one.

The canary command stands in whatever git could be made to run.
"""

from __future__ import annotations

import atexit
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from canary_targets import LINES, SETTINGS, canary
from choices import Choices
from target import Target, answered

from caplint.trees.git_objects import check_objects
from caplint.trees.git_place import locate
from caplint.trees.git_references import References
from caplint.trees.repository import Repository

_NAMES = [
    "HEAD",
    "master",
    "v1",
    "refs/heads/master",
    "a/b",
    "@",
    "FETCH_HEAD",
    "..",
    "x.lock",
    "v1^{}",
    "HEAD~1",
    "HEAD^{/x}",
    "@{1}",
    "0" * 40,
    "-x",
    ":a.c",
]
_FILES = [
    "HEAD", "config", "packed-refs", "index", "refs/heads/master", "refs/heads/a/b", "refs/tags/v1", "commondir",
    "gitdir", "shallow",
    "objects/info/alternates", "info/attributes", "info/exclude", "info/grafts", "hooks/post-index-change",
    "config.worktree", "FETCH_HEAD",
    "refs/replace/x", "reftable/tables.list", "sharedindex.x", "objects/info/commit-graph", "objects/pack/pack-x.idx",
]  # fmt: skip
_CONTENTS = [
    "", "ref: refs/heads/master\n", "ref: HEAD\n", "ref: ../../x\n", "ref: refs/heads/\x01\n", "{oid}\n",
    "{oid} refs/heads/master\n^{oid}\n", "0" * 40,
    "# pack-refs with: peeled fully-peeled sorted \n{oid} refs/tags/v1\n", "../objects\n", "/dev/zero\n",
    '"\\057dev\\057full"\n', ".\n", "gitdir: .\n",
    "[extensions]\n\tobjectFormat = sha256\n", "[extensions]\n\trefStorage = reftable\n", "DIRC\0\0\0\2\0\0\0\0",
    "\udcff\n",
]  # fmt: skip


@cache
def _template() -> tuple[Path, str]:
    """Return a repository with one commit, a branch and a tag, and the commit's id."""
    place = Path(tempfile.mkdtemp(prefix="caplint-fuzz-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    (place / "a.c").write_text("int a;\n")
    for words in (
        ["init", "-q", "-b", "master", "--template="],
        ["add", "a.c"],
        ["commit", "-q", "-m", "x"],
        ["tag", "v1"],
    ):
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *who, *words], cwd=place, check=True)
    return place, (place / ".git/refs/heads/master").read_text().strip()


@contextmanager
def _repository(choices: Choices) -> Iterator[Path]:
    """Copy the template, and put something else into some of its files."""
    template, oid = _template()
    with tempfile.TemporaryDirectory(prefix="caplint-fuzz-") as name:
        place = Path(name) / "r"
        shutil.copytree(template, place)
        for _ in range(choices.below(5)):
            file = place / ".git" / choices.pick(_FILES)
            with _possible():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(_content(choices, file, oid))
        yield place


@contextmanager
def _possible() -> Iterator[None]:
    """Pass over what a file system does not hold, such as a file below a file."""
    try:
        yield
    except OSError:
        return


def _content(choices: Choices, file: Path, oid: str) -> bytes:
    match choices.below(4):
        case 0 if file.exists() and file.is_file():
            old = bytearray(file.read_bytes())
            for _ in range(choices.below(4)):
                if old:
                    old[choices.below(len(old))] = choices.below(256)
            return bytes(old)
        case 1:
            text = "\n".join(choices.pick([*SETTINGS, *LINES]) for _ in range(choices.below(4) + 1))
            return text.encode().replace(b"CANARY", canary()[0])
        case _:
            return (
                "".join(choices.pick(_CONTENTS) for _ in range(choices.below(3) + 1))
                .replace("{oid}", oid)
                .encode("utf-8", "surrogateescape")
            )


def references(data: bytes) -> object:
    """Find a repository and what its references name, by caplint's own code."""
    choices = Choices(data)
    with _repository(choices) as place, answered() as said:
        found = locate(place)
        known = References(found)
        check_objects(found.objects, loose=True)
        oids = [known.find(name) for name in (choices.pick(_NAMES), "HEAD")]
        assert all(oid is None or re.fullmatch("[0-9a-f]{40}", oid) for oid in oids), oids
        return oids, known.packed_form()
    return len(said)


def asked(data: bytes) -> object:
    """Ask git for revisions, the index and blobs of a repository: no command of its files is run."""
    choices = Choices(data)
    name = choices.pick(_NAMES)
    seen: list[object] = []
    with _repository(choices) as place, answered():
        repository = Repository(place)
        try:
            with answered():
                blobs = repository.staged()
                seen += [*blobs.items(), *repository.read_all(sorted(blobs.values()))]
            with answered():
                _, tree = repository.tree(name)
                seen += [repository.entries(tree, [""]), repository.holds(tree, ["a.c"])]
            seen += repository.matching("*")
        finally:
            repository.close()
    ran = canary()[1]
    was_run = ran.exists()
    ran.unlink(missing_ok=True)
    assert not was_run, "a command of the repository was run"
    return seen


TARGETS = {
    "references": Target(references, ("caplint.trees",), made=6),
    "repository": Target(asked, ("caplint.trees",), made=6),
}
