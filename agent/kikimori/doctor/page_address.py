"""The pages as a browser asks for them: name, certificate, reverse proxy, clock."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp

from kikimori.checks.diagnosis import WITHIN_S, CheckState, Diagnosis
from kikimori.errors import network_reason
from kikimori_core.messages import both
from kikimori_core.wire.settings import trusting
from kikimori_dashboard.https.page_url import page_url

if TYPE_CHECKING:
    from kikimori_dashboard import DashboardSettings

NAME = "address of the pages"
CLOCKS_DIFFER_S = 60.0
"""Difference in s between two clocks from which on sign-ins with an app and certificates begin to fail."""


async def look_at_page_address(dashboard: DashboardSettings) -> list[Diagnosis]:
    """Ask for `/healthz` by the address that people type; nothing is said of pages of this machine alone.

    Nothing either where our own port does not answer: the dashboard does not run now.
    """
    if dashboard.certificate is None and dashboard.public_url is None:
        return []
    url = page_url(dashboard).rstrip("/")
    # The authority that the dashboard gives; without one those of this machine.
    authority = dashboard.authority_file()
    try:
        context = trusting(authority if authority is not None and authority.exists() else None)
    except OSError:
        return []  # said of the authority's file
    limits = aiohttp.ClientTimeout(total=WITHIN_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=limits, connector=aiohttp.TCPConnector(ssl=context)) as http,
            http.get(f"{url}/healthz", allow_redirects=False) as answer,
        ):
            return _answered(url, answer)
    except aiohttp.ClientConnectorDNSError:
        host = urlsplit(url).hostname
        return [Diagnosis(NAME, CheckState.WARNING, *both("page_name_unknown", url=url, host=host))]
    except aiohttp.ClientConnectorCertificateError as error:
        given = {"url": url, "reason": _reason(error.certificate_error)}
        return [Diagnosis(NAME, CheckState.WARNING, *both("page_not_trusted", **given))]
    except (aiohttp.ClientError, OSError) as error:
        if dashboard.public_url is None:
            return []
        reason = "it does not answer in time" if isinstance(error, TimeoutError) else network_reason(error)
        return [Diagnosis(NAME, CheckState.WARNING, *both("page_not_reached", url=url, reason=reason))]


def _answered(url: str, answer: aiohttp.ClientResponse) -> list[Diagnosis]:
    ours = answer.content_type == "application/json"
    if not ours and answer.status >= 500:
        return [Diagnosis(NAME, CheckState.FAULT, *both("page_proxy_fault", url=url, status=answer.status))]
    if not ours:
        return [Diagnosis(NAME, CheckState.FAULT, *both("page_refused", url=url, status=answer.status))]
    apart = _clocks_apart_s(answer.headers.get("Date", ""))
    if apart is not None and apart > CLOCKS_DIFFER_S:
        given = {"url": url, "seconds": f"{apart:.0f}"}
        return [Diagnosis(NAME, CheckState.WARNING, *both("page_clock", **given))]
    return [Diagnosis(NAME, CheckState.OK, *both("page_answers", url=url))]


def _clocks_apart_s(told: str) -> float | None:
    """Return how far our clock is from the one of a Date header; None where there is none."""
    try:
        then = parsedate_to_datetime(told)
    except ValueError:
        return None
    return abs((datetime.now(UTC) - then).total_seconds())


def _reason(error: Exception) -> str:
    return error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else str(error)
