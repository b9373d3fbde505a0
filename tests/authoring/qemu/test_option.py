"""Property with which a user asks for a capability: its member, its accessors, its place, and that it is off."""

from __future__ import annotations

from pathlib import Path

import pytest
from qemu_series import REQUESTS, Changes, body, contents, small, written
from small_qemu import ARM, S390, SHARED, STATE, X86

from caplint.authoring.qemu.option import include, member, property_name, write
from caplint.authoring.request import CapabilityRequest, parse
from caplint.authoring.topic import Topic
from caplint.util.errors import CaplintError


def test_headers_are_included_once_and_only_where_they_lack(tmp_path: Path) -> None:
    files = contents(written(tmp_path, REQUESTS["size"]))
    for header in ("qapi/error.h", "qapi/visitor.h", "qemu/error-report.h"):
        assert files[SHARED].count(f'#include "{header}"') == 1


def _written(root: Path, request: CapabilityRequest, changes: Changes | None = None) -> dict[str, str]:
    with small(root, changes) as place:
        topic = Topic(place, "subject", [])
        write(request, topic)
        return {path: draft.content.decode() for path, draft in topic.files.items()}


@pytest.mark.parametrize(
    ("name", "archs", "names"),
    [
        ("KVM_CAP_X86_NEW_BELL", ["x86"], ("cap_new_bell", "x-new-bell")),
        ("KVM_CAP_NEW", [], ("cap_new", "x-new")),
    ],
)
def test_names(name: str, archs: list[str], names: tuple[str, str]) -> None:
    request = parse(name, archs=archs)
    assert (member(request), property_name(request)) == names


@pytest.mark.parametrize(
    ("kind", "declared"),
    [
        ("mask", "    bool cap_new;\n"), ("vcpu on s390", "    bool cap_new;\n"),
        ("size", "    uint64_t cap_new_size;\n"),
        ("descriptor", "    uint32_t cap_new;\n"), ("query", "    int cap_new;\n"),
    ],
)  # fmt: skip
def test_the_wish_is_the_last_member_of_the_state(tmp_path: Path, kind: str, declared: str) -> None:
    assert f"    int nr_vcpus;\n{declared}}};\n" in _written(tmp_path, REQUESTS[kind])[STATE]


def test_only_asking_needs_no_option(tmp_path: Path) -> None:
    assert set(_written(tmp_path, REQUESTS["query"])) == {STATE}


@pytest.mark.parametrize(
    ("kind", "path", "start", "added"),
    [
        ("mask", X86, "kvm_arch_accel_class_init",
         'object_class_property_add_bool(oc, "x-new", kvm_get_new, kvm_set_new);'),
        ("descriptor", SHARED, "kvm_accel_class_init", 'object_class_property_add(oc, "x-new", "uint32", kvm_get_new,'),
        ("size on s390", S390, "kvm_arch_accel_class_init",
         'object_class_property_add(oc, "x-new", "size", kvm_get_new,'),
    ],
)  # fmt: skip
def test_the_property_is_added_at_the_end(tmp_path: Path, kind: str, path: str, start: str, added: str) -> None:
    text = _written(tmp_path, REQUESTS[kind])[path]
    own = body(text, start)
    assert f"    {added}" in own
    off = "(default: off)" if kind == "mask" else "(default: 0, off)"
    assert off in own.rpartition("set_description(")[2]
    assert own.endswith(");\n}\n")
    assert text.index("kvm_set_new(Object *obj") < text.index(f"{start}(ObjectClass")


def test_each_architecture_has_the_property(tmp_path: Path) -> None:
    files = _written(tmp_path, REQUESTS["two"])
    assert set(files) == {STATE, X86, ARM}
    assert files[STATE].count("cap_new") == 1


@pytest.mark.parametrize("kind", ["mask", "size", "descriptor"])
def test_it_is_fixed_once_kvm_runs(tmp_path: Path, kind: str) -> None:
    request = REQUESTS[kind]
    text = _written(tmp_path, request)[X86 if kind == "mask" else SHARED]
    setter = body(text, f"kvm_set_{request.member}")
    assert setter.index("if (s->fd != -1) {") < setter.index("error_setg(") < setter.index("return;")
    assert setter.index("return;") < setter.index(f"s->{member(request)} = value;")


def test_a_number_that_cannot_be_read_is_not_taken(tmp_path: Path) -> None:
    setter = body(_written(tmp_path, REQUESTS["descriptor"])[SHARED], "kvm_set_new")
    assert "    if (!visit_type_uint32(v, name, &value, errp)) {\n        return;\n    }\n    s->cap_new" in setter


def test_headers_are_included_once_over_several_calls(tmp_path: Path) -> None:
    with small(tmp_path) as place:
        topic = Topic(place, "subject", [])
        for header in ("qapi/visitor.h", "qapi/visitor.h", "qapi/error.h"):
            include(topic, SHARED, header)
        text = topic.files[SHARED].content.decode()
        assert text.startswith(
            '#include "qemu/osdep.h"\n#include "qapi/error.h"\n#include "qapi/visitor.h"\n#include <'
        )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("struct KVMState", "struct Other", "struct KVMState has no member in view"),
        ("int nr_vcpus;", "int cap_new;", "it has a member cap_new already"),
    ],
)
def test_a_state_that_cannot_hold_it(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(CaplintError, match=f"lacks the place for KVM_CAP_X86_NEW in KVMState: {told}"):
        _written(tmp_path, REQUESTS["mask"], {STATE: (old, new)})
