"""Messages between a running dashboard and its pages, held against their models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from pydantic import TypeAdapter, ValidationError

from kikimori_dashboard.protocol.browser import BrowserMessage
from kikimori_dashboard.protocol.operator import OperatorMessage
from kikimori_dashboard.protocol.supervisor import SupervisorMessage

if TYPE_CHECKING:
    from playwright.async_api import Page, WebSocket

_FROM_BROWSER: TypeAdapter[Any] = TypeAdapter(BrowserMessage)
OPERATOR: TypeAdapter[Any] = TypeAdapter(OperatorMessage)
SUPERVISOR: TypeAdapter[Any] = TypeAdapter(SupervisorMessage)


def faults(audience: TypeAdapter[Any], text: str | bytes) -> list[str]:
    """Return what is wrong with a message."""
    try:
        audience.validate_json(text)
    except ValidationError as error:
        return [f"{each['loc']}: {each['msg']}" for each in error.errors(include_url=False)]
    return []


def audience_of(address: str) -> TypeAdapter[Any] | None:
    """Return the messages that an address of `/live` gets; None for a supervisor's page of an earlier release."""
    asked = parse_qs(urlsplit(address).query)
    if asked.get("page") != ["supervisor"]:
        return OPERATOR
    return SUPERVISOR if asked.get("look") == ["1"] else None


def watch_messages(page: Page, found: list[str]) -> None:
    """Hold all messages to and from a page against their models; what is wrong is added to `found`."""

    def opened(socket: WebSocket) -> None:
        audience = audience_of(socket.url)
        # Others bring sound, see `kikimori_core.wire.sound_frames`.
        if audience is None or not urlsplit(socket.url).path.startswith("/live"):
            return
        socket.on("framereceived", lambda text: found.extend(faults(audience, text)))
        socket.on("framesent", lambda text: found.extend(faults(_FROM_BROWSER, text)))

    page.on("websocket", opened)
