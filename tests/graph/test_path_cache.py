"""The same question about the same sources is answered from memory, and no other is."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Caplint, kernel, qemu

from caplint import session
from caplint.graph.path_cache import Question
from caplint.graph.path_model import Path as CallPath
from caplint.graph.paths import Paths

FILES = {
    "system/main.c": "int main(void)\n{\n    return ask(0);\n}\n",
    "accel/kvm/kvm-all.c": "int ask(KVMState *s)\n{\n    return kvm_check_extension(s, KVM_CAP_HLT);\n}\n",
}


@pytest.fixture
def words(tmp_path: Path) -> tuple[str | Path, ...]:
    return ("path", "KVM_CAP_HLT", "--kernel", kernel(tmp_path / "k"), "--qemu", qemu(tmp_path / "q", FILES))


def _sessions(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    opened: list[object] = []
    original = session.open_session

    def counted(*arguments: object, **named: object) -> object:
        opened.append(arguments)
        return original(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(session, "open_session", counted)
    return opened


def test_from_memory(caplint: Caplint, words: tuple[str | Path, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    opened = _sessions(monkeypatch)
    first, second = caplint(*words).out, caplint(*words).out
    assert first == second
    assert len(opened) == 1
    assert caplint(*words, "--output-format", "json").out
    assert len(opened) == 1, "the format is none of the question's business"


def test_another_question(caplint: Caplint, words: tuple[str | Path, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    opened = _sessions(monkeypatch)
    asked: list[Question] = []
    original = Paths.answer

    def noted(paths: Paths, question: Question) -> list[CallPath]:
        asked.append(question)
        return original(paths, question)

    monkeypatch.setattr(Paths, "answer", noted)
    caplint(*words)
    caplint(*words, "--arch", "x86")
    caplint(*words, "--all")
    assert [(question.arch, question.most) for question in asked] == [(None, 1), ("x86", 1), (None, 8)]
    assert len(opened) == 1, "the links are those of the first question"


def test_other_sources(
    caplint: Caplint, words: tuple[str | Path, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = _sessions(monkeypatch)
    assert "main" in caplint(*words).out
    # A file that speaks of no capability is part of the graph too.
    (tmp_path / "q/system/main.c").write_text("int main(void)\n{\n    return 0;\n}\n")
    assert "no caller found" in caplint(*words).out
    assert len(opened) == 2
