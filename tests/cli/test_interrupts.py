"""Control-C where Python or a library drops the exception that it raises."""

from __future__ import annotations

import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from caplint.cli.main import main

_RUN = """
import os, signal, sys, time
from types import SimpleNamespace
from caplint.cli import interrupts, main
def control_c():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)
{action}
sys.modules["caplint.cli.check"] = SimpleNamespace(add=lambda parser: None, run=run)
main.entry()
"""

_FINALISER = """
class Ended:
    def __del__(self):
        control_c()
def run(options):
    value = Ended()
    del value
    time.sleep(5)
    print("went on")
    return 0
"""
_FORK_HOOK = """
def run(options):
    os.register_at_fork(after_in_parent=control_c)
    if os.fork() == 0:
        os._exit(0)
    time.sleep(5)
    print("went on")
    return 0
"""
_CHILD = """
def run(options):
    from multiprocessing import get_context
    child = get_context("fork").Process(target=control_c)
    child.start()
    child.join()
    return child.exitcode
"""
_SQLITE = """
def run(options):
    import sqlite3
    database = sqlite3.connect(":memory:")
    database.create_function("stop", 0, control_c)
    database.execute("SELECT stop()")
"""
_SWALLOWED = """
def run(options):
    try:
        control_c()
    except BaseException:
        return 0
"""
_OTHER = """
def run(options):
    class Bad:
        def __del__(self):
            raise ValueError("lost")
    Bad()
    return 0
"""


def _ended(action: str, **options: object) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", _RUN.format(action=action), "check"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("action", [_FINALISER, _FORK_HOOK, _SQLITE, _SWALLOWED])
def test_an_interrupt_ends_the_run_wherever_it_arrives(action: str) -> None:
    assert _ended(action) == (130, "", "")


# Control-C while the module of the command is loaded, between two steps, and while Python ends.
_LOADING = """
import builtins, os, signal, time
load = builtins.__import__
def control_c(*words, **named):
    builtins.__import__ = load
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)
    return load(*words, **named)
builtins.__import__ = lambda name, *words, **named: (control_c if name == {module!r} else load)(name, *words, **named)
from caplint.__main__ import entry
entry()
"""
_ENDING = """
def run(options):
    import atexit
    atexit.register(control_c)
    return 0
"""
_FINISHING = """
def run(options):
    from caplint.cli import streams
    streams.finish = lambda status: control_c()
    return 0
"""


@pytest.mark.parametrize("module", ["caplint.util.search_path", "caplint.cli.main", "argparse"])
def test_an_interrupt_while_modules_are_loaded_ends_the_run(module: str) -> None:
    code = _LOADING.format(module=module)
    done = subprocess.run([sys.executable, "-c", code, "check", "--help"], capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.parametrize("action", [_ENDING, _FINISHING])
def test_an_interrupt_behind_the_run_ends_it(action: str) -> None:
    assert _ended(action) == (130, "", "")


def test_a_forked_process_leaves_control_c_to_the_run() -> None:
    """The terminal signals a worker too, and may do so before the worker has begun to ignore it."""
    assert _ended(_CHILD) == (0, "", "")


def test_other_dropped_exceptions_are_still_shown() -> None:
    status, out, err = _ended(_OTHER)
    assert (status, out) == (0, "")
    assert "ValueError: lost" in err


@pytest.mark.parametrize("action", ["def run(options):\n    control_c()\n    return 0", _ENDING])
def test_a_run_in_the_background_of_a_shell_stays_deaf(action: str) -> None:
    assert _ended(action, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) == (0, "", "")


def test_an_interrupt_within_a_command_is_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "caplint.cli.check", SimpleNamespace(add=lambda _: None, run=run))
    assert main(["check"]) == 130
    assert capsys.readouterr() == ("", "")
