"""Every command with standard streams that are closed, full or read by nobody, and with arguments of any bytes."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Caplint, commit, kernel, qemu

from caplint.cli.main import COMMANDS

_ROOT = Path(__file__).parents[2]
_BOX = _ROOT / "tests/fuzz/seeds/probe/box.json"
_PATCH = _ROOT / "fixtures/patches/kernel-ppin.patch"

# Command → words with which it ends well. The trees are k and q, the first a repository.
WORDS = {
    "check": "check k q --output-format json",
    "patch": f"patch {_PATCH} --kernel {_ROOT}/fixtures/linux --fail-on never --output-format json",
    "matrix": "matrix --kernel k --qemu q",
    "diff": "diff HEAD..HEAD k --output-format json",
    "baseline": "baseline show known.toml",
    "facts": "facts",
    "coverage": "coverage k",
    "inventory": "inventory k --output-format csv",
    "history": "history KVM_CAP_HLT --kernel k",
    "path": "path KVM_CAP_HLT k q",
    "trace": "trace vmm.log k q",
    "new": "new KVM_CAP_FOO --kernel mini --dry-run",
    "probe": f"probe --from {_BOX}",
    "rules": "rules",
    "init": "init --dry-run",
    "explain": "explain CAP101",
    "config": "config",
    "completions": "completions bash",
    "trust": "trust own/caplint.toml",
    "server": "server --help",  # it speaks with an editor: tests/server/test_editor_output.py
    "demo": "demo --output-format json",
}
_CLOSED, _FULL = "cannot be written: Bad file descriptor", "cannot be written: No space left on device"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the trees, and a cache of its own."""
    root = tmp_path_factory.mktemp("streams")
    commit(kernel(root / "k"))
    qemu(root / "q")
    shutil.copytree(_ROOT / "fixtures/linux", root / "mini")
    (root / "own").mkdir()
    (root / "own/caplint.toml").write_text('fail-on = "warning"\n')
    (root / "vmm.log").write_text("ioctl(8, KVM_CHECK_EXTENSION, KVM_CAP_HLT) = 1\n")
    (root / "known.toml").write_text("version = 1\ntrees = []\nfindings = []\n")
    return root


def _shell(place: Path, words: str, streams: str, cache: str = "cache") -> tuple[int, bytes, bytes]:
    """Exit code, standard output and error of a command behind which the shell reads `streams`."""
    variables = {**os.environ, "PYTHONPATH": str(_ROOT), "CAPLINT_CACHE": str(place / cache)}
    variables["SOURCE_DATE_EPOCH"] = "0"  # else mails differ from second to second
    code = "from caplint.cli.main import entry; entry()"
    line = f"set -o pipefail; {sys.executable} -c {shlex.quote(code)} {words} {streams}"
    done = subprocess.run(["bash", "-c", line], cwd=place, env=variables, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_every_command_is_tried() -> None:
    assert WORDS.keys() == COMMANDS.keys()


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_closed_output_is_one_line(place: Path, words: str) -> None:
    status, _, told = _shell(place, words, ">&-")
    assert (status, told.splitlines()[-1]) == (2, f"caplint: standard output: {_CLOSED}".encode())
    assert b"Traceback" not in told


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_a_full_disk_below_output_is_one_line(place: Path, words: str) -> None:
    status, _, told = _shell(place, words, ">/dev/full")
    assert (status, told.splitlines()[-1]) == (2, f"caplint: standard output: {_FULL}".encode())
    assert b"Traceback" not in told


@pytest.mark.parametrize("streams", ["<&-", "2>&-", "2>/dev/full", "<&- 2>&-"])
@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_without_input_and_error_a_run_says_what_it_finds(place: Path, words: str, streams: str) -> None:
    expected = _shell(place, words, "")
    status, out, told = _shell(place, words, streams)
    assert (status, out) == expected[:2]
    assert status == 0
    assert told == (b"" if "2>" in streams else expected[2])


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_a_reader_that_leaves_changes_nothing(place: Path, words: str) -> None:
    status, out, told = _shell(place, words, "2>&1 | true")
    assert (status, out, told) == (0, b"", b"")


@pytest.mark.parametrize(
    "words", ["check gone", "nonsense", "explain CAP1", "check --zzz", "patch -", "probe --from -"]
)
@pytest.mark.parametrize("streams", ["<&- 2>&-", "<&- 2>/dev/full", "<&- >&- 2>&-", "<&- >/dev/full"])
def test_an_error_that_nobody_reads_is_one(place: Path, words: str, streams: str) -> None:
    status, out, told = _shell(place, words, streams)
    assert (status, out) == (2, b"")
    assert b"Traceback" not in told


@pytest.mark.parametrize("words", ["--help", "--version", "check --help"])
def test_help_that_cannot_be_written(place: Path, words: str) -> None:
    assert _shell(place, words, ">/dev/full") == (2, b"", f"caplint: standard output: {_FULL}\n".encode())


def test_no_file_takes_the_place_of_a_closed_stream(place: Path) -> None:
    # Else what is printed would be written into the store, which is the next file that is opened.
    for number, streams in enumerate((">&- 2>&-", "<&- >&- 2>&-")):
        cache = f"fresh-{number}"
        status, _, _ = _shell(place, "check k q --output-format json", streams, cache)
        assert status == 2
        stores = list((place / cache).rglob("*.db"))
        assert stores
        assert not any(b"coverage:" in file.read_bytes() for file in stores)


# A word of a command line in place of which stands what nobody types.
SLOTS = [
    "init --dry-run X",
    "check X", "check --kernel X", "check --tree X", "check --tree n=kernel:X", "check --config X k",
    "check --jobs X k", "check --base X k",
    "check --probe X", "check --rules X k", "check --select X k", "check --output-format X", "check --fail-on X",
    "check --baseline X k",
    "patch X --kernel k", "patch --for X known.toml --kernel k", "matrix --kernel k --qemu q --baseline X",
    "matrix --kernel k --qemu q --rules X", "matrix --kernel k --qemu q --scheduler X", "diff X k",
    "diff HEAD..HEAD X", "baseline X", "baseline show X",
    "baseline prune X --kernel k", "facts X --kernel k", "facts SELECT X", "coverage X", "inventory --arch X k",
    "inventory --only X k",
    "history --kernel X", "history X --kernel k", "history --qemu X", "history --tree X", "history --kernel k --tags X",
    "inventory --compare X k", "inventory --output-format html --history X k",
    "path X k", "path --from X KVM_CAP_HLT k", "path --to X k",
    "path --arch X KVM_CAP_HLT k", "trace X k", "trace vmm.log X", "trace vmm.log --kernel X",
    "new X --kernel k", "new KVM_CAP_Y --kernel X", "new KVM_CAP_Y --arch X --kernel k",
    "new KVM_CAP_Y --scope X --kernel k", "new KVM_CAP_Y --args X --kernel k", "new KVM_CAP_Y --msr X --kernel k",
    "new KVM_CAP_Y --number X --kernel k", "new KVM_CAP_Y --from X --kernel k", "new KVM_CAP_Y --answer X --kernel k",
    "probe --from X",
    "probe --msr X --kernel k", "probe --msr 0x10 --cpu X", "rules --rules X", "rules --select X", "explain X",
    "explain --rules X CAP101",
    "server X", "server --kernel X", "server --tree X", "server --rules X k", "server --config X",
    "config --config X", "completions X", "trust X", "trust --remove X", "demo --select X", "demo --rules X", "X",
]  # fmt: skip
ODD = {
    "not UTF-8": "\udcff\udcfe",
    "a revision that is not UTF-8": "k@\udcff",
    "long": "A-" * 50_000,
    "a control": "a\nb\x1b[31m",
    "none": "",
}


def test_every_command_is_given_odd_words() -> None:
    assert COMMANDS.keys() <= {slot.split()[0] for slot in SLOTS}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("slot", SLOTS)
def test_an_odd_word_is_one_line(
    caplint: Caplint, place: Path, monkeypatch: pytest.MonkeyPatch, slot: str, odd: str
) -> None:
    monkeypatch.chdir(place)
    run = caplint(
        *(word.replace("X", odd) if word.endswith("X") and "_" not in word else word for word in slot.split())
    )
    assert run.status == 2, run.out
    assert run.err.startswith("caplint: ")
    assert run.err.count("\n") == 1
    assert "internal error" not in run.err
    assert len(run.err) < 2_100
    run.err.encode()
