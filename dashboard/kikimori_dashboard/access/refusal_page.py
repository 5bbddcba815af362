"""Page that tells a person why the page that was asked for does not open, and the way on; programs get JSON or a line of text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from kikimori_core.messages import in_language, remedy, text
from kikimori_dashboard.pages.pages import SETTINGS
from kikimori_dashboard.pages.worded import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kikimori_core.messages import Language

PROGRAMS = ("/api/", "/static/", "/live")
"""Beginnings of addresses that programs ask for, a page's own script among them."""

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">{again}
  <title>{title}</title>
  <link rel="icon" href="/static/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/static/css/base.css">
  <link rel="stylesheet" href="/static/css/account.css">
  <script type="module" src="/static/js/views/refusal.js"></script>
</head>
<body class="account"><main>{parts}</main></body>
</html>
"""
_AGAIN = '\n  <meta http-equiv="refresh" content="{seconds}">'
_PART = """
  <section class="panel" lang="{language}"><h1>{detail}</h1><p>{remedy}</p><p class="row"><a class="primary" href="/">{home}</a></p></section>"""


def is_for_a_person(request: web.Request) -> bool:
    """Return whether a browser asks for something to show."""
    shown = "text/html" in request.headers.get(hdrs.ACCEPT, "")
    return (
        shown and request.method in (hdrs.METH_GET, hdrs.METH_HEAD) and not request.path.startswith(PROGRAMS)
    )


def refusal_page(
    request: web.Request,
    status: int,
    code: str,
    *,
    again_s: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Return the page, in the office's language and below it in the other.

    Args:
        request: What was asked for.
        status: HTTP status.
        code: Code of the texts: why, and what to do.
        again_s: Seconds after which the browser asks again; None = it does not.
        headers: Further headers.
    """
    first = request.app[SETTINGS].language
    languages = sorted(LANGUAGES, key=lambda each: each != first)
    page = _PAGE.format(
        language=first,
        title=escape(in_language(text("page_name"), first)),
        again="" if again_s is None else _AGAIN.format(seconds=again_s),
        parts="".join(_part(code, each) for each in languages),
    )
    return web.Response(status=status, text=page, content_type="text/html", headers=headers)


def _part(code: str, language: Language) -> str:
    words = {
        "detail": in_language(text(code), language),
        "remedy": in_language(remedy(code), language),
        "home": in_language(text("page_home"), language),
    }
    return _PART.format(language=language, **{name: escape(each) for name, each in words.items()})
