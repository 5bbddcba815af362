"""Webhooks: one POST over HTTPS, certificates verified, no redirects followed."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp

from kikimori_core.wire.settings import read_secret, trusting
from kikimori_dashboard.notices.delivery import NotDeliveredError
from kikimori_dashboard.notices.notice import payload

if TYPE_CHECKING:
    from datetime import tzinfo

    from kikimori_core.messages import Language
    from kikimori_dashboard.notices.notice import Notice
    from kikimori_dashboard.notices.settings import WebhookSettings

WITHIN_S = 10.0
LONGEST_PATIENCE_S = 300.0
"""Longest wait in s that a target may ask for."""
AGAIN = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
"""Refusals after which another attempt makes sense."""


class WebhookSender:
    """Sender to one webhook. Its address is read at each attempt, and told nowhere."""

    def __init__(self, settings: WebhookSettings, language: Language, zone: tzinfo) -> None:
        self.name = settings.name
        self._settings = settings
        self._language: Language = language
        self._zone = zone

    async def send(self, notice: Notice) -> None:
        try:
            url = await asyncio.to_thread(read_secret, self._settings.url_file)
            context = await asyncio.to_thread(trusting, self._settings.ca_file)
        except (OSError, UnicodeDecodeError):
            raise NotDeliveredError("secret_unreadable") from None
        if not url.startswith("https://"):
            raise NotDeliveredError("not_https", final=True)
        body = payload(self._settings.kind, notice, self._language, self._zone)
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(WITHIN_S), trust_env=False) as session,
                session.post(
                    url,
                    data=body,
                    headers={"Content-Type": "application/json; charset=utf-8"},
                    ssl=context,
                    allow_redirects=False,
                ) as answer,
            ):
                _check(answer)
        except aiohttp.ClientConnectorCertificateError:
            raise NotDeliveredError("certificate") from None
        except aiohttp.InvalidURL:
            raise NotDeliveredError("bad_address", final=True) from None
        except TimeoutError:
            raise NotDeliveredError("timeout") from None
        except (aiohttp.ClientError, OSError):
            raise NotDeliveredError("unreachable") from None


def _check(answer: aiohttp.ClientResponse) -> None:
    """Raise NotDeliveredError unless the answer says that it was taken."""
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    final = status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in AGAIN
    asked = answer.headers.get("Retry-After", "")
    after_s = min(float(asked), LONGEST_PATIENCE_S) if asked.isascii() and asked.isdecimal() else 0.0
    raise NotDeliveredError(f"http_{status}", final=final, after_s=after_s)
