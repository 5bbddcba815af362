"""Downloading one large file: it goes on where it broke off, and never mixes two versions of the file."""

from __future__ import annotations

import asyncio
import re
import shutil
from typing import TYPE_CHECKING

import aiohttp

from kikimori.modelstore.catalogue import ModelStoreError
from kikimori.modelstore.unpack import SPARE_BYTES
from kikimori_core.messages import text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ATTEMPTS = 5
"""Attempts without a single byte in between."""
FIRST_WAIT_S = 0.5
CONNECT_S = 15.0
SILENCE_S = 30.0
SIZE_LIMIT = 8 << 30
"""Largest download in bytes where the catalogue knows no size."""
CHUNK = 1 << 18

_TRANSIENT_STATUS = {408, 425, 429, 500, 502, 503, 504}


class _TransientError(Exception):
    """Failure after which another attempt may succeed."""


async def download(
    url: str,
    part: Path,
    size: int | None,
    advance: Callable[[int, int | None], None],
    *,
    first_wait_s: float = FIRST_WAIT_S,
    silence_s: float = SILENCE_S,
) -> None:
    """Fetch `url` into `part`, continuing what is there. `advance(bytes there, bytes in all)`.

    Raises:
        ModelStoreError: given up; says what to do. What was fetched is kept.
    """
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=silence_s)
    failures = 0
    # trust_env: offices reach the outside through a proxy.
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True, auto_decompress=False) as session:
        while True:
            before = _length(part)
            try:
                await _attempt(session, url, part, size, advance)
            except (aiohttp.ClientError, TimeoutError, _TransientError) as error:
                failures = 1 if _length(part) > before else failures + 1
                if failures >= ATTEMPTS:
                    raise _given_up(url, part, error) from error
                await asyncio.sleep(first_wait_s * 2 ** (failures - 1))
            except OSError as error:
                raise ModelStoreError.of(
                    "download_not_written", part=part, reason=error.strerror or error
                ) from error
            else:
                return


async def _attempt(
    session: aiohttp.ClientSession,
    url: str,
    part: Path,
    size: int | None,
    advance: Callable[[int, int | None], None],
) -> None:
    have = _length(part)
    if size is not None and have == size:
        return
    version = part.with_name(part.name + ".version")
    async with session.get(url, headers=_asked(have, version)) as response:
        if response.status == 416:
            if _range_total(response) == have:
                return
            # What is here is not the beginning of what is there.
            _put_aside(part)
            raise _TransientError("what had been fetched is longer than the file")
        _check_status(response, url, part)
        resumed = response.status == 206
        if resumed and _range_start(response) != have:
            raise _TransientError("the server sent another range than the one asked for")
        start = have if resumed else 0
        length = response.content_length
        total = start + length if length is not None else size
        if size is not None and total != size:
            raise ModelStoreError.of("download_other_size", url=url, total=total, size=size)
        _check_room(part, (total or 0) - start)
        _mark_version(response, version, resumed=resumed)
        with part.open("ab" if resumed else "wb") as file:
            advance(start, total)
            async for chunk in response.content.iter_chunked(CHUNK):
                start += len(chunk)
                if start > (total or SIZE_LIMIT):
                    raise ModelStoreError.of("download_too_long", url=url, limit=total or SIZE_LIMIT)
                # A quarter of a megabyte into the page cache; only the command line waits for it.
                file.write(chunk)
                advance(start, total)
        if total is not None and start < total:
            raise _TransientError("the connection ended early")


def _asked(have: int, version: Path) -> dict[str, str]:
    """Return the headers of a request for everything behind the first `have` bytes."""
    # Of a compressed transfer a range would mean something else.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        # Without a mark of its version only the hash at the end could tell a mixture.
        if version.exists():
            headers["If-Range"] = version.read_text(encoding="ascii")
    return headers


def _check_status(response: aiohttp.ClientResponse, url: str, part: Path) -> None:
    if response.status in _TRANSIENT_STATUS:
        raise _TransientError(f"the server answers {response.status}")
    if response.status not in (200, 206):
        raise ModelStoreError.of(
            "download_refused",
            url=url,
            status=response.status,
            reason=response.reason,
            by_hand=by_hand(url, part),
        )


def _mark_version(response: aiohttp.ClientResponse, version: Path, *, resumed: bool) -> None:
    """Note which version of the file is fetched, where the server tells one by a strong mark."""
    mark = response.headers.get("ETag") or response.headers.get("Last-Modified")
    if mark and mark.isascii() and not mark.startswith("W/"):
        version.write_text(mark, encoding="ascii")
    elif not resumed:
        version.unlink(missing_ok=True)


def _check_room(part: Path, missing: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if missing + SPARE_BYTES > free:
        raise ModelStoreError.of(
            "download_no_space", missing=f"{missing / 1e6:.0f}", free=f"{free / 1e6:.0f}", parent=part.parent
        )


def _given_up(url: str, part: Path, error: Exception) -> ModelStoreError:
    reason = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
    return ModelStoreError.of(
        "download_given_up",
        url=url,
        attempts=ATTEMPTS,
        reason=reason,
        length=_length(part),
        by_hand=by_hand(url, part),
    )


def by_hand(url: str, part: Path) -> str:
    """Say how the model comes to a machine without a network."""
    name = part.name.removesuffix(".zip.part")
    return text("model_by_hand", url=url, place=part.parent / name, name=name)


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _range_start(response: aiohttp.ClientResponse) -> int | None:
    match = re.fullmatch(r"bytes (\d+)-\d+/(?:\d+|\*)", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _range_total(response: aiohttp.ClientResponse) -> int | None:
    match = re.fullmatch(r"bytes \*/(\d+)", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _put_aside(part: Path) -> None:
    number = 1
    while (aside := part.with_name(f"{part.name}.stale-{number}")).exists():
        number += 1
    part.rename(aside)
