"""Names of capabilities that look like placeholders, in documentation and comments: what a header defines is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, ask, bare_kernel

API = """\
7.1 {0}
{1}

:Architectures: x86
:Parameters: none

Other names are written {0}.
"""
ODD = ["XXXFOO", "FOO", "FOOBAR_XXX", "ACME_XXX", "S390_foo", "ACME_x", "ALL_"]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("defined", [0, 1])
def test_documentation(tmp_path: Path, name: str, defined: int) -> None:
    header = f"#define KVM_CAP_{name} 7\n" if defined else ""
    text = API.format(f"KVM_CAP_{name}", "-" * 40)
    tree = bare_kernel(tmp_path, {UAPI: header, "Documentation/virt/kvm/api.rst": text})
    assert ask([tree], "SELECT DISTINCT cap, pattern FROM doc_cap") == [(f"KVM_CAP_{name}", 1 - defined)]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("defined", [0, 1])
def test_comments(tmp_path: Path, name: str, defined: int) -> None:
    header = f"#define KVM_CAP_{name} 7\n" if defined else ""
    tree = bare_kernel(tmp_path, {UAPI: f"{header}/* needs KVM_CAP_{name} */\n"})
    assert ask([tree], "SELECT cap FROM header_comment_cap") == [(f"KVM_CAP_{name}",)] * defined
