"""Refusals that every route words alike, over a real socket."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.logins import LoginRefusedError
from kikimori_dashboard.access.passwords import TooManyPasswordsError
from kikimori_records.errors import StoreAwayError, StoreError
from kikimori_records.people.fields import FieldError


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        (TooManyPasswordsError(), 503, "too_many_logins"),
        (LoginRefusedError("wrong"), 401, "wrong"),
        (FieldError("name", "empty"), 422, "bad_field"),
        (StoreAwayError("away"), 503, "store_away"),
        (StoreError("of another kind"), 503, "store_fault"),
    ],
)
async def test_each_fault_has_its_answer(fault: Exception, status: int, reason: str) -> None:
    assert (await answered(fault))[:2] == (status, reason)


async def test_the_wait_that_is_told_is_never_too_short() -> None:
    status, reason, after = await answered(LoginRefusedError("wait", 1.2))
    assert (status, reason, after) == (429, "wait", "2")


async def answered(fault: Exception) -> tuple[int, str, str | None]:
    """Return status, reason and `Retry-After` of a route whose handler raises this."""

    async def handler(_request: web.Request) -> web.StreamResponse:
        raise fault

    app = web.Application()
    app.router.add_get("/", answering(handler))
    async with TestClient(TestServer(app)) as client, client.get("/") as answer:
        return answer.status, (await answer.json())["reason"], answer.headers.get("Retry-After")
