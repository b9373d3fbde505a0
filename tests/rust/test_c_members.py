"""Members of structures that bindgen writes, with their types, names and dimensions as the C header has them."""

from __future__ import annotations

import pytest
from rust_text import nodes_of

from caplint.rust.c_members import BitFields, array_at_end, bare, c_name, members_of


def _members(source: str, kind: str = "struct_item") -> list[tuple[str, str, str, int]]:
    file, nodes = nodes_of(kind, source)
    return [(one.name, one.type, one.dimensions, one.bit_unit) for one in members_of(file, nodes[0])]


MEMBERS = [
    ("pub a: u32", ("a", "u32", "", 0)),
    ("pub a: ::std::os::raw::c_ulong", ("a", "c_ulong", "", 0)),
    ("a: [[u8; 2]; 3usize]", ("a", "u8", "[3][2]", 0)),
    ("a: [u8; N as usize]", ("a", "u8", "[N]", 0)),
    ("a: [kvm_cpuid_entry2; 1_usize]", ("a", "kvm_cpuid_entry2", "[1]", 0)),
    ("a: *mut kvm_vcpu", ("a", "void *", "", 0)),
    ("a: [*const u8; 4]", ("a", "void *", "[4]", 0)),
    ("a: Option<unsafe extern \"C\" fn(u8)>", ("a", "void *", "", 0)),
    ("a: __IncompleteArrayField<kvm_msr_entry>", ("a", "kvm_msr_entry", "[]", 0)),
    ("a: root::__BindgenUnionField<[u64; 8]>", ("a", "u64", "[8]", 0)),
    ("a: ::core::mem::ManuallyDrop<inner>", ("a", "inner", "", 0)),
    ("_bitfield_1: __BindgenBitfieldUnit<[u8; 8usize]>", ("_bitfield_1", "", "", 8)),
    ("__bindgen_padding_0: [u16; 3]", ("padding_0", "u16", "[3]", 0)),
    ("r#type: u8", ("r#type", "u8", "", 0)),
]  # fmt: skip


@pytest.mark.parametrize(("written", "member"), MEMBERS, ids=[row[0] for row in MEMBERS])
def test_member(written: str, member: tuple[str, str, str, int]) -> None:
    assert _members(f"#[repr(C)] pub struct s {{ {written}, }}") == [member]


@pytest.mark.parametrize("written", ["a: PhantomData<u8>", "_bitfield_align_1: [u32; 0]"])
def test_markers_have_no_size(written: str) -> None:
    assert _members(f"struct s {{ {written}, b: u8 }}") == [("b", "u8", "", 0)]


def test_tuples_unions_and_aliases() -> None:
    assert _members("struct s(/* first */ pub u8, #[a] [u16; 2]);") == [("_0", "u8", "", 0), ("_1", "u16", "[2]", 0)]
    assert _members("union u { a: u8, b: s }", "union_item") == [("a", "u8", "", 0), ("b", "s", "", 0)]
    assert _members("type a = [u8; 4];", "type_item") == [("", "u8", "[4]", 0)]
    assert _members("struct s;") == []


def test_a_type_parameter_stands_for_the_array_at_the_end() -> None:
    source = "struct s<FAM: ?Sized = [kvm::entry; 0]> { n: u32, list: FAM }"
    file, (node,) = nodes_of("struct_item", source)
    assert array_at_end(file, node) == ("FAM", "kvm::entry")
    assert _members(source) == [("n", "u32", "", 0), ("list", "entry", "[]", 0)]


@pytest.mark.parametrize("parameters", ["", "<T>", "<T: ?Sized = [entry; 4]>", "<T: ?Sized>"])
def test_other_parameters_are_no_arrays(parameters: str) -> None:
    file, (node,) = nodes_of("struct_item", f"struct s{parameters} {{ n: u32 }}")
    assert array_at_end(file, node) is None


def test_arrays_of_many_dimensions_end() -> None:
    ((_, _, dimensions, _),) = _members(f"struct s {{ a: {'[' * 50}u8{'; 2]' * 50} }}")
    assert dimensions == "[2]" * 8


def test_bit_fields_with_the_gaps_between_them() -> None:
    fields = BitFields()
    fields.read(
        "pub fn hot(&self) -> u32 { unsafe { mem::transmute(self._bitfield_1.get(4usize, 12u8) as u32) } }\n"
        "pub fn type_(&self) -> __u8 { unsafe { mem::transmute(self._bitfield_1.get_const::<0usize, 3u8>() as u8) } }\n"
        "pub fn set_hot(&mut self, val: u32) { unsafe { self._bitfield_1.set(4usize, 12u8, val as u64) } }\n"
        "pub fn cold(&self) -> u8 { unsafe { mem::transmute(self._bitfield_2.get(0usize, 8u8) as u8) } }"
    )
    assert list(fields.declarations("_bitfield_1", 3)) == [
        "__u8 type : 3;", "unsigned char : 1;", "unsigned int hot : 12;", "unsigned char : 8;"
    ]  # fmt: skip
    assert list(fields.declarations("_bitfield_2", 1)) == ["unsigned char cold : 8;"]
    # No unnamed one crosses the end of a byte.
    fields.units["_bitfield_4"] = {0: ("a", "__u8", 3), 12: ("b", "__u8", 4)}
    assert list(fields.declarations("_bitfield_4", 2)) == [
        "__u8 a : 3;", "unsigned char : 5;", "unsigned char : 4;", "__u8 b : 4;"
    ]  # fmt: skip
    # A unit without accessors keeps its size.
    assert list(fields.declarations("_bitfield_3", 2)) == ["unsigned char : 8;", "unsigned char : 8;"]


@pytest.mark.parametrize(
    ("name", "written"),
    [("type_", "type"), ("in_", "in"), ("r#in", "in"), ("tea_", "tea_"), ("type", "type"), ("_", "_"), ("u8_", "u8_")],
)
def test_names_that_rust_reserves(name: str, written: str) -> None:
    assert c_name(name) == written


def test_names_of_types() -> None:
    kinds = ["u64", "i8", "c_ulong", "usize", "__u32", "kvm_regs", "type_"]
    assert [bare(kind) for kind in kinds] == [
        "unsigned long long", "signed char", "unsigned long", "unsigned long", "__u32", "kvm_regs", "type"
    ]  # fmt: skip
