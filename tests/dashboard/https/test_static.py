"""The pages' own files hold no inline code and no inline style, which the policy of their headers forbids."""

from __future__ import annotations

import re

import pytest

from kikimori_dashboard.pages.pages import STATIC
from kikimori_dashboard.web.guard import CONTENT_SECURITY_POLICY

INLINE = re.compile(
    r"""<script(?![^>]*\bsrc=)|<style|\son\w+\s*=\s*["']|\sstyle\s*=|javascript:|setAttribute\(\s*["'](?:style|on)|\.innerHTML|\beval\("""
)


def test_inline_code_would_be_found() -> None:
    for each in ("<script>x()</script>", '<p style="color:red">', '<a onclick="x()">', "e.innerHTML = x"):
        assert INLINE.search(each)
    assert "unsafe" not in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("kind", ["html", "js", "svg"])
def test_no_file_has_any(kind: str) -> None:
    files = list(STATIC.rglob(f"*.{kind}"))
    assert files
    found = {
        file.name: match[0] for file in files if (match := INLINE.search(file.read_text(encoding="utf-8")))
    }
    assert found == {}
