"""Names in `config/pbx/asterisk/kikimori-control.conf`, whose dialplan works without this program."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kikimori.integrations.asterisk.control.settings import AsteriskControlSettings

CONTEXT = "kikimori-control"
VERSION = "3"
LABEL = "start"
"""Given as priority: Asterisk refuses a label it does not find, but hangs up a channel sent to a missing number."""

CHANNEL = re.compile(r"[A-Za-z0-9_]{1,32}/[A-Za-z0-9@._;:+*#=/-]{1,200}")
"""Channel names that may be put into dialplan: no comma, no caret, no bracket."""


class Step(StrEnum):
    """Position of a customer: the extensions of the context, and the steps it reports."""

    HOLD = "hold"
    RING = "ring"
    HAND = "hand"
    RUNG = "rung"
    AFTER = "after"
    BACK = "back"
    OPERATOR = "operator"
    SUPERIOR = "superior"
    NOBODY = "nobody"


def step_of(extension: str) -> Step | None:
    return Step(extension) if extension in tuple(Step) else None


HELD = frozenset((Step.HOLD, Step.RING, Step.HAND, Step.RUNG, Step.AFTER, Step.OPERATOR, Step.SUPERIOR))
"""Steps in which a customer outside any bridge waits for somebody."""
TO_SUPERIOR = frozenset((Step.RING, Step.HAND, Step.SUPERIOR))
TO_OPERATOR = frozenset((Step.BACK, Step.OPERATOR))

ANNOUNCER = f"Local/whisper@{CONTEXT}"
"""Beginning of the name of the channel that brings an announcement into a call; it is no telephone."""

NEXT = "next"
"""Step that the dialplan reports when a telephone was not answered and another one follows."""
ALARM = "alarm"
"""Extension for a superior who is told where help is needed."""
BETWEEN = "~"
"""Stands between dial strings of `KIKIMORI_NEXT`; none contains it."""

WAIT = "wait"
RELEASE = "over"
"""Extensions for the operator."""


def for_customer(
    settings: AsteriskControlSettings,
    *,
    operator: str,
    operator_extension: str | None,
    target: str,
    keep: bool,
    then: Sequence[str] = (),
) -> Iterator[tuple[str, str]]:
    """Return the customer's channel variables.

    `operator` is a channel or empty, `target` a dial string; those of `then` are rung after it.
    """
    yield "KIKIMORI_OPERATOR", operator
    yield "KIKIMORI_OPERATOR_DIAL", settings.dial_string(operator_extension)
    yield "KIKIMORI_SUPERIOR_DIAL", settings.dial_string(settings.superior_now)
    yield "KIKIMORI_TARGET", target
    yield "KIKIMORI_NEXT", BETWEEN.join(then)
    yield "KIKIMORI_CHAIN_S", str(settings.chain_s)
    yield "KIKIMORI_MUSIC", settings.music
    yield "KIKIMORI_HOLD_S", str(settings.hold_s)
    yield "KIKIMORI_RING_S", str(settings.ringing_s)
    yield "KIKIMORI_AFTER", settings.after_hold
    yield "KIKIMORI_KEEP", "yes" if keep else "no"
    yield "KIKIMORI_ROUND", "0"


def for_operator(settings: AsteriskControlSettings, customer: str) -> Iterator[tuple[str, str]]:
    """Return the channel variables of an operator who waits."""
    yield "KIKIMORI_CUSTOMER", customer
    yield "KIKIMORI_MUSIC", settings.music


def extension_of(channel: str) -> str | None:
    """Return the extension by a telephone's channel, a guess: `PJSIP/204-0000001b` is 204's."""
    found = re.fullmatch(r"(?:PJSIP|SIP|IAX2|SCCP)/([0-9A-Za-z_.]+)-[0-9a-f]+", channel)
    return found[1] if found else None
