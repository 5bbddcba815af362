"""Requests for a file in parts, and for one that is known already (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp


async def assert_ranges(http: aiohttp.ClientSession, path: str, data: bytes, tag: str) -> None:
    """Check that a server gives the parts of a file that are asked for. `tag`: the ETag that it gave."""
    size = len(data)
    for asked, more, status, found in (
        ("bytes=4-99", {}, 206, data[4:100]),
        ("bytes=-10", {"If-Range": tag}, 206, data[-10:]),
        ("bytes=4-", {"If-Range": '"another"'}, 200, data),
        (f"bytes={size}-", {}, 416, b""),
    ):
        async with http.get(path, headers={"Range": asked, **more}) as answer:
            assert (answer.status, await answer.read()) == (status, found)
            if status == 206:
                begin = size - 10 if asked == "bytes=-10" else 4
                last = begin + len(found) - 1
                assert answer.headers["Content-Range"] == f"bytes {begin}-{last}/{size}"
    async with http.get(path, headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    async with http.head(path) as answer:
        assert (answer.status, answer.content_length) == (200, size)
