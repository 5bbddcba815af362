"""The simulated Asterisk has the fields and answers of the real one, as far as anybody reads them."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.asterisk.ari_peer import PASSWORD, USER, SimulatedAsterisk, fields

from kikimori.integrations.asterisk.ari import AriClient, AriError
from kikimori.integrations.asterisk.settings import AsteriskTable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DATA = Path(__file__).parent / "data"
BASE = "kikimori-tap-00000000-0000-4000-8000-000000000001"

Json = dict[str, Any]


def real_fields() -> dict[str, set[str]]:
    """Return the fields of each kind of event, as the real Asterisk sent them."""
    found: dict[str, set[str]] = {}
    for path in DATA.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            found.setdefault(event["type"], set()).update(fields(event))
    return found


@asynccontextmanager
async def asked(pbx: SimulatedAsterisk, folder: Path, password: str = PASSWORD) -> AsyncIterator[AriClient]:
    (folder / "password").write_text(f"{password}\n", encoding="utf-8")
    client = AriClient(AsteriskTable(ari_url=pbx.url, ari_user=USER, ari_password_file=folder / "password"))
    try:
        yield client
    finally:
        await client.close()


async def test_events_have_the_fields_of_real_ones(tmp_path: Path) -> None:
    real = real_fields()
    seen: list[Json] = []
    async with (
        SimulatedAsterisk() as pbx,
        asked(pbx, tmp_path) as client,
        client.events("kikimori") as events,
    ):
        customer, operator = pbx.channel("PJSIP/trunk"), pbx.channel("PJSIP/201")
        bridge = pbx.connect(customer, operator)
        pbx.hold(operator, on=True)
        pbx.hold(operator, on=False)
        pbx.press(operator, "9")
        await client.post(f"/channels/{customer}/snoop/{BASE}-snoop", spy="in", app="kikimori")
        pbx.hang_up(customer, operator)
        await client.delete(f"/bridges/{bridge}")
        async for event in events:
            seen.append(event)
            if event["type"] == "BridgeDestroyed":
                break
    assert {event["type"] for event in seen} >= {
        "ChannelCreated", "BridgeCreated", "ChannelEnteredBridge", "ChannelHold", "ChannelUnhold",
        "ChannelDtmfReceived", "StasisStart", "ChannelLeftBridge", "ChannelDestroyed", "BridgeDestroyed",
    }  # fmt: skip
    for event in seen:
        assert set(fields(event)) <= real[event["type"]], event["type"]
        read = {each for each in real[event["type"]] if each.split(".")[-1] in READ}
        assert read <= set(fields(event)), event["type"]


READ = {"id", "name", "number", "app_name", "app_data", "exten", "creationtime", "bridge_type", "creator",
        "channels", "digit"}  # fmt: skip
"""Fields that `kikimori.integrations.asterisk.tap.world` looks at."""


async def test_answers_are_those_of_the_real_one(tmp_path: Path) -> None:
    """The same requests in the same order: the same statuses, the same words, the same fields."""
    recorded = json.loads((DATA / "rest.json").read_text(encoding="utf-8"))
    [theirs] = {each["path"].split("/")[2] for each in recorded if "/snoop/" in each["path"]} - {"nobody"}
    ear = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with SimulatedAsterisk() as pbx, asked(pbx, tmp_path) as client, client.events("kikimori"):
        customer, operator = pbx.channel("PJSIP/trunk"), pbx.channel("PJSIP/201")
        pbx.connect(customer, operator)
        for real in recorded[first_in_application(recorded) : -1]:
            query = {key: value.replace(theirs, customer) for key, value in real["query"].items()}
            if query.get("external_host", ":1") != "127.0.0.1:1":
                query["external_host"] = f"127.0.0.1:{ear.sockets[0].getsockname()[1]}"
            body: Json | None = {"allowed": []} if real["method"] == "PUT" else None
            try:
                status, answer = (
                    200,
                    await client._request(
                        real["method"], real["path"].replace(theirs, customer), query, body
                    ),
                )
            except AriError as error:
                status, answer = error.status, {"message": error.reason}
            assert (status if answer else 204) == real["status"], real
            if status != 200:
                assert answer == real["body"]
            else:
                assert READ & names(real["body"]) <= names(answer), real
                assert names(answer) <= names(real["body"]), real
    ear.close()
    await ear.wait_closed()


async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        await reader.read()
    writer.close()


def first_in_application(recorded: list[Json]) -> int:
    """Skip what was asked before the events were connected, and by other users."""
    return next(at for at, each in enumerate(recorded) if each["method"] == "PUT")


def names(answer: object) -> set[str]:
    """Name every field, wherever it is."""
    if isinstance(answer, list):
        return set().union(*map(names, answer))
    if isinstance(answer, dict):
        return {key for key in answer if key != "message"} | set().union(*map(names, answer.values()))
    return set()


@pytest.mark.parametrize("refused", ["password", "path", "application"])
async def test_refusals_say_why(tmp_path: Path, refused: str) -> None:
    password = "wrong" if refused == "password" else PASSWORD
    async with SimulatedAsterisk() as pbx, asked(pbx, tmp_path, password) as client:
        with pytest.raises(AriError) as caught:
            await client.get({"password": "/channels", "path": "/nonsense"}.get(refused, "/applications/x"))
    assert (caught.value.status, caught.value.reason) == {
        "password": (401, "Authentication required"),
        "path": (404, "Resource not found"),
        "application": (404, "Application not found"),
    }[refused]
