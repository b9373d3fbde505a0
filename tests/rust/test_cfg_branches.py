"""Branches of `cfg_if!`: each holds where its own condition does and none before it does."""

from __future__ import annotations

import pytest
from rust_text import nodes_of

from caplint.rust.cfg_branches import branches

UNIX, WINDOWS = "defined(__unix__)", "defined(_WIN32)"


def _branches(source: str) -> list[tuple[str, str]]:
    file, nodes = nodes_of("macro_invocation", source)
    return [(condition, file.plain(root).strip()) for condition, root in branches(file, nodes[0])]


def test_each_branch_excludes_those_before_it() -> None:
    found = _branches(
        "cfg_if! { if #[cfg(unix)] { fn a() {} } else if #[cfg(windows)] { fn b() {} } else { fn c() {} } }"
    )
    assert found == [
        (f"({UNIX})", "fn a() {}"),
        (f"(!({UNIX})) && ({WINDOWS})", "fn b() {}"),
        (f"(!({UNIX})) && (!({WINDOWS})) && (1)", "fn c() {}"),
    ]


@pytest.mark.parametrize(
    ("source", "conditions"),
    [
        ("cfg_if::cfg_if! { if #[cfg(unix)] {} }", [f"({UNIX})"]),
        ("cfg_if! { if #[cfg(all(unix, feature = \"kvm\"))] {} }", [f"(({UNIX}) && (defined(CFG_feature_kvm)))"]),
        ("cfg_if! { if #[ cfg(unix) ] {} }", [f"({UNIX})"]),
        ("cfg_if! { if #[cfg(test)] { } else { } }", ["(0)", "(!(0)) && (1)"]),
        ("cfg_if! {}", []),
        # Other macros with the same look.
        ("my_if! { if #[cfg(unix)] { } else { } }", []),
        ("not_cfg_if! { if #[cfg(unix)] { } }", []),
    ],
)  # fmt: skip
def test_conditions(source: str, conditions: list[str]) -> None:
    assert [condition for condition, _ in _branches(source)] == conditions


def test_inside_of_a_branch_is_read_where_it_stands() -> None:
    source = "// é\ncfg_if! { if #[cfg(unix)] { fn a() { b() } struct C; } }"
    file, nodes = nodes_of("macro_invocation", source)
    ((_, root),) = branches(file, nodes[0])
    assert [node.type for node in root.named_children] == ["function_item", "struct_item"]
    assert root.named_children[0].start_byte == source.encode().index(b"fn a")


def test_conditions_stay_small() -> None:
    many = " else ".join(f'if #[cfg(feature = "f{n}")] {{ }}' for n in range(1000))
    found = _branches(f"cfg_if! {{ {many} }}")
    assert 10 <= len(found) < 1000
    assert sum(len(condition) for condition, _ in found) < 100_000
