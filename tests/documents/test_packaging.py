"""Action, component, container and release workflow: valid, pinned, and made of what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from blocks import DOCUMENTS, ROOT
from conftest import lay
from ruamel.yaml import YAML

from caplint import HOME, __version__
from caplint.report import FORMATS
from tools import release

_WORKFLOW = ROOT / ".github/workflows/release.yml"
_SHOWN = [ROOT / "action.yml", _WORKFLOW, *(ROOT / name for name in DOCUMENTS)]
_USES = re.compile(r"uses: (\S+)(?: # (v[\d.]+))?")


def _valid(file: Path, schema: str) -> str:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else run.stdout + run.stderr


def _load(text: str) -> Any:
    return YAML(typ="safe").load(text)


@pytest.mark.parametrize("file", _SHOWN, ids=lambda file: file.name)
def test_actions_are_named_by_commit(file: Path) -> None:
    for name, version in _USES.findall(file.read_text("utf-8")):
        if name == f"caplint/caplint@v{__version__}":  # our own
            continue
        assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}", name), f"{file.name}: {name}"
        assert version, f"{file.name}: {name} does not say which version that is"


def _audited(file: Path) -> str:
    """What zizmor says of an action or a workflow, without asking anybody; empty: nothing."""
    program = str(Path(sys.executable).with_name("zizmor"))
    command = [program, "--offline", "--no-progress", "--quiet", "--no-config", str(file)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else run.stdout + run.stderr


def test_an_attacker_finds_nothing_to_use(tmp_path: Path) -> None:
    workflows = tmp_path / ".github/workflows"
    page = (ROOT / "docs/ci.md").read_text("utf-8").replace(f"@v{__version__}", f"@{'0' * 40} # v{__version__}")
    shown = [text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "runs-on" in text]
    assert len(shown) == 2
    lay(workflows, {f"{number}.yml": text for number, text in enumerate(shown)})
    for file in (ROOT / "action.yml", _WORKFLOW, *workflows.iterdir()):
        assert _audited(file) == ""
    broken = lay(workflows, {"a.yml": shown[0].replace("caplint check", "echo ${{ github.head_ref }}; caplint check")})
    assert "template-injection" in _audited(broken / "a.yml")


@pytest.mark.parametrize(("file", "schema"), [("action.yml", "vendor.github-actions")])
def test_the_action_is_valid(tmp_path: Path, file: str, schema: str) -> None:
    assert _valid(ROOT / file, schema) == ""
    broken = tmp_path / file
    broken.write_text((ROOT / file).read_text("utf-8").replace("using: composite", "using: 1"))
    assert _valid(broken, schema)


def test_the_workflow_is_valid_and_gives_each_job_what_it_needs() -> None:
    assert _valid(_WORKFLOW, "vendor.github-workflows") == ""
    workflow = _load(_WORKFLOW.read_text("utf-8"))
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["build"]["permissions"] == {"contents": "read"}
    publish = workflow["jobs"]["publish"]
    assert {step.get("uses", "").split("@")[0] for step in publish["steps"]} >= {
        "actions/attest-build-provenance",
        "pypa/gh-action-pypi-publish",
    }
    # What a tag's name or an input says reaches scripts as a variable, never as text of the script.
    scripts = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    scripts += [
        step["run"] for step in _load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"] if "run" in step
    ]
    assert not [text for text in scripts if "${{" in text]
    for target in re.findall(r"^make (\w+)", "\n".join(scripts), re.MULTILINE):
        assert f"\n{target}:" in (ROOT / "Makefile").read_text("utf-8")


def test_the_component_is_a_job(tmp_path: Path) -> None:
    head, job = (ROOT / "templates/check.yml").read_text("utf-8").split("\n---\n")
    inputs = _load(head)["spec"]["inputs"]
    assert inputs["version"]["default"] == __version__
    # An input is text of the script that names it; as a variable it is none.
    assert "$[[" not in job.partition("\n  script:\n")[2]
    used = set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", job))
    assert used == inputs.keys()
    for name, entry in inputs.items():
        job = job.replace(f"$[[ inputs.{name} ]]", entry["default"])
    file = tmp_path / ".gitlab-ci.yml"
    file.write_text(job)
    assert _valid(file, "vendor.gitlab-ci") == ""
    script = " ".join(_load(job)["caplint-check"]["script"])
    assert {format_ for format_ in FORMATS if f"{format_}=" in script} == {"gitlab", "junit"}


def test_the_component_that_is_shown_has_its_inputs() -> None:
    shown = re.search(r"^include:\n(?:  .*\n)+", (ROOT / "docs/ci.md").read_text("utf-8"), re.MULTILINE)
    assert shown
    (entry,) = _load(shown.group())["include"]
    head = (ROOT / "templates/check.yml").read_text("utf-8").split("\n---\n")[0]
    assert entry["inputs"].keys() <= _load(head)["spec"]["inputs"].keys()
    assert entry["component"].endswith(f"/check@v{__version__}")


def test_the_action_that_is_shown_has_its_inputs() -> None:
    action = _load((ROOT / "action.yml").read_text("utf-8"))
    (text,) = re.findall(
        r"uses: caplint/caplint@\S+\n +with:\n((?: {10,}.*\n)+)", (ROOT / "docs/ci.md").read_text("utf-8")
    )
    assert set(_load(text)) <= action["inputs"].keys()


def test_the_container_copies_what_the_package_is_made_of(tmp_path: Path) -> None:
    text = (ROOT / "Containerfile").read_text("utf-8")
    copied = [word for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE) for word in line.split()[:-1]]
    assert all((ROOT / name).exists() for name in copied)
    source = tmp_path / "src"
    for name in copied:
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", str(ROOT / name), str(target)], check=True)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=source, check=True, capture_output=True,
    )  # fmt: skip
    assert list(tmp_path.glob(f"caplint-{__version__}-*.whl"))
    assert re.search(r"^USER \w+$", text, re.MULTILINE)


def _project(root: Path, changelog: str) -> Path:
    lay(root, {"CHANGELOG.md": changelog, "pyproject.toml": f'[project.urls]\nHomepage = "{HOME}"\n'})
    lay(
        root,
        dict.fromkeys(("README.md", "docs/hooks.md", "docs/ci.md", "templates/check.yml"), f"rev: v{__version__}\n"),
    )
    return root


_DATED = f"# Changelog\n\n## {__version__} — 2027-01-31\n\n- One.\n\n## 0.0.9 — 2026-01-01\n\n- Old.\n"


def test_a_release_that_may_be_made(tmp_path: Path) -> None:
    assert list(release.problems(_project(tmp_path, _DATED), f"v{__version__}", {})) == []
    assert release.section(_DATED, __version__) == ("2027-01-31", "- One.\n")
    assert release.section(_DATED, "3.0") == ("", "")


@pytest.mark.parametrize(
    ("edit", "tag", "environment", "expected"),
    [
        (("2027-01-31", "unreleased"), None, {}, "CHANGELOG.md dates"),
        ((f"## {__version__}", "## 9.9"), None, {}, "has no section"),
        (("", ""), "v9.9", {}, "the tag is v9.9"),
        (
            ("", ""),
            None,
            {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b"},
            "this is https://github.com/a/b",
        ),
    ],
)
def test_a_release_that_would_be_wrong(
    tmp_path: Path, edit: tuple[str, str], tag: str | None, environment: dict[str, str], expected: str
) -> None:
    (line,) = release.problems(_project(tmp_path, _DATED.replace(*edit) if edit[0] else _DATED), tag, environment)
    assert expected in line


def test_a_document_that_names_another_release(tmp_path: Path) -> None:
    root = _project(tmp_path, _DATED)
    (root / "docs/hooks.md").write_text("rev: v0.0.1\n")
    (root / "docs/ci.md").write_text("- uses: caplint/caplint@v0.0.2\n")
    assert [line.split()[0] for line in release.problems(root, None, {})] == ["docs/hooks.md", "docs/ci.md"]


def test_the_documents_name_this_release() -> None:
    lines = list(release.problems(ROOT, None, {}))
    assert [line for line in lines if "CHANGELOG" not in line] == []
    assert f"rev: v{__version__}" in (ROOT / "docs/hooks.md").read_text("utf-8")
    assert f"repo: {HOME}" in (ROOT / "docs/hooks.md").read_text("utf-8")
