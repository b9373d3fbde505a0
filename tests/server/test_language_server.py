"""The server as an editor uses it: findings of buffers that are not saved, cards, places, repairs and its state."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import CHECK, HEADER, QEMU_UAPI, UAPI, X86, age, kernel, qemu
from editor import Editor, edited
from lsprotocol import types

from caplint.util import shipped_files

_WITHOUT_HLT = CHECK.replace("\tcase KVM_CAP_HLT:\n", "")


@pytest.fixture
def place(apart: Path) -> Path:
    """A directory with a kernel, a QEMU, and a configuration that names both."""
    kernel(apart / "k")
    qemu(apart / "q")
    (apart / "caplint.toml").write_text('ignore = ["CAP103"]\n')
    age(apart)
    return apart


_TREES = ("--kernel", "k", "--qemu", "q")


def test_findings_follow_a_buffer_that_is_not_saved(place: Path) -> None:
    async def work(editor: Editor) -> None:
        await editor.checked()
        code = editor.open(place / "k" / X86)
        editor.edit(code, _WITHOUT_HLT)
        await editor.checked()
        header = (place / "k" / UAPI).as_uri()
        (found,) = editor.diagnostics[header].diagnostics
        assert (found.code, found.source, found.severity) == ("CAP202", "caplint", types.DiagnosticSeverity.Warning)
        assert found.range == types.Range(types.Position(1, 8), types.Position(1, 19))
        editor.edit(code, CHECK)
        await editor.checked()
        assert not editor.diagnostics[header].diagnostics
        assert (place / "k" / X86).read_text() == CHECK

    edited(place, work, *_TREES)


def test_findings_of_the_other_tree_follow_too(place: Path) -> None:
    async def work(editor: Editor) -> None:
        await editor.checked()
        header = editor.open(place / "k" / UAPI)
        editor.edit(header, HEADER.replace("NR_VCPUS 9", "NR_VCPUS 8"))
        await editor.checked()
        assert "CAP101" in {str(found.code) for params in editor.diagnostics.values() for found in params.diagnostics}
        related = [
            entry.location.uri
            for params in editor.diagnostics.values()
            for found in params.diagnostics
            for entry in found.related_information or ()
        ]
        assert any("/q/" in uri or "/k/" in uri for uri in related)

    edited(place, work, *_TREES)


def test_a_card_has_number_handlers_documentation_and_release(place: Path) -> None:
    async def work(editor: Editor) -> None:
        await editor.checked()
        code = editor.open(place / "k" / X86)
        line = CHECK.split("\n").index("\tcase KVM_CAP_NR_VCPUS:")
        card = await editor.hover(code, line, 10)
        assert card is not None
        assert card.startswith("**`KVM_CAP_NR_VCPUS`**\n\n- number: `9 (")
        assert f"- answered: `x86: depends on the VM, kvm && kvm->max (kernel:{X86}:{line + 1})`" in card
        assert "- documented: `no section; only mentioned (kernel:Documentation/virt/kvm/api.rst:4)`" in card
        assert await editor.hover(code, line, 2) is None  # `case` is no name of KVM
        assert await editor.hover(code, 100_000, 0) is None

    edited(place, work, *_TREES)


def test_definitions_and_references_in_all_trees(place: Path) -> None:
    async def work(editor: Editor) -> None:
        await editor.checked()
        text = "/* \N{GRINNING FACE} */ int f(void) { return KVM_CAP_HLT; }\n"
        code = editor.open(place / "k/virt/kvm/kvm_main.c", text)
        await editor.checked()
        at = types.Position(0, text.index("KVM_CAP_HLT") + 2)
        defined = await editor.client.text_document_definition_async(types.DefinitionParams(code, at))
        assert isinstance(defined, list)
        assert [_shown(place, one) for one in defined] == [(f"k/{UAPI}", 1, 8, 19), (f"q/{QEMU_UAPI}", 1, 8, 19)]
        context = types.ReferenceContext(include_declaration=False)
        used = await editor.client.text_document_references_async(types.ReferenceParams(context, code, at))
        first = text.index("KVM_CAP_HLT") + 1  # the face takes two units
        assert {_shown(place, one) for one in used or ()} == {
            ("k/Documentation/virt/kvm/api.rst", 3, 17, 28),
            (f"k/{X86}", 6, 6, 17),
            ("k/virt/kvm/kvm_main.c", 0, first, first + 11),
        }

    edited(place, work, *_TREES)


def _shown(place: Path, location: object) -> tuple[str, int, int, int]:
    assert isinstance(location, types.Location)
    start, end = location.range.start, location.range.end
    return location.uri.removeprefix(f"{place.as_uri()}/"), start.line, start.character, end.character


def test_columns_in_bytes_for_an_editor_that_counts_them(place: Path) -> None:
    async def work(editor: Editor) -> None:
        await editor.checked()
        text = "/* \N{GRINNING FACE} */ int f(void) { return KVM_CAP_HLT; }\n"
        code = editor.open(place / "k/virt/kvm/kvm_main.c", text)
        await editor.checked()
        at = types.Position(0, len(text.encode().partition(b"KVM_CAP_HLT")[0]))
        params = types.HoverParams(code, at)
        hover = await editor.client.text_document_hover_async(params)
        assert hover is not None
        assert hover.range is not None
        assert hover.range.start == at

    edited(place, work, *_TREES, encodings=["utf-8", "utf-16"])


def test_a_repair_is_offered_and_goes_with_the_finding(apart: Path) -> None:
    shutil.copytree(shipped_files.FIXTURES / "linux", apart / "k")
    file = apart / "k/Documentation/virt/kvm/api.rst"
    age(apart)

    async def work(editor: Editor) -> None:
        await editor.checked()
        document = editor.open(file)
        first = file.read_text()
        broken = first.replace("KVM_CAP_X86_DISABLE_EXITS", "KVM_CAP_X86_EXITS_DISABLE")
        assert broken != first
        editor.edit(document, broken)
        await editor.checked()
        (found,) = [found for found in editor.found(document) if found.code == "CAP502"]
        action = await _only_action(editor, document, found)
        assert action is not None
        assert action.title == "CAP502: name KVM_CAP_X86_DISABLE_EXITS, which the header defines"
        assert action.edit is not None
        assert action.edit.changes is not None
        # A line above moves the repair, a line of it that has changed since takes it away.
        editor.edit(document, f"..\n{broken}")
        moved = await _only_action(editor, document, _down(found))
        assert moved is not None
        assert moved.edit is not None
        assert moved.edit.changes is not None
        was, now = (one.changes[document.uri][0].range.start.line for one in (action.edit, moved.edit) if one.changes)
        assert now == was + 1
        editor.edit(document, broken.replace("KVM_CAP_X86_EXITS_DISABLE", "KVM_CAP_X86_EXITS_DISABLED"))
        assert await _only_action(editor, document, found) is None
        editor.edit(document, _applied(broken, list(action.edit.changes[document.uri])))
        await editor.checked()
        assert "CAP502" not in editor.codes(document)

    edited(apart, work, "k")


async def _only_action(
    editor: Editor, document: types.TextDocumentIdentifier, found: types.Diagnostic
) -> types.CodeAction | None:
    context = types.CodeActionContext(diagnostics=[found])
    params = types.CodeActionParams(document, found.range, context)
    actions = await editor.waited(editor.client.text_document_code_action_async(params))
    assert actions is None or len(actions) == 1
    action = actions[0] if actions else None
    assert action is None or isinstance(action, types.CodeAction)
    return action


def _down(found: types.Diagnostic) -> types.Diagnostic:
    """Return a finding one line below."""
    start, end = found.range.start, found.range.end
    below = types.Range(types.Position(start.line + 1, start.character), types.Position(end.line + 1, end.character))
    return types.Diagnostic(below, found.message)


def _applied(text: str, edits: list[types.TextEdit]) -> str:
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda edit: -edit.range.start.line):
        lines[edit.range.start.line : edit.range.end.line] = edit.new_text.removesuffix("\n").split("\n")
    return "\n".join(lines)


def test_the_state_for_a_status_line(place: Path) -> None:
    async def work(editor: Editor) -> None:
        told = await editor.checked()
        assert told.startswith("caplint: 0 errors, 0 warnings, 0 notes; 6 files, ")
        status = await editor.status()
        assert (status.state, status.known, status.elsewhere) == ("done", 0, 0)
        assert [tree.name for tree in status.trees] == ["kernel", "qemu"]
        assert "read" in status.coverage
        assert [value["kind"] for value in editor.progress] == ["begin", "end"]
        assert editor.progress[-1]["message"] == told
        assert [state.state for state in editor.states] == ["checking", "done"]

    edited(place, work, *_TREES, options={"status": True})


def test_trees_and_settings_of_the_directory_in_which_the_editor_works(place: Path) -> None:
    (place / "k/caplint.toml").write_text('ignore = ["CAP202"]\n')

    async def work(editor: Editor) -> None:
        await editor.checked()
        code = editor.open(place / "k" / X86)
        editor.edit(code, _WITHOUT_HLT)
        await editor.checked()
        assert not any(params.diagnostics for params in editor.diagnostics.values())
        assert [tree.name for tree in (await editor.status()).trees] == ["kernel"]

    edited(place / "k", work)


def test_a_directory_without_trees_is_said_once_and_asks_nothing(apart: Path) -> None:
    file = apart / "a.c"
    file.write_text("KVM_CAP_HLT\n")

    async def work(editor: Editor) -> None:
        assert "no tree given" in await editor.checked()
        document = editor.open(file)
        editor.edit(document, "other\n")
        assert await editor.hover(document, 0, 2) is None
        assert (await editor.status()).state == "failed"
        assert len(editor.messages) == 1

    edited(apart, work)


def test_a_saved_file_is_read_from_the_disk(place: Path) -> None:
    async def work(editor: Editor) -> None:
        await editor.checked()
        header = editor.open(place / "k" / UAPI)
        (place / "k" / X86).write_text(_WITHOUT_HLT)
        editor.client.text_document_did_save(types.DidSaveTextDocumentParams(header))
        await editor.checked()
        assert editor.codes(header) == ["CAP202"]
        (place / "k" / X86).write_text(CHECK)
        params = types.ExecuteCommandParams(command="caplint.recheck")
        await editor.client.workspace_execute_command_async(params)
        await editor.checked()
        assert editor.codes(header) == []

    edited(place, work, *_TREES)


def test_the_same_findings_as_a_check_of_the_saved_file(place: Path) -> None:
    """What is shown for buffers is what a new server shows when they are saved."""
    shown: list[set[tuple[str, str]]] = []

    def all_of(editor: Editor) -> set[tuple[str, str]]:
        return {(uri, str(one.code)) for uri, params in editor.diagnostics.items() for one in params.diagnostics}

    async def unsaved(editor: Editor) -> None:
        await editor.checked()
        editor.edit(editor.open(place / "k" / X86), _WITHOUT_HLT)
        await editor.checked()
        shown.append(all_of(editor))

    async def saved(editor: Editor) -> None:
        await editor.checked()
        shown.append(all_of(editor))

    edited(place, unsaved, *_TREES)
    (place / "k" / X86).write_text(_WITHOUT_HLT)
    edited(place, saved, *_TREES)
    assert shown[0] == shown[1] != set()
