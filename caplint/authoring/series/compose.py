"""Composes series: the patches of each project, in order, without those that have nothing to do."""

from __future__ import annotations

from dataclasses import dataclass

from caplint.authoring.kernel import patches as kernel
from caplint.authoring.patch import PlannedPatch
from caplint.authoring.qemu import patches as qemu
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.topic import Decision, Topic
from caplint.authoring.workshop import Workshop, WrittenPlace
from caplint.util.errors import CaplintError

# Project → function that returns the plan of its series.
_PLANS = {"linux": kernel.patches, "qemu": qemu.patches}


@dataclass(frozen=True)
class NewSeries:
    """Patches of one tree, with the reasons and questions that the cover letter lists."""

    request: CapabilityRequest
    workshop: Workshop
    topics: list[Topic]

    @property
    def places(self) -> list[WrittenPlace]:
        """Places of all patches, by file."""
        return list(self.workshop.places())

    @property
    def decisions(self) -> list[tuple[Decision, int]]:
        """Decisions of all patches, with the lines of their comments."""
        return [(found, topic.line_of(found)) for topic in self.topics for found in topic.decisions]


def series(request: CapabilityRequest, workshop: Workshop) -> NewSeries:
    """Return the series that adds a capability to a tree. Raises `CaplintError` where the tree lacks a place."""
    project = workshop.tree.project.name
    if project not in _PLANS:
        raise CaplintError(f"{workshop.tree.name}: patches can be written for {', '.join(_PLANS)}, not for {project}")
    plan: list[PlannedPatch] = _PLANS[project](request)
    topics = []
    for patch in plan:
        topic = Topic(workshop, patch.subject, list(patch.body))
        for author in patch.authors:
            author(request, topic)
        if topic.files:
            topics.append(topic)
        elif topics:
            topics[-1].decisions += topic.decisions
    return NewSeries(request, workshop, topics)
