"""`python -m caplint`."""

from caplint.cli.main import entry

entry()
