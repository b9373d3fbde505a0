"""Histories made from the real headers, held against git's own search; the shipped releases against every header."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from conftest import git
from real_trees import CORPUS, QEMU, UAPI

from caplint.config.settings import Config
from caplint.history import places
from caplint.history.build import HistoryRun, of_repository
from caplint.history.headers import Definitions, definitions
from caplint.history.model import Track
from caplint.history.wanted import Wanted
from caplint.inventory.collect import collect
from caplint.knowledge.load import data_files, knowledge
from caplint.session import open_session
from caplint.trees.detect import directory_tree

sys.path.insert(0, str(Path(__file__).parents[1] / "history"))

from histories import Made, commits  # lies in another folder of tests

pytestmark = pytest.mark.corpus

HEADERS = {"linux-6.1": UAPI, "linux-6.12": UAPI, "qemu-7.2": QEMU, "qemu-10.0": QEMU}
# Every list of numbers in the corpus, with the release of Linux that it is of, or has been copied from.
RELEASES = {
    "linux-6.1/include/uapi/linux/kvm.h": (6, 1),
    "linux-6.1/tools/include/uapi/linux/kvm.h": (6, 1),
    "linux-6.12/include/uapi/linux/kvm.h": (6, 12),
    "linux-6.12/tools/include/uapi/linux/kvm.h": (6, 11),
    "qemu-7.2/linux-headers/linux/kvm.h": (6, 1),
    "qemu-10.0/linux-headers/linux/kvm.h": (6, 14),
    "rust-kvm-bindings-0.10/src/arm64/bindings.rs": (6, 9),
    "rust-kvm-bindings-0.10/src/riscv64/bindings.rs": (6, 9),
    "rust-kvm-bindings-0.10/src/x86_64/bindings.rs": (6, 9),
    "strace-6.1/src/xlat/kvm_cap.in": (6, 1),
}
_LISTED = re.compile(r"^(?:pub const )?(KVM_CAP_\w+)(?:: u32 = |\s+)(\d+)", re.MULTILINE)


def _text(tree: str) -> str:
    return (CORPUS / tree / HEADERS[tree]).read_text("utf-8")


def _numbers(file: str) -> tuple[dict[str, int | None], set[str]]:
    """The numbers of a header, or of a list that has been made from one, and what a header has under a condition."""
    text = (CORPUS / file).read_text("utf-8")
    if not file.endswith(".h"):
        return {cap: int(number) for cap, number in _LISTED.findall(text)}, set()
    defined = definitions(text.encode())
    conditional = {cap for cap, entries in defined.items() if all(entry.condition for entry in entries)}
    return {cap: entries[0].number for cap, entries in defined.items()}, conditional


def test_every_list_of_numbers_is_compared() -> None:
    names = ("kvm.h", "bindings.rs", "kvm_cap.in")
    found = {str(path.relative_to(CORPUS)) for name in names for path in CORPUS.glob(f"*/**/{name}")}
    with_numbers = {file for file in found if len(_numbers(file)[0]) > 1 and not file.startswith("downloads/")}
    assert with_numbers == set(RELEASES)


@pytest.mark.parametrize("file", RELEASES)
def test_the_shipped_releases_agree_with_the_header(file: str) -> None:
    """Each entry is in or out of every header as its release says; bindings lack what their architecture has not."""
    data = tomllib.loads(data_files()["capabilities.toml"])
    numbers, _ = _numbers(file)
    elsewhere = _numbers("linux-6.12/include/uapi/linux/kvm.h")[1] if file.endswith(".rs") else set()
    for table in ("introduced", "present_in"):
        for cap, entry in data[table].items():
            release = tuple(map(int, entry["release"].removeprefix("v").split(".")))
            if file.startswith("qemu-7.2") and cap == "KVM_CAP_DIRTY_LOG_RING_ACQ_REL" and cap not in numbers:
                continue  # its headers are of a candidate of 6.1 that lacks it
            assert (cap in numbers) == (release <= RELEASES[file]) or cap in elsewhere, cap
            assert cap not in numbers or numbers[cap] == entry["number"], cap
    assert all(knowledge().since(cap, number) for cap, number in numbers.items())
    assert len(numbers) > 200


@pytest.mark.parametrize("tree", HEADERS)
def test_the_quick_reading_of_a_header_is_that_of_the_front_end(tree: str) -> None:
    session = open_session([directory_tree(str(CORPUS / tree))], Config(cache="none"), narrow="KVM_CAP_")
    try:
        slow = {cap.name: cap.number for cap in collect(session, []).capabilities}
    finally:
        session.store.close()
    assert {cap: known[0].number for cap, known in definitions(_text(tree).encode()).items()} == slow


@pytest.mark.parametrize("tree", HEADERS)
def test_places_are_those_of_a_whole_session(tree: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A history runs only the links that it needs, and those without the tables that it does not need."""
    config = Config()
    few = places.read(directory_tree(str(CORPUS / tree)), config)
    monkeypatch.setattr(places, "_RESULTS", ())
    assert places.read(directory_tree(str(CORPUS / tree)), config) == few
    assert len(few) > 150
    assert sum(map(len, few.values())) > 150


def _lines(cap: str, text: str) -> list[int]:
    return [number for number, line in enumerate(text.split("\n")) if line.startswith(f"#define {cap} ")]


def _without(text: str, caps: list[str]) -> str:
    lines = text.split("\n")
    gone = {number for cap in caps for number in _lines(cap, text)}
    return "\n".join(line for number, line in enumerate(lines) if number not in gone)


@pytest.mark.parametrize(("old", "new", "path"), [("linux-6.1", "linux-6.12", UAPI), ("qemu-7.2", "qemu-10.0", UAPI)])
def test_every_step_between_two_releases_is_found(tmp_path: Path, old: str, new: str, path: str) -> None:
    made = Made(tmp_path / "k")
    made.files("start", {path: _text(old)})
    made.tag("v1.0")
    before, after = definitions(_text(old).encode()), definitions(_text(new).encode())
    fresh = [cap for cap in after if cap not in before]
    expected: dict[str, list[str]] = {}
    for number, cap in enumerate(fresh):
        text = _without(_text(new), fresh[number + 1 :])
        value = after[cap][0].number
        if number % 4 == 1:  # brought with another number first
            expected[cap] = [
                made.files(f"early {cap}", {path: text.replace(f"#define {cap} {value}", f"#define {cap} 999")})
            ]
        if number % 4 == 2:  # brought under another name first
            made.files(f"named {cap}", {path: text.replace(f"#define {cap} ", f"#define {cap}_OLD ")})
        if number % 4 == 3:  # reverted in between
            first = made.files(f"first {cap}", {path: text})
            expected[cap] = [first, made.files(f"revert {cap}", {path: _without(text, [cap])})]
        if number % 4 == 0:  # on a branch, while the header changes elsewhere
            made.branch(f"side{number}")
            expected[cap] = [made.files(f"side {cap}", {path: text})]
            made.back()
            base = (made.root / path).read_text("utf-8")
            made.files(f"comment {number}", {path: f"/* {number} */\n{base}"})
            git(made.root, "merge", "-q", "--no-ff", "-m", f"merge {cap}", f"side{number}")
            made.files(f"comment {number} again", {path: (made.root / path).read_text("utf-8").partition("\n")[2]})
        else:
            expected.setdefault(cap, []).append(made.files(f"last {cap}", {path: text}))
    made.tag("v2.0")
    track = made.track()
    assert definitions((made.root / path).read_bytes()) == after
    for cap in fresh:
        short = cap.removeprefix("KVM_CAP_")
        assert commits(track, short) == expected[cap], cap
        lines = git(made.root, "log", "--full-history", "--topo-order", "--reverse", "--format=%H",
                    f"-G^#define {cap}[ \t]", "--", path).split()  # fmt: skip
        assert expected[cap] == lines, cap
    assert {"brought", "renumbered", "renamed", "removed"} <= {event.kind for event in track.events}
    steady = [event for event in track.events if event.cap in before]
    assert [event.cap for event in steady if (event.kind, event.release) == ("brought", "v1.0")] == [*_in_order(before)]
    changed = {event.cap for event in steady if event.kind != "brought"}
    assert changed == {cap for cap in before if cap in after and before[cap] != after[cap]}


def _in_order(known: Definitions) -> list[str]:
    return sorted(known, key=lambda cap: (known[cap][0].number or 0, cap))


def test_one_capability_over_200_headers_takes_seconds(tmp_path: Path) -> None:
    made = Made(tmp_path / "k")
    text = _text("linux-6.12")
    for number in range(200):
        made.files(f"step {number}", {UAPI: f"{text}#define KVM_CAP_STEP{number} {1000 + number}\n"})
    begun, used = time.monotonic(), time.process_time()
    track = made.track("STEP150")
    assert [event.kind for event in track.events] == ["brought", "removed"]
    assert time.process_time() - used < 2, time.monotonic() - begun


def test_releases_of_the_real_code(tmp_path: Path) -> None:
    """Two releases of one file of handlers: each event has the commit that changed its lines."""
    made = Made(tmp_path / "k")
    x86 = "arch/x86/kvm/x86.c"
    made.files("6.1", {UAPI: _text("linux-6.1"), x86: (CORPUS / "linux-6.1" / x86).read_text("utf-8")})
    made.tag("v6.1")
    made.files("6.12", {UAPI: _text("linux-6.12")})
    code = made.files("code", {x86: (CORPUS / "linux-6.12" / x86).read_text("utf-8")})
    made.tag("v6.12")
    track: Track = of_repository(
        str(made.root), "HEAD", ("kernel", None), HistoryRun(Wanted(), Config(cache="none"), lambda *_: None)
    )
    brought = {(event.cap, event.place): event for event in track.events if event.release == "v6.12"}
    assert brought["KVM_CAP_X86_GUEST_MODE", "check"].causes[0].oid == code
    enable = brought["KVM_CAP_X86_APIC_BUS_CYCLES_NS", "enable"]
    assert (enable.kind, enable.arch, enable.causes[0].oid) == ("brought", "x86", code)


def _cases(cap: str, text: str) -> list[int]:
    return [number for number, line in enumerate(text.split("\n")) if line.strip() == f"case {cap}:"]


def _without_cases(text: str, caps: list[str]) -> str:
    gone = {number for cap in caps for number in _cases(cap, text)}
    return "\n".join(line for number, line in enumerate(text.split("\n")) if number not in gone)


def test_commits_of_real_handlers_are_those_that_git_finds(tmp_path: Path) -> None:
    """Cases that came between two releases: added, reverted and added again, merged, and merged with a conflict."""
    made = Made(tmp_path / "k")
    x86 = "arch/x86/kvm/x86.c"
    old, new = ((CORPUS / tree / x86).read_text("utf-8") for tree in ("linux-6.1", "linux-6.12"))
    made.files("6.1", {UAPI: _text("linux-6.1"), x86: old})
    made.tag("v6.1")
    fresh = [cap for cap in definitions(_text("linux-6.12").encode()) if len(_cases(cap, new)) == 1 and cap not in old]
    assert len(fresh) > 4
    made.files("header", {UAPI: _text("linux-6.12"), x86: _without_cases(new, fresh)})
    for number, cap in enumerate(fresh):
        text = _without_cases(new, fresh[number + 1 :])
        before = (made.root / x86).read_text("utf-8")
        if number % 4 == 1:
            made.files(f"first {cap}", {x86: text})
            made.files(f"revert {cap}", {x86: before})
        if number % 4 < 2:
            made.files(f"add {cap}", {x86: text})
            continue
        made.branch(f"side{number}")
        made.files(f"side {cap}", {x86: text})
        made.back()
        at = _cases(cap, text)[0] if number % 4 == 3 else 0  # in the same place there is a conflict
        lines = before.split("\n")
        made.files(f"comment {number}", {x86: "\n".join([*lines[:at], f"/* {number} */", *lines[at:]])})
        words = ["git", "merge", "-q", "--no-ff", "--no-commit", f"side{number}"]
        merged = subprocess.run(words, cwd=made.root, capture_output=True, check=False)
        assert merged.returncode == (number % 4 == 3)
        made.files(f"merge {cap}", {x86: text})
    made.tag("v6.12")
    run = HistoryRun(Wanted(tuple(fresh)), Config(cache="none", jobs=1), lambda *_: None)
    track = of_repository(str(made.root), "HEAD", ("kernel", None), run)
    causes = {
        event.cap: [cause.oid for cause in event.causes]
        for event in track.events
        if (event.place, event.kind, event.release) == ("check", "brought", "v6.12")
    }
    for cap, found in causes.items():
        adding = git(made.root, "log", "--full-history", "--topo-order", "--format=%H", f"-Scase {cap}:", "--", x86)
        assert found == adding.split()[:1], cap
    assert causes.keys() >= {cap for cap in fresh if f"case {cap}:" in _check_handler(new)}


def _check_handler(text: str) -> str:
    return text.partition("int kvm_vm_ioctl_check_extension(")[2].partition("\n}\n")[0]


def test_flips_of_real_handlers_are_those_that_git_finds(tmp_path: Path) -> None:
    """Cases of x86.c that are removed and put back between two tags, and those that neither tag has.

    Directly, in a merged branch, and with work on other cases between.
    """
    made = Made(tmp_path / "k")
    x86 = "arch/x86/kvm/x86.c"
    new = (CORPUS / "linux-6.12" / x86).read_text("utf-8")
    made.files("6.12", {UAPI: _text("linux-6.12"), x86: new})
    handler = _check_handler(new)
    caps = [cap for cap in definitions(_text("linux-6.12").encode())
            if len(_cases(cap, new)) == 1 and f"case {cap}:" in handler]  # fmt: skip
    gone, put_back = caps[:3], caps[3:9]
    old = _without_cases(new, gone)
    made.files("without three", {x86: old})
    made.tag("v6.12")
    text = old
    for number, cap in enumerate(put_back):
        if number % 3 == 1:
            made.branch(f"side{number}")
        made.files(f"remove {cap}", {x86: _without_cases(text, [cap])})
        if number % 3 == 2:
            made.files("comment", {x86: f"/* {number} */\n{_without_cases(text, [cap])}"})
        made.files(f"put back {cap}", {x86: text})
        if number % 3 == 1:
            made.back()
            made.files(f"else {number}", {f"arch/x86/kvm/else{number}.c": ""})
            git(made.root, "merge", "-q", "--no-ff", "-m", f"merge {cap}", f"side{number}")
    for cap in gone:
        text = _without_cases(new, [other for other in gone if other != cap])
        made.files(f"add {cap}", {x86: text})
        made.files(f"drop {cap}", {x86: old})
    made.tag("v6.13")
    run = HistoryRun(Wanted(), Config(cache=str(tmp_path / "c"), jobs=2), lambda *_: None)
    track = of_repository(str(made.root), "HEAD", ("kernel", None), run)
    events = [event for event in track.events if event.release == "v6.13"]
    assert {event.cap for event in events} == {*gone, *put_back}
    for cap in (*gone, *put_back):
        words = ["log", "--full-history", "--topo-order", "--reverse", "--format=%H", f"-Scase {cap}:"]
        changing = git(made.root, *words, "v6.12..v6.13", "--", x86).split()
        found = [(event.place, event.kind, event.causes[0].oid) for event in events if event.cap == cap]
        kinds = ["removed", "brought"] if cap in put_back else ["brought", "removed"]
        assert found == [("check", kind, oid) for kind, oid in zip(kinds, changing, strict=True)], cap
        assert all(len(event.causes) == 1 for event in events)
