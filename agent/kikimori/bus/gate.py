"""Origin of commands and acknowledgements: signer, addressee, and protection from replay.

An agent that trusts no dashboard's key yet takes only the call for help, from any sender.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from kikimori_core.messages import remedy, text
from kikimori_core.wire.delivery import Acks
from kikimori_core.wire.envelope import Envelope, envelope_of
from kikimori_core.wire.key_store import KeyTrust, TrustStore
from kikimori_core.wire.keys import fingerprint
from kikimori_core.wire.messages import Action, BadMessageError, Command, Problem

if TYPE_CHECKING:
    from datetime import datetime

    from kikimori.bus.alert_board import AlertBoard

EARLY = timedelta(seconds=3)
"""Largest lead of a command's issue over the agent's clock; no round trip measures it more exactly."""
MOST_NONCES = 10_000
"""Most nonces of commands that have not expired; with more of them every command is refused."""
MOST_RUNS = 256
"""Runs of dashboards whose last acknowledgement is remembered."""

_NAMED = ("site", "agent_id", "run", "role", "nonce")


@dataclass(frozen=True, slots=True)
class OpenedCommand:
    """Command, and its envelope."""

    command: Command
    envelope: Envelope | None
    """None when it is not signed."""


class CommandGate:
    """Checks whether a command may be carried out, without regard to its effect."""

    def __init__(self, site: str, agent_id: str, run: str, trust: TrustStore) -> None:
        self.trust = trust
        self._site = site
        self._agent_id = agent_id
        self._run = run
        self._nonces: OrderedDict[str, datetime] = OrderedDict()
        """Time until which each nonce must be remembered."""
        self._heard: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._stranger = ""
        """Last unknown key that signed something."""

    @staticmethod
    def open(payload: bytes) -> OpenedCommand:
        """Read a command, signed or not; raises BadMessageError."""
        envelope = envelope_of(payload)
        return OpenedCommand(Command.from_bytes(payload if envelope is None else envelope.content), envelope)

    def sender(self, opened: OpenedCommand) -> str:
        """Return the name of the dashboard that signed; "" when it is unknown."""
        return self.trust.named(opened.envelope.key) if opened.envelope is not None else ""

    def refusal(self, opened: OpenedCommand) -> str | None:
        """Return the reason for which a command's origin is not accepted; None when it is."""
        command, envelope = opened.command, opened.envelope
        if command.action is Action.ESCALATE and not self.trust.valid():
            return None
        if envelope is None:
            return "unsigned"
        if (reason := self._signature(envelope)) is not None:
            return reason
        if any(getattr(command, each) is None for each in _NAMED):
            return "incomplete"
        if command.site != self._site:
            return "wrong_site"
        if command.agent_id != self._agent_id:
            return "wrong_agent"
        return None if command.run == self._run else "wrong_run"

    def _signature(self, envelope: Envelope) -> str | None:
        match self.trust.standing(envelope.key):
            case KeyTrust.REVOKED:
                return "revoked_key"
            case KeyTrust.UNKNOWN:
                if envelope.key != self._stranger and envelope.is_genuine():
                    self._stranger = envelope.key
                return "unknown_key"
            case KeyTrust.TRUSTED:
                return None if envelope.is_genuine() else "bad_signature"

    def spend(self, command: Command, now: datetime) -> str | None:
        """Mark a command as used; return the reason for which it must not be carried out now, else None."""
        if now >= command.deadline:
            return "expired"
        if command.issued_at > now + EARLY:
            return "not_yet_valid"
        if command.nonce is None:
            return None
        while self._nonces and next(iter(self._nonces.values())) <= now:
            self._nonces.popitem(last=False)
        if command.nonce in self._nonces:
            return "replayed"
        if len(self._nonces) >= MOST_NONCES:
            return "busy"
        # Nothing lives longer than this; a step of the clock back by more would be another matter.
        self._nonces[command.nonce] = command.deadline + EARLY
        return None

    def acks(self, payload: bytes) -> bytes:
        """Return acknowledgements without their envelope; raises BadMessageError when they do not count.

        Until a first key is trusted those of any dashboard count: an alert that nobody acknowledges is told for ever.
        """
        envelope = envelope_of(payload)
        content = payload if envelope is None else envelope.content
        reason = None if envelope is None else self._signature(envelope)
        if not self.trust.keys:
            return content
        if reason is not None:
            raise BadMessageError(f"Acks: {reason}")
        if envelope is None:
            raise BadMessageError("Acks: unsigned")
        acks = Acks.from_bytes(content)
        if acks.seq is None or acks.site != self._site or acks.agent_id != self._agent_id:
            raise BadMessageError("Acks: not for this agent")
        if acks.agent_run != self._run:
            raise BadMessageError("Acks: wrong_run")
        who = (envelope.key, acks.run)
        if acks.seq <= self._heard.get(who, 0):
            raise BadMessageError("Acks: replayed")
        self._heard[who] = acks.seq
        self._heard.move_to_end(who)
        if len(self._heard) > MOST_RUNS:
            self._heard.popitem(last=False)
        return content

    def take_acks(self, payload: bytes, board: AlertBoard) -> Acks | None:
        """Pass acknowledgements to the alerts and return them, or count them there as refused and return None."""
        try:
            return board.take_acks(self.acks(payload))
        except BadMessageError as error:
            board.refuse_acks(str(error))
            return None

    def problems(self) -> tuple[Problem, ...]:
        """Return the problems with keys: unreadable, no trusted dashboard, or an unknown one that signs."""
        stranger = self._stranger if self.trust.standing(self._stranger) is KeyTrust.UNKNOWN else ""
        nobody = not self.trust.valid()
        found = []
        if self.trust.fault:
            found.append(Problem.of("keys_unreadable", fault=self.trust.fault))
        if nobody or stranger:
            code = "no_dashboard_key" if nobody else "unknown_dashboard_key"
            of = f"{code}_stranger" if nobody and stranger else code
            named = {"key": stranger or "KEY"} | ({"fingerprint": fingerprint(stranger)} if stranger else {})
            found.append(Problem(code=code, detail=text(of, **named), remedy=remedy(of, **named)))
        return tuple(found)
