"""The same fleet on a real cluster of two workers, each a process of its own."""

from __future__ import annotations

import builtins
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from conftest import Caplint
from fleets import fleet, outcomes, processes

from caplint.matrix import cluster
from caplint.util import shipped_files

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as started:
        yield started.scheduler_address


def test_a_cluster_says_the_same(caplint: Caplint, apart: Path, tmp_path: Path, scheduler: str) -> None:
    words = fleet(apart)
    there = caplint("matrix", *words, "--scheduler", scheduler)
    assert (there.status, there.err) == (1, "")
    assert len(outcomes(tmp_path / "cache")) == 8  # four pairs, and each tree alone
    assert caplint("matrix", *words).out == there.out


def test_a_tree_that_is_not_there_is_an_error_of_its_cells(caplint: Caplint, apart: Path, scheduler: str) -> None:
    run = caplint("matrix", *fleet(apart), "--qemu", "gone", "--scheduler", scheduler)
    assert run.status == 2
    assert "gone: no such directory (gone)" in run.out
    assert run.out.endswith("2 of 6 pairs agree (--fail-on error); 2 not checked\n")


def test_a_worker_that_is_another_program_is_refused(
    caplint: Caplint, apart: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "program_digest", lambda: "a later version")
    run = caplint("matrix", *fleet(apart), "--scheduler", scheduler)
    assert (run.status, run.out) == (2, "")
    assert "runs another version of caplint than this one" in run.err
    assert run.err.count("\n") == 1


def test_a_worker_that_comes_later_is_looked_at_too(
    caplint: Caplint, apart: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "program_digest", lambda: "a later version")
    monkeypatch.setattr(cluster, "_survey", lambda *_: None)
    run = caplint("matrix", *fleet(apart), "--scheduler", scheduler)
    assert (run.status, run.out) == (2, "")
    assert "runs another version of caplint than this one" in run.err


def test_a_worker_that_does_not_see_a_tree_is_refused(
    caplint: Caplint, apart: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = fleet(apart)
    real = distributed.Client.run

    def elsewhere(self: Any, function: Any, paths: list[str], **more: Any) -> Any:
        return real(self, function, [f"{path}-not-there" for path in paths], **more)

    monkeypatch.setattr(distributed.Client, "run", elsewhere)
    run = caplint("matrix", *words, "--scheduler", scheduler)
    assert (run.status, run.out) == (2, "")
    assert "linux-1-not-there; workers need the same paths" in run.err


def test_ctrl_c_ends_the_run_with_130(apart: Path, scheduler: str) -> None:
    words = [*fleet(apart), "--scheduler", scheduler]
    with subprocess.Popen(
        [sys.executable, "-m", "caplint", "matrix", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        end = time.monotonic() + 30
        while not outcomes(apart.parent / "cache"):
            assert time.monotonic() < end
            time.sleep(0.01)
        os.kill(run.pid, 2)
        out, err = run.communicate(timeout=20)
    assert (run.returncode, out, err) == (130, b"", b"")
    assert not processes(apart)


@pytest.fixture
def mortal(apart: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A scheduler in a process of its own, with one worker."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address, dask = f"tcp://127.0.0.1:{port}", [sys.executable, "-m", "dask"]
    started = [
        subprocess.Popen([*dask, *words], cwd=apart.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for words in (
            ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
            ["worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"],
        )
    ]
    yield started[0], address
    for process in started:
        process.kill()
        process.wait()


def test_a_scheduler_that_dies_is_one_line_and_the_next_run_goes_on(
    caplint: Caplint, apart: Path, mortal: tuple[subprocess.Popen[bytes], str]
) -> None:
    scheduler, address = mortal
    words = fleet(apart)
    cache = apart.parent / "cache"
    with distributed.Client(address, timeout=30) as client:
        client.wait_for_workers(1, timeout=30)
    with subprocess.Popen(
        [sys.executable, "-m", "caplint", "matrix", *words, "--scheduler", address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as run:
        end = time.monotonic() + 60
        while not outcomes(cache):
            assert time.monotonic() < end
            time.sleep(0.01)
        scheduler.kill()
        out, err = run.communicate(timeout=60)
    assert (run.returncode, out) == (2, b"")
    assert err.decode().startswith(f"caplint: --scheduler {address}: the connection was lost; run it again")
    assert err.count(b"\n") == 1
    known = outcomes(cache)
    assert caplint("matrix", *words).out.endswith("2 of 4 pairs agree (--fail-on error)\n")
    assert known.items() <= outcomes(cache).items()


def test_a_scheduler_that_does_not_answer_is_one_line(
    caplint: Caplint, apart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_ANSWER", 1)
    words = fleet(apart)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        run = caplint("matrix", *words, "--scheduler", f"tcp://127.0.0.1:{mute.getsockname()[1]}")
    assert run.status == 2
    assert run.err.startswith("caplint: --scheduler tcp://127.0.0.1:")
    assert "no scheduler answers" in run.err
    assert run.err.count("\n") == 1


GREETINGS = {
    "http": b"HTTP/1.0 400 Bad\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a length of exabytes": struct.pack("<QQ", 1, 1 << 62),
    "a length of a byte": struct.pack("<Q", 1) + b"x",
    "frames that are none": struct.pack("<QQQ", 16, 1, 8) + b"\x80" * 8,
    "nothing": b"",
}


@pytest.mark.parametrize("greeting", GREETINGS.values(), ids=GREETINGS)
def test_another_service_is_one_line(
    caplint: Caplint, apart: Path, monkeypatch: pytest.MonkeyPatch, greeting: bytes
) -> None:
    monkeypatch.setattr(cluster, "_ANSWER", 1)
    words = fleet(apart)

    def greet(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                connection.sendall(greeting)
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as other:
        Thread(target=greet, args=(other,), daemon=True).start()
        run = caplint("matrix", *words, "--scheduler", f"tcp://127.0.0.1:{other.getsockname()[1]}")
        other.shutdown(socket.SHUT_RDWR)
    assert (run.status, run.out) == (2, "")
    assert run.err.startswith("caplint: --scheduler tcp://127.0.0.1:")
    assert "no scheduler answers" in run.err
    assert run.err.count("\n") == 1


def test_a_cluster_without_workers_is_one_line(caplint: Caplint, apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_WORKER", 1)
    words = fleet(apart)
    with distributed.LocalCluster(
        n_workers=0, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as empty:
        run = caplint("matrix", *words, "--scheduler", empty.scheduler_address)
    assert run.status == 2
    assert ": no workers after 1 s" in run.err


@pytest.mark.parametrize("address", ["head", "", "tcp://head", "8786 "])
def test_what_is_no_address_is_wrong(caplint: Caplint, apart: Path, address: str) -> None:
    run = caplint("matrix", *fleet(apart), "--scheduler", address)
    assert run.status == 2
    assert "write an address such as tcp://head:8786" in run.err


def test_without_the_library_it_says_what_to_install(
    caplint: Caplint, apart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "distributed":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    run = caplint("matrix", *fleet(apart), "--scheduler", "tcp://head:8786")
    assert run.status == 2
    assert "pip install 'caplint[distributed]'" in run.err


def test_no_other_run_loads_it(apart: Path) -> None:
    code = (
        "import sys; from caplint.cli.main import main; main(sys.argv[1:]);"
        "sys.exit(bool({'distributed', 'dask', 'tornado'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code, "matrix", *fleet(apart)], capture_output=True, check=False)
    assert done.returncode == 0


def test_the_program_is_known_by_its_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = cluster.program_digest.__wrapped__
    first = digest()
    shutil.copytree(shipped_files.RULES, tmp_path / "rules")
    monkeypatch.setattr(shipped_files, "RULES", tmp_path / "rules")
    assert digest() == first
    page = next((tmp_path / "rules").glob("*.md"))
    page.write_text("another page")
    assert digest() != first
