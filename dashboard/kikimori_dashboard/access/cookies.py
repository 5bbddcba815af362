"""Cookies of the dashboard: the session's, and one by which a browser is known after a good login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_dashboard.access.tokens import looks_like_token

if TYPE_CHECKING:
    from aiohttp import web

SESSION = "__Host-kikimori"
DEVICE = "__Host-kikimori-device"
DEVICE_DAYS = 180


def session_token(request: web.BaseRequest) -> str | None:
    return _token(request, SESSION)


def device_token(request: web.BaseRequest) -> str | None:
    return _token(request, DEVICE)


def set_session(response: web.StreamResponse, token: str) -> None:
    """Give a browser its session; it ends on the server, so the cookie has no age of its own."""
    _set(response, SESSION, token, None)


def set_device(response: web.StreamResponse, token: str) -> None:
    _set(response, DEVICE, token, DEVICE_DAYS * 86400)


def clear_session(response: web.StreamResponse) -> None:
    _set(response, SESSION, "", 0)


def _token(request: web.BaseRequest, name: str) -> str | None:
    found = request.cookies.get(name, "")
    return found if looks_like_token(found) else None


def _set(response: web.StreamResponse, name: str, value: str, max_age: int | None) -> None:
    # Chromium and Firefox take Secure cookies from http://localhost and 127.0.0.1; Safari does not.
    response.set_cookie(name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="Strict")
