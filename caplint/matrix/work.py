"""Kinds of work that run in processes of their own: each is a program that answers a job with JSON."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from caplint.util.errors import SHORT_OF_MEMORY, CaplintError, is_short_of_memory


class WorkJob(Protocol):
    """Job of a process: a frozen dataclass of plain values, which is passed as JSON."""

    @property
    def jobs(self) -> int:
        """Number of processes that it may use in turn."""

    @property
    def paths(self) -> list[str]:
        """Paths that a worker must see."""


Result = TypeVar("Result")


@dataclass(frozen=True)
class JobKind(Generic[Result]):
    """Kind of work."""

    program: str
    """Module whose `main` calls `serve`."""
    read: Callable[[dict[str, Any]], Result]
    """Function that returns the result of decoded JSON."""
    failed: Callable[[str], Result]
    """Function that returns the result of a job that failed for a reason."""


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer the job on standard input; the process and its children end when standard input closes."""
    line = sys.stdin.buffer.readline()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    print(json.dumps(answer(json.loads(line))), flush=True)  # noqa: T201 - this is the answer


def _end_with_parent() -> None:
    """End this process and its children when standard input closes, because the parent process has then ended."""
    while os.read(0, 1):
        pass
    with suppress(ProcessLookupError):
        os.killpg(0, signal.SIGKILL)


def answered(work: Callable[[], Result], failed: Callable[[str], Result]) -> Result:
    """Return the result, or that of the error, as one line."""
    try:
        return work()
    except CaplintError as error:
        return failed(str(error))
    except OSError as error:
        return failed(f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 - the other jobs are done all the same
        if is_short_of_memory(error):
            return failed(SHORT_OF_MEMORY)
        traceback.print_exc()
        return failed(f"internal error: {type(error).__name__}: {error}; please report it with the lines above")
