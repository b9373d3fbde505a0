"""Entry point of `python -m caplint` and of the command `caplint`."""

from caplint.util.quiet_end import end_quietly

end_quietly()

from caplint.util.search_path import own_modules_only  # noqa: E402 - it loads a module

own_modules_only()

from caplint.cli.main import entry  # noqa: E402 - it loads modules

if __name__ == "__main__":
    entry()
