"""Property of the accelerator with which a user asks for the capability: `-accel kvm,x-NAME=...`."""

from __future__ import annotations

from dataclasses import dataclass

from caplint.authoring.qemu import code
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.style import indented
from caplint.authoring.topic import Topic
from caplint.knowledge.load import GENERIC

_MEMBERS = """
    SELECT f.path, m.name, m.line FROM file f JOIN main.member m ON m.blob = f.blob
    WHERE f.tree = ?1 AND m.owner = 'KVMState' AND instr(m.name, '.') = 0 ORDER BY f.path, m.line
"""


@dataclass(frozen=True)
class _OptionKind:
    """C type and QOM functions of a property's value."""

    type: str
    """Type of the member."""
    property: str
    """QOM's name of the type; empty for a property of type bool."""
    visit: str


_SWITCH = _OptionKind("bool", "", "")
_SIZE = _OptionKind("uint64_t", "size", "visit_type_size")
_DESCRIPTOR = _OptionKind("uint32_t", "uint32", "visit_type_uint32")


def member(request: CapabilityRequest) -> str:
    """Return the member of KVMState that holds the user's request; without enable, the kernel's answer."""
    return f"cap_{request.member}"


def property_name(request: CapabilityRequest) -> str:
    """Return the name of the property. `x-` marks it as experimental: QEMU may rename or drop it."""
    return f"x-{request.member.replace('_', '-')}"


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Add the member, and for a capability that is enabled its property."""
    _add_member(request, topic)
    if request.has_state:
        for arch in request.archs:
            _add_property(request, topic, arch)


def _kind(request: CapabilityRequest) -> _OptionKind:
    return {"size": _SIZE, "fd": _DESCRIPTOR}.get(request.arguments.kind, _SWITCH)


def _add_member(request: CapabilityRequest, topic: Topic) -> None:
    rows = topic.workshop.rows(_MEMBERS)
    ends = [(path, line) for path, _, line in rows if topic.workshop.line(path, line).rstrip().endswith(";")]
    if not ends:
        raise topic.workshop.lacks(f"for {request.name} in KVMState", "struct KVMState has no member in view")
    if any(name == member(request) for _, name, _ in rows):
        raise topic.workshop.lacks(f"for {request.name} in KVMState", f"it has a member {member(request)} already")
    path, line = ends[-1]
    kind = _kind(request).type if request.has_state else "int"
    reason = "whether the user wants it" if request.has_state else "the kernel's answer"
    topic.below(path, line, [f"    {kind} {member(request)};"], reason)


def _add_property(request: CapabilityRequest, topic: Topic, arch: str) -> None:
    workshop = topic.workshop
    start = "kvm_accel_class_init" if arch == GENERIC else "kvm_arch_accel_class_init"
    found = code.function(workshop, start, arch)
    target = found.variable("ObjectClass") or "oc"
    kind = _kind(request)
    getter = code.unused(workshop, f"kvm_get_{request.member}")
    setter = code.unused(workshop, f"kvm_set_{request.member}")
    for header in ("qapi/error.h", *(["qapi/visitor.h"] if kind.property else [])):
        include(topic, found.path, header)
    accessors = _number(request, kind) if kind.property else _switch(request)
    topic.above(found.path, found.first, accessors, "what a user gives to the accelerator")
    name = property_name(request)
    margin = [""] if found.last - found.first > 2 else []
    add = "object_class_property_add" if kind.property else "object_class_property_add_bool"
    typed = [f'"{kind.property}"'] if kind.property else []
    more = ["NULL", "NULL"] if kind.property else []
    added = code.listed(f"    {add}(", [target, f'"{name}"', *typed, getter, setter, *more], ");")
    described = code.listed(
        "    object_class_property_set_description(", [target, f'"{name}"', f'"{_description(request)}"'], ");"
    )
    decision = indented(
        topic.decision(
            found.path,
            f"option {name}",
            "Is this a stable option, one of a CPU model or of a machine type?",
            "It is experimental and off, so no guest changes unless its user asks.",
            code.WIDTH,
        ),
        "    ",
    )
    topic.above(found.path, found.last, [*margin, *decision, *added, *described], "option, off by default")


def include(topic: Topic, path: str, header: str) -> None:
    """Include a header where the file does not."""
    line = code.include_line(topic.workshop, path, header)
    added = f'#include "{header}"'
    if line is not None and not any(text.text == added for text in topic.workshop.sheet(path).lines):
        topic.below(path, line, [added], "declarations that the new code needs")


def _description(request: CapabilityRequest) -> str:
    words = {"size": "Size for", "fd": "File descriptor for"}.get(request.arguments.kind, "Enable")
    return f"{words} {request.name} (default: {'0, off' if _kind(request).property else 'off'})"


def _switch(request: CapabilityRequest) -> list[str]:
    return [
        *code.listed(f"static bool kvm_get_{request.member}(", ["Object *obj", "Error **errp"], ")"),
        "{",
        f"    return KVM_STATE(obj)->{member(request)};",
        "}",
        "",
        *code.listed(f"static void kvm_set_{request.member}(", ["Object *obj", "bool value", "Error **errp"], ")"),
        "{",
        "    KVMState *s = KVM_STATE(obj);",
        "",
        *_refuse_late(request),
        f"    s->{member(request)} = value;",
        "}",
        "",
    ]


def _number(request: CapabilityRequest, kind: _OptionKind) -> list[str]:
    given = ["Object *obj", "Visitor *v", "const char *name", "void *opaque", "Error **errp"]
    return [
        *code.listed(f"static void kvm_get_{request.member}(", given, ")"),
        "{",
        f"    {kind.type} value = KVM_STATE(obj)->{member(request)};",
        "",
        f"    {kind.visit}(v, name, &value, errp);",
        "}",
        "",
        *code.listed(f"static void kvm_set_{request.member}(", given, ")"),
        "{",
        "    KVMState *s = KVM_STATE(obj);",
        f"    {kind.type} value;",
        "",
        *_refuse_late(request),
        f"    if (!{kind.visit}(v, name, &value, errp)) {{",
        "        return;",
        "    }",
        f"    s->{member(request)} = value;",
        "}",
        "",
    ]


def _refuse_late(request: CapabilityRequest) -> list[str]:
    return [
        "    if (s->fd != -1) {",
        *code.listed("        error_setg(", ["errp", f'"{property_name(request)} is fixed while KVM runs"'], ");"),
        "        return;",
        "    }",
        "",
    ]
