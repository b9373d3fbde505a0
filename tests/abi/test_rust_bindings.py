from caplint.abi.rust_bindings import evaluate_any
from caplint.abi.sources import ROOT, Sources
from caplint.abi.unit import AbiUnit

PATH = "src/x86_64/bindings.rs"


def unit(text: str, abi: str = "x86_64") -> AbiUnit:
    return evaluate_any(Sources({PATH: text}, {("", ROOT): PATH}), [abi])[abi]


def test_a_structure_with_its_lines_and_columns() -> None:
    found = unit("#[repr(C)]\npub struct kvm_tea {\n    a: u8,\n    b: u64,\n}\npub const KVM_CUP: u32 = 2;\n")
    structure = found.structures[0]
    assert structure[:7] == ("kvm_tea", "struct", 16, 8, PATH, 2, 12)
    assert [(member.name, member.offset, member.size, member.line) for member in structure.members] == [
        ("a", 0, 1, 3), ("b", 8, 8, 4)
    ]  # fmt: skip
    assert [(one.name, one.value, one.line, one.column) for one in found.constants] == [("KVM_CUP", 2, 6, 11)]
    assert found.unknown == []


def test_nested_and_flexible_members() -> None:
    found = unit(
        "#[repr(C)] pub struct kvm_tea { a: u32, u: kvm_tea__bindgen_ty_1, more: __IncompleteArrayField<u16> }\n"
        "#[repr(C)] pub union kvm_tea__bindgen_ty_1 { x: u8, y: u64 }\n"
    )
    members = [(member.name, member.offset, member.size) for member in found.structures[0].members]
    assert members == [("a", 0, 4), ("u", 8, 8), ("u.x", 8, 1), ("u.y", 8, 8), ("more", 16, 0)]


def test_a_type_of_another_crate_is_not_known() -> None:
    found = unit("#[repr(C)]\npub struct kvm_tea {\n    a: kettle,\n}\n")
    assert [(entry.name, entry.line) for entry in found.unknown] == [("struct kvm_tea", 2)]
    assert found.structures == []


def test_a_file_that_cannot_be_read_is_not_known() -> None:
    found = unit("\0")
    assert [(entry.name, entry.line, entry.reason) for entry in found.unknown] == [(PATH, 1, "contains NUL bytes")]


def test_another_file_s_types_are_left_out() -> None:
    assert unit("#[repr(C)] pub struct tea { a: u32 }").structures == []
