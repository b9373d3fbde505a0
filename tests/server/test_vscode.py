"""The extension that docs/editor.md gives for VS Code is one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from editor_page import fences

_SCRIPT = fences("js")[0]


def test_the_manifest_is_for_the_script() -> None:
    (text,) = fences("json")
    manifest = json.loads(text)
    assert set(re.findall(r"require\('([\w-]+)/", _SCRIPT)) == manifest["dependencies"].keys()
    served = re.search(r"documentSelector: \[(.*?)\]", _SCRIPT)
    assert served
    languages = re.findall(r"'(\w+)'", served.group(1))
    assert manifest["activationEvents"] == [f"onLanguage:{name}" for name in languages]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not here")
def test_the_script_is_javascript(tmp_path: Path) -> None:
    file = tmp_path / "extension.js"
    file.write_text(_SCRIPT)
    subprocess.run(["node", "--check", str(file)], check=True, timeout=60)
