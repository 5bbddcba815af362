"""Supervision of a call that goes on: a supervisor listens, whispers or joins; an announcement plays."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from kikimori.control.pbx_control import PbxAnswer
from kikimori.integrations.freeswitch.control.moves import CAUSES, PATIENCE_S, SOON_S
from kikimori.integrations.freeswitch.control.orders import OrderWriter, is_channel, is_extension
from kikimori_core.wire.messages import Action, Outcome

if TYPE_CHECKING:
    from kikimori.control.pbx_control import PbxRequest
    from kikimori.control.pbx_settings import ControlSettings
    from kikimori.integrations.freeswitch.client import EslClient
    from kikimori.integrations.freeswitch.control.watching import Watch

HEARD_BY: dict[Action, Literal["nobody", "operator", "both"]] = {
    Action.LISTEN: "nobody",
    Action.WHISPER: "operator",
    Action.BARGE: "both",
}


class FreeSwitchSupervision:
    """Monitoring, whispering, barging and announcements on one FreeSWITCH. Methods raise `EslAwayError`."""

    def __init__(self, esl: EslClient, settings: ControlSettings, watch: Watch) -> None:
        self._esl = esl
        self._settings = settings
        self._watch = watch
        self._orders = OrderWriter(settings)
        self._rung_for: Counter[str] = Counter()
        """Supervisors' telephones under way, by the operator's channel, which is watched until the last is
        done."""

    async def supervise(self, request: PbxRequest, channel: str) -> PbxAnswer:
        if not is_extension(request.target):
            return PbxAnswer(Outcome.REFUSED, "no_such_extension", request.target)
        operator = await self._esl.api(f"uuid_getvar {channel} bridge_to")
        if not is_channel(operator):
            return PbxAnswer(Outcome.REFUSED, "not_connected", "the customer talks with nobody")
        heard = self._watch.on(operator)
        self._rung_for[operator] += 1
        before = heard.taps
        try:
            order = self._orders.listen(request.target, operator, heard_by=HEARD_BY[request.action])
            answer = await self._esl.bgapi(order, within_s=self._settings.ring_s + PATIENCE_S)
            if not answer.startswith("+OK"):
                cause = answer.removeprefix("-ERR").strip()
                return PbxAnswer(Outcome.FAILED, CAUSES.get(cause, "pbx_error"), answer[:200])
            if await self._watch.until(lambda: heard.taps > before or heard.gone, SOON_S) and not heard.gone:
                return PbxAnswer(Outcome.DONE)
            supervisor = answer.removeprefix("+OK").strip()
            if is_channel(supervisor):
                await self._esl.api(f"uuid_kill {supervisor} NORMAL_CLEARING")
            return PbxAnswer(Outcome.FAILED, "operator_hung_up" if heard.gone else "pbx_error")
        finally:
            self._rung_for[operator] -= 1
            if not self._rung_for[operator]:
                del self._rung_for[operator]
                self._watch.off(operator)

    async def announce(self, request: PbxRequest, channel: str) -> PbxAnswer:
        sounds = self._settings.announcements
        wanted = request.announcement or sounds[0].name
        sound = next((each for each in sounds if each.name == wanted), None)
        if sound is None:
            return PbxAnswer(Outcome.REFUSED, "no_such_announcement", wanted)
        # Moves nobody, works on hold too. Without `mux` who hears it would not hear the other meanwhile
        # (switch_ivr_async.c, write_displace_callback).
        answer = await self._esl.api(f"uuid_displace {channel} start {sound.file} 0 mux")
        if answer.startswith("+OK"):
            # An operator who does not hear it would talk over it.
            peer = await self._esl.api(f"uuid_getvar {channel} bridge_to")
            if is_channel(peer):
                await self._esl.api(f"uuid_displace {peer} start {sound.file} 0 mux")
            return PbxAnswer(Outcome.DONE)
        if sound.file in await self._esl.api(f"uuid_buglist {channel}"):
            return PbxAnswer(Outcome.REFUSED, "announcement_playing")
        missing = "Cannot displace" in answer
        return PbxAnswer(
            Outcome.FAILED, "no_such_file" if missing else "pbx_error", f"{sound.file}: {answer[:150]}"
        )
