"""Calls made of dialogs: choice of the dialog to hear and of each voice's role, one leg for each.

One conversation may show as several dialogs: before and behind the PBX (twins), and one after another when a
telephone transfers by itself (REFER, Replaces). They are one call, of which one dialog at a time is heard.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import structlog

from kikimori.integrations.mirror.audible import WAITING, codec_of, judge, why_not, worth_probing
from kikimori.integrations.mirror.conversation import MirroredCall, MirroredVoice
from kikimori.integrations.mirror.ringing import MirrorRings
from kikimori.integrations.mirror.sides import DialogLinks
from kikimori.integrations.mirror.voices import formats_of, make_voice, names_of
from kikimori.media.rtp.discarding_feed import DiscardingFeed
from kikimori.media.rtp.formats import leg_rate
from kikimori.media.rtp.receiver import RtpCounters
from kikimori.taps.sides import Unheard
from kikimori.taps.withheld import customer_party, operator_party
from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Party, Role, call_id_from

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kikimori.integrations.mirror.dialog import Dialog
    from kikimori.integrations.mirror.packets import End
    from kikimori.integrations.mirror.routes import VoiceRoutes
    from kikimori.integrations.mirror.settings import MirrorTable
    from kikimori.taps.sides import Sides, SidesTable
    from kikimori_core.model.feed import CallDesk, LegFeed

log = structlog.get_logger()

JUDGE_EVERY_S = 0.2
"""Interval in s between checks whether audio can be heard."""

NO_RTP_S = 10.0
"""Seconds after the answer without audio of its voices after which a call is reported as a problem."""


class Calls:
    """A `kikimori.integrations.mirror.dialog.DialogObserver`: opens and closes legs on the desk."""

    def __init__(
        self,
        desk: CallDesk,
        table: MirrorTable,
        sides: SidesTable,
        routes: VoiceRoutes,
        clock: Callable[[], float],
    ) -> None:
        self._desk = desk
        self._table = table
        self._links = DialogLinks(sides, table.twins)
        self._rings = MirrorRings(desk, self._links)
        self._routes = routes
        self._clock = clock
        self._calls: dict[Dialog, MirroredCall] = {}
        self._done = RtpCounters()
        self._judged_at = 0.0
        self.heard = 0
        self.unheard = 0
        self.encrypted = 0
        self.unreadable = 0
        self.codecs: Counter[str] = Counter()
        """Number of calls not heard because of the codec in use, by codec."""
        self.shed = 0

    @property
    def live(self) -> list[MirroredCall]:
        """Calls that have legs."""
        return [call for call in self._all() if call.voices]

    def without_rtp(self, now: float) -> int:
        """Return the number of calls answered more than `NO_RTP_S` ago of which no audio was seen."""
        return sum(
            call.opened_at is not None
            and now - call.opened_at > NO_RTP_S
            and not any(each.session.counters.packets for each in call.voices)
            for call in self.live
        ) + sum(
            call.told == WAITING and now - call.probed_at > NO_RTP_S for call in self._all() if call.probes
        )

    def unreadable_now(self) -> set[str]:
        """Return the reasons for which calls or voices cannot be read: `encrypted`, `unreadable_codec`."""
        why = {each for call in self._all() for each in (call.told, call.partly)}
        return why & {"encrypted", "unreadable_codec"}

    def codecs_now(self) -> list[str]:
        """Return the names of the codecs in use that cannot be read."""
        return sorted({call.codec for call in self._all() if call.told == "unreadable_codec" and call.codec})

    def counters(self) -> RtpCounters:
        total = RtpCounters()
        total += self._done
        for call in self.live:
            for voice in call.voices:
                total += voice.session.counters
        return total

    def receive(self, voice: MirroredVoice, data: bytes, source: End) -> None:
        """Give a datagram to a voice. A fault in one call ends only that call."""
        try:
            voice.session.receive(data, source)
        except Exception as error:  # noqa: BLE001  (as said)
            self._fail(voice, error)

    def advance(self, now: float) -> None:
        for call in self.live:
            for voice in list(call.voices):
                try:
                    voice.session.advance(now)
                except Exception as error:  # noqa: BLE001  (one call's fault ends only that call)
                    self._fail(voice, error)
                    break
        if now - self._judged_at >= JUDGE_EVERY_S:
            self._judged_at = now
            for call in self._all():
                if (call.voices or call.probes) and judge(call):
                    self._review(call)

    def close(self, reason: EndReason) -> None:
        """End every leg."""
        for call in self._all():
            self._silence(call, call.voices, reason)
            self._end_probes(call)
        self._calls.clear()

    # --- dialog.DialogObserver

    def began(self, dialog: Dialog) -> None:
        call, link = self._links.place(dialog, list(self._calls))
        known = None if call is None else self._calls.get(call)
        if known is None:
            known = MirroredCall(call_id_from(dialog.call_id), [])
        self._links.remember(dialog, link)
        known.dialogs.append(dialog)
        self._calls[dialog] = known
        for each in self.live:
            if not each.uncertain and self._links.uncertain(each.dialogs):
                self._review(each)

    def rings(self, dialog: Dialog) -> None:
        self._rings.review(self._calls.get(dialog))

    def agreed(self, dialog: Dialog) -> None:
        if (call := self._calls.get(dialog)) is not None:
            self._rings.review(call)
            self._review(call)
            if dialog is call.active:
                self._follow(call)

    def held(self, dialog: Dialog, by: int, *, on_hold: bool) -> None:
        if (call := self._calls.get(dialog)) is None:
            return
        for voice in call.voices:
            if voice.dialog is dialog:
                voice.session.hold(on_hold)
        if self._links.role(dialog, by) is Role.OPERATOR and call.voices:
            self._desk.held(call.call_id, on_hold=on_hold)

    def key(self, dialog: Dialog, by: int, digit: str) -> None:
        call = self._calls.get(dialog)
        for voice in call.voices if call else ():
            if voice.dialog is dialog and voice.by == by:
                voice.feed.dtmf(digit)

    def referred(self, dialog: Dialog, user: str, replaces: str | None) -> None:
        self._links.expect(dialog, user, replaces, self._clock())

    def ended(self, dialog: Dialog) -> None:
        if (call := self._calls.pop(dialog, None)) is None:
            return
        call.dialogs.remove(dialog)
        call.audibility.pop(dialog, None)
        self._links.forget(dialog)
        self._rings.review(call)
        self._review(call)

    # --- inside

    def _all(self) -> list[MirroredCall]:
        return list({id(call): call for call in self._calls.values()}.values())

    def _review(self, call: MirroredCall) -> None:
        """Choose again the dialog to hear, and the roles."""
        candidates = [
            each for each in call.dialogs if each.answered or (self._table.early_media and each.early)
        ]
        readable = [each for each in candidates if why_not(call, each) is None]
        chosen = self._links.choose(call.dialogs, readable)
        if chosen is None:
            self._cannot_hear(call, candidates)
            return
        uncertain = call.uncertain or self._links.uncertain(call.dialogs)
        if (
            uncertain
            and call.active in readable
            and any(each.session.counters.packets for each in call.voices)
        ):
            # The other side of the PBX may be another customer's: what began is heard to its end.
            chosen = call.active
        sides = self._links.sides(call.dialogs, chosen)
        if isinstance(sides, Unheard):
            self._not_heard(call, str(sides))
            self._silence(call, call.voices, EndReason.HUNG_UP)
            call.active = None
            return
        if chosen is call.active and call.sides == sides and call.uncertain == uncertain:
            return
        doubted, call.uncertain = call.uncertain != uncertain, uncertain
        self._hear(call, chosen, sides, doubted=doubted)

    def _cannot_hear(self, call: MirroredCall, candidates: Sequence[Dialog]) -> None:
        """Handle a call without an audible dialog; the first one's packets may show that it can be heard."""
        if candidates:
            call.codec = codec_of(call, candidates[0])
            self._not_heard(call, why_not(call, candidates[0]) or "")
        self._silence(call, call.voices, EndReason.HUNG_UP)
        call.active, call.partly = None, ""
        if call.opened_at is not None and candidates and not call.sounded:
            # It was opened and never heard.
            call.opened_at = None
            self.heard -= 1
        if candidates and worth_probing(candidates[0]):
            self._probe(call, candidates[0])
        else:
            self._end_probes(call)

    def _probe(self, call: MirroredCall, dialog: Dialog) -> None:
        """Check the packets of a dialog that is not heard."""
        if any(each.dialog is dialog for each in call.probes):
            return
        self._end_probes(call)
        call.probed_at = self._clock()
        for by in (0, 1):
            role = self._links.role(dialog, by)
            call.probes.append(self._voice(call, dialog, by, role, DiscardingFeed(), 8000))

    def _end_probes(self, call: MirroredCall) -> None:
        for voice in call.probes:
            self._routes.remove(voice)
        call.probes.clear()

    def _not_heard(self, call: MirroredCall, why: str) -> None:
        if call.told == why:
            return
        call.told = why
        # What cannot be read is told aloud; what is not to be heard is everyday life.
        if why == "encrypted":
            self.encrypted += 1
            log.warning("mirror_call_unreadable", call_id=call.call_id, reason=why)
        elif why == "unreadable_codec":
            self.unreadable += 1
            self.codecs[call.codec] += 1
            log.warning("mirror_call_unreadable", call_id=call.call_id, reason=why, codec=call.codec)
        elif why not in ("no_audio_agreed", WAITING):
            self.unheard += 1
            log.info("mirror_call_not_heard", call_id=call.call_id, reason=why)

    def _hear(self, call: MirroredCall, dialog: Dialog, sides: Sides, *, doubted: bool) -> None:
        """Open the legs of `dialog`, then close what was heard before, so that the call goes on.

        `doubted`: it became uncertain whose call it is.
        """
        now = self._clock()
        if not call.voices:
            if len(self.live) >= self._table.max_calls:
                self.shed += 1
                self._not_heard(call, "too_many_calls")
                return
            if call.opened_at is None:
                call.opened_at = now
                self.heard += 1
        self._end_probes(call)
        before = list(call.voices)
        moved = dialog is not call.active
        old_sides = call.sides
        call.active, call.sides, call.told, call.partly = dialog, sides, "", ""
        info = CallInfo(
            call_id=call.call_id,
            tap="mirror",
            caller=Party() if call.uncertain else customer_party(sides.customer),
            operator=operator_party(sides.operator),
            identity="uncertain" if call.uncertain else None,
        )
        replaced = []
        for by in (0, 1):
            role = self._links.role(dialog, by)
            old = next((each for each in before if each.role is role), None)
            same_person = role is Role.CUSTOMER or (
                old_sides is not None and old_sides.operator == sides.operator
            )
            if old is not None and not moved and same_person and not (doubted and role is Role.OPERATOR):
                continue
            call.voices.append(self._open(call, dialog, by, role, info))
            if old is not None:
                replaced.append(old)
        self._silence(call, replaced, EndReason.HUNG_UP)

    def _open(self, call: MirroredCall, dialog: Dialog, by: int, role: Role, info: CallInfo) -> MirroredVoice:
        answer = dialog.answer
        rate = (leg_rate(answer.formats) if answer else None) or leg_rate(formats_of(dialog, by)) or 8000
        return self._voice(call, dialog, by, role, self._desk.open_leg(LegInfo(info, role, rate)), rate)

    def _voice(
        self, call: MirroredCall, dialog: Dialog, by: int, role: Role, feed: LegFeed, rate: int
    ) -> MirroredVoice:
        voice = make_voice(dialog, by, role, feed, rate=rate, clock=self._clock, call_id=call.call_id)
        self._route(voice)
        return voice

    def _follow(self, call: MirroredCall) -> None:
        """Take over the formats and addresses that both sides described anew."""
        for voice in call.voices:
            voice.session.change(formats_of(voice.dialog, voice.by), names_of(voice.dialog, voice.by))
            self._route(voice)

    def _route(self, voice: MirroredVoice) -> None:
        own, other = voice.dialog.audio[voice.by], voice.dialog.audio[1 - voice.by]
        self._routes.add(
            voice, source=None if own is None else own.end, target=None if other is None else other.end
        )

    def _fail(self, voice: MirroredVoice, error: Exception) -> None:
        call = self._calls[voice.dialog]
        self._end_probes(call)
        log.error("mirror_call_failed", call_id=call.call_id, exc_info=error)
        for each in list(call.voices):
            self._routes.remove(each)
            call.voices.remove(each)
            each.feed.close(EndReason.PROTOCOL_ERROR)
        for dialog in list(call.dialogs):
            del self._calls[dialog]
            self._links.forget(dialog)
        call.dialogs.clear()

    def _silence(self, call: MirroredCall, voices: list[MirroredVoice], reason: EndReason) -> None:
        for voice in list(voices):
            self._routes.remove(voice)
            call.voices.remove(voice)
            voice.session.flush()
            self._done += voice.session.counters
            call.sounded |= voice.session.gate.sounded
            voice.feed.close(reason)
