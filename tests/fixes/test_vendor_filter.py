"""Register that a vendor's module does not serve: left out by the function that filters the vendor's list."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from bench import Rows, Tables, bench, edited, finding

from caplint.fixes.vendor_filter import propose
from caplint.fixes.workbench import Workbench
from caplint.link.buildconfig.configurations import Configurations

SVM = "arch/x86/kvm/svm/svm.c"
MSR = "MSR_BELL"
SERVICE = "msr_service(tree, path, line, column, msr, vendor, filter, unread, unwritten, listed)"
HEAD = "static bool svm_has_emulated_msr(struct kvm *kvm, u32 index)\n{\n"
SWITCH = """\
	switch (index) {
	case MSR_ONE:
	case MSR_TWO ... MSR_THREE:
		return false;
	case MSR_FOUR:
		if (!kvm->a)
			return false;
		break;
	default:
		break;
	}

	return true;
}
"""
REFUSING: Rows = [("svm", "svm_has_emulated_msr", "1", "1", "1")]
SERVED: dict[str, str] = {"get": "arch/x86/kvm/vmx/vmx.c", "set": "arch/x86/kvm/x86.c"}


def _tables(services: Rows, served: dict[str, str] | None, defined: int = 1, patched: int = 1) -> Tables:
    cases = SERVED if served is None else served
    return {
        SERVICE: [("kernel", SVM, 1, 1, MSR, *row) for row in services],
        "tree(name, patched)": [("kernel", patched)],
        "msr_get(tree, msr, number, path)": [("kernel", MSR, 9, cases["get"])] if "get" in cases else [],
        "msr_set(tree, number, path)": [("kernel", 9, cases["set"])] if "set" in cases else [],
        "file(tree, path, blob)": [("kernel", SVM, "b")],
        "function(blob, name, line)": [("b", "svm_has_emulated_msr", 1)] * defined,
    }


def _bench(root: Path, code: str, tables: Tables) -> Workbench:
    made = bench(root, {SVM: code}, tables)
    Configurations({}, {}).add_functions(made.connection)
    return made


def _mended(  # noqa: PLR0917 - two of them are for one test each
    root: Path, body: str = SWITCH, services: Rows = REFUSING, served: dict[str, str] | None = None,
    defined: int = 1, patched: int = 1, head: str = HEAD,
) -> str | None:  # fmt: skip
    """The body of the function after the fix."""
    made = _bench(root, head + body, _tables(services, served, defined, patched))
    text = edited(propose, finding(1, MSR, SVM), made)
    return None if text is None else text.removeprefix(head)


def test_a_label_that_leads_straight_to_a_denial(tmp_path: Path) -> None:
    label = "\tcase MSR_TWO ... MSR_THREE:\n"
    assert _mended(tmp_path / "a") == SWITCH.replace(label, f"{label}\tcase {MSR}:\n")
    noted = SWITCH.replace("\t\treturn false;\n\tcase MSR_FOUR", "\t\t/* none */\n\t\treturn false;\n\tcase MSR_FOUR")
    assert _mended(tmp_path / "b", noted) == noted.replace(label, f"{label}\tcase {MSR}:\n")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("\treturn true;\n}\n", f"\treturn index != {MSR};\n}}\n"),
        ("\treturn index != MSR_ONE;\n}\n", f"\treturn index != MSR_ONE && index != {MSR};\n}}\n"),
        ("\t/*\n\t * why\n\t */\n\n\treturn true;\n}\n", f"\t/*\n\t * why\n\t */\n\n\treturn index != {MSR};\n}}\n"),
        # Other forms
        ("\treturn MSR_ONE != index;\n}\n", None),
        ("\treturn index == MSR_ONE;\n}\n", None),
        ("\tif (kvm->a)\n\t\treturn false;\n\treturn true;\n}\n", None),
        ("\treturn kvm->a;\n}\n", None),
        ("}\n\tint other;\n\treturn true;\n", None),
        (SWITCH.replace("switch (index)", "switch (other)"), None),
        ("", None),
        # A denial behind the switch is another one.
        ("\tswitch (index) {\n\tcase MSR_ONE:\n\t\tbreak;\n\t}\n" + SWITCH.replace("index", "kvm->a"), None),
        (SWITCH.replace("\t\treturn false;\n\tcase MSR_FOUR", "\t\treturn kvm->a;\n\tcase MSR_FOUR"), None),
    ],
)
def test_the_forms_of_a_filter(tmp_path: Path, body: str, expected: str | None) -> None:
    assert _mended(tmp_path, body) == expected


@pytest.mark.parametrize(
    ("head", "mended"),
    [
        ("bool svm_has_emulated_msr(struct kvm *k, u32 index)\n{\n", True),
        ("bool svm_has_emulated_msr(struct kvm *kvm, u32 msr)\n{\n", False),  # the switch is over something else
        ("bool svm_has_emulated_msr(u32 index)\n{\n", False),
        ("bool svm_has_emulated_msr(struct kvm *kvm, u32 index) {\n", False),
    ],
)
def test_the_head_of_a_filter(tmp_path: Path, head: str, mended: bool) -> None:
    assert (_mended(tmp_path, head=head) is not None) is mended


def _service(vendor: str, unread: str, unwritten: str) -> tuple[object, ...]:
    return vendor, f"{vendor}_has_emulated_msr", unread, unwritten, "1"


@pytest.mark.parametrize(
    ("services", "mended"),
    [
        (REFUSING, True),
        # It reads or writes the register: a case may be missing.
        ([_service("svm", "1", "0")], False),
        ([_service("svm", "0", "1")], False),
        ([_service("svm", "0", "0")], False),
        ([("svm", "", "1", "1", "1")], False),  # nothing filters its list
        ([_service("svm", "1", "1"), _service("vmx", "1", "1")], False),
        ([], False),
    ],
)
def test_a_vendor_that_neither_reads_nor_writes_it(tmp_path: Path, services: Rows, mended: bool) -> None:
    assert (_mended(tmp_path, services=services) is not None) is mended


@pytest.mark.parametrize(
    ("services", "served", "mended"),
    [
        (REFUSING, {}, False),
        (REFUSING, {"get": SERVED["get"]}, False),
        (REFUSING, {"get": SVM, "set": SERVED["set"]}, False),
        (REFUSING, {"get": SERVED["get"], "set": SVM}, False),
        # The other vendor lists it, and serves it by a helper.
        ([*REFUSING, _service("vmx", "0", "0")], {}, True),
    ],
)
def test_somebody_else_serves_it(tmp_path: Path, services: Rows, served: dict[str, str], mended: bool) -> None:
    assert (_mended(tmp_path, services=services, served=served) is not None) is mended


def test_a_kernel_without_a_patch_or_with_two_filters(tmp_path: Path) -> None:
    assert _mended(tmp_path / "a", patched=0) is None
    assert _mended(tmp_path / "b", defined=2) is None
    assert _mended(tmp_path / "c", defined=0) is None


def test_a_function_without_an_end_takes_little_time(tmp_path: Path) -> None:
    begun = time.process_time()
    assert _mended(tmp_path / "a", "\n" * 100_000) is None
    assert _mended(tmp_path / "b", "\tswitch (index) {\n" + "\tcase MSR_ONE:\n" * 100_000) is None
    assert time.process_time() - begun < 5
