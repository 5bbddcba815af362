"""The published document of the API: as the routes are, behind a session, and no request made from it makes a 500."""

from __future__ import annotations

import json

import aiohttp
from tests.support.sign_in import client

from kikimori_dashboard.openapi_file import made
from kikimori_dashboard.web.openapi import FILE
from kikimori_lab.bench.requests import bench_requests


async def test_the_committed_document_is_that_of_the_routes() -> None:
    kept = FILE.read_text(encoding="utf-8")
    assert kept == await made(), "run: python -m kikimori_dashboard.openapi_file"
    for path, methods in json.loads(kept)["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], f"{method} {path}: its handler needs a docstring"


async def test_it_is_served_behind_a_session(url: str) -> None:
    async with client(url, "operator") as http, http.get("/api/openapi.json") as answer:
        assert answer.content_type == "application/json"
        assert await answer.json() == json.loads(FILE.read_text(encoding="utf-8"))
    async with aiohttp.ClientSession(url) as http, http.get("/api/openapi.json") as answer:
        assert answer.status == 401


async def test_two_thousand_generated_requests() -> None:
    """`kikimori bench requests` sends a hundred thousand."""
    figures = await bench_requests(2000, 22, lambda _done: None)
    assert figures.server_errors == []
    assert figures.unanswered == []
    assert {"200", "401", "403", "422"} <= figures.statuses.keys()
