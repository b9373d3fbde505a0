"""Check of the capability, and its enable or its ioctl, with errors that the user sees."""

from __future__ import annotations

from caplint.authoring.ioctl_argument import has_structure
from caplint.authoring.qemu import code, option
from caplint.authoring.qemu.code import FunctionEnd, QemuFunction
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.style import indented
from caplint.authoring.topic import Topic
from caplint.knowledge.load import GENERIC

_STARTS = {"vm": "kvm_arch_init", "none": "kvm_arch_init", "vcpu": "kvm_arch_init_vcpu"}
_SHARED_STARTS = {"vm": "kvm_init", "none": "kvm_init", "vcpu": "kvm_init_vcpu"}


def flag(request: CapabilityRequest) -> str:
    """Return the variable that is true if guests have the register of the capability."""
    return f"has_{request.register.name.lower()}" if request.register is not None else ""


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Ask for the capability where KVM starts, on each architecture that has it, and enable it if the user wants it."""
    for arch in request.archs:
        starts = _SHARED_STARTS if arch == GENERIC else _STARTS
        name = starts[request.scope]
        found = code.function(topic.workshop, name, arch)
        end = code.end_of(topic.workshop, found)
        if request.has_state:
            _enable(request, topic, found, end)
        else:
            _ask(request, topic, found, end)


def _ask(request: CapabilityRequest, topic: Topic, found: QemuFunction, end: FunctionEnd) -> None:
    state = _state(topic, found)
    asked = code.listed(f"    {state}->{option.member(request)} = kvm_vm_check_extension(", [state, request.name], ");")
    decision = indented(
        topic.decision(
            found.path,
            f"use of {request.name}",
            "What does QEMU do with the answer?",
            "It is kept, and changes nothing.",
            code.WIDTH,
        ),
        "    ",
    )
    topic.above(found.path, end.line, [*decision, *asked, ""], "asks the kernel for it")


def _enable(request: CapabilityRequest, topic: Topic, found: QemuFunction, end: FunctionEnd) -> None:
    helper = code.unused(topic.workshop, _helper_name(request))
    option.include(topic, found.path, "qemu/error-report.h")
    topic.above(found.path, found.first, _helper(request, helper), "checks it, enables it, and reports a refusal")
    kind = "CPUState" if request.scope == "vcpu" else "KVMState"
    target = found.variable(kind)
    if target is None:
        raise topic.workshop.lacks("to enable it", f"{found.path}: {found.name}() has no {kind}")
    call = f"{helper}({target})"
    reason = "enables it, or does not start" if request.scope == "vm" else "enables it on each vCPU, or does not start"
    if end.value == "0" and found.result is None and end.label is None:
        topic.replace(found.path, end.line, [f"    return {call};"], reason)
    else:
        topic.above(found.path, end.line, _called(call, found.result, end, topic, found), reason)


def _called(call: str, result: str | None, end: FunctionEnd, topic: Topic, found: QemuFunction) -> list[str]:
    """Return the call at the end of a function that keeps results in a variable."""
    if result is None:
        raise topic.workshop.lacks("to enable it", f"{found.path}: {found.name}() keeps no result to return")
    if end.value == result:
        return [f"    if ({result} >= 0) {{", f"        {result} = {call};", "    }", ""]
    leave = f"goto {end.label};" if end.label else f"return {result};"
    return [f"    {result} = {call};", f"    if ({result} < 0) {{", f"        {leave}", "    }", ""]


def _state(topic: Topic, found: QemuFunction) -> str:
    state = found.variable("KVMState")
    if state is None:
        raise topic.workshop.lacks("to ask for it", f"{found.path}: {found.name}() has no KVMState")
    return state


def _helper(request: CapabilityRequest, name: str) -> list[str]:
    """Return the function that enables it, or issues its ioctl.

    It returns 0 if it is off or done, else an error that it has reported.
    """
    is_vcpu = request.scope == "vcpu"
    state = "cs->kvm_state" if is_vcpu else "s"
    wanted = f"{state}->{option.member(request)}"
    said = request.name if request.ioctl is None else request.ioctl.name
    return [
        f"static int {name}({'CPUState *cs' if is_vcpu else 'KVMState *s'})",
        "{",
        *(_mask(request) if request.arguments.kind == "mask" else ()),
        *_structure(request, wanted),
        "    int known, ret;",
        "",
        f"    if (!{wanted}) {{",
        "        return 0;",
        "    }",
        "",
        *code.listed("    known = kvm_vm_check_extension(", [state, request.name], ");"),
        "    if (known <= 0) {",
        *code.reported("        ", f"kvm: this kernel does not have {request.name}"),
        "        return -ENOTSUP;",
        "    }",
        *_enough(request, wanted),
        "",
        *_call(request, wanted),
        "    if (ret < 0) {",
        *code.reported("        ", f"kvm: the kernel refuses {said}: %s", "strerror(-ret)"),
        *(("    } else {", f"        {flag(request)} = true;") if request.register else ()),
        "    }",
        "",
        "    return ret;",
        "}",
        "",
    ]


def _helper_name(request: CapabilityRequest) -> str:
    name = f"enable_{request.member}" if request.ioctl is None else request.ioctl.member
    return f"kvm_{request.scope}_{name}"


def _structure(request: CapabilityRequest, wanted: str) -> list[str]:
    """Return the declaration of the argument of the capability's own ioctl."""
    if request.ioctl is None or not has_structure(request):
        return []
    return [
        f"    struct {request.ioctl.struct} args = {{",
        f"        .value = {_value(request, wanted)},",
        "    };",
    ]


def _call(request: CapabilityRequest, wanted: str) -> list[str]:
    """Return the statement that asks the kernel for it."""
    target = "cs" if request.scope == "vcpu" else "s"
    if request.ioctl is None:
        value = [_value(request, wanted)] if request.arguments.kind != "none" else []
        head, parts = f"kvm_{request.scope}_enable_cap(", [target, request.name, "0", *value]
    else:
        argument = "&args" if has_structure(request) else "NULL"
        head, parts = f"kvm_{request.scope}_ioctl(", [target, request.ioctl.name, argument]
    return code.listed(f"    ret = {head}", parts, ");")


def _value(request: CapabilityRequest, wanted: str) -> str:
    return {"mask": "bits", "bool": "1"}.get(request.arguments.kind, wanted)


def _mask(request: CapabilityRequest) -> list[str]:
    """Return the declaration of the bits that are asked for."""
    macros = [request.macro(bit.name) for bit in request.arguments.bits]
    head = "    const uint64_t bits = "
    return [
        f"{head if not index else ' ' * len(head)}{macro}{' |' if index < len(macros) - 1 else ';'}"
        for index, macro in enumerate(macros)
    ]


def _enough(request: CapabilityRequest, wanted: str) -> list[str]:
    """Return the test that the kernel's answer covers the user's request."""
    if request.answer == "mask":
        test, words, value = "(known & bits) != bits", "bits 0x%x, which are too few", "known"
    elif request.answer == "count" and request.arguments.kind == "size":
        test, words, value = f"{wanted} > known", "at most %d", "known"
    else:
        return []
    return [
        f"    if ({test}) {{",
        *code.reported("        ", f"kvm: {request.name} has {words}", value),
        "        return -EINVAL;",
        "    }",
    ]
