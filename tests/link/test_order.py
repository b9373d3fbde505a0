"""Links in the order of their needs."""

from __future__ import annotations

import pytest

from caplint.link.order import Link, closure, in_order


def _link(text: str) -> Link[None]:
    """`name: fills < needs`."""
    name, _, rest = text.partition(":")
    fills, _, needs = rest.partition("<")
    return Link(name.strip(), lambda _: None, tuple(fills.split()), tuple(needs.split()))


def _ordered(*links: str) -> str:
    return " ".join(link.name for link in in_order(map(_link, links)))


@pytest.mark.parametrize(
    ("links", "order"),
    [
        ([], ""),
        (["a: x"], "a"),
        (["a: x", "b: y"], "a b"),
        (["b: y", "a: x"], "b a"),
        (["a: x < y", "b: y"], "b a"),
        (["a: x < y z", "b: y", "c: z"], "b c a"),
        (["a: x < y", "b: y < z", "c: z"], "c b a"),
        (["a: x < y", "b: y", "c: z"], "b a c"),
        (["a: x < y", "b: y", "c: y"], "b c a"),
        (["a: x y < y", "b: z < x"], "a b"),
        (["a: x < y", "b: y < y z", "c: z"], "c b a"),
        (["d: < x", "a: x"], "a d"),
    ],
)
def test_order(links: list[str], order: str) -> None:
    """What several links fill is ready when all of them are done; a link may add to what it needs itself."""
    assert _ordered(*links) == order


@pytest.mark.parametrize(
    ("links", "message"),
    [
        (["a: x < y"], "no link fills y"),
        (["a: x < z y", "b: y"], "no link fills z"),
        (["a: x < q p"], "no link fills p, q"),
        (["a: x < y", "b: y < x"], "links need each other: a, b"),
        (["a: x < y", "b: y < z", "c: z < x", "d: w"], "links need each other: a, b, c"),
    ],
)
def test_links_that_have_no_order(links: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        _ordered(*links)


def test_a_long_chain() -> None:
    links = [f"l{number}: t{number} < t{number + 1}" for number in range(300)] + ["last: t300"]
    assert _ordered(*links).split() == ["last", *(f"l{number}" for number in reversed(range(300)))]


def test_every_run_wants_a_link_that_does_not_say() -> None:
    assert _link("a: x").wanted(None)


@pytest.mark.parametrize(
    ("links", "results", "needed"),
    [
        (["a: x"], "", ""),
        (["a: x < y", "b: y < z", "c: z", "d: w"], "x", "x y z"),
        (["a: x < y", "b: y", "c: y < z", "d: z"], "x", "x y z"),
        (["a: x y < y"], "x", "x y"),
        (["a: x < y", "b: y < x"], "y", "x y"),
        (["a: x", "b: y"], "y z", "y z"),
    ],
)
def test_what_results_need(links: list[str], results: str, needed: str) -> None:
    assert closure(map(_link, links), results.split()) == {*needed.split()}
