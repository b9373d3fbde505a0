"""Bits that a check handler advertises, for comparison with the bits that enabling accepts and a VMM passes."""

from __future__ import annotations

import re

from caplint.link.functions.body import Body
from caplint.link.functions.callees import Helpers
from caplint.link.functions.code_function import between
from caplint.link.functions.constants import Constants, Mask
from caplint.link.handlers.sites import Site

_CONSTANT = re.compile(r"\b[A-Z][A-Z0-9_]*\b")
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\([^()]*\)")
_ERROR = re.compile(r"\(*\s*-\s*E[A-Z]+")


def advertised(constants: Constants, helpers: Helpers, body: Body, site: Site) -> Mask:
    """Return the bits that a check case may answer; without a value if the answer is not a set of named bits.

    A helper's call stands for what the helper returns.
    """
    results = body.answers
    answers = [row.text for row in between(body.returns, site.start, site.stop) if row.text not in results]
    answers += [
        row.text
        for row in between(body.stores, site.start, site.stop)
        if row.target in results and row.operator in {"=", "|=", "init"}
    ]
    named = [part for text in answers if not _ERROR.match(text) for part in _returned(helpers, body, text)]
    mask = constants.mask(body, named)
    return mask if _CONSTANT.search(mask.text) else Mask(mask.text, None)


def _returned(helpers: Helpers, body: Body, text: str) -> list[str]:
    """Return the values of a helper that is called without anything else around the call; else the text itself."""
    call = _CALL.fullmatch(text.strip())
    bodies = helpers.functions(call.group(1), body.handler.arch) if call else []
    values = [row.text for helper in bodies for row in helper.returns]
    return values if values and all(map(_CONSTANT.search, values)) else [text]


def accepted(constants: Constants, body: Body, site: Site, text: str) -> Mask:
    """Return the bits that an enable case accepts; a local variable stands for all values assigned to it."""
    values = [row.text for row in between(body.stores, site.start, site.stop) if row.target == text]
    return constants.mask(body, values or [text])
