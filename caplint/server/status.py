"""State of the checks, for an editor's status line."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any
from uuid import uuid4

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from caplint.findings.finding import SEVERITIES
from caplint.report.wording import plural
from caplint.server.messages import Checked, ServedTree

_WAITING, _CHECKING, _DONE, _FAILED = "waiting", "checking", "done", "failed"


class Status:
    """Tells the editor of checks that begin and end, in each way that it understands."""

    def __init__(self, lsp: LanguageServer) -> None:
        self._lsp = lsp
        self.trees: tuple[ServedTree, ...] = ()
        self._state, self._reason = _WAITING, ""
        self._result: Checked | None = None
        self._token: str | None = None
        self._is_shown = False
        self._with_progress = False
        self._with_notifications = False
        self._begun = 0.0
        self._seconds = 0.0

    def begin(self, client: types.ClientCapabilities, options: object) -> None:
        """Read the client's capabilities; `options` are its initialization options."""
        self._with_progress = bool(client.window and client.window.work_done_progress)
        self._with_notifications = isinstance(options, dict) and bool(options.get("status"))

    @property
    def current(self) -> dict[str, Any]:
        """The state, as JSON."""
        found = self._result
        counts = Counter(entry.severity for entry in found.findings) if found else Counter[str]()
        roots = {tree.name for tree in self.trees if tree.root is not None}
        return {
            "state": self._state,
            "reason": self._reason,
            "trees": [{"name": tree.name, "role": tree.role, "location": tree.location} for tree in self.trees],
            "findings": {severity: counts[severity] for severity in SEVERITIES},
            "elsewhere": sum(entry.place.tree not in roots for entry in found.findings) if found else 0,
            "known": found.known if found else 0,
            "coverage": found.coverage if found else "",
            "remarks": found.remarks if found else [],
            "seconds": round(self._seconds, 3),
        }

    @property
    def line(self) -> str:
        """The state in one line."""
        if self._state != _DONE or self._result is None:
            return f"caplint: {self._reason or self._state}"
        counts = ", ".join(plural(self.current["findings"][word], word) for word in SEVERITIES)
        return f"caplint: {counts}; {self._result.coverage}"

    def begun(self) -> None:
        """Tell that a check has begun."""
        self._begun = time.monotonic()
        self._state, self._reason = _CHECKING, ""
        self._notify()
        if self._with_progress and self._token is None:
            self._token = token = f"caplint-{uuid4()}"
            # An editor that does not answer sees no progress, and is shown what is found all the same.
            self._lsp.work_done_progress.create(token, lambda *_: self._show_progress(token))

    def _show_progress(self, token: str) -> None:
        """Show the progress that the editor has agreed to, unless the check has ended meanwhile."""
        if token == self._token:
            self._is_shown = True
            self._lsp.work_done_progress.begin(token, types.WorkDoneProgressBegin(title="caplint", message="checking"))

    def ended(self, result: Checked) -> None:
        """Tell of a check that is done."""
        self._seconds = time.monotonic() - self._begun
        self._state, self._reason, self._result = _DONE, "", result
        self._lsp.window_log_message(types.LogMessageParams(types.MessageType.Info, self.line))
        self._stop()

    def failed(self, reason: str) -> None:
        """Tell why a check failed; the findings of the one before stay."""
        again = reason == self._reason
        self._state, self._reason = _FAILED, reason
        if not again:  # a check that fails at every edit is reported once
            self._lsp.window_show_message(types.ShowMessageParams(types.MessageType.Error, self.line))
        self._stop()

    def _stop(self) -> None:
        self._notify()
        token, self._token = self._token, None
        is_shown, self._is_shown = self._is_shown, False
        if token is not None and is_shown:
            self._lsp.work_done_progress.end(token, types.WorkDoneProgressEnd(message=self.line))

    def _notify(self) -> None:
        if self._with_notifications:
            self._lsp.protocol.notify("caplint/status", self.current)
