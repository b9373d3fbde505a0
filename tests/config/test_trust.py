"""A configuration that is only found: what it may set, and what the user must have trusted it with."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Caplint, kernel, trusted

from caplint.config import settings, trust
from caplint.matrix.cell import checked
from caplint.matrix.model import FleetMember, Job
from caplint.util.errors import CaplintError

RESTRICTED = {
    "cache": 'cache = "cache"',
    "rules": 'rules = ["house"]',
    "known": 'known = ["known.json"]',
    "trees": '[trees.kernel]\npath = "../linux"',
    "matrix": '[matrix]\nkernels = ["../linux@v*"]',
    "c.iterators": "[c]\niterators = ['(a|a)*b']",
}
HARMLESS = """
fail-on = "error"
ignore = ["CAP101"]
vendor-range = "500-599"
jobs = 2
cache = "none"
[c]
attributes = ["__mine"]
[coverage]
floor = 1
[[suppress]]
code = "CAP101"
subject = "KVM_CAP_HLT"
reason = "ours"
"""


def _found(directory: Path, text: str) -> Path:
    (file := directory / "caplint.toml").write_text(text)
    return file


@pytest.mark.parametrize("key", RESTRICTED)
def test_what_needs_trust(apart: Path, key: str) -> None:
    file = _found(apart, RESTRICTED[key])
    with pytest.raises(CaplintError) as error:
        settings.load()
    assert str(error.value) == (
        f"{file}: sets values that need trust: {key}; review it, then run `caplint trust {file}`, "
        f"or name the file with --config {file}"
    )
    given = settings.load(file)
    assert list(given.restricted) == [key]
    trust.add(file, given.restricted)
    assert settings.load() == given


@pytest.mark.parametrize("name", ["caplint.toml", "pyproject.toml"])
def test_every_kind_of_file_that_is_found(apart: Path, name: str) -> None:
    (apart / name).write_text("[tool.caplint]\nrules = ['.']\n" if name == "pyproject.toml" else "rules = ['.']\n")
    (below := apart / "a" / "b").mkdir(parents=True)
    with pytest.raises(CaplintError, match="sets values that need trust: rules;"):
        settings.load(start=below)


def test_what_needs_none(apart: Path) -> None:
    _found(apart, HARMLESS)
    assert settings.load().fail_on == "error"
    assert not trust.list_path().exists()


def test_other_settings_may_change_and_these_may_not(apart: Path) -> None:
    file = trusted(apart, RESTRICTED["cache"])
    _found(apart, f'ignore = ["CAP101"]\n{RESTRICTED["cache"]}  # a comment\n')
    assert settings.load().ignore == ("CAP101",)
    _found(apart, 'cache = "other"\n')
    with pytest.raises(CaplintError, match=r"sets values that changed since you trusted it: cache; review it"):
        settings.load()
    assert trust.state(file, {"cache": "other"}) == "changed since it was trusted"


def test_a_copy_elsewhere_is_not_trusted(apart: Path, tmp_path: Path) -> None:
    file = trusted(apart, RESTRICTED["cache"])
    (other := tmp_path / "other").mkdir()
    (other / "caplint.toml").symlink_to(file)
    with pytest.raises(CaplintError, match="values that need trust"):
        settings.load(start=other)
    (tmp_path / "same").symlink_to(apart)
    assert settings.load(start=tmp_path / "same").restricted


def _linked(file: Path) -> None:
    file.rename(file.with_name("real"))
    file.symlink_to("real")


def _fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


BAD: dict[str, Callable[[Path], object]] = {
    "Too many levels": _linked,
    "others can write to it": lambda file: file.chmod(0o620),
    "others can write to its directory": lambda file: file.parent.chmod(0o777),
    "it is not a regular file": _fifo,
    "larger than": lambda file: file.write_bytes(b" " * (2 << 20)),
    "unknown format": lambda file: file.write_text('{"version": 1, "files": {"/x": 1}}'),
    "Expecting": lambda file: file.write_text("no JSON"),
    "recursion": lambda file: file.write_text("[" * 100_000),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_list_that_may_be_others_is_ignored(apart: Path, capsys: pytest.CaptureFixture[str], reason: str) -> None:
    trusted(apart, RESTRICTED["rules"])
    BAD[reason](trust.list_path())
    with pytest.raises(CaplintError, match="values that need trust"):
        settings.load()
    warning = capsys.readouterr().err
    assert warning.startswith(f"caplint: warning: {trust.list_path()}: ignored, no file is trusted: ")
    assert reason in warning
    assert warning.count("\n") == 1


def test_a_list_of_another_user_is_ignored(apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted(apart, RESTRICTED["rules"])
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert trust.trusted() == {}


def test_the_list_is_the_users_alone(apart: Path) -> None:
    old = os.umask(0)
    try:
        trusted(apart, RESTRICTED["rules"])
    finally:
        os.umask(old)
    assert trust.list_path().stat().st_mode & 0o777 == 0o600
    assert trust.list_path().parent.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in trust.list_path().parent.iterdir()] == ["trusted.json"]
    assert json.loads(trust.list_path().read_text())["files"].keys() == {str(apart / "caplint.toml")}


def test_a_list_that_others_could_replace_is_not_written(apart: Path) -> None:
    trusted(apart, RESTRICTED["rules"])
    before = trust.list_path().read_text()
    trust.list_path().parent.chmod(0o777)
    with pytest.raises(CaplintError, match="others can write to its directory"):
        trust.add(apart / "caplint.toml", {"rules": ["other"]})
    assert trust.list_path().read_text() == before


def test_two_changes_wait_for_each_other(apart: Path) -> None:
    trusted(apart, RESTRICTED["rules"])
    lock = os.open(trust.list_path().parent, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    other = threading.Thread(target=trust.add, args=(apart / "other.toml", {"rules": ["x"]}))
    other.start()
    other.join(0.5)
    waits = other.is_alive()
    os.close(lock)
    other.join(60)
    assert (waits, other.is_alive()) == (True, False)
    assert len(trust.trusted()) == 2


def test_names_that_are_no_utf8(apart: Path) -> None:
    (place := apart / os.fsdecode(b"\xff")).mkdir()
    trusted(place, RESTRICTED["rules"])
    assert settings.load(start=place).rules == (f"{place}/house",)


def test_a_run_says_what_a_configuration_hides(caplint: Caplint, apart: Path) -> None:
    root = kernel(apart / "k", {"include/uapi/linux/kvm.h": "#define KVM_CAP_HLT 1\n#define KVM_CAP_TWO 1\n"})
    file = _found(apart, 'ignore = ["CAP103"]\n[[suppress]]\ncode = "CAP102"\nsubject = "KVM_CAP_TWO"\nreason = "so"\n')
    run = caplint("check", root)
    assert f"{file}: suppresses 1 finding, ignores 1 rule" in run.out.splitlines()
    run = caplint("check", root, "--output-format", "concise")
    assert f"{file}: suppresses 1 finding, ignores 1 rule" in run.err.splitlines()


def test_a_cell_of_a_matrix_does_not_read_what_has_changed_meanwhile(apart: Path) -> None:
    file = _found(apart, RESTRICTED["rules"])
    member = FleetMember("k", str(apart), "kernel", "kernel")
    job = Job(member, member, str(file), (), (), "warning", "none", restricted=trust.digest({}))
    with pytest.raises(CaplintError, match="has changed since the run began"):
        checked(job)
