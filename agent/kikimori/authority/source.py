"""Transfer of an authority's certificate, from a file or a dashboard. Nothing of it is trusted before a comparison."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import aiohttp

from kikimori.errors import KikimoriError

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 65_536
"""Longest content that is read; a certificate has one or two thousand bytes."""
WITHIN_S = 15.0
"""Longest time in s for the whole transfer."""
PATH = "/authority.crt"
"""Path at which a dashboard gives its authority."""


def is_address(source: str) -> bool:
    """Return whether a source is a URL and no file."""
    return "://" in source


async def fetch(address: str) -> bytes:
    """Fetch `/authority.crt` of a dashboard; its certificate is not checked, since that needs what is fetched.

    Raises:
        KikimoriError: the address is wrong, nothing answers there, or there is no authority to have.
    """
    url = _checked(address)
    limits = aiohttp.ClientTimeout(total=WITHIN_S)
    try:
        # Whoever stands between can exchange what is fetched: the fingerprint, compared by another way, tells.
        async with (
            aiohttp.ClientSession(timeout=limits, connector=aiohttp.TCPConnector(ssl=False)) as http,
            http.get(url, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise KikimoriError.of("trust_not_offered", url=url, status=answer.status)
            content = bytearray()
            async for piece in answer.content.iter_chunked(8192):
                content += piece
                if len(content) > MOST_BYTES:
                    raise KikimoriError.of("trust_too_long", source=url, most=MOST_BYTES)
            return bytes(content)
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        reason = "it does not answer in time" if isinstance(error, TimeoutError) else error
        raise KikimoriError.of("trust_unreachable", url=url, reason=reason) from None
    finally:
        # TLS connections are closed after the session's end, says aiohttp's "Graceful Shutdown".
        await asyncio.sleep(0.25)


def read(file: Path) -> bytes:
    """Read a file with an authority's certificate; raises KikimoriError, OSError."""
    with file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise KikimoriError.of("trust_too_long", source=file, most=MOST_BYTES)
    return content


def _checked(address: str) -> str:
    """Return the URL of the authority at an address; raises KikimoriError."""
    try:
        parts = urlsplit(address)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        known = False
    if not known or parts.username is not None or parts.query or parts.fragment:
        raise KikimoriError.of("trust_no_address", address=address)
    path = PATH if parts.path in ("", "/") else parts.path
    return SplitResult(parts.scheme, parts.netloc, path, "", "").geturl()
