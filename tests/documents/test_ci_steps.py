"""The scripts of the action and of GitLab's component: what they run, and that no input of theirs is run as code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from blocks import ROOT
from conftest import commit, git, kernel, qemu
from ruamel.yaml import YAML

_CAPLINT = Path(sys.executable).with_name("caplint")
_ECHO = "#!/bin/sh\nprintf '%s\\0' \"$@\"\n"
_HOSTILE = ["'; touch oops; '", '"; touch oops; "', "$(touch oops)", "`touch oops`", ".; touch oops", "* && touch oops"]


def _run(place: Path, shell: list[str], script: str, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script in `place` as a runner does, with a python that installs nothing."""
    variables = {"PATH": f"{place}.bin/bin{os.pathsep}{os.defpath}", "HOME": f"{place}.bin"}
    return subprocess.run(
        [*shell, "-c", script], cwd=place, env=variables | given, capture_output=True, text=True, check=False
    )


def _action(place: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    steps: list[dict[str, Any]] = YAML(typ="safe").load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    step = next(step for step in steps if step.get("name") == "Check")
    given = dict.fromkeys(step["env"], "") | {"PLACE": f"{place}.bin", "CAPLINT_CACHE": f"{place}.bin/cache"} | inputs
    return _run(place, ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"], step["run"], given)


def _component(place: Path, shell: str = "sh", **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the component with inputs put where GitLab puts them: into its text, before that is read."""
    head, job = (ROOT / "templates/check.yml").read_text("utf-8").split("\n---\n")
    for name, entry in YAML(typ="safe").load(head)["spec"]["inputs"].items():
        value = inputs.get(name, entry["default"])
        if not re.search(entry["regex"].replace("$", r"\Z"), value):  # as RE2 reads it
            raise ValueError(value)
        job = job.replace(f"$[[ inputs.{name} ]]", value)
    (read,) = YAML(typ="safe").load(job).values()
    return _run(
        place, [shell, "-e"], "\n".join(read["script"]), read["variables"] | {"CAPLINT_CACHE": f"{place}.bin/cache"}
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A repository of a kernel; beside it, programs."""
    place = kernel(tmp_path / "work")
    programs = tmp_path / "work.bin/bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to("/bin/true")
    (programs / "caplint").symlink_to(_CAPLINT)
    return place


@pytest.fixture
def echo(place: Path) -> Path:
    """Where caplint is a program that prints its words."""
    program = Path(f"{place}.bin/bin/caplint")
    program.unlink()
    program.write_text(_ECHO)
    program.chmod(0o755)
    return place


def _words(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split("\0")[:-1]


def _branches(place: Path) -> None:
    """Commit a base, and from it the branches `clean` and `broken`."""
    commit(place)
    git(place, "update-ref", "refs/remotes/origin/master", "HEAD")
    header = place / "include/uapi/linux/kvm.h"
    text = header.read_text()
    for branch, new in (("clean", "/* Nothing. */"), ("broken", "#define KVM_CAP_OTHER 1")):
        git(place, "checkout", "-q", "-b", branch, "origin/master")
        header.write_text(f"{text}{new}\n")
        commit(place)


def test_the_action_annotates_what_a_branch_adds(place: Path) -> None:
    _branches(place)
    inputs = {"KERNEL": ".", "ARGUMENTS": "--base=origin/master\n\n--fail-on\nerror\n", "SARIF": "../out.sarif"}
    done = _action(place, **inputs)
    assert done.returncode == 1, done.stderr
    assert re.search(r"^::error file=include/uapi/linux/kvm\.h,line=\d+,col=9,title=CAP102 ", done.stdout, re.MULTILINE)
    (run,) = json.loads(Path(place, "../out.sarif").read_text())["runs"]
    assert "CAP102" in {result["ruleId"] for result in run["results"]}
    git(place, "checkout", "-q", "clean")
    done = _action(place, **inputs)
    assert (done.returncode, "::" in done.stdout) == (0, False), done.stderr
    (run,) = json.loads(Path(place, "../out.sarif").read_text())["runs"]
    assert run["results"] == []


def test_the_action_checks_trees_in_directories_of_any_name(place: Path) -> None:
    kernel(place / "a tree; touch oops")
    qemu(place / "q")
    done = _action(place, KERNEL="a tree; touch oops", QEMU="q", ARGUMENTS="--select=CAP1")
    assert (done.returncode, done.stdout) == (0, "0 errors, 0 warnings, 0 notes\n"), done.stderr


@pytest.mark.parametrize("text", [*_HOSTILE, ".\ntouch oops"])
def test_no_input_of_the_action_is_code(echo: Path, text: str) -> None:
    given = {"KERNEL": text, "QEMU": text, "LIBVIRT": text, "SARIF": text, "ARGUMENTS": text}
    trees = [word for name in ("kernel", "qemu", "libvirt") for word in (f"--{name}", text)]
    expected = ["check", "--output-format", "github", *trees, "--output-file", f"sarif={text}", *text.split("\n")]
    assert _words(_action(echo, **given)) == expected
    assert not (echo / "oops").exists()


def test_the_component_reports_what_a_branch_adds(place: Path) -> None:
    _branches(place)
    done = _component(place, arguments="--base origin/master --fail-on error")
    assert done.returncode == 1, done.stderr
    report = place / "gl-code-quality-report.json"
    assert "critical" in {entry["severity"] for entry in json.loads(report.read_text())}
    assert 'name="CAP102' in (place / "caplint.xml").read_text()
    git(place, "checkout", "-q", "clean")
    assert _component(place, arguments="--base origin/master --fail-on error").returncode == 0
    assert json.loads(report.read_text()) == []


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("text", _HOSTILE)
def test_no_input_of_the_component_is_code(echo: Path, shell: str, text: str) -> None:
    reports = ["--output-file", "gitlab=gl-code-quality-report.json", "--output-file", "junit=caplint.xml"]
    expected = ["check", *text.split(), *text.split(), *reports]
    assert _words(_component(echo, shell, trees=text, arguments=text)) == expected
    assert not (echo / "oops").exists()


@pytest.mark.parametrize("name", ["stage", "version", "trees", "arguments"])
def test_no_input_of_the_component_has_a_second_line(echo: Path, name: str) -> None:
    with pytest.raises(ValueError, match="image"):
        _component(echo, **{name: "1\n  image: other"})
    if name == "version":
        with pytest.raises(ValueError, match="oops"):
            _component(echo, version="1 --index-url=https://oops.example")
