# ruff: noqa: PTH100, PTH109, PTH117, PTH120 - pathlib is a module that would have to be looked for
"""Where modules are looked for: neither in the working directory nor where `PYTHONPATH` leads.

Imports nothing that Python has not loaded by itself, not even `__future__`: it runs before all else.
"""

import os
import sys


def own_modules_only() -> None:
    """Leave the working directory and the directories of `PYTHONPATH` out of the search.

    Either may be a linted tree with a `json.py`: `PYTHONPATH=$PYTHONPATH:/more` names the working directory where the
    variable was empty. Where this package itself was found by `PYTHONPATH`, so may be what it needs: then the absolute
    directories of the variable stay, behind all others.
    """
    named = os.environ.get("PYTHONPATH", ".").split(os.pathsep)
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    try:
        left_out = {os.getcwd(), *(os.path.abspath(entry) for entry in named if not os.path.isabs(entry))}
    except OSError:  # the working directory is gone
        left_out = set()
    last = {os.path.abspath(entry) for entry in named if os.path.isabs(entry)}
    if own not in last:
        left_out |= last
    kept = [entry for entry in sys.path if os.path.isabs(entry) and entry not in left_out]
    kept.sort(key=lambda entry: os.path.abspath(entry) in last)
    sys.path[:] = kept if own in kept else [*kept, own]
