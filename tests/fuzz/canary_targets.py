"""A target for patches whose files imitate git's own: a command that stands in them must never run."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from choices import Choices
from memory_tree import KERNEL, MemoryTree
from target import MADE, Target, answered, seeds_of

from caplint.config.settings import Config
from caplint.engine.rule_examples import cases, problem
from caplint.rules.page import Example, Rule
from caplint.trees.excerpt import apply_excerpts
from caplint.trees.series import apply_series, read_series
from caplint.trees.tree import Tree

_COMMAND = b"CANARY"
"""Stands in an input for the command that tells that it was run."""
_FILES = [
    "HEAD", "config", "objects/x", "refs/x", "refs/heads/master", "info/attributes", "index",
    "hooks/post-index-change", "hooks/pre-applypatch",
    ".gitattributes", ".git", ".git/config", ".GIT/config", "git~1/config", ".git /config", ".git./config",
    ".g\u200cit/config", ".git::$INDEX_ALLOCATION/config",
    "commondir", "gitdir", "objects/info/alternates", "config.worktree", "packed-refs", ".gitmodules", ".gitconfig",
    ".config/git/config",
    "git/config", "git/attributes", "attributes", "virt/kvm/end.c", "info/exclude", "shallow", "worktrees/a/gitdir",
]  # fmt: skip
_ROOTS = ["", "", "virt/", "virt/kvm/", "git/", "a/b/", "modules/x/", ".git/", "caplint/"]
SETTINGS = [
    "[core]\n\trepositoryformatversion = 0\n\tbare = true", "[core]\n\tworktree = .", "[core]\n\tfsmonitor = CANARY",
    "[core]\n\thooksPath = hooks",
    "[core]\n\tattributesFile = attributes",
    "[core]\n\tsshCommand = CANARY\n\tpager = CANARY\n\teditor = CANARY\n\taskPass = CANARY",
    '[filter "t"]\n\tclean = CANARY\n\tsmudge = CANARY\n\trequired', '[filter "t"]\n\tprocess = CANARY',
    '[diff "t"]\n\ttextconv = CANARY\n\tcommand = CANARY',
    '[merge "t"]\n\tdriver = CANARY', "[alias]\n\tapply = !CANARY", "[include]\n\tpath = attributes",
    '[includeIf "gitdir:/"]\n\tpath = config.worktree',
    "[extensions]\n\tworktreeConfig = true\n\tpartialClone = origin",
    '[remote "origin"]\n\tpromisor = true\n\turl = "ext::CANARY"', "[safe]\n\tdirectory = *",
    "[protocol]\n\tallow = always", "[gpg]\n\tprogram = CANARY", "[uploadpack]\n\tpackObjectsHook = CANARY",
    "[apply]\n\twhitespace = fix",
]  # fmt: skip
LINES = [
    "ref: refs/heads/master", "0" * 40, "* filter=t", "* filter=t diff=t merge=t text eol=crlf",
    "* working-tree-encoding=UTF-16", "gitdir: .",
    "gitdir: ../git", "#!/bin/sh\nCANARY", "../objects", ".", "CANARY",
]  # fmt: skip


@cache
def canary() -> tuple[bytes, Path]:
    """Return a command, and the place of the file that only it makes."""
    # Not below TMPDIR: a file system in memory may be one that nothing is run from.
    place = Path(tempfile.mkdtemp(prefix="caplint-canary-", dir="/var/tmp"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    command, ran = place / "canary", place / "ran"
    command.write_text(f"#!/bin/sh\ntouch {ran}\nexec cat\n")
    command.chmod(0o755)
    subprocess.run([command], stdin=subprocess.DEVNULL, check=True)
    assert ran.exists(), "the canary command does nothing"
    ran.unlink()
    return str(command).encode(), ran


def imitating(data: bytes) -> object:
    """Lay a patch over a kernel, whole and as an excerpt, or run it as a rule page's example: nothing of it is run."""
    choices = Choices(data[1:])
    text = _patches(choices) if data.startswith(MADE) else data
    command, ran = canary()
    diff = text.replace(_COMMAND, command)
    said = [str(_laid(diff, whole=whole)) for whole in (True, False)]
    if choices.seldom(8):
        example = Example("diff", "kernel", "", diff.decode("utf-8", "replace"))
        rule = Rule("CAP999", "made-up", "warning", (), "1", (), Path("CAP999.md"), "```sql\nSELECT 1\n```\n")
        rule.blocks.bad.append([example])
        said += [str(problem(case, Config(cache="none", jobs=1))) for case in cases(rule) if case.kind == "bad"]
    was_run = ran.exists()
    ran.unlink(missing_ok=True)
    assert not was_run, f"a command of the patch was run: {said}"
    return said


def _laid(diff: bytes, *, whole: bool) -> object:
    trees: list[Tree] = [MemoryTree("kernel", "linux", KERNEL)]
    with answered() as said:
        series = read_series([("input.patch", diff)], lambda _: None)
        lay = apply_series if whole else apply_excerpts
        laid = lay(series, trees, None, lambda _: None)
        return [sorted(getattr(tree, "changes", {})) for each in laid for tree in each.trees]
    return said


def _patches(choices: Choices) -> bytes:
    """Return two diffs in one file: the first adds files, the second changes them."""
    files: dict[str, list[str]] = {}
    root = choices.pick(_ROOTS)
    if choices.below(4):  # all that a bare repository needs
        files |= {
            f"{root}HEAD": [LINES[0]],
            f"{root}objects/x": ["x"],
            f"{root}refs/x": ["x"],
            f"{root}config": [SETTINGS[0]],
        }
        files |= {f"{root}info/attributes": [choices.pick(LINES)]}
    for _ in range(choices.below(5) + 1):
        path = choices.pick(["", root]) + choices.pick(_FILES)
        files[path] = [choices.pick([*SETTINGS, *LINES]) for _ in range(choices.below(4) + 1)]
    if f"{root}config" in files:
        files[f"{root}config"] += [choices.pick(SETTINGS) for _ in range(choices.below(5))]
    first = "".join(_added(path, _split(lines)) for path, lines in files.items() if path != "virt/kvm/end.c")
    second = "".join(_changed(path, _split(lines)) for path, lines in files.items() if path != "virt/kvm/end.c")
    return (first + second).encode()


def _split(lines: list[str]) -> list[str]:
    return "\n".join(lines).split("\n")


def _added(path: str, lines: list[str]) -> str:
    head = (
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n"
    )
    return head + "".join(f"+{line}\n" for line in lines)


def _changed(path: str, lines: list[str]) -> str:
    head = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,{len(lines)} +1,{len(lines) + 1} @@\n"
    return head + "".join(f" {line}\n" for line in lines) + "+\n"


TARGETS = {
    "imitation": Target(imitating, ("caplint.trees",), places=(seeds_of("imitation"),), made=8, seconds=20.0),
}
