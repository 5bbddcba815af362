"""Cookies of the dashboard: the session's, and one by which a browser is known after a good login.

Cookies know no ports, and several dashboards may be open on one machine by plain HTTP, on loopback: there the session's has the
port in its name. Over HTTPS each dashboard has a name of its own.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import web

from kikimori_dashboard.access.tokens import looks_like_token
from kikimori_records.errors import StoreError

if TYPE_CHECKING:
    from kikimori_dashboard.access.session_desk import SessionDesk

SESSION = "__Host-kikimori"
"""Over HTTPS. By plain HTTP it is still read, for a session that was begun with the release before."""
DEVICE = "__Host-kikimori-device"
DEVICE_DAYS = 180

BY_PORT: web.AppKey[bool] = web.AppKey("session cookie by port", bool)
"""True = the port is in the name of the session's cookie where a request comes by plain HTTP."""


def session_name(request: web.BaseRequest) -> str:
    """Return the name of the session's cookie at the port to which a request came."""
    by_port = isinstance(request, web.Request) and request.config_dict.get(BY_PORT, False)
    if request.secure or not by_port or request.transport is None:
        return SESSION
    return f"{SESSION}-{request.transport.get_extra_info('sockname')[1]}"


def session_token(request: web.BaseRequest) -> str | None:
    return _token(request, session_name(request)) or _token(request, SESSION)


def device_token(request: web.BaseRequest) -> str | None:
    return _token(request, DEVICE)


async def set_session(
    request: web.Request, response: web.StreamResponse, token: str, desk: SessionDesk
) -> None:
    """Give a browser its session; it ends on the server, so the cookie has no age of its own."""
    _set(response, session_name(request), token, None)
    await _clear_former(request, response, desk)


def set_device(response: web.StreamResponse, token: str) -> None:
    _set(response, DEVICE, token, DEVICE_DAYS * 86400)


async def clear_session(request: web.Request, response: web.StreamResponse, desk: SessionDesk) -> None:
    """Take the session off a browser, before it is ended."""
    _set(response, session_name(request), "", 0)
    await _clear_former(request, response, desk)


async def _clear_former(request: web.Request, response: web.StreamResponse, desk: SessionDesk) -> None:
    """Take a cookie without the port off too, if its session is one of this dashboard; else another one set it."""
    token = _token(request, SESSION)
    if token is None or session_name(request) == SESSION:
        return
    with suppress(StoreError):
        if await desk.find(token) is not None:
            _set(response, SESSION, "", 0)


def _token(request: web.BaseRequest, name: str) -> str | None:
    found = request.cookies.get(name, "")
    return found if looks_like_token(found) else None


def _set(response: web.StreamResponse, name: str, value: str, max_age: int | None) -> None:
    # Chromium and Firefox take Secure cookies from http://localhost and 127.0.0.1; Safari does not.
    response.set_cookie(name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="Strict")
