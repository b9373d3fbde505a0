"""cap_check, cap_enable and handler: what is answered, accepted or refused, in whatever shape a handler decides it."""

# ruff: noqa: E501 - each shape of code is one line
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import UAPI, X86, ask, bare_kernel

HEADER = "".join(f"#define KVM_CAP_{name} {number}\n" for number, name in enumerate("ABCDE", 1))
CHECK = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n{\n%s\n}\n"
ENABLE = "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)\n{\n%s\n}\n"
TABLE = "static const u32 caps[] = { KVM_CAP_A, KVM_CAP_B, };\n"
PAIRS = "static const struct pair { u32 ext; int value; } pairs[] = {\n\t{ KVM_CAP_A, 1 },\n\t{ KVM_CAP_B, 0 },\n};\n"
NAMED = (
    "static const struct pair pairs[] = {\n\t{ .ext = KVM_CAP_A, .value = 7 },\n\t{ .value = -EINVAL, .ext = KVM_CAP_B },"
    "\n\t{ }\n};\n"
)


def _helper(body: str, head: str = "static bool helper(long ext)") -> str:
    return f"{head}\n{{\n{body}\n}}\n"


def _ask(root: Path, text: str, query: str) -> list[tuple[Any, ...]]:
    return ask([bare_kernel(root, {UAPI: HEADER, X86: text})], query)


def _caps(rows: list[tuple[Any, ...]]) -> str:
    return "".join(sorted({cap.removeprefix("KVM_CAP_") for cap, *_ in rows}))


ANSWERED = {
    "assigned comparison": (CHECK % "int r; r = ext == KVM_CAP_A; return r;", "A"),
    "returned comparison": (CHECK % "return ext == KVM_CAP_A;", "A"),
    "constant first": (CHECK % "return KVM_CAP_A == ext;", "A"),
    "either": (CHECK % "return ext == KVM_CAP_A || ext == KVM_CAP_B;", "AB"),
    "ternary": (CHECK % "return ext == KVM_CAP_A ? 1 : 0;", "A"),
    "ternary that denies": (CHECK % "return ext == KVM_CAP_A ? 0 : ext == KVM_CAP_B ? 3 : -EINVAL;", "B"),
    "double negation": (CHECK % "return !!(ext == KVM_CAP_A);", "A"),
    "counted": (CHECK % "return (ext == KVM_CAP_A) * 4;", "A"),
    "initialised": (CHECK % "bool yes = ext == KVM_CAP_A; if (yes) return 1; return 0;", "A"),
    "copy": (CHECK % "long n = ext; switch (n) { case KVM_CAP_A: return 1; } return 0;", "A"),
    "cast": (CHECK % "switch ((u32)ext) { case KVM_CAP_A: return 1; } return 0;", "A"),
    "unless": (CHECK % "if (ext != KVM_CAP_A) return 0; return 1;", "A"),
    "unless either": (CHECK % "if (ext != KVM_CAP_A && ext != KVM_CAP_B) return 0; return 1;", "AB"),
    "unless, negated": (CHECK % "if (!(ext == KVM_CAP_A)) return 0; return kvm->x;", "A"),
    "unless, else": (CHECK % "int r; if (ext != KVM_CAP_A) r = 0; else r = 1; return r;", "A"),
    "jump": (CHECK % "if (ext == KVM_CAP_A) goto yes; return 0; yes: return 1;", "A"),
    "jump out of a case": (
        CHECK % "int r = 0; switch (ext) { case KVM_CAP_A: goto out; case KVM_CAP_B: r = 1; break; } out: return r;",
        "B",
    ),
    "constant 0": (CHECK % "switch (ext) { case KVM_CAP_A: return 0; case KVM_CAP_B: return 1; } return 0;", "B"),
    "initial 0": (CHECK % "int r = 0; switch (ext) { case KVM_CAP_A: break; case KVM_CAP_B: r = 1; } return r;", "B"),
    "an error": (CHECK % "switch (ext) { case KVM_CAP_A: return -EOPNOTSUPP; default: return 0; }", ""),
    "an error by a variable": (CHECK % "int r = -EINVAL; switch (ext) { case KVM_CAP_A: break; } return r;", ""),
    "joins the default": (CHECK % "int r = 1; switch (ext) { case KVM_CAP_A: default: r = 0; } return r;", ""),
    "false": (CHECK % "bool r = false; if (ext == KVM_CAP_A) r = false; return r;", ""),
    "sometimes": (CHECK % "int r = 0; switch (ext) { case KVM_CAP_A: if (kvm->x) r = 2; break; } return r;", "A"),
    "a macro's value": ("#define NO 0\n" + CHECK % "if (ext == KVM_CAP_A) return NO; return 0;", ""),
    "a helper's 0": (
        _helper("return 0;", "static int none(struct kvm *kvm)") + CHECK % "return ext == KVM_CAP_A ? none(kvm) : 0;",
        "",
    ),
    "a helper's error": (
        _helper("return -ENOTTY;", "static int none(struct kvm *kvm)")
        + CHECK % "int r = 0; switch (ext) { case KVM_CAP_A: r = none(kvm); break; } return r;",
        "",
    ),
    "answered and lost": (CHECK % "int r = 0; switch (ext) { case KVM_CAP_A: r = 1; r = 0; break; } return r;", ""),
    "denied above": (
        CHECK % "if (ext == KVM_CAP_A) return 0; switch (ext) { case KVM_CAP_A: case KVM_CAP_B: return 1; } return 0;",
        "B",
    ),
    "denied by a helper": (
        _helper("switch (ext) { case KVM_CAP_A: case KVM_CAP_C: return true; default: return false; }")
        + CHECK % "if (helper(ext)) return 0; switch (ext) { case KVM_CAP_A ... KVM_CAP_C: return 1; } return 0;",
        "B",
    ),
    "denied below": (CHECK % "int r = 0; switch (ext) { case KVM_CAP_A: r = 1; } if (ext == KVM_CAP_A) r = 0; return r;", ""),
    "allowed by a helper": (
        _helper("return ext == KVM_CAP_A || ext == KVM_CAP_B;") + CHECK % "if (!helper(ext)) return 0; return kvm->x;",
        "AB",
    ),
    "the number only": (_helper("return ext == KVM_CAP_A;") + CHECK % "return helper(ext);", "A"),
    "the number only, kept": (
        _helper("switch (ext) { case KVM_CAP_A: return true; } return false;")
        + CHECK % "bool yes = helper(ext); return yes ? 1 : 0;",
        "A",
    ),
    "a helper's helper": (
        _helper("return ext == KVM_CAP_A;", "static bool inner(long ext)") + _helper("return inner(ext);")
        + CHECK % "return helper(ext);",
        "A",
    ),
    "a macro": ("#define MINE(e) ((e) == KVM_CAP_A)\n" + CHECK % "if (MINE(ext)) return 1; return 0;", "A"),
    "a name of its own": ("#define OUR_CAP KVM_CAP_A\n" + CHECK % "return ext == OUR_CAP;", "A"),
    "a walk": (
        TABLE + CHECK % "int i; for (i = 0; i < ARRAY_SIZE(caps); i++) if (caps[i] == ext) return 1; return 0;",
        "AB",
    ),
    "a walk with a flag": (
        TABLE + CHECK % "int i, r = 0; for (i = 0; i < 2; i++) { if (ext != caps[i]) continue; r = 1; break; } return r;",
        "AB",
    ),
    "a walk by a helper": (
        TABLE + _helper("int i; for (i = 0; i < ARRAY_SIZE(caps); i++) if (caps[i] == ext) return true; return false;")
        + CHECK % "return helper(ext) ? 1 : 0;",
        "AB",
    ),
    "a walk that denies": (
        TABLE + _helper("int i; for (i = 0; i < ARRAY_SIZE(caps); i++) if (caps[i] == ext) return false; return true;")
        + CHECK % "if (!helper(ext)) return 0; switch (ext) { case KVM_CAP_B: case KVM_CAP_C: return 1; } return 0;",
        "C",
    ),
    "pairs": (PAIRS + CHECK % "int i; for (i = 0; i < 2; i++) if (pairs[i].ext == ext) return pairs[i].value; return 0;", "A"),
    "named pairs": (
        NAMED + CHECK % "int i; for (i = 0; i < 2; i++) if (ext == pairs[i].ext) return pairs[i].value; return 0;",
        "A",
    ),
    "a pointer": (
        NAMED + CHECK % "const struct pair *p; for (p = pairs; p->ext; p++) if (p->ext == ext) return p->value; return 0;",
        "A",
    ),
    "a pointer to the element": (
        NAMED + CHECK % "int i; for (i = 0; i < 2; i++) { const struct pair *p = &pairs[i]; if (p->ext == ext) "
        "return p->value; } return 0;",
        "A",
    ),
    "an index": (
        "static const u8 table[] = { [KVM_CAP_A] = 1, [KVM_CAP_B] = 0 };\n"
        + CHECK % "if (ext >= ARRAY_SIZE(table)) return 0; return table[ext];",
        "A",
    ),
    "kept by a callback": (
        _helper("return ext == KVM_CAP_A;", "static int special(struct kvm *kvm, long ext)")
        + "static struct kvm_ops ops = { .special = special };\n" + CHECK % "return kvm_ops->special(kvm, ext);",
        "A",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "caps"), ANSWERED.values(), ids=ANSWERED)
def test_answered(tmp_path: Path, text: str, caps: str) -> None:
    assert _caps(_ask(tmp_path, text, "SELECT cap FROM cap_check")) == caps
    assert _caps(_ask(tmp_path, text, "SELECT cap FROM cap_answer")) == caps
    assert _ask(tmp_path, text, "SELECT DISTINCT understood FROM handler") == [(1,)]


DENIED = "static bool denied(u32 cap)\n{\n\tint i;\n\tfor (i = 0; i < ARRAY_SIZE(caps); i++)\n\t\tif (caps[i] == cap)\n" \
         "\t\t\treturn true;\n\treturn false;\n}\n"  # fmt: skip
SWITCH = "switch (cap->cap) { case KVM_CAP_A: case KVM_CAP_C: kvm->x = 1; return 0; default: return -EINVAL; }"
ACCEPTED = {
    "refused by a variable": (ENABLE % "int r = -EPERM; switch (cap->cap) { case KVM_CAP_A: r = -EINVAL; break; } return r;", ""),
    "falls to the default": (ENABLE % "switch (cap->cap) { case KVM_CAP_A: default: return -EINVAL; }", ""),
    "falls to the default after work": (
        ENABLE % "switch (cap->cap) { case KVM_CAP_A: kvm->x = 1; fallthrough; default: return -EINVAL; }", ""),
    "refused early": (ENABLE % f"if (cap->cap == KVM_CAP_A) return -EPERM; {SWITCH}", "C"),
    "refused by a list": (TABLE + DENIED + ENABLE % f"if (denied(cap->cap)) return -EPERM; {SWITCH}", "C"),
    "refused by a helper": (
        _helper("return cap->cap == KVM_CAP_C;", "static bool no(struct kvm_enable_cap *cap)")
        + ENABLE % f"if (no(cap)) return -EINVAL; {SWITCH}", "A"),
    "refused either way": (
        ENABLE % "switch (cap->cap) { case KVM_CAP_A: if (kvm->x) return -EBUSY; return -EINVAL; } return -EINVAL;", ""),
    "refused by a choice": (
        ENABLE % "switch (cap->cap) { case KVM_CAP_A: return kvm->x ? -EBUSY : -EINVAL; } return -EINVAL;", ""),
    "refused by a jump": (
        ENABLE % "int r = 0; switch (cap->cap) { case KVM_CAP_A: goto bad; case KVM_CAP_B: break; default: bad: r = -EINVAL; }"
        " return r;", "B"),
    "refused by a helper's constant": (
        _helper("return -EOPNOTSUPP;", "static int set(struct kvm *kvm, u64 v)")
        + ENABLE % "switch (cap->cap) { case KVM_CAP_A: return set(kvm, cap->args[0]); } return -EINVAL;", ""),
    "refused where nothing else remains": (
        ENABLE % "int r; switch (cap->cap) { case KVM_CAP_A: r = set(kvm); if (r) return r < 0 ? r : -EIO; return -EPERM; }"
        " return -EINVAL;", ""),
    "accepted sometimes": (
        ENABLE % "int r = -EINVAL; switch (cap->cap) { case KVM_CAP_A: if (kvm->x) break; r = 0; } return r;", "A"),
    "accepted by a helper": (ENABLE % "switch (cap->cap) { case KVM_CAP_A: return set(kvm); } return -EINVAL;", "A"),
    "unless": (ENABLE % "if (cap->cap != KVM_CAP_A) return -EINVAL; kvm->x = cap->args[0]; return 0;", "A"),
    "unless either": (
        ENABLE % "if (cap->cap != KVM_CAP_A && cap->cap != KVM_CAP_B) return -EINVAL; kvm->x = 1; return 0;", "AB"),
    "a choice": (ENABLE % "return cap->cap == KVM_CAP_A ? set(kvm) : -EINVAL;", "A"),
    "comparisons": (
        ENABLE % "int r; if (cap->cap == KVM_CAP_A) r = set(kvm); else if (cap->cap == KVM_CAP_B) r = -EPERM; else "
        "r = -EINVAL; return r;", "A"),
    "a copy of the number": (
        ENABLE % "u32 n = cap->cap; switch (n) { case KVM_CAP_A: kvm->x = 1; return 0; } return -EINVAL;", "A"),
    "the number only": (
        _helper("switch (n) { case KVM_CAP_A: kvm->x = 1; return 0; } return -EINVAL;", "static int on(struct kvm *kvm, u32 n)")
        + ENABLE % "return on(kvm, cap->cap);", "A"),
    "the request": (
        _helper("if (req->cap == KVM_CAP_A) return 0; return -EINVAL;",
                "static int on(struct kvm_enable_cap *req, struct kvm *kvm)") + ENABLE % "return on(cap, kvm);", "A"),
    "a table of what is accepted": (
        TABLE + "static bool known(u32 cap)\n{\n\tint i;\n\tfor (i = 0; i < ARRAY_SIZE(caps); i++)\n\t\tif (caps[i] == cap)\n"
        "\t\t\treturn true;\n\treturn false;\n}\n"
        + ENABLE % "if (!known(cap->cap)) return -EINVAL; kvm->caps |= 1; return 0;", "AB"),
    "a loop that retries": (
        ENABLE % "int r; switch (cap->cap) { case KVM_CAP_A: again: r = set(kvm); if (r == -EAGAIN) goto again; return r; }"
        " return -EINVAL;", "A"),
    "success by a bug check": (ENABLE % "switch (cap->cap) { case KVM_CAP_A: BUG(); } return -EINVAL;", ""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "caps"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(tmp_path: Path, text: str, caps: str) -> None:
    assert _caps(_ask(tmp_path, text, "SELECT cap FROM cap_enable")) == caps
    assert _ask(tmp_path, text, "SELECT DISTINCT understood FROM handler WHERE function LIKE '%ioctl%'") == [(1,)]


NOT_UNDERSTOOD = {
    "a bitmap": CHECK % "return test_bit(ext, kvm->arch.caps);",
    "a function out of view": CHECK % "switch (ext) { case KVM_CAP_A: return 1; } return answer(kvm, ext);",
    "arithmetic": CHECK % "return (KVM_MASK >> ext) & 1;",
    "a pointer out of view": CHECK % "return kvm->ops->check(kvm, ext);",
    "a range of numbers": CHECK % "return ext > 10;",
    "all but one": CHECK % "return ext != KVM_CAP_A;",
    "a search": TABLE + CHECK % "return bsearch(&ext, caps, 2, 4, compare) != NULL;",
    "a loop that only counts": TABLE + CHECK % "int i; for (i = 0; i < 2 && caps[i] != ext; i++) ; return i < 2;",
    "an enable handler": ENABLE % "switch (cap->cap) { case KVM_CAP_A: return 0; } return other(kvm, cap);",
}


@pytest.mark.parametrize("text", NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
def test_not_understood(tmp_path: Path, text: str) -> None:
    assert _ask(tmp_path, text, "SELECT understood FROM handler") == [(0,)]
    reasons = _ask(tmp_path, text, "SELECT line, reason FROM blind")
    assert len(reasons) == 1
    assert "that it does not name" in reasons[0][1]


def test_sites_in_every_configuration(tmp_path: Path) -> None:
    text = CHECK % (
        "\tint r = 0;\n\tswitch (ext) {\n\tcase KVM_CAP_A:\n#ifdef CONFIG_X\n\t\tr = 1;\n#endif\n\t\tbreak;\n"
        "\tcase KVM_CAP_B:\n\t\tr = IS_ENABLED(CONFIG_Y);\n\t\tbreak;\n#ifndef CONFIG_Z\n\tcase KVM_CAP_C:\n#endif\n"
        "\tcase KVM_CAP_D:\n\t\tif (!IS_ENABLED(CONFIG_X))\n\t\t\treturn 0;\n\t\treturn 3;\n\t}\n\treturn r;"
    )
    assert _ask(tmp_path, text, "SELECT cap, nonzero_condition FROM check_site ORDER BY cap") == [
        ("KVM_CAP_A", "CONFIG_X"),
        ("KVM_CAP_B", "CONFIG_Y"),
        ("KVM_CAP_C", "CONFIG_X && !CONFIG_Z"),
        ("KVM_CAP_D", "CONFIG_X"),
    ]


def test_a_stub_refuses_where_the_feature_is_not_built(tmp_path: Path) -> None:
    text = (
        "#ifdef CONFIG_X\nstatic int set(struct kvm *kvm)\n{\n\treturn kvm->x;\n}\n#else\n"
        "static int set(struct kvm *kvm)\n{\n\treturn -EINVAL;\n}\n#endif\n"
        + ENABLE
        % "\tswitch (cap->cap) {\n\tcase KVM_CAP_A:\n\t\treturn set(kvm);\n\t}\n\treturn -EINVAL;"
    )
    assert _ask(tmp_path, text, "SELECT cap, accept_condition FROM cap_enable") == [("KVM_CAP_A", "CONFIG_X")]


def test_where_a_table_names_it(tmp_path: Path) -> None:
    text = PAIRS + CHECK % "int i; for (i = 0; i < 2; i++) if (pairs[i].ext == ext) return pairs[i].value; return 0;"
    assert _ask(tmp_path, text, "SELECT cap, kind, line, positive FROM check_site") == [("KVM_CAP_A", "table", 2, 1)]
