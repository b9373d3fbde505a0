"""Composes series: the patches of each project, in order, without those that have nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from caplint.authoring.kernel import patches as kernel_patches
from caplint.authoring.patch import Patch
from caplint.authoring.qemu import patches as qemu_patches
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.topic import Decision, Topic
from caplint.authoring.workshop import Place, Workshop
from caplint.util.errors import CaplintError

_PATCHES: dict[str, Callable[[CapabilityRequest], list[Patch]]] = {
    "linux": kernel_patches.patches,
    "qemu": qemu_patches.patches,
}


@dataclass(frozen=True)
class Series:
    """Patches of one tree, with what the cover letter lists."""

    request: CapabilityRequest
    workshop: Workshop
    topics: list[Topic]

    @property
    def places(self) -> list[Place]:
        """Places of all patches, by file."""
        return list(self.workshop.places())

    @property
    def decisions(self) -> list[tuple[Decision, int]]:
        """Decisions of all patches, with the lines of their comments."""
        return [(found, topic.line_of(found)) for topic in self.topics for found in topic.decisions]


def series(request: CapabilityRequest, workshop: Workshop) -> Series:
    """Return the series that adds a capability to a tree. Raises `CaplintError` where the tree lacks a place."""
    project = workshop.tree.project.name
    if project not in _PATCHES:
        raise CaplintError(f"{workshop.tree.name}: patches can be written for {', '.join(_PATCHES)}, not for {project}")
    topics = []
    for patch in _PATCHES[project](request):
        topic = Topic(workshop, patch.subject, list(patch.body))
        for author in patch.authors:
            author(request, topic)
        if topic.files:
            topics.append(topic)
        elif topics:
            topics[-1].decisions += topic.decisions
    return Series(request, workshop, topics)
