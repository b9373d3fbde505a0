"""Views that need the call graph, filled for `check --deep`."""

from __future__ import annotations

from caplint.facts.harvest import ExtractionSettings
from caplint.graph.call_graph import Programs
from caplint.graph.enable_ways import link_enable_ways
from caplint.graph.reachability import link_reaches
from caplint.session import Session


def link_deep(session: Session, reading: ExtractionSettings) -> None:
    """Fill `reaches` and `enable_way`. Both share the programs already read."""
    programs = Programs(session, reading)
    link_reaches(session, reading, programs=programs)
    link_enable_ways(session, reading, programs)
