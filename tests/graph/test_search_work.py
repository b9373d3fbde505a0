"""Work of all searches together: a ring of functions that each check a capability."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Caplint, kernel, qemu

from caplint.graph import search_work

CAP = "KVM_CAP_IRQCHIP"
KVM = "accel/kvm/kvm-all.c"
ENABLE = "void show(KVMState *s)\n{\n    (void)kvm_vm_enable_cap(s, KVM_CAP_MSR_PLATFORM_INFO, 0, 1);\n}\n"
LONELY = "int ask(KVMState *s)\n{\n    return kvm_check_extension(s, KVM_CAP_MSR_PLATFORM_INFO);\n}\n"
SPENT = "search stopped after 300 steps of all searches"


def _ring(count: int, *, chords: bool = False) -> str:
    """Functions that each check a capability and call the next, with `chords` also the one after it."""
    return "".join(
        f"int f{index}(KVMState *s)\n{{\n    if (kvm_check_extension(s, {CAP})) {{\n        return 1;\n    }}\n"
        + f"    f{(index + 2) % count}(s);\n" * chords
        + f"    return f{(index + 1) % count}(s);\n}}\n"
        for index in range(count)
    )


def _main(*calls: str) -> str:
    return "int main(void)\n{\n" + "".join(f"    {name}(0);\n" for name in calls) + "    return 0;\n}\n"


def _trees(tmp_path: Path, code: str, *calls: str) -> tuple[str | Path, ...]:
    files = {"system/main.c": _main(*calls), KVM: code}
    return "--kernel", kernel(tmp_path / "k"), "--qemu", qemu(tmp_path / "q", files)


def _above(caplint: Caplint, *words: str | Path) -> list[str]:
    """Return the reasons why paths are broken."""
    run = caplint("path", CAP, *words, "--output-format", "json")
    assert (run.status, run.err) == (0, "")
    return ["; ".join(reasons) for reasons in json.loads(run.out)["broken"]]


def test_paths_say_that_the_work_is_spent(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_work, "MAX_WORK", 300)
    above = _above(caplint, *_trees(tmp_path, _ring(40), "f0"), "--all")
    spent = [reason for reason in above if SPENT in reason]
    assert 20 <= len(spent) < 40


def test_further_paths_that_are_given_up_are_named(
    caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_work, "MAX_WORK", 350)
    above = _above(caplint, *_trees(tmp_path, _ring(30, chords=True), "f0"), "--all")
    assert any("350 steps of all searches; there may be further paths" in reason for reason in above)


def test_the_inventory_says_so_too(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_work, "MAX_WORK", 300)
    trees = _trees(tmp_path, _ring(400))
    assert SPENT in caplint("inventory", *trees, "--deep", "--output-format", "html").out


def _codes(caplint: Caplint, code: str, trees: tuple[str | Path, ...]) -> list[str]:
    run = caplint("check", *trees, "--select", code, "--deep", "--output-format", "json")
    return [finding["code"] for finding in json.loads(run.out)["findings"]]


@pytest.mark.parametrize(("limit", "expected"), [(search_work.MAX_WORK, ["CAP407"]), (300, [])])
def test_nothing_is_unreachable_after_the_work_is_spent(
    caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, expected: list[str]
) -> None:
    """CAP407 names a function that nothing calls only if its search was finished; also from the cache."""
    monkeypatch.setattr(search_work, "MAX_WORK", limit)
    trees = _trees(tmp_path, _ring(40) + LONELY)
    assert [_codes(caplint, "CAP407", trees) for _ in range(2)] == [expected, expected]


@pytest.mark.parametrize(("limit", "expected"), [(search_work.MAX_WORK, ["CAP402"]), (1, [])])
def test_no_enable_is_unchecked_after_the_work_is_spent(
    caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, expected: list[str]
) -> None:
    monkeypatch.setattr(search_work, "MAX_WORK", limit)
    trees = _trees(tmp_path, ENABLE, "show")
    assert [_codes(caplint, "CAP402", trees) for _ in range(2)] == [expected, expected]


@pytest.mark.parametrize("chords", [False, True])
def test_growth(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chords: bool) -> None:
    """Searches take as many steps among 200 functions as among 100 once the work is spent."""
    works: list[search_work.Work] = []
    begin = search_work.Work.restart

    def record(work: search_work.Work) -> None:
        begin(work)
        works.append(work)

    monkeypatch.setattr(search_work, "MAX_WORK", 5_000)
    monkeypatch.setattr(search_work.Work, "restart", record)
    for count in (100, 200):
        works.clear()
        caplint("path", CAP, *_trees(tmp_path / str(count), _ring(count, chords=chords), "f0"), "--all")
        assert 5_000 <= sum(work.done for work in works) < 5_010
