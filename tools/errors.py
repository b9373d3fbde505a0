"""The one exception of these tools that is reported without a traceback."""


class ToolError(Exception):
    """An expected failure; its text is one line that tells the user what to do."""


class StoppedError(Exception):
    """Raised in a worker when the user has interrupted the run."""
