"""Where modules are looked for; `tests/reliability/test_search_path.py` starts whole runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from caplint.util import search_path


def test_the_package_itself_is_found_where_one_works_in_its_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    own = str(Path(search_path.__file__).parents[2])
    monkeypatch.chdir(own)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(sys, "path", ["", own, "/x"])
    search_path.own_modules_only()
    assert sys.path == ["/x", own]
