import time

import pytest

from caplint.c.syntax import UnreadableError
from caplint.rust.c_header import c_header


def written(text: str, prefix: str = "") -> list[str]:
    return c_header(text.encode(), prefix).text.splitlines()


def test_members_on_the_lines_of_the_source() -> None:
    header = c_header(b"// tea\n#[repr(C)]\npub struct tea {\n    pub a: u32,\n    b: [__u64; 4usize],\n}\n", "tea")
    assert header.text.splitlines() == ["struct tea {", "unsigned int a;", "__u64 b[4];", "};"]
    assert header.lines == (3, 4, 5, 3)


def test_types_of_which_others_are_made_come_first() -> None:
    text = """
#[repr(C)] pub struct tea { a: leaf, }
#[repr(C)] pub union leaf { x: w, y: [u8; 3] }
pub type w = ::std::os::raw::c_uint;
"""
    assert written(text, "tea") == [
        "typedef unsigned int w;", "union leaf {", "w x;", "unsigned char y[3];", "};",
        "struct tea {", "union leaf a;", "};",
    ]  # fmt: skip


def test_types_without_a_tag_are_written_where_they_are_used() -> None:
    text = """
#[repr(C)] pub struct tea { pub __bindgen_anon_1: tea__bindgen_ty_1, pub cups: [tea__bindgen_ty_2; 2usize] }
#[repr(C)] pub union tea__bindgen_ty_1 { pub a: u8, pub b: u16 }
#[repr(C, packed)] pub struct tea__bindgen_ty_2 { pub x: *mut tea, pub f: Option<unsafe extern "C" fn(a: u8)> }
"""
    assert written(text) == [
        "struct tea {", "union {", "unsigned char a;", "unsigned short b;", "};",
        "struct {", "void * x;", "void * f;", "} __attribute__((packed)) cups[2];", "};",
    ]  # fmt: skip


def test_bit_fields_are_read_off_their_accessors() -> None:
    text = """
#[repr(C)]
pub struct tea { pub _bitfield_align_1: [u8; 0], pub _bitfield_1: __BindgenBitfieldUnit<[u8; 2usize]>, pub rest: u16 }
impl tea {
    pub fn hot(&self) -> __u8 { unsafe { ::std::mem::transmute(self._bitfield_1.get(0usize, 3u8) as u8) } }
    pub fn set_hot(&mut self, val: __u8) { unsafe { self._bitfield_1.set(0usize, 3u8, val as u64) } }
    pub fn cold(&self) -> __u8 { unsafe { ::std::mem::transmute(self._bitfield_1.get_const::<8usize, 1u8>() as u8) } }
}
"""
    assert written(text) == [
        "struct tea {", "__u8 hot : 3;", "unsigned char : 5;", "__u8 cold : 1;", "unsigned char : 7;",
        "unsigned short rest;", "};",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("#[repr(C)] struct t { a: __IncompleteArrayField<::std::os::raw::c_char>, }", ["char a[];"]),
        ("#[repr(C)] struct t<FAM: ?Sized = [leaf; 0]> { n: u8, a: FAM }", ["unsigned char n;", "leaf a[];"]),
        ("#[repr(C)] struct t { type_: i64, r#in: u8, tea_: u8 }",
         ["long long type;", "unsigned char in;", "unsigned char tea_;"]),
        ("#[repr(C)] struct t { __bindgen_padding_0: u64, a: [[u8; 2]; 3] }",
         ["unsigned long long padding_0;", "unsigned char a[3][2];"]),
        ("#[repr(C)] struct t { a: [u8; N], p: ::std::marker::PhantomData<u8> }", ["unsigned char a[N];"]),
    ],
)  # fmt: skip
def test_members(text: str, lines: list[str]) -> None:
    assert written(text) == ["struct t {", *lines, "};"]


def test_unions_that_bindgen_writes_as_structures() -> None:
    text = "#[repr(C)] struct t { a: __BindgenUnionField<u32>, bindgen_union_field: u32 }"
    assert written(text) == ["union t {", "unsigned int a;", "};"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("#[repr(C)] #[repr(align(16))] #[derive(Copy)] pub struct t { a: u8 }", "} __attribute__((aligned(16)));"),
        ("#[repr(C, packed(1))] pub struct t { a: u8 }", "} __attribute__((packed));"),
        ("#[repr(transparent)] pub struct t(pub u32);", "typedef unsigned int t;"),
        ("#[repr(u16)] pub enum t { A, B }", "typedef unsigned short t;"),
        ("pub const A: u32 = 7;", "#define A 7"),
        ("pub const A: i32 = -7;", "#define A (-7)"),
        ("pub const A: u64 = 0x8000_0000_0000_0000u64;", "#define A 0x8000000000000000ULL"),
        ("pub const cup_BIG: cup = 3u32;", "#define BIG 3"),
    ],
)
def test_declarations(text: str, line: str) -> None:
    assert written(text)[-1] == line


@pytest.mark.parametrize(
    "text",
    [
        "pub struct t { a: u8 }",
        "#[repr(C)] pub struct t<T> { a: T }",
        "#[repr(C)] pub struct t { _unused: [u8; 0] }",
        'pub const A: &[u8; 2] = b"x\\0";',
        "pub const A: u32 = B + 1;",
        "#[cfg(test)] mod tests { #[repr(C)] struct t { a: u8 } }",
    ],
)
def test_other_items_are_left_out(text: str) -> None:
    assert written(text) == []


def test_a_type_that_holds_itself_ends() -> None:
    assert "b a;" not in written("#[repr(C)] struct a { x: b }\n#[repr(C)] struct b { x: a }")


def test_nested_types_are_bounded() -> None:
    levels = "\n".join(
        f"#[repr(C)] pub struct t__bindgen_ty_{n} {{ a: t__bindgen_ty_{n + 1}, b: t__bindgen_ty_{n + 1}, }}"
        for n in range(1, 40)
    )
    began = time.process_time()
    lines = written(f"#[repr(C)] pub struct t {{ a: t__bindgen_ty_1 }}\n{levels}")
    assert len(lines) < 200_000
    assert time.process_time() - began < 20


def test_many_types() -> None:
    text = "\n".join(f"#[repr(C)] pub struct t{n} {{ a: t{n + 1} }}" for n in range(10_000))
    began = time.process_time()
    assert len(written(text)) == 30_000
    assert time.process_time() - began < 20


def test_what_cannot_be_read() -> None:
    with pytest.raises(UnreadableError):
        c_header(b"\0", "")
