"""Boolean formulas over preprocessor atoms: built normalised, printed canonically, decided by a SAT solver.

A formula is `True`, `False` or an immutable node in negation normal form whose operands are
flattened, sorted by their text, free of duplicates and of complements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

# Rounds of unit propagation: operands decided by a literal beside them are removed. Hand-written conditions need one or
# two; a long chain (`a && (!a || b) && (!b || c) …`) would take quadratic time, and is correct without.
MAX_ROUNDS = 8
# Conflicts after which the solver gives up and the formula counts as satisfiable, which is the safe answer.
MAX_CONFLICTS = 20_000


@dataclass(frozen=True, slots=True)
class Literal:
    """Atom such as `CONFIG_SMP`, `defined(__x)` or `A > 1`, or its negation."""

    atom: str
    positive: bool = True

    def __str__(self) -> str:
        if self.positive:
            return self.atom
        return f"!{self.atom}" if _is_simple(self.atom) else f"!({self.atom})"


@dataclass(frozen=True, slots=True)
class Junction:
    """Conjunction (`&&`) or disjunction (`||`) of at least two operands."""

    operator: str
    operands: tuple[Literal | Junction, ...]
    text: str

    def __str__(self) -> str:
        return self.text

    def __hash__(self) -> int:
        return hash(self.text)  # which Python computes once; that of the operands would be computed each time


Formula = bool | Literal | Junction


def _is_simple(atom: str) -> bool:
    return atom.replace("_", "a").isalnum() or (atom.endswith(")") and atom.count("(") == 1)


def conjunction(operands: Iterable[Formula]) -> Formula:
    """Return the formula that is true if all operands are."""
    return _junction("&&", operands)


def disjunction(operands: Iterable[Formula]) -> Formula:
    """Return the formula that is true if at least one operand is."""
    return _junction("||", operands)


def _junction(operator: str, operands: Iterable[Formula], rounds: int = MAX_ROUNDS) -> Formula:
    neutral = operator == "&&"
    nodes: list[Literal | Junction] = []
    for operand in operands:
        if operand is True or operand is False:
            if operand is not neutral:
                return not neutral
        elif not nodes or operand is not nodes[-1]:
            nodes.append(operand)
    if len(nodes) < 2:
        return nodes[0] if nodes else neutral
    return _joined(operator, tuple(nodes), rounds)


@lru_cache(maxsize=16_384)
def _joined(operator: str, nodes: tuple[Literal | Junction, ...], rounds: int) -> Formula:
    """Join at least two operands; the same few are joined again and again."""
    neutral = operator == "&&"
    flat = _flattened(operator, nodes)
    if any(isinstance(node, Literal) and str(_opposite(node)) in flat for node in flat.values()):
        return not neutral
    if rounds:
        simplified = [_remaining(node, flat) if isinstance(node, Junction) else node for node in flat.values()]
        if any(after is not before for after, before in zip(simplified, flat.values(), strict=True)):
            return _junction(operator, simplified, rounds - 1)
    kept = _absorb(flat)
    if not kept:
        return neutral
    if len(kept) == 1:
        return kept[0]
    text = f" {operator} ".join(f"({operand})" if isinstance(operand, Junction) else str(operand) for operand in kept)
    return Junction(operator, tuple(kept), text)


def _flattened(operator: str, operands: Iterable[Literal | Junction]) -> dict[str, Literal | Junction]:
    """Return the operands by their text, nested operands of the same operator merged into the outer level."""
    flat: dict[str, Literal | Junction] = {}
    for node in operands:
        if isinstance(node, Junction) and node.operator == operator:
            flat.update((str(inner), inner) for inner in node.operands)
        else:
            flat[str(node)] = node
    return flat


def _remaining(operand: Junction, flat: dict[str, Literal | Junction]) -> Formula:
    """Remove operands that sibling literals decide: in a conjunction with `a`, `!a || b` becomes `b`."""
    kept = [inner for inner in operand.operands if not (isinstance(inner, Literal) and str(_opposite(inner)) in flat)]
    return operand if len(kept) == len(operand.operands) else _junction(operand.operator, kept)


def _absorb(flat: dict[str, Literal | Junction]) -> list[Literal | Junction]:
    """Drop `a || b` beside `a` in a conjunction, and `a && b` beside `a` in a disjunction."""
    return [
        operand
        for _, operand in sorted(flat.items(), key=lambda item: (item[0].lstrip("!("), item[0]))
        if not (isinstance(operand, Junction) and any(str(inner) in flat for inner in operand.operands))
    ]


def negation(formula: Formula) -> Formula:
    """Return the negation, pushed down to the atoms."""
    if isinstance(formula, bool):
        return not formula
    return _opposite(formula) if isinstance(formula, Literal) else _negated(formula)


@lru_cache(maxsize=4_096)
def _opposite(literal: Literal) -> Literal:
    return Literal(literal.atom, not literal.positive)


@lru_cache(maxsize=4_096)
def _negated(junction: Junction) -> Formula:
    return _junction("||" if junction.operator == "&&" else "&&", map(negation, junction.operands))


def text(formula: Formula) -> str:
    """Return the canonical text: `1` for always, `0` for never."""
    return str(int(formula)) if isinstance(formula, bool) else str(formula)


def atoms(formula: Formula) -> set[str]:
    """Return the atoms in the formula."""
    if isinstance(formula, bool):
        return set()
    if isinstance(formula, Literal):
        return {formula.atom}
    return {atom for operand in formula.operands for atom in atoms(operand)}


def evaluate(formula: Formula, assignment: Mapping[str, bool]) -> bool | None:
    """Return the formula's value under a partial assignment, None if that does not decide it."""
    if isinstance(formula, bool):
        return formula
    if isinstance(formula, Literal):
        value = assignment.get(formula.atom)
        return None if value is None else value is formula.positive
    decisive = formula.operator == "||"
    values = [evaluate(operand, assignment) for operand in formula.operands]
    if decisive in values:
        return decisive
    return None if None in values else not decisive


def substitute(formula: Formula, assignment: dict[str, bool]) -> Formula:
    """Return the formula with some atoms replaced by their values."""
    if isinstance(formula, bool):
        return formula
    if isinstance(formula, Literal):
        value = assignment.get(formula.atom)
        return formula if value is None else value is formula.positive
    return _junction(formula.operator, (substitute(inner, assignment) for inner in formula.operands))


def literals(formula: Formula) -> list[Literal]:
    """Return the literals that must hold whenever the formula does, as far as its top level shows."""
    if isinstance(formula, Literal):
        return [formula]
    if isinstance(formula, Junction) and formula.operator == "&&":
        return [inner for inner in formula.operands if isinstance(inner, Literal)]
    return []


@lru_cache(maxsize=4096)
def satisfiable(formula: Formula) -> bool:
    """Tell whether some configuration makes the formula true; True also if the solver gives up."""
    formula = _reduced(formula)
    if isinstance(formula, bool):
        return formula
    # Imported on demand: most runs need no solver.
    from pysat.solvers import Solver  # noqa: PLC0415

    encoder = ClauseEncoder()
    encoder.clauses.append([encoder.literal(formula)])
    with Solver(name="glucose4", bootstrap_with=encoder.clauses) as solver:
        solver.conf_budget(MAX_CONFLICTS)
        return solver.solve_limited() is not False


def _reduced(formula: Formula) -> Formula:
    """Assign unit and pure literals until none are left; the result is equisatisfiable."""
    while not isinstance(formula, bool):
        settled = {unit.atom: unit.positive for unit in literals(formula)} or _one_sided(formula)
        if not settled:
            break
        formula = substitute(formula, settled)
    return formula


def _one_sided(formula: Literal | Junction) -> dict[str, bool]:
    """Return the pure literals: atoms that are always or never negated, with that sign."""
    signs: dict[str, set[bool]] = {}
    pending: list[Literal | Junction] = [formula]
    while pending:
        node = pending.pop()
        if isinstance(node, Junction):
            pending.extend(node.operands)
        else:
            signs.setdefault(node.atom, set()).add(node.positive)
    return {atom: seen.pop() for atom, seen in signs.items() if len(seen) == 1}


def implies(stronger: Formula, weaker: Formula) -> bool:
    """Tell whether every configuration that makes the first true makes the second true."""
    if stronger == weaker:
        return True
    return not satisfiable(conjunction([stronger, negation(weaker)]))


def equivalent(left: Formula, right: Formula) -> bool:
    """Tell whether both are true in the same configurations."""
    return implies(left, right) and implies(right, left)


class ClauseEncoder:
    """Encoder of formulas as clauses, with a variable for each atom and for each inner node.

    Variables are numbered from 1 in each encoder: a solver takes time for every number up to the highest that it gets.
    """

    def __init__(self) -> None:
        self.clauses: list[list[int]] = []
        self.nodes: list[int] = []
        """Variables of inner nodes."""
        self._atoms: dict[str, int] = {}

    def literal(self, formula: Literal | Junction) -> int:
        """Return a literal that implies the formula, and add the clauses that make it do so.

        Formulas are in negation normal form, so an implication in one direction suffices.
        """
        if isinstance(formula, Literal):
            atom = self._atoms.setdefault(formula.atom, len(self._atoms) + len(self.nodes) + 1)
            return atom if formula.positive else -atom
        operands = [self.literal(operand) for operand in formula.operands]
        node = len(self._atoms) + len(self.nodes) + 1
        self.nodes.append(node)
        if formula.operator == "&&":
            self.clauses += [[-node, operand] for operand in operands]
        else:
            self.clauses.append([-node, *operands])
        return node
