"""Control-C before and behind a run: the process just ends; a forked one ignores it; turned off it stays so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from caplint.util.quiet_end import INTERRUPTED, end_quietly, is_interruptible, on_interrupt


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Whatever a test sets is taken back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def _ended(code: str) -> tuple[int, str]:
    words = [sys.executable, "-c", f"import os, signal\nfrom caplint.util.quiet_end import *\n{code}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


KILLED = "os.kill(os.getpid(), signal.SIGINT)\nprint('goes on')"


def test_the_process_ends_at_once_without_a_traceback() -> None:
    assert INTERRUPTED == 130
    assert _ended(f"end_quietly()\n{KILLED}") == (INTERRUPTED, "")


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL])
def test_where_control_c_is_turned_off_it_stays_so(handler: signal.Handlers) -> None:
    signal.signal(signal.SIGINT, handler)
    end_quietly()
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_interrupt_and_its_repetition_call_the_function() -> None:
    for number in (signal.SIGINT, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    called: list[str] = []
    on_interrupt(lambda: called.append("once"))
    for number in (signal.SIGINT, signal.SIGALRM):
        signal.raise_signal(number)
    assert called == ["once", "once"]


def test_a_forked_process_does_not_act_for_the_run() -> None:
    on_interrupt(lambda: os._exit(5))
    child = os.fork()
    if not child:
        signal.raise_signal(signal.SIGINT)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    ("handler", "expected"), [(signal.SIG_IGN, False), (signal.SIG_DFL, False), (signal.default_int_handler, True)]
)
def test_what_can_be_interrupted(handler: signal.Handlers, expected: bool) -> None:
    signal.signal(signal.SIGINT, handler)
    assert is_interruptible() is expected
