"""check_site: whether an answer is certain, and whether it may be an errno, in many shapes of code."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel

QUERY = "SELECT certain_condition, negative_condition FROM check_site WHERE cap = 'KVM_CAP_TEA'"
HELPERS = """
static int brewed(void) { if (kettle) return -ENXIO; return 1; }
static int full(struct kvm *kvm, long ext) { if (ext == KVM_CAP_TEA) return -EPERM; return 0; }
"""


def _found(root: Path, answer: str) -> list[tuple[object, ...]]:
    text = f"""{HELPERS}
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{{
	int r = 0;

	switch (ext) {{
	case KVM_CAP_TEA:
		{answer}
	default:
		return 0;
	}}
	return r;
}}
"""
    return ask([bare_kernel(root, {X86: text})], QUERY)


@pytest.mark.parametrize(
    ("answer", "certain", "negative"),
    [
        ("return 1;", "1", "0"),
        ("r = 0x10; break;", "1", "0"),
        ("if (kvm) r = 1; else r = 2; break;", "1", "0"),
        ("r = kvm ? 1 : 4; break;", "1", "0"),
        ("r = IS_ENABLED(CONFIG_TEA); break;", "CONFIG_TEA", "0"),
        ("\n#ifdef CONFIG_TEA\nreturn 1;\n#else\nreturn -EINVAL;\n#endif\n", "CONFIG_TEA", "!CONFIG_TEA"),
        ("fallthrough;\n#ifdef CONFIG_TEA\n\tcase KVM_CAP_CUP:\n#endif\n\tcase KVM_CAP_POT: r = 1; break;", "1", "0"),
        ("r = 1;\n#ifdef CONFIG_TEA\n\tkettle++;\n\tr = 2;\n#endif\n\tbreak;", "1", "0"),
        ("r = kettle; break;", "0", "0"),
        ("r = !!kettle; break;", "0", "0"),
        ("if (kettle) r = 1; break;", "0", "0"),
        ("return 0;", "0", "0"),
        ("return -EINVAL;", "0", "1"),
        ("r = -EINVAL; break;", "0", "1"),
        ("r = -EINVAL; if (kvm) r = 1; break;", "0", "1"),
        ("return kvm ? 1 : -EINVAL;", "0", "1"),
        ("r = kvm ? kvm->tea : -(EINVAL); break;", "0", "1"),
        ("return brewed();", "0", "1"),
        ("return full(kvm, ext);", "0", "1"),
        ("r = brewed(); if (r < 0) r = 0; break;", "0", "0"),
        ("r = brewed() == 1; break;", "0", "0"),
        ("r = -EINVAL; r = 1; break;", "1", "0"),
        ("if (!kvm) goto none; return 1; none: return -ENODEV;", "0", "1"),
    ],
)
def test_answers(tmp_path: Path, answer: str, certain: str, negative: str) -> None:
    assert set(_found(tmp_path, answer)) == {(certain, negative)}


@pytest.mark.parametrize(("default", "negative"), [("return 0;", "0"), ("return -EINVAL;", "1"), ("break;", "1")])
def test_what_a_handler_answers_for_all_others(tmp_path: Path, default: str, negative: str) -> None:
    text = f"""
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{{
	int r = -EINVAL;

	switch (ext) {{
	case KVM_CAP_TEA:
		return 1;
	default:
		{default}
	}}
	return r;
}}
"""
    tree = bare_kernel(tmp_path, {X86: text})
    assert ask([tree], "SELECT negative_condition FROM handler") == [(negative,)]
    assert ask([tree], QUERY) == [("1", "0")]
