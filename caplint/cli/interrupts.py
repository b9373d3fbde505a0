"""Control-C: a run ends with it even where Python or a library drops the exception."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from caplint.util.quiet_end import is_interruptible, on_interrupt

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

# Seconds until an interrupt that was dropped is raised again.
_AGAIN = 0.01
_received = [False]


def prepare() -> None:
    """Install the handlers. A run that was started with control-C turned off, as in the background, leaves it off."""
    if not is_interruptible():
        return
    on_interrupt(_interrupt)
    sys.unraisablehook = _dropped


def received() -> bool:
    """Return whether the user has interrupted the run; SQLite reports the exception as an error of its own."""
    return _received[0]


def _interrupt() -> NoReturn:
    """Raise `KeyboardInterrupt`, and remember it."""
    _received[0] = True
    raise KeyboardInterrupt


def _dropped(args: UnraisableHookArgs) -> None:
    """Raise an interrupt once more that arrived where Python drops exceptions: finalisers, and hooks around a fork."""
    if isinstance(args.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _AGAIN)
    else:
        sys.__unraisablehook__(args)
