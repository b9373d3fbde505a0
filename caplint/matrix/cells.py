"""Cells of a fleet as they come in: memory grows with the trees, not with the findings of all pairs."""

from __future__ import annotations

from caplint.matrix.model import Cell, FleetMember

Trees = tuple[FleetMember | None, FleetMember | None]
"""Kernel and VMM that are checked together, or one of them."""


class Cells:
    """Cells of all trees alone, then of all pairs in row order.

    A pair's cell is reduced to the findings that need both trees as soon as both have been checked alone.
    """

    def __init__(self, kernels: list[FleetMember], vmms: list[FleetMember]) -> None:
        self._rows, self._columns = len(kernels), len(vmms)
        self._trees = self._rows + self._columns
        self._found: dict[int, Cell] = {}
        alone: list[Trees] = [*((kernel, None) for kernel in kernels), *((None, vmm) for vmm in vmms)]
        self.checks: list[Trees] = [*alone, *((kernel, vmm) for kernel in kernels for vmm in vmms)]
        """Inputs of the check of each cell."""

    def __len__(self) -> int:
        return len(self._found)

    def add(self, place: int, cell: Cell) -> None:
        """Take the cell of a check."""
        self._found[place] = self._reduced(place, cell)

    def missing(self) -> list[int]:
        """Return the checks without a cell in the order in which to do them: first those that decide about others.

        Neighbours among pairs share no row or column, so that no two read the same files at one time.
        """
        pairs = (self._trees + place for place in staggered(self._rows, self._columns))
        return [place for place in [*range(self._trees), *pairs] if place not in self._found]

    @property
    def pairs(self) -> list[Cell]:
        """Cells of the pairs in row order."""
        places = range(self._trees, len(self.checks))
        return [self._reduced(place, self._found[place]) for place in places]

    @property
    def alone(self) -> list[Cell]:
        """Cells of kernels, then of VMMs."""
        return [self._found[place] for place in range(self._trees)]

    def _reduced(self, place: int, cell: Cell) -> Cell:
        if place < self._trees:
            return cell
        row, column = divmod(place - self._trees, self._columns)
        kernel, vmm = self._found.get(row), self._found.get(self._rows + column)
        return cell if kernel is None or vmm is None else cell.without((kernel, vmm))


def staggered(rows: int, columns: int) -> list[int]:
    """Return an order of the cells in which neighbours share no row or column."""
    return [row * columns + (row + turn) % columns for turn in range(columns) for row in range(rows)]
