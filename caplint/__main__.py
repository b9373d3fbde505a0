"""`python -m caplint`, and what the command `caplint` runs."""

from caplint.util.search_path import own_modules_only

own_modules_only()

from caplint.cli.main import entry  # noqa: E402 - it loads modules

if __name__ == "__main__":
    entry()
