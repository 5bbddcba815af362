"""Address of the browser behind a request, as a trusted reverse proxy tells it."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from kikimori_core.wire.settings import is_loopback

if TYPE_CHECKING:
    from aiohttp import web

    from kikimori_core.wire.peers import AllowedPeers

FORWARDED = "X-Forwarded-For"


def browser_address(request: web.BaseRequest, proxies: AllowedPeers) -> str:
    """Return the address that a request comes from: of the connection, unless that is one of the `proxies`.

    Each proxy adds the address of its own peer at the end, some in a line of their own; the ones further in front are
    claims of whoever sent them. So the list is read from its end, as far as the addresses are those of proxies.
    """
    address = request.remote or ""
    told = ",".join(request.headers.getall(FORWARDED, ())).split(",")
    while told and proxies.allow(address):
        before = _address(told.pop())
        if before is None:
            break
        address = before
    return address


def is_from_here(request: web.BaseRequest) -> bool:
    """Return whether a program of this machine asks, and no reverse proxy for somebody else."""
    return is_loopback(request.remote or "") and FORWARDED not in request.headers


def _address(text: str) -> str | None:
    """Return the address in an entry, which some proxies write with a port; None where there is none."""
    entry = text.strip()
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    try:
        return str(ip_address(entry))
    except ValueError:
        return None
