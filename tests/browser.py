"""A real browser for the tests that look at pages: the machine's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, sync_playwright

# It is to ask no network for anything of its own either.
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic",
]  # fmt: skip
DESKTOP, PHONE = (1440, 900), (390, 844)
AXE = Path(__file__).parents[1] / ".venv/axe/node_modules/axe-core/axe.min.js"
"""The checker of accessibility, which `make browser` installs where npm is; it is no part of the repository."""


@dataclass
class Seen:
    """A page, and what it did that it should not."""

    page: Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


def barriers(page: Page) -> list[str]:
    """Serious and critical barriers that axe finds, by rule and first element; skips the test without axe."""
    if not AXE.is_file():
        pytest.skip("no axe-core; `make browser` installs it where npm is")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    return [f"{one['id']} at {one['nodes'][0]['target']}" for one in found if one["impact"] in {"serious", "critical"}]


@contextmanager
def opened(
    file: Path, size: tuple[int, int] = DESKTOP, fragment: str = "", scheme: Literal["light", "dark"] = "light"
) -> Iterator[Seen]:
    """The file in a browser; the test is skipped where there is none."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("no chromium; `make browser` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_FLAGS)
        page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        seen = Seen(page)
        page.on("console", lambda message: seen.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: seen.console.append(str(error)))
        page.on("request", lambda request: seen.requests.append(request.url))
        page.goto(file.as_uri() + fragment)
        yield seen
        browser.close()
