"""The configuration: what it may say, and one clear line for everything else."""

from __future__ import annotations

import os
import re
from pathlib import Path

import platformdirs
import pytest

from caplint.c.tables import Repairs
from caplint.config.keys import default_jobs
from caplint.config.settings import Config, ConfiguredTree, Suppression, load, nearest
from caplint.facts.store.schema import file_name
from caplint.util.errors import CaplintError

EVERYTHING = """
fail-on = "error"
ignore = ["CAP105", "stale-header"]
rules = ["house", "/abs"]
vendor-range = ["500-599", "700"]
jobs = 3
cache = "here"

[c]
attributes = ["__mine"]
iterators = ["for_each_\\\\w+"]

[coverage]
floor = 99

[trees.kernel]
path = "linux"

[trees.upstream]
path = "$UPSTREAM/linux"
role = "reference"

[[suppress]]
code = "CAP101"
subject = "KVM_CAP_X"
reason = "ours"

[[suppress]]
code = "CAP202"
subject = "KVM_CAP_Y"
reason = "being removed"
arch = "x86"
"""


def _write(directory: Path, text: str, name: str = "caplint.toml") -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / name
    file.write_text(text)
    return file


def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSTREAM", "/src")
    file = _write(tmp_path, EVERYTHING)
    assert load(file) == Config(
        source=file,
        trees=(
            ConfiguredTree("kernel", str(tmp_path / "linux")),
            ConfiguredTree("upstream", "/src/linux", "reference"),
        ),
        fail_on="error",
        ignore=("CAP105", "stale-header"),
        rules=(str(tmp_path / "house"), "/abs"),
        vendor_range=((500, 599), (700, 700)),
        jobs=3,
        cache=str(tmp_path / "here"),
        coverage_floor=99.0,
        repairs=Repairs(("__mine",), ("for_each_\\w+",)),
        suppress=(
            Suppression("CAP101", "KVM_CAP_X", "ours"),
            Suppression("CAP202", "KVM_CAP_Y", "being removed", "x86"),
        ),
    )


def test_a_user_who_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "caplint.toml").write_text('[trees.linux]\npath = "~no-such-user/linux"\n')
    assert load(tmp_path / "caplint.toml").trees[0].path == f"{tmp_path}/~no-such-user/linux"


def test_trees_of_the_environment_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPLINT_QEMU", "../qemu@v9.0.0")
    monkeypatch.setenv("CAPLINT_KERNEL", "/src/linux")
    monkeypatch.setenv("CAPLINT_LIBVIRT", "")
    named = (
        ConfiguredTree("kernel", "/src/linux", "kernel", "CAPLINT_KERNEL"),
        ConfiguredTree("qemu", "../qemu@v9.0.0", "vmm", "CAPLINT_QEMU"),
    )
    assert load(start=tmp_path).trees == named
    file = _write(tmp_path, '[trees.qemu]\npath = "/src/qemu"')
    assert load(file).trees == (*named, ConfiguredTree("qemu", "/src/qemu"))


def test_an_empty_file_changes_nothing_but_the_source(tmp_path: Path) -> None:
    file = _write(tmp_path, "")
    assert load(file) == Config(source=file)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('vendor-range = "500-599"', ((500, 599),)),
        ('vendor-range = "7"', ((7, 7),)),
        ("vendor-range = []", ()),
        ('vendor-range = ["1-2", "4-4"]', ((1, 2), (4, 4))),
        ('vendor-range = "0x1000-0x1fff"', ((0x1000, 0x1FFF),)),
        ('vendor-range = "0X1f4 - 599"', ((500, 599),)),
        ('vendor-range = "500-599, 0x1000-0x1FFF,7"', ((500, 599), (0x1000, 0x1FFF), (7, 7))),
        ('vendor-range = ["0x10", "1-2,4"]', ((16, 16), (1, 2), (4, 4))),
    ],
)
def test_ranges(tmp_path: Path, text: str, expected: tuple[tuple[int, int], ...]) -> None:
    assert load(_write(tmp_path, text)).vendor_range == expected


@pytest.mark.parametrize("severity", ["error", "warning", "note", "never"])
def test_what_fails(tmp_path: Path, severity: str) -> None:
    assert load(_write(tmp_path, f'fail-on = "{severity}"')).fail_on == severity


SUPPRESS = "[[suppress]]\ncode = 'CAP101'\nsubject = 'X'\n"
KNOWN = (
    "fail-on, select, extend-select, ignore, rules, known, vendor-range, abis, oldest-kernel, jobs, cache, trees, c, "
    "coverage, suppress, matrix"
)
NO_RANGE = 'is not a range such as "500-599" or "0x1000-0x1fff"'
RANGE = 'must be a range such as "500-599", or a list of them'
ABOVE = "ends above 9223372036854775807, the highest number"
NO_RELEASE = 'is not a release of Linux such as "5.10"'
TOO_OLD = "is older than 4.19; caplint knows the capabilities of later releases only"
NO_WORD = "is not a word such as __our_attribute, __our_* or __our_size()"
PATTERN = "c.iterators: {!r} is not a regular expression:"
REASON = "a suppression needs a code, a subject or path, and a reason; "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fail-onn = 'error'", "unknown key fail-onn; did you mean fail-on?"),
        ("fail_on = 'error'", "unknown key fail_on; did you mean fail-on?"),
        ("zzz = 1", f"unknown key zzz; known are {KNOWN}"),
        ("[c]\natributes = []", "unknown key c.atributes; did you mean c.attributes?"),
        ("[c]\nzzz = []", "unknown key c.zzz; known are attributes, iterators"),
        ("[coverage]\nflor = 1", "unknown key coverage.flor; did you mean coverage.floor?"),
        ("[trees.k]\npth = 'x'", "unknown key trees.k.pth; did you mean trees.k.path?"),
        (f"{SUPPRESS}reson = 'x'", "unknown key suppress.reson; did you mean suppress.reason?"),
        ("fail-on = 1", "fail-on must be a string"),
        ("fail-on = 'fatal'", "fail-on: must be one of error, warning, note, never"),
        ("ignore = 'CAP101'", "ignore must be a list of rule codes"),
        ("ignore = [1]", "ignore: must be a list of strings"),
        ("rules = 'x'", "rules must be a list of directories"),
        ("vendor-range = 5", f"vendor-range {RANGE}"),
        ("vendor-range = [5]", "vendor-range: must be a list of strings"),
        ("oldest-kernel = 5.10", 'oldest-kernel must be a release of Linux such as "5.10"'),
        ("oldest-kernel = '5'", f"oldest-kernel: '5' {NO_RELEASE}"),
        ("oldest-kernel = '5.10.1'", f"oldest-kernel: '5.10.1' {NO_RELEASE}"),
        ("oldest-kernel = '2.6'", f"oldest-kernel: 2.6 {TOO_OLD}"),
        ("abis = 'x86_64'", "abis must be a list of ABIs"),
        ("abis = ['x86-64']", "abis: 'x86-64' is not an ABI; did you mean x86_64?"),
        ("vendor-range = '5-'", f"vendor-range: '5-' {NO_RANGE}"),
        ("vendor-range = '-5'", f"vendor-range: '-5' {NO_RANGE}"),
        ("vendor-range = ''", f"vendor-range: '' {NO_RANGE}"),
        ("vendor-range = '1-2,,'", f"vendor-range: '' {NO_RANGE}"),
        ("vendor-range = '1f-20'", f"vendor-range: '1f-20' {NO_RANGE}"),
        ("vendor-range = '9-5'", "vendor-range: '9-5' ends before it begins"),
        ("jobs = 0", "jobs: must be at least 1"),
        ("jobs = -1", "jobs: must be at least 1"),
        ("jobs = true", "jobs must be a number"),
        ("jobs = 1.5", "jobs must be a number"),
        ("cache = 1", 'cache must be a directory, or "none"'),
        ("trees = 1", "trees must be tables [trees.NAME]"),
        ("trees = {k = 1}", "trees.k must be a table"),
        ("trees = {k = {}}", "trees.k.path is missing"),
        ("trees = {k = {path = 1}}", "trees.k.path must be a directory"),
        ("c = 1", "c must be a table"),
        ("c = {iterators = ['(']}", "c.iterators: '(' is not a regular expression: missing ), unterminated subpattern"),
        ("coverage = {floor = 101}", "coverage.floor: must be a percentage from 0 to 100"),
        ("coverage = {floor = -0.5}", "coverage.floor: must be a percentage from 0 to 100"),
        ("coverage = {floor = nan}", "coverage.floor: must be a percentage from 0 to 100"),
        ("coverage = {floor = true}", "coverage.floor must be a percentage"),
        ("suppress = 1", "suppress must be tables [[suppress]]"),
        ("suppress = ['x']", "suppress must be a table"),
        (SUPPRESS, f"{REASON}reason is missing"),
        (f"{SUPPRESS}reason = '  '", f"{REASON}reason is missing"),
        ("[[suppress]]\nreason = 'x'", f"{REASON}code is missing"),
        ("[[suppress]]\ncode = 'X'\nreason = 'x'", f"{REASON}subject is missing"),
        ("vendor-range = '1-9223372036854775808'", f"vendor-range: '1-9223372036854775808' {ABOVE}"),
        (f"vendor-range = '{'9' * 5000}'", f"vendor-range: '{'9' * 60}…' {NO_RANGE}"),
        ("coverage = {floor = inf}", "coverage.floor: must be a percentage from 0 to 100"),
        (f"coverage = {{floor = 1{'0' * 400}}}", "coverage.floor: must be a percentage from 0 to 100"),
        ('cache = "a\\u0000b"', "'a\\x00b' contains a NUL byte; remove it"),
        ('[trees."a\\u0000"]\npath = "x"', "'a\\x00' contains a NUL byte; remove it"),
        (f"cache = '{'$HOME' * 1000}'", f"cache: '{'$HOME' * 12}…' has more than 4096 characters"),
        (f"{'z' * 1000} = 1", f"unknown key {'z' * 60}…; known are {KNOWN}"),
        ("c = {attributes = ['a b']}", f"c.attributes: 'a b' {NO_WORD}"),
        (f"c = {{attributes = ['{'a' * 5000}']}}", f"c.attributes: '{'a' * 60}…' {NO_WORD}"),
        ("c = {iterators = ['(?i)a']}", f"{PATTERN.format('(?i)a')} global flags not at the start of the expression"),
        ("c = {iterators = ['[[a]']}", f"{PATTERN.format('[[a]')} Possible nested set"),
        (
            "c = {iterators = ['a{9999999999}']}",
            f"{PATTERN.format('a{9999999999}')} the repetition number is too large",
        ),
        (f"c = {{iterators = ['{'(' * 90}{')' * 90}', '{'(?:' * 66}']}}", None),
        ("c = {iterators = ['(?P<a>b)', '(?P<a>b)']}", None),
        (f"c = {{iterators = ['{'a' * 201}']}}", f"c.iterators: '{'a' * 60}…' has more than 200 characters"),
        ("=", "not valid TOML: Invalid statement (at line 1, column 1)"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, message: str | None) -> None:
    file = _write(tmp_path, text)
    with pytest.raises(CaplintError) as error:
        load(file)
    assert len(str(error.value)) < 400 + len(str(file))
    assert message is None or re.sub(r" at position \d+$", "", str(error.value)) == f"{file}: {message}"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match=r"gone.toml: cannot be read: No such file or directory$"):
        load(tmp_path / "gone.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(CaplintError, match=r"latin.toml: not valid TOML: 'utf-8' codec can't decode"):
        load(tmp_path / "latin.toml")


@pytest.mark.parametrize(
    ("files", "jobs"),
    [
        ({}, None),
        ({"caplint.toml": "jobs = 11"}, 11),
        ({"a/caplint.toml": "jobs = 12", "caplint.toml": "jobs = 11"}, 12),
        ({"a/b/pyproject.toml": "[tool.caplint]\njobs = 13", "caplint.toml": "jobs = 11"}, 13),
        ({"a/b/pyproject.toml": "[tool.other]\njobs = 13", "caplint.toml": "jobs = 11"}, 11),
        ({"a/b/pyproject.toml": "tool = 13", "caplint.toml": "jobs = 11"}, 11),
        ({"a/b/pyproject.toml": "[tool.caplint]\njobs = 13", "a/b/caplint.toml": "jobs = 14"}, 14),
        ({"a/b/c/caplint.toml": "jobs = 15"}, None),
    ],
)
def test_the_nearest_one_upward_counts(tmp_path: Path, files: dict[str, str], jobs: int | None) -> None:
    for path, text in files.items():
        _write((tmp_path / path).parent, text, Path(path).name)
    start = tmp_path / "a/b"
    start.mkdir(parents=True, exist_ok=True)
    found = load(start=start)
    assert found.jobs == (jobs or Config().jobs)
    assert (found.source is None) == (jobs is None)


def test_a_pyproject_can_be_named(tmp_path: Path) -> None:
    assert load(_write(tmp_path, "[tool.caplint]\njobs = 5", "pyproject.toml")).jobs == 5
    assert load(_write(tmp_path, "", "pyproject.toml")).jobs == Config().jobs
    with pytest.raises(CaplintError, match=r"pyproject.toml: tool.caplint must be a table$"):
        load(_write(tmp_path, "[tool]\ncaplint = 1", "pyproject.toml"))


@pytest.mark.parametrize(
    ("variable", "cache", "expected"),
    [
        ("/env", "/file", Path("/env") / file_name()),
        (None, "/file", Path("/file") / file_name()),
        ("", "/file", Path("/file") / file_name()),
        (None, "", platformdirs.user_cache_path("caplint") / file_name()),
        ("none", "/file", None),
        (None, "none", None),
    ],
)
def test_where_facts_are_kept(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, cache: str, expected: Path | None
) -> None:
    monkeypatch.delenv("CAPLINT_CACHE", raising=False)
    if variable is not None:
        monkeypatch.setenv("CAPLINT_CACHE", variable)
    assert Config(cache=cache).store_path == expected


def test_no_cache_at_all_is_no_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAPLINT_CACHE", raising=False)
    assert load(_write(tmp_path, 'cache = "none"')).store_path is None


def test_there_is_always_a_process() -> None:
    assert 1 <= default_jobs() <= (os.cpu_count() or 1)


def test_a_file_forks_no_million_processes(tmp_path: Path) -> None:
    assert load(_write(tmp_path, "jobs = 1000000")).jobs <= 16 * default_jobs()
    assert load(_write(tmp_path, f"jobs = {'9' * 4000}")).jobs <= 16 * default_jobs()


@pytest.mark.parametrize("name", ["caplint.toml", "pyproject.toml"])
def test_only_regular_files_of_some_size_are_read(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(CaplintError, match=f"{name}: cannot be read: it is a FIFO"):
        load(tmp_path / name)
    assert nearest(tmp_path) != tmp_path / name
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to(name)
    with pytest.raises(CaplintError, match=f"{name}: cannot be read: Too many levels"):
        load(tmp_path / name)
    (tmp_path / name).unlink()
    (tmp_path / name).write_text("[tool.caplint]\n" * 20_000)
    with pytest.raises(CaplintError, match=f"{name}: 300,000 bytes; more than 262,144 are not read"):
        load(start=tmp_path)


def test_a_pyproject_of_others_may_be_anything(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff = [" * 100_000)
    assert nearest(tmp_path) != tmp_path / "pyproject.toml"
