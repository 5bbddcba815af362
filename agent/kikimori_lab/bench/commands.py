"""Benchmark of signed commands: cost of a signature per press, and a check that no forged one is obeyed."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from kikimori.bus.commands import CommandReceiver
from kikimori.bus.gate import CommandGate
from kikimori_core.wire.envelope import envelope_of, sealed
from kikimori_core.wire.key_store import TrustStore, given_key
from kikimori_core.wire.keys import SigningKey
from kikimori_core.wire.messages import Action, Command, CommandResult, Outcome
from kikimori_core.wire.topics import AgentTopics

if TYPE_CHECKING:
    from collections.abc import Callable

SITE, AGENT, RUN = "bench", "agent", "run"
TOPICS = AgentTopics(SITE, AGENT)
LIFE = timedelta(seconds=10)
TURN = 1000
"""Envelopes after which the loop gets its turn."""


@dataclass(frozen=True, slots=True)
class CommandCost:
    """Figures of one run."""

    presses: int
    plain_ms: float
    """Reference: a command written and read without a signature, processor time in this process."""
    signed_ms: float
    """The same signed by the dashboard, and checked by the agent in all respects."""
    added_ms: float
    """Additional cost of a press in ms, with the signature and the check of its answer."""
    fuzzed: int
    carried_out: int
    """Number of fuzzed commands that were carried out; anything but 0 is a hole."""
    refused: dict[str, int]
    """Number of fuzzed commands that could still be read, by reason of the refusal."""
    unreadable: int


def measure_commands(presses: int, envelopes: int, shown: Callable[[int], None]) -> CommandCost:
    """Measure presses, then take damaged envelopes; `shown` gets the number of envelopes taken."""
    return asyncio.run(_measure(presses, envelopes, shown))


async def _measure(presses: int, envelopes: int, shown: Callable[[int], None]) -> CommandCost:
    board, agent = SigningKey.make(), SigningKey.make()
    trust = TrustStore(given=[given_key("dashboard", board)])
    plain = _timed(presses, lambda number: _plain(_command(number)))
    gate = CommandGate(SITE, AGENT, RUN, trust)

    def signed(number: int) -> None:
        command = _command(number)
        opened = gate.open(sealed(command.to_bytes(), board))
        if gate.refusal(opened) or gate.spend(command, datetime.now(UTC)):
            raise RuntimeError("an honest command was refused")
        answer = envelope_of(sealed(_result(command).to_bytes(), agent))
        if answer is None or not answer.is_genuine():
            raise RuntimeError("an honest answer was refused")
        CommandResult.from_bytes(answer.content)

    with_signature = _timed(presses, signed)
    carried_out, refused, unreadable = await _fuzz(envelopes, trust, board, shown)
    return CommandCost(
        presses,
        round(plain * 1000, 3),
        round(with_signature * 1000, 3),
        round((with_signature - plain) * 1000, 3),
        envelopes,
        carried_out,
        refused,
        unreadable,
    )


async def _fuzz(
    envelopes: int, trust: TrustStore, board: SigningKey, shown: Callable[[int], None]
) -> tuple[int, dict[str, int], int]:
    carried: list[str] = []
    refused: dict[str, int] = {}

    async def carry_out(command: Command) -> CommandResult:
        carried.append(command.command_id)
        return _result(command)

    def reply(_topic: str, result: CommandResult) -> None:
        refused[str(result.reason)] = refused.get(str(result.reason), 0) + 1

    desk = CommandReceiver(TOPICS, carry_out, reply, gate=CommandGate(SITE, AGENT, RUN, trust))
    rng = random.Random(20261128)  # noqa: S311 - damage, no secret
    stranger = SigningKey.make()
    async with asyncio.TaskGroup() as tasks:
        for number in range(envelopes):
            if number % TURN == 0:
                honest = sealed(_command(number).to_bytes(), board)
                shown(number)
                await asyncio.sleep(0)
            desk.receive(_damaged(rng, honest, stranger), tasks)
    return len(carried), refused, desk.counters["commands_invalid"]


def _damaged(rng: random.Random, honest: bytes, stranger: SigningKey) -> bytes:
    """Return an envelope with one fault or several; never the honest one."""
    kind = rng.randrange(6)
    if kind == 0:
        return honest[: rng.randrange(len(honest))]
    said = json.loads(honest)
    body = json.loads(said["body"])
    if kind == 1:
        name = rng.choice(sorted(body))
        body[name] = rng.choice([None, "", 1, "09901234567", [], {}, "x" * 300])
        said["body"] = json.dumps(body)
    elif kind == 2:
        said[rng.choice(sorted(said))] = rng.choice([None, 1, "", "A" * 43, "A" * 86, stranger.public])
    elif kind == 3:
        # Honest in all but whose signature it is.
        said["signature"] = stranger.sign(said["body"].encode())
    else:
        payload = bytearray(honest)
        for _ in range(rng.choice((1, 1, 2, 16))):
            payload[rng.randrange(len(payload))] ^= 1 << rng.randrange(8)
        return bytes(payload) if payload != honest else honest[:-1]
    changed = json.dumps(said).encode()
    return changed if json.loads(changed) != json.loads(honest) else honest[:-1]


def _timed(times: int, act: Callable[[int], None]) -> float:
    began = time.process_time()
    for number in range(times):
        act(number)
    return (time.process_time() - began) / max(times, 1)


def _plain(command: Command) -> None:
    Command.from_bytes(command.to_bytes())
    CommandResult.from_bytes(_result(command).to_bytes())


def _command(number: int) -> Command:
    now = datetime.now(UTC)
    return Command(
        command_id=f"c{number}",
        call_id="call",
        action=Action.HOLD_TRANSFER,
        target="200",
        issued_by="supervisor",
        issued_at=now,
        expires_at=now + LIFE,
        reply_to=TOPICS.reply("dashboard"),
        site=SITE,
        agent_id=AGENT,
        run=RUN,
        role="supervisor",
        nonce=f"n{number}",
    )


def _result(command: Command) -> CommandResult:
    return CommandResult(
        command_id=command.command_id,
        call_id=command.call_id,
        action=command.action,
        outcome=Outcome.DONE,
        at=command.issued_at,
    )
