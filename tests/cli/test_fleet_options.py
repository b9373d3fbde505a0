"""Options of commands whose jobs may run on a cluster: only the command line names a scheduler."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from caplint.cli.fleet_options import add_scheduler, scheduler_of
from caplint.matrix.tls import Scheduler, Tls
from caplint.util.errors import CaplintError


def _parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_scheduler(parser)
    return parser.parse_args(words)


def test_without_a_word_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tls://elsewhere:8786")
    assert scheduler_of(_parsed()) is None


def test_a_scheduler_with_the_files_of_its_encryption() -> None:
    assert scheduler_of(_parsed("--scheduler", "tcp://head:8786")) == Scheduler("tcp://head:8786", Tls())
    files = ("--tls-ca-file", "ca.pem", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
    assert scheduler_of(_parsed("--scheduler", "tls://head:8786", *files)) == Scheduler(
        "tls://head:8786", Tls(Path("ca.pem"), Path("cert.pem"), Path("key.pem"))
    )


@pytest.mark.parametrize("option", ["--tls-ca-file", "--tls-cert", "--tls-key"])
def test_a_certificate_without_a_scheduler_is_an_error(option: str) -> None:
    with pytest.raises(CaplintError, match=r"are for --scheduler, which is missing$"):
        scheduler_of(_parsed(option, "x.pem"))


def test_an_empty_address_is_not_taken_for_none() -> None:
    assert scheduler_of(_parsed("--scheduler", "")) == Scheduler("", Tls())
