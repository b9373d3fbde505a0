"""Repositories that tests make for themselves: headers of a few lines, and what git itself says of their history."""

from __future__ import annotations

import subprocess
from pathlib import Path

from conftest import UAPI, commit, git, lay

from caplint.config.settings import Config
from caplint.history.build import HistoryRun, of_repository
from caplint.history.model import Event, Track
from caplint.history.wanted import Wanted


def header(**numbers: int | str) -> str:
    """The text of a header that defines some capabilities."""
    return "".join(f"#define KVM_CAP_{name} {number}\n" for name, number in numbers.items())


class Made:
    """A kernel's repository that a test makes commit by commit."""

    def __init__(self, root: Path) -> None:
        self.root = lay(root, {"virt/kvm/kvm_main.c": ""})

    def state(self, subject: str, **numbers: int | str) -> str:
        """Commit a header; the commit's id."""
        return self.files(subject, {UAPI: header(**numbers)})

    def files(self, subject: str, files: dict[str, str]) -> str:
        """Commit some files; the commit's id."""
        return commit(lay(self.root, files), subject)

    def tag(self, name: str) -> None:
        git(self.root, "tag", name)

    def branch(self, name: str) -> None:
        git(self.root, "checkout", "-q", "-b", name)

    def back(self) -> None:
        git(self.root, "checkout", "-q", "master")

    def merge(self, branch: str, **numbers: int | str) -> str:
        """Merge a branch, with this header as the result; the commit's id."""
        words = ["git", "merge", "-q", "--no-ff", "--no-commit", branch]
        subprocess.run(words, cwd=self.root, capture_output=True, check=False)  # it fails for a conflict
        lay(self.root, {UAPI: header(**numbers)})
        return commit(self.root, f"merge {branch}")

    def track(self, *caps: str, tags: tuple[str, ...] = (), code: bool = False, revision: str = "HEAD") -> Track:
        """Its history."""
        run = HistoryRun(Wanted(caps, tags, code), Config(cache="none", jobs=1), lambda _done, _total: None)
        return of_repository(str(self.root), revision, ("kernel", None), run)

    def lines_of(self, cap: str, path: str = UAPI) -> list[str]:
        """The commits that add or remove a line which names a capability, as `git log -G` says, oldest first."""
        words = ["log", "--full-history", "--topo-order", "--reverse", "--format=%H", f"-GKVM_CAP_{cap}[^A-Z0-9_]"]
        return git(self.root, *words, "--", path).split()


def brief(event: Event) -> tuple[str, str, str | None, str | None, str | None]:
    """What an event says, without its commits."""
    return event.cap.removeprefix("KVM_CAP_"), event.kind, event.before, event.after, event.release


def commits(track: Track, cap: str) -> list[str]:
    """The commits of a capability's events, in order."""
    return [cause.oid for event in track.events if event.cap == f"KVM_CAP_{cap}" for cause in event.causes]
