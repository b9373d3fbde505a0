"""Attributes that are affirmed, set and read, in the shapes of real devices."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_kernel

FILE = "arch/arm64/kvm/tea.c"
HEAD = "#define GRP 1\n#define A 0\n#define B 2\nenum { ENUMERATED };\n"
OPS = "static struct kvm_device_ops ops = {\n\t.has_attr = has,\n\t.set_attr = set,\n};\n"
SETS_BOTH = """\
static int set(struct kvm_device *dev, struct kvm_device_attr *attr)
{
	switch (attr->attr) {
	case A:
	case B:
		dev->kvm->arch.pot = attr->addr;
		return 0;
	}
	return -ENXIO;
}
"""


def _has(body: str, before: str = "") -> str:
    return f"{before}static int has(struct kvm_device *dev, struct kvm_device_attr *attr)\n{{\n{body}}}\n"


# What answers KVM_HAS_DEVICE_ATTR; the answers for A and B.
ANSWERS = [
    (_has("\tswitch (attr->attr) {\n\tcase A:\n\t\treturn 0;\n\t}\n\treturn -ENXIO;\n"), 1, 0),
    (_has("\tint r = -ENXIO;\n\n\tif (attr->attr == A)\n\t\tr = 0;\n\treturn r;\n"), 1, 0),
    (_has("\tif (attr->attr != A)\n\t\treturn -ENXIO;\n\treturn 0;\n"), 1, 0),
    (_has("\treturn attr->attr == A ? 0 : -ENXIO;\n"), 1, 0),
    (_has("\tif (attr->attr > A)\n\t\treturn -ENXIO;\n\treturn 0;\n"), 1, 0),
    (_has("\tswitch (attr->attr & 15) {\n\tcase A ... 1:\n\t\treturn 0;\n\tdefault:\n\t\treturn -ENXIO;\n\t}\n"), 1, 0),
    (_has("\tu32 n = attr->attr >> 0;\n\n\tswitch (n) {\n\tcase B:\n\t\tbreak;\n\tdefault:\n\t\tgoto no;\n\t}\n"
          "\treturn 0;\nno:\n\treturn -ENXIO;\n"), 0, 1),
    (_has("\treturn inner(attr);\n", "static int inner(struct kvm_device_attr *attr)\n{\n"
          "\tif (attr->attr)\n\t\treturn -ENXIO;\n\treturn 0;\n}\n"), 1, 0),
    (_has("\tif (attr->flags)\n\t\treturn 0;\n\treturn -ENXIO;\n"), 0, 0),
    (_has("\tif (attr->attr == B && !dev->kvm->arch.lid)\n\t\treturn -ENXIO;\n\treturn 0;\n"), 1, 1),
    (_has("\treturn elsewhere(dev, attr);\n"), None, None),
    (_has("\treturn 0;\n"), 1, 1),
    (_has("\treturn -ENXIO;\n"), 0, 0),
]  # fmt: skip


def _rows(tmp_path: Path, code: str, columns: str = "attribute, has") -> list[tuple[object, ...]]:
    return ask(
        [bare_kernel(tmp_path, {FILE: HEAD + code})], f"SELECT {columns} FROM device_attribute ORDER BY attribute"
    )


@pytest.mark.parametrize(("has", "first", "second"), ANSWERS)
def test_answers(tmp_path: Path, has: str, first: int | None, second: int | None) -> None:
    assert _rows(tmp_path, has + SETS_BOTH + OPS) == [("A", first), ("B", second)]


def test_groups_are_told_apart(tmp_path: Path) -> None:
    has = "\tif (attr->group == GRP && attr->attr == A)\n\t\treturn 0;\n\treturn -ENXIO;\n"
    code = _has(has) + SETS_BOTH.replace("switch (attr->attr) {", "switch (attr->group) {\n\tcase GRP:\n\tcase 7:\n"
                                         "\t\tbreak;\n\tdefault:\n\t\treturn -ENXIO;\n\t}\n"
                                         "\tswitch (attr->attr) {")  # fmt: skip
    assert sorted(_rows(tmp_path, code + OPS, "attribute_group, attribute, has, sets, gets")) == [
        ("7", "A", 0, 1, 0), ("7", "B", 0, 1, 0), ("GRP", "A", 1, 1, 0), ("GRP", "B", 0, 1, 0),
    ]  # fmt: skip


def test_the_place_is_the_label_of_the_answer_if_it_has_one(tmp_path: Path) -> None:
    has = _has("\tswitch (attr->attr) {\n\tcase A:\n\t\treturn 0;\n\t}\n\treturn -ENXIO;\n")
    found = _rows(tmp_path, has + SETS_BOTH + OPS, "attribute, function, line, device, has_function, has_line")
    assert found == [("A", "has", 8, "ops", "has", 5), ("B", "set", 17, "ops", "has", 5)]


UNKNOWN = [
    _has("\tswitch (attr->attr) {\n\tcase NOWHERE:\n\t\treturn 0;\n\t}\n\treturn -ENXIO;\n") + SETS_BOTH + OPS,
    _has("\tswitch (attr->attr) {\n\tcase ENUMERATED:\n\t\treturn 0;\n\t}\n\treturn -ENXIO;\n") + SETS_BOTH + OPS,
]


@pytest.mark.parametrize("code", UNKNOWN)
def test_a_label_without_a_known_value_is_a_blind_spot(tmp_path: Path, code: str) -> None:
    kernel = bare_kernel(tmp_path, {FILE: HEAD + code})
    found = "SELECT attribute, has, sets FROM device_attribute ORDER BY attribute"
    assert ask([kernel], found) == [("A", None, 1), ("B", None, 1)]
    assert ask([kernel], "SELECT path, line FROM blind WHERE reason LIKE '%attributes%'") == [(FILE, 5)]


# Shared by two devices, of which only one has B; its register offsets have no known value.
SHARED = """static int pot(struct kvm_device *dev, struct kvm_device_attr *attr)
{
	switch (attr->attr) {
	case A:
		return 0;
	case B:
		if (dev->kvm->arch.model != 3)
			return -ENODEV;
		return 0;
	}
	return -ENXIO;
}
static int early(struct kvm_device_attr *attr)
{
	switch (attr->attr & 0xffff) {
	case NOWHERE:
		return 1;
	default:
		return 0;
	}
}
static int set(struct kvm_device *dev, struct kvm_device_attr *attr)
{
	switch (attr->group) {
	case GRP:
		return pot(dev, attr);
	case 2:
		return early(attr) ? 0 : -EBUSY;
	}
	return -ENXIO;
}
static int has_more(struct kvm_device *dev, struct kvm_device_attr *attr)
{
	return attr->group == GRP && (attr->attr == A || attr->attr == B) ? 0 : -ENXIO;
}
static struct kvm_device_ops more = {
	.has_attr = has_more,
	.set_attr = set,
};
"""


def test_what_is_known_of_a_device_with_unknown_labels_is_kept(tmp_path: Path) -> None:
    code = _has("\treturn attr->group == GRP && attr->attr == A ? 0 : -ENXIO;\n") + SHARED + OPS
    found = _rows(tmp_path, code, "device, attribute, has, sets")
    assert {row for row in found if row[1] in {"A", "B"}} == {
        ("more", "A", 1, 1), ("more", "B", 1, 1), ("ops", "A", 1, 1), ("ops", "B", 0, 1),
    }  # fmt: skip
