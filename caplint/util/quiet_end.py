"""Control-C while Python loads modules, before the run can be interrupted, and after it: the process just ends.

Imports nothing that has to be looked for, not even `__future__`: it runs before all else.
"""

import _signal  # type: ignore[import-not-found]
import os

INTERRUPTED = 130
"""Exit code of a run that the user has interrupted."""


def end_quietly() -> None:
    """Let control-C end this process at once, without a traceback; where control-C is turned off, it stays so."""
    if _signal.getsignal(_signal.SIGINT) in {_signal.SIG_IGN, _signal.SIG_DFL}:
        return
    run = os.getpid()

    def end(_number: int, _frame: object) -> None:
        if os.getpid() == run:  # a process that was just forked has this handler too, and is ended by the run
            os._exit(INTERRUPTED)

    _signal.signal(_signal.SIGINT, end)
    _signal.signal(_signal.SIGALRM, end)


def is_interruptible() -> bool:
    """Tell whether control-C does something: a shell turns it off for what runs in the background."""
    return callable(_signal.getsignal(_signal.SIGINT))
