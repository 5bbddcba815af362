"""Real source of a request, and the address of its answers. RFC 3261, 18.2; RFC 3581 (rport)."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from kikimori.media.sip.transaction import top_via

if TYPE_CHECKING:
    from kikimori.media.sip.message import Request

Address = tuple[str, int]


def note_source(request: Request, source: Address) -> Address:
    """Write in the topmost Via where the request really came from, and return where to answer.

    Raises:
        SipError: it has no readable Via.
    """
    via = top_via(request.headers)
    host, port = source
    answer_port = via.port or 5060
    parameters = dict(via.parameters)
    if "rport" in parameters:
        parameters["rport"] = str(port)
        answer_port = port
    if "rport" in parameters or via.host != host:
        parameters["received"] = host
    if parameters != via.parameters:
        via = type(via)(via.transport, via.host, via.port, parameters)
        first, *others = request.headers.values("via")
        del first
        request.headers.replace("via", ", ".join([via.text(), *others]))
    return host, answer_port


def source_towards(peer: str) -> str | None:
    """The address that this machine would send from; nothing is sent."""
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((peer, 5060))
            return str(probe.getsockname()[0])
    except OSError:
        return None
