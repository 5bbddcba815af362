r"""Orders to FreeSWITCH as text. Pure.

A customer is moved by a list of dialplan applications that the channel itself works through, one after the other
(`inline` dialplan, mod_dptools.c). So what happens when nobody looks after the customer any more is said together with
the move: the music ends, a telephone does not answer, the superior hangs up. Nothing needs this program for it, and
nothing stands in FreeSWITCH's configuration.

Every list begins by writing the order's name and the step on the channel, and writes the step anew where it changes:
FreeSWITCH puts a channel's variables into its events, so each event says to which order and step it belongs, whenever
it comes; and who asks later (`uuid_getvar`) reads the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kikimori.control.pbx_settings import ControlSettings

ORDER = "kikimori_order"
"""Channel variable of customers and of the telephones that ring for them: the order's name."""
STEP = "kikimori_step"
"""Channel variable of the same: a `Step`."""
OPERATOR = "kikimori_operator"
"""Channel variable of customers: the channel of the operator who waits or takes part."""
LISTENER = "kikimori_listener"
"""Channel variable of supervisors' telephones: they are no part of the call."""
AT_END = "api_reporting_hook"
"""Channel variable: command that FreeSWITCH runs at the channel's end. Of the two such hooks the less used
one."""
WHY = "Kikimori-Cause"
WHICH = "Kikimori-Order"
"""Headers of the event that reports an unreached telephone."""

WORDS = 5
"""Number of words in the answer to `where`, divided by `|`."""

Step = Literal["hold", "target", "back", "operator", "superior"]
"""Music; the telephone asked for; back to the operator who waits; the operator's telephone; the superior's."""
TO_SUPERIOR = ("target", "superior")

ROUNDS = 3
"""Number of times that the operator and the superior are rung for a customer whom nobody fetches."""
BETWEEN_S = 5
SLACK_S = 10
"""Seconds that the operator waits longer than the customer's music and one telephone may last together."""
JOINS = 20
JOIN_EVERY_MS = 250
"""Number of attempts, and the interval between them, of an operator told to join to find the customer's other
party."""

NO_WAY_HOME = "unset:transfer_after_bridge"
"""Removes what an earlier order may have left; an office's own value stays until an order needs the
variable."""

_EXTENSION = re.compile(r"^[0-9A-Za-z*#+._@-]{1,64}$")
_NUMBER = re.compile(r"^[0-9*#+]{1,32}$")


def is_extension(text: str | None) -> bool:
    """Return whether the text is an extension that may stand in an order."""
    return bool(text and _EXTENSION.match(text))


def is_channel(text: str) -> bool:
    """Return whether the text may be the name of a channel."""
    return 0 < len(text) <= 64 and all(sign.isascii() and (sign.isalnum() or sign == "-") for sign in text)


@dataclass(frozen=True, slots=True)
class OrderSubject:
    """Subject of an order: the customer, and the operator."""

    customer: str
    """Customer's channel."""
    order: str
    """Name of the order: letters and digits."""
    operator: str = ""
    """Channel of the operator who waits; empty: none."""
    extension: str = ""
    """Extension at which the operator is rung; empty: unknown."""
    hook_is_free: bool = False
    """True = the office leaves `AT_END` to us."""


class OrderWriter:
    """Writer of orders."""

    def __init__(self, settings: ControlSettings) -> None:
        self._settings = settings
        self._superior_first = settings.after_hold == "superior"

    def hold(self, subject: OrderSubject, hold_s: float) -> str:
        """Write an order that parts customer and operator: music for both, or the operator's release."""
        applications = [
            *self._begin(subject, "hold"),
            f"set:playback_timeout_sec={round(hold_s)}",
            f"playback:{self._settings.music}",
            *(
                self._ring(subject, self._settings.superior_now, "superior", join=True)
                if self._superior_first
                else ()
            ),
            *self._back(subject, superior_first=self._superior_first),
        ]
        return self._part(subject, applications, hold_s)

    def ring(
        self,
        subject: OrderSubject,
        target: str,
        number: str | None,
        *,
        bridged: bool,
        join: bool,
        release: bool = False,
        waited: str = "",
    ) -> str:
        """Ring `target` with music.

        `bridged`: the customer talks with somebody, who waits now or is released. `waited` is an operator who has waited
        until now, and is released.
        The operator who waits joins when it is answered (`join`), is then released (`release`), or goes on waiting.
        """
        # By FreeSWITCH too, so that no order is half done when this program dies.
        goodbye = [f"set:kikimori_released=${{uuid_kill({waited})}}"] if waited else []
        applications = [
            *self._begin(subject, "target"),
            *goodbye,
            *self._ring(subject, target, "target", join=join, release=release, number=number),
            f"event:{WHICH}={subject.order},{WHY}=${{originate_failed_cause}}",
            *self._back(subject, superior_first=self._superior_first),
        ]
        if bridged:
            return self._part(subject, applications, self._settings.ring_s)
        return _transfer(subject.customer, [NO_WAY_HOME, *applications])

    def back(self, subject: OrderSubject, *, unasked: bool = False) -> str:
        """Write an order to connect the waiting operator, else to ring the operator, then the superior.

        `unasked`: nobody has pressed, so the telephone that `after_hold` names is rung first.
        """
        applications = self._back(subject, superior_first=unasked and self._superior_first)
        return _transfer(subject.customer, [NO_WAY_HOME, *self._begin(subject, "back"), *applications])

    def listen(self, target: str, channel: str, *, heard_by: Literal["nobody", "operator", "both"]) -> str:
        """Ring the supervisor and let them hear the operator's `channel`, which carries both voices.

        On this channel, what is mixed into what it hears (`bleg`) reaches the operator, and what is mixed into what it
        says (`aleg`) the customer: so the customer's own voice stays as it is (mod_dptools.c, eavesdrop_function).
        """
        mixed = {"nobody": "", "operator": "eavesdrop_whisper_bleg=true,"}.get(
            heard_by, "eavesdrop_whisper_aleg=true,eavesdrop_whisper_bleg=true,"
        )
        return (
            f"originate {{{LISTENER}=true,{mixed}ignore_early_media=true,"
            f"originate_timeout={round(self._settings.ring_s)},origination_caller_id_name=Kikimori}}"
            f"{self._dial(target)} &eavesdrop({channel})"
        )

    @staticmethod
    def where(channel: str) -> str:
        """Write one query for channel, peer, order, step and operator, so that all are of one moment."""
        names = ("Unique-ID", "variable_bridge_to", *(f"variable_{each}" for each in (ORDER, STEP, OPERATOR)))
        return f"eval uuid:{channel} {'|'.join(f'${{{name}}}' for name in names)}"

    # --- inside

    def _part(self, subject: OrderSubject, applications: list[str], wait_s: float) -> str:
        waits = self._waiting(subject, wait_s) if subject.operator else ["hangup:NORMAL_CLEARING"]
        return f"uuid_dual_transfer {subject.customer} '{_list(applications)}/inline' '{_list(waits)}/inline'"

    def _begin(self, subject: OrderSubject, step: Step) -> list[str]:
        # Whoever waits must not wait for a customer who is gone.
        hook = (
            [f"set:{AT_END}=uuid_kill {subject.operator}"]
            if subject.operator and subject.hook_is_free
            else []
        )
        return [
            f"set:{ORDER}={subject.order}",
            f"set:{STEP}={step}",
            f"set:{OPERATOR}={subject.operator}",
            *hook,
            "set:playback_terminators=none",
            f"set:transfer_ringback={self._settings.music}",
            f"set:call_timeout={round(self._settings.ring_s)}",
            "set:continue_on_fail=true",
            "set:hangup_after_bridge=true",
            "unset:originate_failed_cause",
        ]

    def _ring(
        self,
        subject: OrderSubject,
        target: str,
        step: Step,
        *,
        join: bool = False,
        release: bool = False,
        number: str | None = None,
    ) -> list[str]:
        join = join and bool(subject.operator)
        variables = [f"{ORDER}={subject.order}", f"{STEP}={step}", "ignore_early_media=true"]
        if number and _NUMBER.match(number):
            variables.append(f"origination_caller_id_number={number}")
        if join:
            variables.append(f"api_on_answer=uuid_break {subject.operator} all")
        elif release and subject.operator:
            variables.append(f"api_on_answer=uuid_kill {subject.operator}")
        rung = [
            f"set:{STEP}={step}",
            f"bridge:{{^^;{';'.join(variables)}}}{self._dial(target)}",
        ]
        if not join:
            return rung
        # When they have talked and the superior hangs up first, the operator who took part has the customer again;
        # without one the call is over. The colons inside are kept from the one that divides this value.
        home = rf"set\:{STEP}=back,intercept\:{subject.operator}:inline"
        return [f"set:transfer_after_bridge={home}", *rung, NO_WAY_HOME]

    def _back(self, subject: OrderSubject, *, superior_first: bool) -> list[str]:
        """Return steps to the waiting operator, else to operator and superior by turns, music between."""
        superior = self._settings.superior_now
        homes: list[tuple[str, Step]] = [(subject.extension, "operator"), (superior, "superior")]
        if superior_first:
            homes.reverse()
        applications = [f"set:{STEP}=back", f"intercept:{subject.operator}"] if subject.operator else []
        for _ in range(ROUNDS):
            for home, step in homes:
                if is_extension(home):
                    applications += self._ring(subject, home, step)
            applications += [
                f"set:playback_timeout_sec={BETWEEN_S}",
                f"playback:{self._settings.music}",
            ]
        return applications

    def _waiting(self, subject: OrderSubject, wait_s: float) -> list[str]:
        """Return music until the operator is fetched (`intercept`) or it breaks, then steps to join the call.

        FreeSWITCH connects a moment after the answer; and behind an answer may stand a queue (mod_loopback) that
        connects anew. So it is looked at some times.
        """
        peer = f"three_way:${{uuid_getvar({subject.customer} bridge_to)}}"
        return [
            "set:playback_terminators=none",
            f"set:playback_timeout_sec={round(wait_s + self._settings.ring_s + SLACK_S)}",
            f"playback:{self._settings.music}",
            *[f"sleep:{JOIN_EVERY_MS}", peer] * JOINS,
        ]

    def _dial(self, extension: str) -> str:
        return self._settings.dial.replace("{target}", extension)


def _transfer(channel: str, applications: list[str]) -> str:
    return f"uuid_transfer {channel} '{_list(applications)}' inline"


def _list(applications: list[str]) -> str:
    # The sign between applications is one that no part may contain; see the patterns in the settings.
    return "m:~:" + "~".join(applications)
