"""Case of the check handler: the answer to KVM_CHECK_EXTENSION."""

from __future__ import annotations

import re

from caplint.authoring.kernel.state import limit
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.style import Switch, switch
from caplint.authoring.topic import Topic

# Cases of a handler that answer 1, in a list with others; the last one is followed by the answer.
_YES = """
    SELECT s.line FROM check_site s WHERE s.tree = ?1 AND s.path = ?2 AND s.function = ?3 AND s.kind = 'case'
      AND s.answer = '1' AND s.returns_condition <> '' ORDER BY s.line
"""


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Answer for the capability in the handler of each architecture: in the list of those with 1, or by a new case."""
    for arch in request.archs:
        found = switch(topic.workshop, "check", arch)
        if found is None:
            raise topic.workshop.lacks(f"to answer for {request.name}", f"no check handler of {arch} has a switch")
        label = f"{found.indent}case {request.name}:"
        listed = _listed(topic, found) if request.answer == "yes" else None
        if listed is not None:
            topic.below(found.path, listed, [label], "answer to KVM_CHECK_EXTENSION")
            continue
        answer = "1" if request.answer == "yes" else limit(request)
        body = [f"{found.indent}\t{line}" for line in found.ends(answer)]
        topic.above(found.path, found.line, [label, *body], "answer to KVM_CHECK_EXTENSION")


def _listed(topic: Topic, found: Switch) -> int | None:
    """Return the last label of the longest list of cases that answer 1; None without such a list."""
    lines = topic.workshop.lines(found.path)
    label = re.compile(rf"{re.escape(found.indent)}case \w+:")
    answer = re.compile(rf"\s*(return 1;|{re.escape(found.result or ' ')} = 1;)")
    best: tuple[int, int] | None = None
    for (line,) in topic.workshop.rows(_YES, found.path, found.function):
        if not (found.first < line < found.line and label.fullmatch(lines[line - 1]) and answer.fullmatch(lines[line])):
            continue
        first = line
        while first > found.first and (label.fullmatch(lines[first - 2]) or lines[first - 2].startswith("#")):
            first -= 1
        if best is None or line - first > best[0]:
            best = (line - first, line)
    return best[1] if best is not None and best[0] else None
