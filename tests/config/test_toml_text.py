"""Configuration as text that can be read back."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caplint.config.settings import Config, ConfiguredTree, read
from caplint.config.toml_text import first_file, quoted, settings

FILE = r"""
fail-on = "note"
select = ["CAP1", "CAP4"]
extend-select = ["CAP501"]
ignore = ["CAP103"]
rules = ["own"]
known = ["known.json"]
vendor-range = "0x10-0x1f, 500"
abis = ["x86_64"]
oldest-kernel = "5.10"
jobs = 1
cache = "none"

[trees.kernel]
path = "linux"
[trees."a b \" ü"]
path = "q"
role = "vmm"

[c]
attributes = ["__our", "__size()"]
iterators = ['our_\w+']

[coverage]
floor = 99.5

[matrix]
kernels = ["l@v6.*"]
vmms = ["q"]

[[suppress]]
code = "CAP205"
subject = "KVM_*"
path = "virt/**"
reason = 'a "reason"'

[[suppress]]
code = "CAP206"
path = "x.c"
arch = "x86"
reason = "why"
"""


@pytest.mark.parametrize("text", ["", FILE])
def test_what_is_shown_can_be_read_back(tmp_path: Path, text: str) -> None:
    first, second = tmp_path / "caplint.toml", tmp_path / "second.toml"
    first.write_text(text, "utf-8")
    config = read(first)
    second.write_text("\n".join(settings(config)), "utf-8")
    again = read(second)
    assert replace(again, source=None, restricted={}) == replace(config, source=None, restricted={})


def test_trees_of_variables_are_comments() -> None:
    tree = ConfiguredTree("kernel", "/l", "kernel", "CAPLINT_KERNEL")
    lines = "\n".join(settings(Config(trees=(tree,)))).split("\n")
    at = lines.index("# from CAPLINT_KERNEL")
    assert lines[at + 1 : at + 4] == ["# [trees.kernel]", '# path = "/l"', '# role = "kernel"']


@given(st.text())
def test_any_text_can_be_quoted(text: str) -> None:
    assert tomllib.loads(f"x = {quoted(text)}")["x"] == text
    assert quoted(text).isprintable()


def test_the_first_file(tmp_path: Path) -> None:
    near, far = ConfiguredTree("qemu", str(tmp_path / "qemu")), ConfiguredTree("k x", "/elsewhere/far/away/linux")
    file = tmp_path / "caplint.toml"
    file.write_text(first_file([near, far], tmp_path), "utf-8")
    text = file.read_text("utf-8")
    assert '[trees.qemu]\npath = "qemu"\n' in text
    assert '[trees."k x"]\npath = "/elsewhere/far/away/linux"\n' in text
    assert [tree.path for tree in read(file).trees] == [str(tmp_path / "qemu"), "/elsewhere/far/away/linux"]


def test_every_setting_of_the_first_file_is_one() -> None:
    text = first_file([], Path("/"))
    shown = "\n".join(line.removeprefix("# ") for line in text.splitlines() if "=" in line or line.startswith("# [["))
    assert tomllib.loads(shown.replace("[[suppress]]", "", 0))["select"] == ["CAP1", "CAP4"]
