"""The frame of pages: it asks for nothing, and what comes from trees is text."""

from __future__ import annotations

import re

from caplint.report.document import asset, document, safe


def test_a_page_asks_for_nothing_and_has_its_landmarks() -> None:
    page = document("<A> & b", "<p>about</p>\n", "<p>body</p>\n", style="p { color: red }\n", script="let one = 1;\n")
    assert "default-src 'none'" in page
    assert "<title>&lt;A&gt; &amp; b</title>" in page
    assert "<h1>&lt;A&gt; &amp; b</h1>" in page
    assert re.search(r"<header>.*<p>about</p>.*</header>\n<main>\n<p>body</p>\n</main>\n<script>", page, re.DOTALL)
    assert "prefers-color-scheme: dark" in page
    assert page.count("<script>") == page.count("</script>") == 1
    assert "<script>" not in document("a", "", "")
    assert not re.search(r"\b(?:src|href)=|url\(|@import", page)


def test_text_is_no_markup() -> None:
    assert safe("<b>\x1b[31m\u202e\"'&") == "&lt;b&gt;\\x1b[31m\\u202e&quot;&#x27;&amp;"


def test_the_files_of_the_package_load_nothing() -> None:
    for name in ("base.css", "page.css", "changes.css", "matrix.css", "page.js", "changes.js", "matrix.js"):
        assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|innerHTML|eval\(|https?://", asset(name)), name
