"""Reader of blobs through one process of `git cat-file`, started on first use."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress

from caplint.trees.git_process import Git, GitFailedError, Patient
from caplint.trees.tree import LARGEST, oversize
from caplint.util.errors import CaplintError

# Object ids per request: they must fit into the smallest pipe (4096 bytes) before an answer is read.
_CHUNK = 60
_TOO_LARGE = b"a blob that is too large"
"""Stands for a blob whose content is not read; it is compared by identity."""


class Blobs:
    """Reader of the contents of blobs."""

    def __init__(self, git: Git, label: str) -> None:
        """Keep the arguments; `label` names the repository in errors."""
        self._git = git
        self._label = label
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: io.BufferedReader | None = None
        self._owner = os.getpid()

    def read_all(self, oids: list[str]) -> Iterator[bytes | None]:
        """Yield the contents in order, `oversize()` for a blob that is too large, None for one that is not there.

        The caller must read to the end.
        """
        at = 0
        while at < len(oids):
            chunk = oids[at : at + _CHUNK]
            answers = self._ask(chunk)
            for oid in chunk:
                try:
                    content = self._answer(answers, oid)
                except CaplintError:
                    self.close()  # pending answers must not be mistaken for later ones
                    raise
                at += 1
                if content is _TOO_LARGE:
                    self.close()  # do not wait for it; request the rest again
                    yield oversize()
                    break
                yield content

    def _ask(self, oids: list[str]) -> io.BufferedReader:
        if self._process is None or self._answers is None:
            self._process = self._git.start(("cat-file", "--batch"), subprocess.DEVNULL, subprocess.PIPE)
            self._owner = os.getpid()
            assert self._process.stdout is not None
            self._answers = io.BufferedReader(Patient(self._process.stdout, self._git.wait), 1 << 16)
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # git has died, as reading the answers will show
            self._process.stdin.write("".join(f"{oid}\n" for oid in oids).encode())
        return self._answers

    def _answer(self, answers: io.BufferedReader, oid: str) -> bytes | None:
        try:
            head = answers.readline(200).split()
            if head == [oid.encode(), b"missing"]:
                return None
            if len(head) != 3 or head[1] != b"blob":
                raise CaplintError(f"{self._label}: cannot read object {oid} from the repository; run `git fsck`")
            size = int(head[2])
            if size > LARGEST:
                return _TOO_LARGE
            content = answers.read(size + 1)[:-1]
        except GitFailedError as error:
            raise CaplintError(f"{self._label}: git cat-file of object {oid} {error}; run `git fsck`") from None
        if len(content) != size:
            raise CaplintError(f"{self._label}: object {oid} ends early; run `git fsck`")
        return content

    def close(self) -> None:
        """End the process; reading another blob starts a new one."""
        process, self._process, self._answers = self._process, None, None
        if process is not None:
            # Closing the pipe is not enough: a process forked meanwhile may hold it open.
            process.kill()
            assert process.stdin is not None
            process.stdin.close()
            process.wait()

    def __del__(self) -> None:
        # A forked process that drops its copy must not end the reader of its parent.
        if getattr(self, "_process", None) is not None and self._owner == os.getpid():
            self.close()
