"""Runs git in a private git directory, over another repository's objects; time and output are bounded."""

from __future__ import annotations

import io
import os
import select
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import IO, Any

from caplint.errors import CaplintError
from caplint.trees.git_objects import check_objects
from caplint.trees.git_place import GitPlace
from caplint.trees.git_private import PrivateGit
from caplint.trees.git_program import git_program

# Git says something within so many seconds, and ends within so many, whatever it is given.
SILENCE = 20.0
_WHOLE = 60.0
# After so many it is looked for what it may wait for.
_HESITATION = 1.0
# A tree can name itself ten times over at each of many levels; Linux's listing has 10 million bytes.
_LARGEST_OUTPUT = 256_000_000
_LARGEST_WORDS = 4096
# What the environment must not decide: git's own variables are dropped, all of them.
_FIXED = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOC_LIMIT": "1g", "LC_ALL": "C",
}  # fmt: skip
# The private configuration says so as well; the command line is above any.
_SAFE = ("--no-pager", "-c", "protocol.allow=never", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")


Wait = Callable[[select.poll], list[tuple[int, int]]]


class GitFailedError(Exception):
    """Git ended with an error, or did not end; the message is one line."""


class Git:
    """Git with all that it is to know of a repository: a directory of our own, and where the objects are."""

    def __init__(self, place: GitPlace) -> None:
        """Raises `CaplintError` where git is missing."""
        self._place = place
        self._program = git_program((place.top, place.own, place.common))

    @cached_property
    def private(self) -> PrivateGit:
        """What git takes for the repository."""
        return PrivateGit(self._place)

    @cached_property
    def _environment(self) -> dict[str, str]:
        own = str(self.private.path)
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            **_FIXED,
            "GIT_DIR": own, "HOME": own, "XDG_CONFIG_HOME": own, "GIT_OBJECT_DIRECTORY": str(self._place.objects),
        }  # fmt: skip

    def start(self, words: Sequence[str], errors: int, asked: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """A process of git. Raises `CaplintError` where the system starts none, or would wait for an object."""
        if "_environment" not in vars(self):
            check_objects(self._place.objects, loose=False)
        command = [self._program, *_SAFE, *words]
        try:
            return subprocess.Popen(
                command, cwd=self.private.path, env=self._environment, bufsize=0,
                stdin=asked, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            raise CaplintError(f"{self._program}: cannot be run: {error}") from error

    def wait(self, poll: select.poll) -> list[tuple[int, int]]:
        """What is ready to be read; nothing after `SILENCE`. Raises `CaplintError` where a FIFO is waited for."""
        first = min(_HESITATION, SILENCE)
        if ready := poll.poll(first * 1000):
            return ready
        check_objects(self._place.objects, loose=True)
        return poll.poll((SILENCE - first) * 1000)

    def run(self, *words: str) -> bytes:
        """What git writes. Raises `GitFailedError` for an error of git's, too much output, and too long a time."""
        with self.start(words, subprocess.PIPE) as process:
            try:
                out, err = _collect(process, self.wait)
                status = process.wait(SILENCE)
            except (GitFailedError, subprocess.TimeoutExpired) as error:
                process.kill()
                raise GitFailedError(str(error)) from None
            except BaseException:
                process.kill()
                raise
        if status:
            reason = err.decode("utf-8", "backslashreplace").strip().partition("\n")[0].removeprefix("fatal: ")
            raise GitFailedError(reason or f"exit code {status}")
        return out


def _collect(process: subprocess.Popen[bytes], wait: Wait) -> tuple[bytes, bytes]:
    """All of the output, and the first of the errors."""
    assert process.stdout is not None
    assert process.stderr is not None
    found = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    out, err = found.values()
    poll = select.poll()
    for descriptor in found:
        poll.register(descriptor, select.POLLIN)
    end = time.monotonic() + _WHOLE
    open_ends = set(found)
    while open_ends:
        ready = wait(poll)
        if not ready or time.monotonic() > end:
            raise GitFailedError(f"takes longer than {SILENCE if not ready else _WHOLE:g} s; run `git fsck`")
        for descriptor, _ in ready:
            piece = os.read(descriptor, 1 << 20)
            if not piece:
                poll.unregister(descriptor)
                open_ends.remove(descriptor)
            elif found[descriptor] is out or len(err) < _LARGEST_WORDS:
                found[descriptor] += piece
        if len(out) > _LARGEST_OUTPUT:
            raise GitFailedError(f"writes more than {_LARGEST_OUTPUT:,} bytes; no tree that is developed is so large")
    return bytes(out), bytes(err)


class Patient(io.RawIOBase):
    """The end of a pipe that is read from, for which nobody waits longer than `SILENCE`."""

    def __init__(self, pipe: IO[bytes], wait: Wait) -> None:
        super().__init__()
        self._wait = wait
        self._pipe = pipe
        self._poll = select.poll()
        self._poll.register(pipe.fileno(), select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Raises `GitFailedError` where nothing comes."""
        if not self._wait(self._poll):
            raise GitFailedError(f"takes longer than {SILENCE:g} s")
        return os.readv(self._pipe.fileno(), [buffer])

    def close(self) -> None:
        with suppress(OSError):
            self._pipe.close()
        super().close()
