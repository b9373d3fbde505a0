"""Programs that answer a job with JSON: one line in, one line out, and no process that outlives who asked."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caplint.matrix.work import answered
from caplint.util.errors import SHORT_OF_MEMORY, CaplintError


def _raise(error: Exception) -> str:
    raise error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CaplintError("a: not there"), "a: not there"),
        (OSError("no disk"), "OSError: no disk"),
        (FileNotFoundError(2, "gone", "x"), "FileNotFoundError: [Errno 2] gone: 'x'"),
        (MemoryError(), SHORT_OF_MEMORY),
        (KeyError("odd"), "internal error: KeyError: 'odd'; please report it with the lines above"),
    ],
)
def test_an_error_is_the_result_of_a_failed_job(error: Exception, said: str) -> None:
    assert answered(lambda: _raise(error), lambda reason: f"failed: {reason}") == f"failed: {said}"


def test_only_a_fault_of_the_program_is_shown_with_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    answered(lambda: _raise(CaplintError("x")), str)
    assert capsys.readouterr() == ("", "")
    answered(lambda: _raise(ValueError("odd")), str)
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" in err
    assert "ValueError: odd" in err


def test_a_result_is_passed_on() -> None:
    assert answered(lambda: "done", _raise_again) == "done"


def _raise_again(reason: str) -> str:
    raise AssertionError(reason)


def test_an_end_of_the_program_is_no_result() -> None:
    def leave() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answered(leave, str)


_PROGRAM = "from caplint.matrix.work import serve\nimport time, subprocess\nserve(lambda job: {})\n"


def _started(body: str) -> subprocess.Popen[bytes]:
    code = _PROGRAM.format(body)
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )


def test_a_job_is_answered_on_one_line() -> None:
    with _started("{'twice': 2 * job['a'], 'text': 'b\\nc'}") as program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(b'{"a": 21}\n')
        program.stdin.flush()
        assert json.loads(program.stdout.readline()) == {"twice": 42, "text": "b\nc"}
        program.stdin.close()
        assert program.stdout.read() == b""


def test_program_and_children_end_with_who_asked() -> None:
    with _started("subprocess.run(['sleep', '100'])") as program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(b"{}\n")
        program.stdin.flush()
        children = Path(f"/proc/{program.pid}/task/{program.pid}/children")
        while not children.read_text():
            pass
        (child,) = children.read_text().split()
        program.stdin.close()
        ended = time.monotonic()
        assert program.wait(20) == -signal.SIGKILL
        assert program.stdout.read() == b""  # the child held it, too
        assert time.monotonic() - ended < 50
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().split(") ")[1][0] == "Z"
