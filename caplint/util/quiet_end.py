"""Control-C while Python loads modules, before the run can be interrupted, and after it: the process just ends.

Imports nothing that has to be looked for, not even `__future__`: it runs before all else.
"""

import _signal  # type: ignore[import-not-found]
import os

if False:  # only for the annotation: `typing` is a module that has to be looked for
    from collections.abc import Callable

INTERRUPTED = 130
"""Exit code of a run that the user has interrupted."""


def end_quietly() -> None:
    """Let control-C end this process at once, without a traceback; where control-C is turned off, it stays so."""
    if _signal.getsignal(_signal.SIGINT) in {_signal.SIG_IGN, _signal.SIG_DFL}:
        return
    on_interrupt(lambda: os._exit(INTERRUPTED))


def on_interrupt(act: "Callable[[], object]") -> None:
    """Have control-C, and its repetition by a timer, call a function without arguments."""
    run = os.getpid()

    def handle(_number: int, _frame: object) -> None:
        # A process that was just forked has this handler too. The run ends it; a traceback of its own is not wanted.
        if os.getpid() == run:
            act()

    _signal.signal(_signal.SIGINT, handle)
    _signal.signal(_signal.SIGALRM, handle)


def is_interruptible() -> bool:
    """Tell whether control-C does something: a shell turns it off for background jobs."""
    return callable(_signal.getsignal(_signal.SIGINT))
