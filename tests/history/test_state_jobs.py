"""States that are read in several processes, or on a cluster: the same history, resumed where it stopped."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import UAPI, X86, Caplint, git
from histories import Made, header

from caplint.config.settings import Config
from caplint.history import point_reader
from caplint.history.build import HistoryRun, of_repository
from caplint.history.model import Track
from caplint.history.wanted import Wanted
from caplint.matrix import processes as pool


def _check(*caps: str) -> str:
    cases = "".join(f"\tcase KVM_CAP_{cap}:\n" for cap in caps)
    head = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)"
    return f"{head}\n{{\n\tswitch (ext) {{\n{cases}\t\treturn 1;\n\t}}\n\treturn 0;\n}}\n"


def _made(place: Path, count: int = 7) -> Made:
    made = Made(place)
    names = [f"N{number}" for number in range(count)]
    text = header(**{name: number for number, name in enumerate(names)})
    for number in range(count):
        made.files(f"step {number}", {UAPI: text, X86: _check(*names[: number + 1])})
        made.tag(f"v6.{number}")
    return made


def _track(made: Made, cache: Path, jobs: int) -> Track:
    config = Config(cache=str(cache), jobs=jobs)
    return of_repository(str(made.root), "HEAD", ("kernel", None), HistoryRun(Wanted(), config, lambda *_: None))


def test_several_processes_say_what_one_says(tmp_path: Path) -> None:
    made = _made(tmp_path / "k")
    one, two = _track(made, tmp_path / "a", 1), _track(made, tmp_path / "b", 2)
    assert one == two
    checks = {event.cap: event.release for event in two.events if event.place == "check"}
    assert checks == {f"KVM_CAP_N{number}": f"v6.{number}" for number in range(7)}


def test_states_that_are_known_start_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = _made(tmp_path / "k")
    first = _track(made, tmp_path / "a", 2)
    monkeypatch.setattr(pool, "_COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    assert _track(made, tmp_path / "a", 2) == first
    made.files("next", {X86: _check("N0")})
    made.tag("v6.7")
    monkeypatch.setattr(point_reader, "_FEW", 2)  # a single new state is read here
    assert {event.release for event in _track(made, tmp_path / "a", 2).events} == {f"v6.{n}" for n in range(8)}


def test_states_without_a_known_layout_are_left_out(tmp_path: Path) -> None:
    made = _made(tmp_path / "k", 3)
    git(made.root, "checkout", "-q", "--orphan", "old")
    git(made.root, "rm", "-rqf", ".")
    made.files("old", {"include/linux/kvm.h": header(N0=0)})
    made.tag("v3.0")
    for number in range(3):
        made.files(f"{number}", {UAPI: header(N0=0), X86: _check("N0"), "virt/kvm/kvm_main.c": f"/* {number} */"})
        made.tag(f"v4.{number}")
    track = _track(made, tmp_path / "a", 2)
    assert track.remarks[-1] == "1 states are older than the layout that caplint reads: v3.0"
    assert [point.label for point in track.points] == ["v4.0", "v4.1", "v4.2"]


def test_a_process_that_dies_is_one_line_and_the_next_run_goes_on(
    caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _made(tmp_path / "k")
    words = ("history", "--kernel", str(made.root), "--jobs", "2")
    with monkeypatch.context() as dying:
        dying.setattr(pool, "_COMMAND", (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"))
        run = caplint(*words)
    assert (run.status, run.out) == (2, "")
    assert run.err == ("caplint: its process died of signal 9; run it again, with fewer --jobs if memory is short\n")
    assert caplint(*words).status == 0


def test_a_cluster_says_the_same(caplint: Caplint, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    made = _made(tmp_path / "k")
    words = ("history", "--kernel", str(made.root))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as started:
        there = caplint(*words, "--scheduler", started.scheduler_address)
    assert (there.status, there.err) == (0, "")
    assert caplint(*words).out == there.out


def test_certificates_without_a_scheduler_are_wrong(caplint: Caplint, tmp_path: Path) -> None:
    run = caplint("history", "--kernel", str(_made(tmp_path / "k", 1).root), "--tls-cert", "x")
    assert (run.status, run.err.count("\n")) == (2, 1)
    assert "--scheduler, which is missing" in run.err
