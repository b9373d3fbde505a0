"""Reads blobs through one process of `git cat-file`, which is started when it is needed."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress

from caplint.errors import CaplintError
from caplint.trees.git_process import Git, GitFailedError, Patient
from caplint.trees.tree import LARGEST, oversize

# So many object ids are asked for at once: they must fit into the smallest pipe (4096 bytes) before an answer is read.
_CHUNK = 60


class Blobs:
    """The contents of blobs."""

    def __init__(self, git: Git, label: str) -> None:
        """`label` names the repository in errors."""
        self._git = git
        self._label = label
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: io.BufferedReader | None = None
        self._owner = os.getpid()

    def read_all(self, oids: list[str]) -> Iterator[bytes]:
        """The contents, in their order; `oversize()` for one that is too large. To be read to its end."""
        at = 0
        while at < len(oids):
            chunk = oids[at : at + _CHUNK]
            answers = self._ask(chunk)
            for oid in chunk:
                try:
                    content = self._answer(answers, oid)
                except CaplintError:
                    self.close()  # what else has been asked for must not be taken for a later answer
                    raise
                at += 1
                if content is None:
                    self.close()  # it is not waited for; the rest is asked for anew
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
        with suppress(BrokenPipeError):  # it has died, as the answers will say
            self._process.stdin.write("".join(f"{oid}\n" for oid in oids).encode())
        return self._answers

    def _answer(self, answers: io.BufferedReader, oid: str) -> bytes | None:
        try:
            head = answers.readline(200).split()
            if len(head) != 3 or head[1] != b"blob":
                raise CaplintError(f"{self._label}: object {oid} cannot be read from the repository; run `git fsck`")
            size = int(head[2])
            if size > LARGEST:
                return None
            content = answers.read(size + 1)[:-1]
        except GitFailedError as error:
            raise CaplintError(f"{self._label}: to read object {oid} {error}; run `git fsck`") from None
        if len(content) != size:
            raise CaplintError(f"{self._label}: object {oid} ends early; run `git fsck`")
        return content

    def close(self) -> None:
        """End the process; it is started anew where a blob is read again."""
        process, self._process, self._answers = self._process, None, None
        if process is not None:
            # It would go on for as long as a process that was forked meanwhile holds the pipe that it reads from.
            process.kill()
            assert process.stdin is not None
            process.stdin.close()
            process.wait()

    def __del__(self) -> None:
        # A forked process that drops its copy must not end the reader of the other.
        if getattr(self, "_process", None) is not None and self._owner == os.getpid():
            self.close()
