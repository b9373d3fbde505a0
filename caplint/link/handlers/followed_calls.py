"""Results of calls while a handler runs for one capability."""

from __future__ import annotations

import re

from caplint.link.functions.abstract_values import DELEGATED, UNKNOWN, AbstractValue, joined
from caplint.link.functions.body import Body
from caplint.link.functions.callees import FunctionMacro
from caplint.link.handlers.evaluation import Evaluator
from caplint.link.handlers.literal_results import literal_result
from caplint.link.handlers.simulation import Simulation
from caplint.link.handlers.simulation_state import Run, SimulationState
from caplint.values.expression_tree import Node, text_of

# Maximum depth of calls that are followed, and of definitions of one function.
_DEEPEST = 8
MOST_DEFINITIONS = 4
_DECISIVE = (("selector",), ("request",))


def follow(evaluator: Evaluator, name: str, values: list[AbstractValue], arguments: list[Node]) -> AbstractValue:
    """Return the result of a call; functions that get the capability or the request are simulated."""
    run = evaluator.run
    decisive = any(value.thing in _DECISIVE for value in values)
    if decisive and name in run.facts.named[run.verb] and run.facts.helpers.functions(name, "generic"):
        return DELEGATED
    if name.startswith("."):
        return _through_member(evaluator, name, values) if decisive else UNKNOWN
    definitions = _definitions(evaluator, name)
    macros = run.facts.helpers.macros(name, run.arch)
    if not definitions:
        return expanded(evaluator, macros, arguments) if len(macros) == 1 else UNKNOWN
    if macros or len(definitions) > MOST_DEFINITIONS:
        return UNKNOWN
    return _together(run, definitions, values) if decisive else summary(evaluator, name, definitions)


def simulate(run: Run, body: Body, variables: dict[str, AbstractValue]) -> AbstractValue:
    """Return the result of a function whose parameters have the given values."""
    key = (body.handler.blob, body.handler.start)
    sequence = run.facts.flow(body)
    if sequence is None or key in run.stack or len(run.stack) >= _DEEPEST:
        return UNKNOWN
    run.stack.append(key)
    state = SimulationState(run.facts.condition(body), variables)
    result = Simulation(run, body, follow).result(sequence, state)
    run.stack.pop()
    return result


def _definitions(evaluator: Evaluator, name: str) -> list[Body]:
    """Return the definitions of a function that a call may mean: those in the caller's file, else all."""
    definitions = evaluator.run.facts.helpers.functions(name, evaluator.run.arch)
    path = evaluator.body.handler.path
    return [body for body in definitions if body.handler.path == path] or definitions


def _together(run: Run, definitions: list[Body], values: list[AbstractValue]) -> AbstractValue:
    results = []
    for body in definitions:
        run.entered[body.handler.blob, body.handler.start] = body
        result = simulate(run, body, dict(zip(body.handler.parameters, values, strict=False)))
        results.append((result, run.facts.condition(body) if len(definitions) > 1 else True))
    return joined(results)


def _through_member(evaluator: Evaluator, name: str, values: list[AbstractValue]) -> AbstractValue:
    """Return the result of a call through a function pointer that some table of the architecture holds."""
    run, handler = evaluator.run, evaluator.body.handler
    rows = evaluator.body.connection.execute(
        """SELECT DISTINCT e.value FROM temp.all_file f JOIN main.table_entry e ON e.blob = f.blob
           WHERE f.side = ? AND f.tree = ? AND e.field = ? AND coalesce(f.arch, 'generic') IN (?, 'generic')
           ORDER BY 1""",
        (handler.side, handler.tree, name[1:], run.arch),
    )
    names = [value.lstrip("&") for (value,) in rows]
    definitions = [body for found in names for body in run.facts.helpers.functions(found, run.arch)]
    if not definitions or len(definitions) > MOST_DEFINITIONS:
        return UNKNOWN
    results = [_together(run, [body], values) for body in definitions]
    return joined((result, True) for result in results)


def expanded(evaluator: Evaluator, macros: list[FunctionMacro], arguments: list[Node]) -> AbstractValue:
    """Return the value of a macro's body with the arguments in place of its parameters."""
    macro, stack = macros[0], evaluator.run.stack
    if len(stack) >= _DEEPEST or len(macro.parameters) != len(arguments):
        return UNKNOWN
    given = dict(zip(macro.parameters, map(text_of, arguments), strict=True))
    words = "|".join(map(re.escape, given))
    text = re.sub(rf"\b(?:{words})\b", lambda match: f"({given[match[0]]})", macro.body) if given else macro.body
    stack.append((-1, len(stack)))
    value = evaluator.value(text)
    stack.pop()
    return value


def summary(evaluator: Evaluator, name: str, definitions: list[Body]) -> AbstractValue:
    """Return the result of a function by what it writes out itself."""
    run = evaluator.run
    key = (name, run.arch, evaluator.body.handler.path)
    if key not in run.facts.summaries:
        results = [(literal_result(body), run.facts.condition(body) if len(definitions) > 1 else True)
                   for body in definitions]  # fmt: skip
        run.facts.summaries[key] = joined(results)
    return run.facts.summaries[key]
