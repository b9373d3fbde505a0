"""Sites of a handler that overlap are shortened, once they hold too many facts together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from bodies import LinkedCode, linked

from caplint.link.functions import bounded_sites
from caplint.link.functions.bounded_sites import bounded

TEXT = """\
int f(int a)
{
	switch (a) {
	case 1:
		x = 1;
	case 2:
		x = 2;
	case 3:
		x = 3;
	}
	return x;
}
"""


@dataclass(frozen=True)
class _Site:
    line: int
    start: int
    stop: int


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _sites(code: LinkedCode) -> list[_Site]:
    return [_Site(label.line, label.start, label.stop) for label in code.body("f").labels]


def test_few_facts_are_left_alone(code: LinkedCode) -> None:
    """A site that is not shortened stays the same object."""
    body, sites = code.body("f"), _sites(code)
    assert len({site.stop for site in sites}) == 1
    assert all(found is site for found, site in zip(bounded(body, sites), sites, strict=True))
    assert body.cuts == {}


# The handler has 5 facts: a test, three assignments, a return. Its cases hold 3, 2 and 1 of them.
@pytest.mark.parametrize(
    ("most", "times", "stops", "cut"),
    [
        (6, 0, "end end end", 0),
        (1, 1, "end end end", 0),
        (5, 0, "end end end", 3),
        (0, 1, "end end end", 3),
        (4, 0, "end label end", 2),
        (2, 0, "label end end", 1),
        (1, 0, "label nothing end", 1),
        (0, 0, "nothing nothing nothing", 1),
    ],
)
def test_sites_end_at_the_next_label(
    code: LinkedCode, monkeypatch: pytest.MonkeyPatch, *, most: int, times: int, stops: str, cut: int
) -> None:
    """The first site that does not fit is a cut; the last one has no label behind it."""
    monkeypatch.setattr(bounded_sites, "MOST_FACTS", most)
    monkeypatch.setattr(bounded_sites, "MOST_TIMES", times)
    body, sites = code.body("f"), _sites(code)
    body.cuts.clear()
    names = {sites[0].stop: "end", sites[1].start: "label", sites[2].start: "label"}
    assert " ".join(names.get(site.stop, "nothing") for site in bounded(body, sites)) == stops
    assert [line for line, _ in body.cuts.values()] == ([sites[cut - 1].line] if cut else [])
    body.cuts.clear()
