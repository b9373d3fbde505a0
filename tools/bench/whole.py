"""Cold, warm and patch runs of the command."""

import tempfile
from collections.abc import Iterator

from caplint.cli.main import COMMANDS
from tools.bench.measure import Row, caplint, row
from tools.bench.one_line import LINES, write_line
from tools.bench.ppin import write_pair
from tools.bench.sources import trees

_CAPABILITY, _FURTHER = "KVM_CAP_IRQCHIP", ("KVM_CAP_SPLIT_IRQCHIP", "KVM_CAP_PPC_SMT", "KVM_CAP_ARM_EL1_32BIT")


def whole_runs(runs: int) -> Iterator[Row]:
    """Each measurement as soon as it is made. Cold: without a store; warm: with the one that it has left."""
    pair = trees()
    check = ["check", "--fail-on", "never", *pair]
    with tempfile.TemporaryDirectory() as cache:
        yield row("--version", [caplint(["--version"], cache) for _ in range(max(runs, 3))])
        yield row("check, cold", [caplint(check, cache)])
        yield row("check, warm", [caplint(check, cache) for _ in range(max(runs, 3))])
        yield from _patches(runs, pair, cache)
        for name, words in {"path": ["path", _CAPABILITY], "inventory": ["inventory"]}.items():
            if name in COMMANDS:
                yield row(f"{name}, after a check", [caplint([*words, *pair], cache)])
                yield row(f"{name}, warm", [caplint([*words, *pair], cache) for _ in range(max(runs, 3))])
        yield row("path, a further question", [caplint(["path", name, *pair], cache) for name in _FURTHER])
        yield row("check --deep, after a check", [caplint([*check, "--deep"], cache)])


def _patches(runs: int, pair: list[str], cache: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as place:
        # The first patch of all is compared with trees that no other was laid over.
        names = ["PPIN", *(f"PPIN{number}" for number in range(runs))]
        files = {name: write_pair(place, name) for name in names}
        used = [caplint(["patch", *files[name], *pair], cache) for name in names]
        yield row("patch pair PPIN, the first patch after a check", used[:1])
        yield row("patch pair PPIN, a patch that is new", used[1:])
        for tree, path in LINES:
            files_of_line = [write_line(place, tree, path, number) for number in range(runs)]
            yield row(
                f"patch of one line in {path}", [caplint(["patch", file, *pair], cache) for file in files_of_line]
            )
        again = [caplint(["patch", *files["PPIN"], *pair], cache) for _ in range(max(runs, 3))]
        yield row("patch pair PPIN, warm", again)
