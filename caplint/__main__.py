"""Entry point of `python -m caplint` and of the command `caplint`."""

import sys

if sys.version_info < (3, 11, 5):  # match possessive quantifiers of groups wrongly, so that files are not understood
    sys.stderr.write(f"caplint needs Python 3.11.5 or newer; this is {sys.version.split()[0]}\n")
    sys.exit(2)

from caplint.util.quiet_end import end_quietly

end_quietly()

from caplint.util.search_path import own_modules_only  # noqa: E402 - it loads a module

own_modules_only()

from caplint.cli.main import entry  # noqa: E402 - it loads modules

if __name__ == "__main__":
    entry()
