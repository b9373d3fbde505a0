"""Descriptors for which a text names a capability: `KVM_CAP_A for a vCPU`, `vm version available with KVM_CAP_B`."""

from __future__ import annotations

import re

from caplint.knowledge.capability_names import NAME

_ALL = ("vcpu", "vm", "device", "system")
_WORD = r"(vcpu|vm|device|system|/dev/kvm)s?"
_BEFORE = re.compile(
    rf"(?<![\w/]){_WORD}(?:\s+(?:version|variant|ioctl)(?:\s+is)?(?:\s+available\s+with)?|\s*:)\s*\Z", re.IGNORECASE
)
_BEHIND = re.compile(rf"\s*(?:\(\s*(?:for\s+|on\s+)?(?:an?\s+|the\s+)?{_WORD}(?:\s+ioctl)?\s*\)"
                     rf"|(?:\w+\s+){{0,3}}?(?:for|on)\s+(?:an?\s+|the\s+)?{_WORD}(?!\w))", re.IGNORECASE)  # fmt: skip
_NAME = re.compile(rf"\b{NAME}")


def described(text: str, kind: str | None = None) -> list[tuple[str, str | None]]:
    """Return the capabilities of a text in their order, each with its descriptors: `vcpu`, `device,vm`; None for any.

    `kind` is the `:Type:` beside it. If some capabilities name their descriptor, the others are for the rest of the
    type's. `KVM_CAP_A / KVM_CAP_B` with `vcpu ioctl / vm ioctl` names them by position.
    """
    matches = list(_NAME.finditer(text))
    names = [match.group() for match in matches]
    if kind and "/" in kind and len(kinds := kind.split("/")) == len(names) == text.count("/") + 1:
        return list(zip(names, (",".join(_in(part)) or None for part in kinds), strict=True))
    explicit = [_descriptor(text, matches, index) for index in range(len(matches))]
    claimed = {word for word in explicit if word}
    rest = [word for word in (_in(kind) if kind else _ALL) if word not in claimed]
    others = ",".join(rest) if claimed and rest else None
    return [(name, word or others) for name, word in zip(names, explicit, strict=True)]


def _descriptor(text: str, matches: list[re.Match[str]], index: int) -> str | None:
    """Return the descriptor that is named beside a capability."""
    start = matches[index - 1].end() if index else 0
    stop = matches[index + 1].start() if index + 1 < len(matches) else len(text)
    found = _BEFORE.search(text, start, matches[index].start()) or _BEHIND.match(text, matches[index].end(), stop)
    word = next(filter(None, found.groups()), "").lower() if found else ""
    return {"/dev/kvm": "system", "": None}.get(word, word)


def _in(kind: str) -> list[str]:
    """Return the descriptors of a `:Type:` such as `device ioctl, vm ioctl`."""
    return [word for word in _ALL if re.search(rf"\b{word}\b", kind)]
