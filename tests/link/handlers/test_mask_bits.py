"""Sets of bits that masks select: complements, variables, helpers and macros, and what cannot be told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.handlers.mask_bits import MaskReader
from caplint.link.handlers.value_tests import Bits
from caplint.values.expression_tree import tree_of

TEXT = """\
#define VALID 0x3
#define HIGH (1ull << 63)
#define RESERVED (~VALID)
#define RESERVED32 0xfffffffcu
#define NOT(m) (~(m))
#define KEPT(m, n) ((m) & (n))
static u64 valid_bits(void) { return VALID; }
static u64 invalid_bits(void) { return ~VALID; }
static u64 mixed_bits(void) { if (a) return VALID; return ~VALID; }
static u64 built_up(void) { u64 bits = 1; if (a) bits = 4; return ~bits; }
static u64 nested(void) { return invalid_bits(); }
static u64 deep(void) { return deep2(); }
static u64 deep2(void) { return nested(); }
int f(struct kvm *kvm, u64 given)
{
	u64 mask = ~VALID;
	u64 both = VALID;
	u64 known = VALID, late, chain = mask, self;

	both = ~HIGH;
	self = self;
	use(0);
	late = ~VALID;
	return mask;
}
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _reader(code: LinkedCode, name: str = "f", is_helper: bool = False) -> MaskReader:
    return MaskReader(code.helpers, code.constants, code.body(name), is_helper)


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        ("0", 0), ("0x10ull", 16), ("VALID", 3), ("-3", -3), ("-VALID", -3), ("(u32)VALID", 3), ("NULL", 0),
        ("true", 1), ("false", 0), ("EINVAL", 1), ("-EINVAL", -1), ("E", None), ("MISSING", None), ("given", None),
        ("mask", None), ("VALID | 4", None), ("~3", None), ("-given", None), ("f(3)", None), ("9" * 5_000, None),
    ],
)  # fmt: skip
def test_number(code: LinkedCode, expression: str, number: int | None) -> None:
    assert _reader(code).number(tree_of(expression)) == number


UNKNOWN = Bits(None)
MASKS = [
    ("~VALID", Bits(True, "VALID")),
    ("(u64)~VALID", Bits(True, "VALID")),
    ("~(VALID | HIGH)", Bits(True, "VALID | HIGH")),
    ("VALID", Bits(False)),
    ("0", Bits(False)),
    ("HIGH", Bits(False)),
    ("0x7fffffff", Bits(False)),
    ("0x80000000", Bits(False)),
    ("RESERVED", Bits(True, "~(RESERVED)")),
    ("RESERVED32", Bits(True, "~(RESERVED32)")),
    ("0xffffffff00000000", Bits(True, "~(0xffffffff00000000)")),
    ("0xfffe000000000000", Bits(False)),
    ("0xffff000000000000", Bits(True, "~(0xffff000000000000)")),
    ("~VALID | HIGH", Bits(True, "VALID")),
    ("HIGH | VALID", Bits(False)),
    ("given | VALID", UNKNOWN),
    ("a ? ~VALID : ~HIGH", Bits(True, "VALID | HIGH")),
    ("a ? ~VALID : HIGH", UNKNOWN),
    ("given", UNKNOWN),
    ("kvm->mask", UNKNOWN),
    ("mask", Bits(True, "VALID")),
    ("known", Bits(False)),
    ("both", UNKNOWN),
    ("chain", Bits(True, "VALID")),
    ("late", UNKNOWN),
    ("self", UNKNOWN),
    ("valid_bits()", Bits(False)),
    ("invalid_bits()", Bits(True, "VALID")),
    ("mixed_bits()", UNKNOWN),
    ("built_up()", Bits(True, "1 | 4")),
    ("nested()", UNKNOWN),
    ("~valid_bits()", Bits(True, "VALID")),
    ("~mixed_bits()", Bits(True, "VALID | ~VALID")),
    ("NOT(VALID)", Bits(True, "VALID")),
    ("KEPT(VALID, HIGH)", Bits(False)),
    ("NOT(VALID, 3)", UNKNOWN),
    ("~NOT(VALID)", Bits(True, "(~(VALID))")),
    ("nowhere()", UNKNOWN),
    ("~nowhere(3)", Bits(True, "nowhere(3)")),
]


@pytest.mark.parametrize(("expression", "bits"), MASKS)
def test_bits(code: LinkedCode, expression: str, bits: Bits) -> None:
    assert _reader(code).bits(tree_of(expression), code.at("use(0)")) == bits


def test_a_variable_counts_from_its_assignment_on(code: LinkedCode) -> None:
    reader = _reader(code)
    assert reader.bits(tree_of("late"), code.at("return mask")) == Bits(True, "VALID")
    assert reader.bits(tree_of("mask"), code.body("f").start) == UNKNOWN


def test_in_a_helper_locals_stand_for_their_values(code: LinkedCode) -> None:
    at = code.at("return ~bits")
    assert _reader(code, "built_up", is_helper=True).bits(tree_of("~bits"), at) == Bits(True, "1 | 4")
    assert _reader(code, "built_up").bits(tree_of("~bits"), at) == Bits(True, "bits")
    assert _reader(code, "f", is_helper=True).bits(tree_of("invalid_bits()"), at) == UNKNOWN


@pytest.mark.parametrize(("depth", "bits"), [(0, UNKNOWN), (1, UNKNOWN), (2, UNKNOWN), (3, Bits(True, "VALID"))])
def test_variables_are_followed_to_a_depth(code: LinkedCode, depth: int, bits: Bits) -> None:
    assert _reader(code).bits(tree_of("chain"), code.at("use(0)"), depth) == bits
