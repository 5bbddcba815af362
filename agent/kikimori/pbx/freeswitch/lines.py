r"""The orders given to FreeSWITCH, as text. Pure.

A customer is moved by a list of dialplan applications that the channel itself works through, one after the other
(`inline` dialplan, mod_dptools.c). So what happens when nobody looks after the customer any more is said together with
the hold: the music ends, the operator who waits is taken back, else telephones ring. Nothing needs this program for it,
and nothing stands in FreeSWITCH's configuration.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kikimori.pbx.settings import ControlSettings

STEP = "kikimori_step"
"""Channel variable of telephones that ring: `target` or `home`."""
LISTENER = "kikimori_listener"
"""Channel variable of supervisors' telephones: they are no part of the call."""

ROUNDS = 3
"""How often the operator and the superior are rung for a customer whom nobody fetches."""
BETWEEN_S = 5

_EXTENSION = re.compile(r"^[0-9A-Za-z*#+._@-]{1,64}$")
_NUMBER = re.compile(r"^[0-9*#+]{1,32}$")


def is_extension(text: str | None) -> bool:
    """Whether it may stand in an order."""
    return bool(text and _EXTENSION.match(text))


class Lines:
    """Writes orders."""

    def __init__(self, settings: ControlSettings) -> None:
        self._settings = settings

    def hold(self, customer: str, operator: str, extension: str | None, *, keep: bool, hold_s: float) -> str:
        """Part the two: music for the customer, silence for an operator who is kept, else the end."""
        back = [] if not keep or self._settings.after_hold == "superior" else [f"intercept:{operator}"]
        applications = [
            "set:playback_terminators=none",
            f"set:playback_timeout_sec={round(hold_s)}",
            f"playback:{self._settings.music}",
            *back,
            *self._home(extension),
        ]
        waits = "playback:silence_stream://-1" if keep else "hangup:NORMAL_CLEARING"
        return f"uuid_dual_transfer {customer} '{_list(applications)}/inline' '{waits}/inline'"

    def ring(self, customer: str, target: str, extension: str | None, *, bridged: bool) -> str:
        """Blind transfer: ring `target` with music; whoever talked with the customer is released."""
        applications = [*self._patience(), self._bridge(target, "target"), *self._home(extension)]
        if bridged:
            return f"uuid_dual_transfer {customer} '{_list(applications)}/inline' 'hangup:NORMAL_CLEARING/inline'"
        return f"uuid_transfer {customer} '{_list(applications)}' inline"

    def ring_home(self, customer: str, extension: str | None) -> str:
        """Ring the operator, and the superior when nobody answers there."""
        return f"uuid_transfer {customer} '{_list(self._home(extension))}' inline"

    def fetch(self, superior: str, target: str, customer: str, number: str | None) -> str:
        """Ring the superior, who on answering takes the customer off the music. Needs nobody in between."""
        caller = f",origination_caller_id_number={number}" if number and _NUMBER.match(number) else ""
        return (
            f"originate {{origination_uuid={superior},ignore_early_media=true,hangup_after_bridge=true,"
            f"originate_timeout={round(self._settings.ring_s)},{STEP}=target{caller}}}{self._dial(target)} "
            f"&intercept({customer})"
        )

    def join(self, operator: str, superior: str) -> str:
        """Let the operator who waited take part in the superior's call."""
        return f"uuid_transfer {operator} 'three_way:{superior}' inline"

    def listen(
        self, supervisor: str, target: str, channel: str, *, heard_by: Literal["nobody", "operator", "both"]
    ) -> str:
        """Ring the supervisor and let them hear the operator's `channel`, which carries both voices.

        On this channel, what is mixed into what it hears (`bleg`) reaches the operator, and what is mixed into what it
        says (`aleg`) the customer: so the customer's own voice stays as it is (mod_dptools.c, eavesdrop_function).
        """
        mixed = {"nobody": "", "operator": "eavesdrop_whisper_bleg=true,"}.get(
            heard_by, "eavesdrop_whisper_aleg=true,eavesdrop_whisper_bleg=true,"
        )
        return (
            f"originate {{origination_uuid={supervisor},{LISTENER}=true,{mixed}ignore_early_media=true,"
            f"originate_timeout={round(self._settings.ring_s)},origination_caller_id_name=Kikimori}}"
            f"{self._dial(target)} &eavesdrop({channel})"
        )

    def _home(self, extension: str | None) -> list[str]:
        """Ring operator and superior by turns, with music between."""
        superior = self._settings.superior
        homes = [each for each in (extension, superior) if each and is_extension(each)]
        if self._settings.after_hold == "superior":
            homes.reverse()
        rounds = self._patience()
        for _ in range(ROUNDS):
            for home in homes:
                rounds.append(self._bridge(home, "home"))
            rounds += [f"set:playback_timeout_sec={BETWEEN_S}", f"playback:{self._settings.music}"]
        return rounds

    def _patience(self) -> list[str]:
        return [
            "set:playback_terminators=none",
            f"set:transfer_ringback={self._settings.music}",
            f"set:call_timeout={round(self._settings.ring_s)}",
            "set:continue_on_fail=true",
            "set:hangup_after_bridge=true",
        ]

    def _bridge(self, extension: str, step: str) -> str:
        return f"bridge:{{{STEP}={step}}}{self._dial(extension)}"

    def _dial(self, extension: str) -> str:
        return self._settings.dial.replace("{target}", extension)


def _list(applications: list[str]) -> str:
    # The sign between applications is one that no part may contain; see the patterns in the settings.
    return "m:^:" + "^".join(applications)
