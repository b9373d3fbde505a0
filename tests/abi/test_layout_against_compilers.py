"""Hand-written structures that go through every rule of layout, held against compilers for every ABI."""

from __future__ import annotations

from pathlib import Path

import pytest
from compilers import COMPILERS, compiler

from caplint.abi.sources import HeaderSet, gather
from caplint.abi.types import StructMember
from caplint.abi.unit import AbiUnit, evaluate

HEADER = """
#include <linux/types.h>
#include <linux/stddef.h>
#include <linux/compiler.h>

enum tea { GREEN = 2, BLACK, OOLONG = BLACK << 2 };
typedef __u64 __attribute__((aligned(4))) low_u64;
typedef __u32 high_u32 __attribute__((__aligned__(16)));
typedef struct { __u8 a; __u64 b; } pair;
typedef int array[3];

struct plain { char a; short b; int c; long d; long long e; float f; double g; void *h; _Bool i; enum tea j; };
struct holes { __u8 a; __u64 b; __u16 c; };
struct packed_after { __u8 a; __u64 b; __u16 c; } __attribute__((packed));
struct __attribute__((__packed__)) packed_before { __u8 a; __u64 b; __u16 c; };
struct packed_macro { __u8 a; __u32 b; } __packed;
struct packed_and_aligned { __u8 a; __u64 b; } __attribute__((packed, aligned(4)));
struct aligned_after { __u8 a; } __attribute__((aligned(32)));
struct packed_member { __u8 a; __u64 b __attribute__((packed)); __u32 c; };
struct aligned_members { __u8 a; __aligned_u64 b; __u8 c; __u8 __attribute__((aligned(8))) d; __u16 e __aligned(2); };
struct aligned_lower { __u64 a __attribute__((aligned(2))); __u8 b; };
struct typedefs { __u8 a; low_u64 b; __u8 c; high_u32 d; pair e; array f; };
struct nested { __u8 a; struct { __u8 b; __u64 c; } d; struct { __u16 e; } __attribute__((packed)) f; __u32 g; };
struct anonymous { __u8 a; union { __u32 b; struct { __u16 c; __u64 d; }; __u8 e[3]; }; __u8 f; };
struct holder { __u8 a; struct packed_after b; struct aligned_after c; struct holes d[3]; };
union alternatives { __u8 a[5]; __u32 b; struct { __u64 c; __u8 d; } e; };
struct lengths {
    __u8 a[OOLONG - 1]; __u16 b[sizeof(struct holes)]; __u32 c[2][3]; __u8 d[(1 << 3) | 1]; __u8 e[sizeof(long)];
    __u8 f[BLACK == 3 ? 4 : 5]; __u8 g[16 / 3 + 7 % 4]; __u8 h['A' - 60]; __u8 i[0x10UL];
};
struct flexible { __u32 n; __DECLARE_FLEX_ARRAY(__u64, entries); };
struct old_flexible { __u32 n; struct holes entries[0]; };
struct grouped { __u8 a; __struct_group(inner, named, , __u8 b; __u32 c;); __u8 d; };
struct grouped_packed { __u8 a; __struct_group(, named, __attribute__((packed)), __u8 b; __u32 c;); __u8 d; };
struct empties { struct { } a; __u8 b; struct { } c; };

struct bits { __u32 a : 3; __u32 b : 7; __u32 c : 22; __u32 d : 1; __u8 e; };
struct bits_straddle { __u32 a : 20; __u32 b : 20; __u16 c : 9; __u16 d : 9; };
struct bits_mixed { __u8 a : 3; __u32 b : 6; __u64 c : 40; __u8 d; __u64 e : 33; };
struct bits_unnamed { __u8 a : 2; __u32 : 5; __u8 b : 2; __u64 : 0; __u8 c : 1; };
struct bits_zero { __u8 a : 1; __u32 : 0; __u8 b : 1; __u16 : 0; __u8 c; };
struct bits_packed { __u8 a : 3; __u32 b : 30; __u64 c : 63; __u8 d; __u16 e : 9; } __attribute__((packed));
struct bits_anonymous_last { __u8 a; __u64 : 4; };
struct bits_nested { __u8 a; union { __u64 b; struct { __u64 : 4; __u64 c : 1; __u64 d : 1; __u64 : 58; }; } e[2]; };
struct bits_enum { enum tea a : 4; signed int b : 5; _Bool c : 1; };
struct bits_after_bytes { __u8 a; __u8 b; __u16 c : 4; __u32 d : 28; __u64 e : 60; };
struct multiple { __u8 a, b[2], *c; __u32 d : 3, e : 4; };
struct callbacks { int (*call)(struct holes *, int); struct multiple *next; const volatile char *const name; };
"""
WIDE = "struct wide { __u8 a; unsigned __int128 b; __int128_t c; __u8 d; };\n"
SYSTEM = """
typedef unsigned char __u8; typedef unsigned short __u16; typedef unsigned int __u32; typedef unsigned long long __u64;
#define __aligned_u64 __u64 __attribute__((aligned(8)))
#define __packed __attribute__((packed))
#define __aligned(x) __attribute__((aligned(x)))
#define __DECLARE_FLEX_ARRAY(T, N) struct { struct { } __empty_##N; T N[]; }
#define __struct_group(TAG, NAME, ATTRS, MEMBERS...) \\
    union { struct { MEMBERS } ATTRS; struct TAG { MEMBERS } ATTRS NAME; } ATTRS
"""


def unit(text: str, abi: str) -> AbiUnit:
    """What caplint makes of a header."""
    files = {"include/linux/kvm.h": text.encode()}
    return evaluate(gather(HeaderSet("include/linux/kvm.h", ""), files.get), [abi])[abi]


def header(abi: str) -> str:
    # On s390x clang aligned __int128 to 16 bytes until LLVM 18, against the ABI and GCC.
    return HEADER + (WIDE if abi.endswith(("64", "64le", "64be", "64el")) else "")


@pytest.mark.parametrize(("name", "abi"), COMPILERS, ids=["-".join(pair) for pair in COMPILERS])
def test_every_rule_of_layout(name: str, abi: str, tmp_path: Path) -> None:
    cc = compiler(name, abi)
    ours = unit(header(abi), abi)
    assert ours.unknown == []
    prelude = SYSTEM + "\n".join(line for line in header(abi).splitlines() if not line.startswith("#include"))
    questions: list[tuple[str, int]] = []
    for structure in ours.structures:
        tag = f"{structure.kind} {structure.tag}"
        questions += [(f"sizeof({tag})", structure.size), (f"_Alignof({tag})", structure.alignment)]
        for member in structure.members:
            if member.bits is None:
                path = member.name.replace("[]", "[0]")
                questions.append((f"__builtin_offsetof({tag}, {path})", member.offset))
    answers = cc.constants(prelude, [text for text, _ in questions], tmp_path, [])
    assert [(text, answer) for (text, _), answer in zip(questions, answers, strict=True)] == questions
    assert len(ours.structures) > 30


@pytest.mark.parametrize(("name", "abi"), COMPILERS, ids=["-".join(pair) for pair in COMPILERS])
def test_every_bit_field(name: str, abi: str, tmp_path: Path) -> None:
    cc = compiler(name, abi)
    fields = [(s, member) for s in unit(header(abi), abi).structures for member in s.members if member.bits is not None]
    prelude = SYSTEM + "\n".join(line for line in header(abi).splitlines() if not line.startswith("#include"))
    lines = [
        f"const {s.kind} {s.tag} field_{index} = {{ .{member.name.replace('[]', '[0]')} = "
        f"{1 if member.type == '_Bool' else -1} }};"
        for index, (s, member) in enumerate(fields)
    ]
    data = cc.object_of("\n".join([prelude, *lines]), tmp_path)
    little = cc.little
    for index, (s, member) in enumerate(fields):
        assert set_bits(data[f"field_{index}"], little=little) == positions(member), (s.tag, member.name)
    assert len(fields) > 30


def positions(member: StructMember) -> list[int]:
    assert member.bit_offset is not None
    assert member.bits is not None
    return list(range(member.bit_offset, member.bit_offset + member.bits))


def set_bits(data: bytes, *, little: bool) -> list[int]:
    """Positions of the bits that are 1, in the order of the ABI."""
    return [
        8 * index + bit
        for index, byte in enumerate(data)
        for bit in range(8)
        if byte & (1 << bit if little else 0x80 >> bit)
    ]
