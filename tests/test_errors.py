"""Errors in words for people."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from tests.support.ports import free_port

from kikimori.errors import network_reason
from kikimori_core.messages import in_language


async def test_a_refused_connection_is_told_in_the_systems_words_and_in_japanese() -> None:
    """Whichever library was refused, without its settings and without the address once more."""
    port = free_port()
    refused: list[Exception] = []
    with pytest.raises(OSError) as plain:
        await asyncio.open_connection("127.0.0.1", port)
    refused.append(plain.value)
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientError) as over_http:
            await http.get(f"http://127.0.0.1:{port}")
    refused.append(over_http.value)
    for error in refused:
        assert network_reason(error) == "Connection refused"
        assert in_language(network_reason(error), "ja") == "接続を拒否されました"
