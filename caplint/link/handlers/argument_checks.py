"""Arguments that an enable case reads, and whether it tests them before use."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.link.functions.body import Body
from caplint.link.functions.cap_argument import CapArgument
from caplint.link.handlers.argument_uses import ArgumentUses, evaluates, handed_on, indices, tested
from caplint.link.handlers.implications import TOO_MANY
from caplint.link.handlers.request_callers import level_at_callers
from caplint.link.handlers.request_tests import Readers
from caplint.link.handlers.sites import Site
from caplint.link.handlers.value_tests import Level

# Maximum number of elements of cap->args per case; the ABI has four.
_MOST_ARGUMENTS = 64
_ALL = ("args",)


def highest_argument(readers: Readers, body: Body, site: Site) -> int | None:
    """Return the highest index of the request's arguments that is read, None without any."""
    return max(_indices(readers, body, site), default=None)


def used(readers: Readers, body: Body, site: Site) -> Iterator[CapArgument]:
    """Yield every argument that the site reads, by index; helpers that get the whole request are followed."""
    found = sorted(_indices(readers, body, site) | _tested_above(readers, body, site))
    if len(found) > _MOST_ARGUMENTS:
        body.cut(site.line, site.start, f"more than {_MOST_ARGUMENTS} arguments of one request")
    for index in found[:_MOST_ARGUMENTS]:
        if readers.budget.is_spent:
            body.cut(site.line, site.start, TOO_MANY)
            yield CapArgument(index, "tested", None, "required", None)  # for which no rule says anything
            continue
        value = ("args", str(index))
        argument = ArgumentUses(readers.at_handler(body, value, site.capability), readers.region(body, site)).argument(
            index
        )
        if argument.validated == 0:
            level = level_at_callers(readers, body, value)
            if level > Level.UNTESTED:
                argument = argument._replace(validated=None if level is Level.UNKNOWN else 1)
        yield argument


def hands_on(readers: Readers, body: Body, site: Site) -> int:
    """Return 1 if a function that is not in view gets the whole request, in the case or above its switch."""
    if not body.selector:
        return 0
    region, reader = readers.region(body, site), readers.at_handler(body, _ALL, "")
    return int(any(region.holds(offset) for offset in handed_on(reader)))


def _tested_above(readers: Readers, body: Body, site: Site) -> set[int]:
    """Return the indices of the arguments that conditions above the site's switch test."""
    if not body.selector:
        return set()
    region, reader = readers.region(body, site), readers.at_handler(body, _ALL, site.capability)
    above = [test for test in tested(readers.at_handler(body, _ALL, "")) if test.offset < region.head]
    return {test.position for test in above if region.holds(test.offset) and evaluates(reader, test, region)}


def _indices(readers: Readers, body: Body, site: Site) -> set[int]:
    if not body.selector:
        return set()
    return indices(readers.at_handler(body, _ALL, site.capability), readers.region(body, site))
