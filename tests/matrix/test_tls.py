"""A cluster whose connections are encrypted, with throwaway certificates; and that nobody but the user names one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Caplint
from fleets import fleet

from caplint.cli.main import main
from caplint.matrix.tls import Tls, security

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that vouches for itself, in a directory with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificates")
    place = tmp_path_factory.mktemp("tls")
    for name in ("mine", "others"):
        words = (
            f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=caplint -keyout {name}.key -out {name}.pem"
        )
        subprocess.run(words.split(), cwd=place, check=True, capture_output=True)
    return place


@pytest.fixture(scope="module")
def scheduler(certificate: Path) -> Iterator[str]:
    file, key = str(certificate / "mine.pem"), str(certificate / "mine.key")
    secured = distributed.Security(
        require_encryption=True, tls_ca_file=file,
        tls_scheduler_cert=file, tls_scheduler_key=key, tls_worker_cert=file, tls_worker_key=key,
        tls_client_cert=file, tls_client_key=key,
    )  # fmt: skip
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="tls://127.0.0.1",
        security=secured,
    ) as started:  # fmt: skip
        yield started.scheduler_address


def _tls(certificate: Path, name: str = "mine") -> list[str]:
    file, key = certificate / f"{name}.pem", certificate / f"{name}.key"
    return ["--tls-ca-file", str(file), "--tls-cert", str(file), "--tls-key", str(key)]


def test_an_encrypted_cluster_says_the_same(caplint: Caplint, apart: Path, scheduler: str, certificate: Path) -> None:
    assert scheduler.startswith("tls://")
    words = fleet(apart)
    there = caplint("matrix", *words, "--scheduler", scheduler, *_tls(certificate))
    assert (there.status, there.err) == (1, "")
    assert caplint("matrix", *words).out == there.out


def test_another_certificate_is_one_line(caplint: Caplint, apart: Path, scheduler: str, certificate: Path) -> None:
    run = caplint("matrix", *fleet(apart), "--scheduler", scheduler, *_tls(certificate, "others"))
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert f"--scheduler {scheduler}: no scheduler answers (" in run.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scheduler", "tls://127.0.0.1:1"], "needs certificates; give --tls-ca-file, --tls-cert and --tls-key"),
        (["--scheduler", "tls://127.0.0.1:1", "--tls-ca-file", "a"], "needs certificates"),
        (["--scheduler", "tls://127.0.0.1:1", "--tls-cert", "a"], "--tls-cert and --tls-key belong together"),
        (["--scheduler", "tcp://127.0.0.1:1", "--tls-ca-file", "a"], "is not encrypted"),
        (["--scheduler", "127.0.0.1:1", "--tls-ca-file", "a"], "is not encrypted"),
        (["--scheduler", "tls://127.0.0.1:1", "--tls-ca-file", "gone"], "gone: cannot be read: No such file"),
        (["--scheduler", "tls://127.0.0.1:1", "--tls-ca-file", "fifo"], "fifo: cannot be read: it is a FIFO"),
        (["--scheduler", "tls://127.0.0.1:1", "--tls-cert", "a", "--tls-key", "a"], "needs certificates"),
        (["--scheduler", "tls://127.0.0.1:1", "--tls-ca-file", "large"], "more than 1,048,576 are not read"),
        (["--tls-ca-file", "a"], "are for --scheduler, which is missing"),
        (["--scheduler", ""], "write an address such as tcp://head:8786"),
    ],
)
def test_what_does_not_go_together_is_one_line(caplint: Caplint, apart: Path, words: list[str], said: str) -> None:
    (apart / "a").write_text("no certificate")
    os.mkfifo(apart / "fifo")
    (apart / "large").write_bytes(bytes((1 << 20) + 1))
    run = caplint("matrix", *fleet(apart), *words)
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert said in run.err


def test_only_the_command_line_names_a_scheduler(
    caplint: Caplint, apart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: Any) -> None:
        raise AssertionError("a cluster was asked")

    monkeypatch.setattr("caplint.matrix.cluster.run_there", connect)
    for variable in ("DASK_SCHEDULER_ADDRESS", "DASK_SCHEDULER__ADDRESS", "CAPLINT_SCHEDULER"):
        monkeypatch.setenv(variable, "tcp://127.0.0.1:1")
    words = fleet(apart)
    assert caplint("matrix", *words).status == 1
    (apart / "caplint.toml").write_text('[matrix]\nscheduler = "tcp://127.0.0.1:1"\n')
    assert "unknown key matrix.scheduler" in caplint("matrix", *words, "--config", "caplint.toml").err


def test_the_help_says_that_a_scheduler_can_run_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["matrix", "--help"])
    assert "the scheduler can run code here" in " ".join(capsys.readouterr().out.split())


def test_an_encrypted_address_is_connected_to_by_encryption_alone() -> None:
    """Whatever Dask's own configuration says of it."""
    files = Tls(Path("ca.pem"), Path("cert.pem"), Path("key.pem"))
    with pytest.importorskip("dask").config.set({"distributed.comm.require-encryption": False}):
        assert security("tls://head:8786", files).require_encryption
