"""Git processes in a private git directory, over the objects of another repository, with bounded time and output."""

from __future__ import annotations

import io
import os
import select
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import IO, Any

from caplint.trees.git_objects import check_objects
from caplint.trees.git_place import GitPlace
from caplint.trees.git_private import PrivateGit
from caplint.trees.git_program import git_program
from caplint.util.errors import CaplintError

# Seconds without output after which git is stopped, and its total time limit.
SILENCE = 20.0
_WHOLE = 60.0
# Seconds without output after which the objects are checked for FIFOs.
_HESITATION = 1.0
# A hostile tree can list itself many times at each level; Linux's listing has 10 million bytes.
_LARGEST_OUTPUT = 256_000_000
_LARGEST_WORDS = 4096
# Fixed environment; all other variables of git are dropped.
_FIXED = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOC_LIMIT": "1g", "LC_ALL": "C",
}  # fmt: skip
# Repeats the private configuration, because the command line overrides all configuration files.
_SAFE = ("--no-pager", "-c", "protocol.allow=never", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")


Wait = Callable[[select.poll], list[tuple[int, int]]]


class GitFailedError(Exception):
    """Git ended with an error, or was stopped; the message is one line."""


class Git:
    """Git with all that it may know of a repository: a private directory, and the location of the objects."""

    def __init__(self, place: GitPlace) -> None:
        """Set up the private directory. Raises `CaplintError` if git is missing."""
        self._place = place
        self._program = git_program((place.top, place.own, place.common))

    @cached_property
    def private(self) -> PrivateGit:
        """Private git directory that git uses as the repository."""
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
        """Start git. Raises `CaplintError` if it cannot be started, or would block on an object."""
        if "_environment" not in vars(self):
            check_objects(self._place.objects, loose=False)
        command = [self._program, *_SAFE, *words]
        try:
            return subprocess.Popen(
                command, cwd=self.private.path, env=self._environment, bufsize=0,
                stdin=asked, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            raise CaplintError(f"{self._program}: cannot run: {error}") from error

    def wait(self, poll: select.poll, silence: float | None = None) -> list[tuple[int, int]]:
        """Poll for output; empty after `silence` (or `SILENCE`). Raises `CaplintError` if git waits for a FIFO."""
        whole = SILENCE if silence is None else silence
        first = min(_HESITATION, whole)
        if ready := poll.poll(first * 1000):
            return ready
        check_objects(self._place.objects, loose=True)
        return poll.poll((whole - first) * 1000)

    def run(self, *words: str, seconds: float = _WHOLE) -> bytes:
        """Return git's output. Raises `GitFailedError` if git fails, writes too much or takes longer than `seconds`.

        A log in the order of parents is silent until it has seen all commits: a longer limit is one of silence too.
        """
        silence = seconds if seconds > _WHOLE else SILENCE
        with self.start(words, subprocess.PIPE) as process:
            try:
                out, err = _collect(process, partial(self.wait, silence=silence), (silence, seconds))
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


def _collect(process: subprocess.Popen[bytes], wait: Wait, limits: tuple[float, float]) -> tuple[bytes, bytes]:
    """Return all of the output, and the beginning of the errors; `limits`: seconds without output, and in all."""
    silence, seconds = limits
    assert process.stdout is not None
    assert process.stderr is not None
    found = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    out, err = found.values()
    poll = select.poll()
    for descriptor in found:
        poll.register(descriptor, select.POLLIN)
    end = time.monotonic() + seconds
    open_ends = set(found)
    while open_ends:
        ready = wait(poll)
        if not ready or time.monotonic() > end:
            raise GitFailedError(f"takes longer than {seconds if ready else silence:g} s; run `git fsck`")
        for descriptor, _ in ready:
            piece = os.read(descriptor, 1 << 20)
            if not piece:
                poll.unregister(descriptor)
                open_ends.remove(descriptor)
            elif found[descriptor] is out or len(err) < _LARGEST_WORDS:
                found[descriptor] += piece
        if len(out) > _LARGEST_OUTPUT:
            raise GitFailedError(f"writes more than {_LARGEST_OUTPUT:,} bytes, far more than for any real tree")
    return bytes(out), bytes(err)


class Patient(io.RawIOBase):
    """Reading end of a pipe that waits at most `SILENCE`."""

    def __init__(self, pipe: IO[bytes], wait: Wait) -> None:
        super().__init__()
        self._wait = wait
        self._pipe = pipe
        self._poll = select.poll()
        self._poll.register(pipe.fileno(), select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read into a buffer. Raises `GitFailedError` if no data comes in time."""
        if not self._wait(self._poll):
            raise GitFailedError(f"takes longer than {SILENCE:g} s")
        return os.readv(self._pipe.fileno(), [buffer])

    def close(self) -> None:
        with suppress(OSError):
            self._pipe.close()
        super().close()
