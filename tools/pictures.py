"""`make pictures`: docs/images/path.svg and inventory.png for README.md, made of runs over the corpus."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs/images"
_TREES = ("--kernel", ".corpus/linux-6.12", "--qemu", ".corpus/qemu-10.0")
_CAPABILITY = "KVM_CAP_SPLIT_IRQCHIP"
# Pixels of the page; the picture is as large.
_SIZE = (1200, 560)


def caplint(*words: str) -> str:
    """Return the output of a command over the corpus. Raises `CalledProcessError` if it fails."""
    command = [sys.executable, "-m", "caplint", *words, *_TREES]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def photograph(page: Path, picture: Path) -> None:
    """Write a picture of a page, as the machine's Chromium shows it in light colours."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        raise SystemExit("pictures: no chromium here; `make browser` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        view = browser.new_page(viewport={"width": _SIZE[0], "height": _SIZE[1]}, color_scheme="light")
        view.goto(page.as_uri())
        view.screenshot(path=picture)
        browser.close()


def main() -> None:
    """Write both pictures anew."""
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "path.svg").write_text(caplint("path", _CAPABILITY, "--arch", "x86", "--output-format", "svg"), "utf-8")
    with tempfile.TemporaryDirectory() as place:
        page = Path(place) / "inventory.html"
        page.write_text(caplint("inventory", "--output-format", "html"), "utf-8")
        photograph(page, IMAGES / "inventory.png")
    for file in sorted(IMAGES.iterdir()):
        print(f"{file.relative_to(ROOT)}  {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
