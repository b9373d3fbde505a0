"""Which object, or property, the name of a method speaks of."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import unread

from caplint.graph.made_calls import MadeCalls
from caplint.graph.program_index import Handed, OutlineCall, Program
from caplint.knowledge.made_objects import MADE


def _handing(program: Program, made: str) -> OutlineCall:
    """Let the program have read a call that makes the object."""
    (function,) = (definition.function for definition in program.definitions["maker"])
    (file,) = (call.file for call in program.calls["qdev_realize"])
    call = OutlineCall(function, file, 0, "qdev_realize", 2, "1", "", made)
    program.handed.append(MADE, Handed(call, 0))
    return call


@pytest.fixture
def program(tmp_path: Path) -> Program:
    program = unread(tmp_path, {"hw/a.c": "void maker(void)\n{\n    qdev_realize(1);\n}\n"})
    program.look_at_all()
    return program


@pytest.mark.parametrize(
    ("made", "method", "tells"),
    [
        ("DEVICE(cpuobj)", "kvm_cpu_realize", True), ("cpu", "kvm_cpu_realize", True),
        ("TYPE_CPU", "cpu_realize", True),
        ("DEVICE(gic)", "kvm_cpu_realize", False), ("DEVICE(gicobj)", "kvm_gic_realize", True),
        ('"kernel-irqchip"', "set_kernel_irqchip", True), ('"kernel-irqchip"', "set_kernel", False),
        ("kernel_irqchip", "set_kernel", True), ('"type"', "set_type", False), ("type", "type", False),
        ("", "cpu_realize", False), ("cpu", "", False), ('""', "cpu", False), ("ab", "ab", False),
        ("CPU", "CPU", True),
        ('"split-irqchip"', "set_irqchip_split", True),
    ],
)  # fmt: skip
def test_what_an_object_tells(program: Program, made: str, method: str, tells: bool) -> None:
    """One word of an object is enough; of a property in quotes, the method has all words that are not general."""
    call = _handing(program, made)
    assert MadeCalls(program).speaking_of(method) == [call] * tells


def test_calls_that_are_read_later(program: Program) -> None:
    calls = MadeCalls(program)
    first = _handing(program, "DEVICE(cpuobj)")
    assert calls.speaking_of("kvm_cpu_realize") == [first]
    second = _handing(program, "cpu")
    third = _handing(program, "DEVICE(gic)")
    assert calls.speaking_of("kvm_cpu_realize") == [first, second]
    assert calls.speaking_of("gic_realize") == [third]
