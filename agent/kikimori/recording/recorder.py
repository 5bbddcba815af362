"""Recorder of calls: takes everything on the event loop, and hands it to the journal's thread through a bounded queue."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import structlog

from kikimori.recording import call_events
from kikimori.recording.contained import Contained, contained
from kikimori.recording.entries import (
    EndEntry,
    EraseEntry,
    EventEntry,
    LostSound,
    SoundRound,
    WindowRound,
)
from kikimori.recording.exclusion import Exclusion
from kikimori.recording.recorded_call import RecordingCall
from kikimori_core.journal.events import (
    LegClosed,
    LegOpened,
    RecordingState,
    RecordingStatus,
)
from kikimori_core.wire.messages import Party, Role
from kikimori_core.wire.values import CallRecording

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kikimori.calls.call import LiveCall
    from kikimori.calls.leg import Block, LiveLeg
    from kikimori.hearing.bank import AcousticResult
    from kikimori.recording.journal_thread import JournalThread
    from kikimori.recording.record_queue import RecordQueue
    from kikimori.recording.recorded_call import Shown
    from kikimori.recording.stopped_calls import StoppedCalls
    from kikimori_core.journal.events import JournalEvent
    from kikimori_core.journal.framing import SegmentHead
    from kikimori_core.journal.settings import RecordingTable
    from kikimori_core.model.call import EndReason
    from kikimori_core.model.evidence import Utterance
    from kikimori_core.wire.messages import Alert, Command, CommandResult, Ringing, SpokenBy

log = structlog.get_logger()

COMMAND_S = 2.0
"""Seconds that the end of a call waits for the result of a command, such as the one that ended it."""
G711_RATE = 8000
"""Samples a second of sound that may have come as G.711."""
SHED = "too_slow"
"""Reason for which sound is not written: the disk, or the machine, does not keep up."""

_SHOWN = {
    RecordingStatus.RECORDED: CallRecording.ON,
    RecordingStatus.EXCLUDED: CallRecording.EXCLUDED,
    RecordingStatus.STOPPED: CallRecording.STOPPED,
    RecordingStatus.NO_DISK: CallRecording.NO_DISK,
}


class JournalRecorder(Contained):
    """A `kikimori.calls.call_recorder.CallRecorder` that writes a journal."""

    def __init__(
        self,
        settings: RecordingTable,
        site: str,
        head: SegmentHead,
        queue: RecordQueue,
        journal: JournalThread,
        stopped: StoppedCalls,
        erase_earlier: Callable[[str], None],
    ) -> None:
        """`head`: agent and run; `journal` takes from `queue`, and is started and stopped elsewhere.

        `stopped`: calls whose recording a person stopped, in this run or the one before.
        `erase_earlier`: has what earlier runs recorded of a call id erased; does not block.
        """
        super().__init__()
        self._stopped = stopped
        self._erase_earlier = erase_earlier
        self._site = site
        self._head = head
        self._queue = queue
        self._journal = journal
        self._exclusion = Exclusion(settings)
        self._operator_words = settings.transcript_operator
        self._kept: Callable[[Party], Party] = (
            call_events.masked if settings.mask_numbers else call_events.as_it_is
        )
        self._keys = count()
        self._calls: dict[LiveCall, RecordingCall] = {}
        self._by_id: dict[str, LiveCall] = {}
        self._by_key: dict[int, RecordingCall] = {}
        self._sound_off: str | None = None
        self._lost = LostSound()
        self.shed_samples = 0
        """Samples that were not written because the queue was full."""

    # --- CallRecorder

    @contained
    def call_begun(self, call: LiveCall) -> None:
        key, info = next(self._keys), call.info
        record = RecordingCall(key, self._exclusion.reason(info), operator_known=bool(info.operator.number))
        record.stopped = call.call_id in self._stopped
        self._calls[call] = self._by_key[key] = record
        self._by_id[call.call_id] = call
        caller = self._kept(info.caller) if record.content else Party()
        names = {"site": self._site, "agent_id": self._head.agent_id, "run": self._head.run}
        begun = partial(
            call_events.call_begun, key, info, caller, call.started_at, words=call.words_heard, **names
        )
        self._put(begun, opens=True)
        record.shown = _shown(call, record)
        self._say_state(call, record, opens=True)

    @contained
    def leg_opened(self, call: LiveCall, leg: LiveLeg) -> None:
        record = self._calls.get(call)
        if record is None or record.stopped:
            return
        number = record.add(leg)
        facts = {"role": leg.role, "rate": leg.rate, "offset_s": leg.offset_s}
        self._put(partial(LegOpened, call=record.key, leg=number, **facts), opens=True)
        self._reconsider(call, record)
        self.status(call)

    @contained
    def leg_closed(self, call: LiveCall, leg: LiveLeg) -> None:
        record = self._calls.get(call)
        key = None if record is None else record.legs.pop(leg, None)
        if record is None or key is None or record.stopped:
            return
        facts = {
            "reason": str(leg.closed or ""),
            "samples": leg.samples,
            "dropped_frames": leg.dropped_frames,
        }
        self._put(partial(LegClosed, call=record.key, leg=key & 0xFFFF, **facts))

    @contained
    def sound(self, legs: Sequence[LiveLeg], pcm: bytes) -> None:
        if self._journal.sound_off != self._sound_off:
            self._note_room()
        keys = [leg.recorded_as for leg in legs]
        if max(keys) < 0:
            return
        samples = len(pcm) // (2 * len(legs))
        shorter = {
            row: samples - leg.padding for row, leg in enumerate(legs) if leg.padding and not leg.has_block
        }
        positions = [leg.taken_at for leg in legs]
        entry = SoundRound(keys, positions, samples, shorter, pcm, wide=legs[0].rate != G711_RATE)
        if self._sound_off is not None or not self._queue.put_sound(entry):
            self._lose(entry)
        elif self._lost.samples:
            self._note_lost()

    @contained
    def windows(self, legs: Sequence[LiveLeg], blocks: Sequence[Block], heard: AcousticResult) -> None:
        keys = [leg.recorded_as for leg in legs]
        if max(keys) >= 0 and self._sound_off is None:
            self._queue.put_windows(WindowRound(keys, [start_s for start_s, _ in blocks], heard))

    @contained
    def line(self, call: LiveCall, utterance: Utterance, spoken_by: SpokenBy | None = None) -> None:
        if not utterance.text or (utterance.role is Role.OPERATOR and not self._operator_words):
            return
        if (record := self._written(call)) is not None:
            self._put(partial(call_events.line, record.key, utterance, spoken_by))

    @contained
    def alert(self, call: LiveCall, alert: Alert) -> None:
        if (record := self._written(call)) is not None:
            media_s = (alert.updated_at - call.started_at).total_seconds()
            self._put(partial(call_events.alert_revision, record.key, media_s, alert, self._kept))

    @contained
    def status(self, call: LiveCall) -> None:
        record = self._written(call)
        if record is None or record.shown == (shown := _shown(call, record)):
            return
        record.shown = shown
        status, held_by_key, caller, operator, accommodated, ringing = shown
        parties = (self._kept(caller), operator, ringing)
        flags = {"held_by_key": held_by_key, "accommodated": accommodated}
        self._put(
            partial(call_events.status_changed, record.key, call.received_s, _now(), status, parties, **flags)
        )

    @contained
    def ringing(self, call_id: str, ringing: Ringing | None) -> None:
        if (call := self._by_id.get(call_id)) is not None:
            self._calls[call].ringing = ringing
            self.status(call)

    @contained
    def call_ended(self, call: LiveCall, at: datetime, reason: EndReason) -> None:
        record = self._calls.get(call)
        if record is None:
            return
        self._stopped.ended(call.call_id, reason)
        record.end = (at, reason, call.heard_s)
        if record.commands:
            asyncio.get_running_loop().call_later(COMMAND_S, self._finish, call)
        else:
            self._finish(call)

    def command_begun(self, command: Command) -> Callable[[CommandResult | None], None]:
        call = self._by_id.get(command.call_id)
        if call is None:
            return lambda _result: None
        record, at, media_s = self._calls[call], _now(), call.received_s
        record.commands += 1

        def done(result: CommandResult | None) -> None:
            record.commands -= 1
            if self._calls.get(call) is not record:
                return
            if record.content and result is not None:
                about = (record.key, media_s, at, command, result)
                self._put(partial(call_events.command_done, *about))
            if record.end is not None and not record.commands:
                self._finish(call)

        return done

    def stop_recording(self, call_id: str, by: str) -> str | None:
        call = self._by_id.get(call_id)
        if call is None:
            return "not_recorded"
        record = self._calls[call]
        if record.stopped:
            return "already_stopped"
        record.stopped = True
        self._stopped.add(call_id)
        record.mark_legs()
        log.info("recording_stopped", call_id=call_id)
        self._say_state(call, record, by=by)
        self._queue.put(EraseEntry(record.key))
        self._erase_earlier(call_id)
        call.publish()
        return None

    def state_of(self, call: LiveCall) -> CallRecording | None:
        record = self._calls.get(call)
        return None if record is None else _SHOWN.get(self._status(record))

    # --- inside

    def settle(self) -> None:
        """Write the ends that wait for a command, and what was lost; nothing comes after it."""
        for call in list(self._calls):
            self._finish(call)
        if self._lost.samples:
            self._note_lost()

    def _finish(self, call: LiveCall) -> None:
        record = self._calls.get(call)
        if record is None or record.end is None:
            return
        del self._calls[call], self._by_key[record.key]
        del self._by_id[call.call_id]
        at, reason, heard_s = record.end
        status = self._status(record)
        self._queue.put(EndEntry(record.key, at, reason, heard_s, status, record.lost_samples))

    def _written(self, call: LiveCall) -> RecordingCall | None:
        """Return a call whose content is written."""
        record = self._calls.get(call)
        return record if record is not None and record.content else None

    def _status(self, record: RecordingCall) -> RecordingStatus:
        if record.stopped:
            return RecordingStatus.STOPPED
        if record.excluded:
            return RecordingStatus.EXCLUDED
        return RecordingStatus.RECORDED if self._sound_off is None else RecordingStatus.NO_DISK

    def _reconsider(self, call: LiveCall, record: RecordingCall) -> None:
        """Decide anew whether the call is excluded: it may have another operator."""
        before, record.excluded = record.excluded, self._exclusion.reason(call.info)
        first = not record.operator_known
        record.operator_known = record.operator_known or bool(call.info.operator.number)
        record.mark_legs()
        if bool(before) == bool(record.excluded):
            return
        # Else it was recorded while nobody knew whose call it is.
        since_begin = bool(record.excluded) and first
        self._say_state(call, record, since_begin=since_begin)
        if since_begin:
            self._queue.put(EraseEntry(record.key))
        record.shown = None

    def _note_room(self) -> None:
        """Take over from the journal's thread whether sound is written."""
        self._sound_off = self._journal.sound_off
        for call, record in list(self._calls.items()):
            if record.content:
                self._say_state(call, record)
                call.publish()

    def _say_state(
        self, call: LiveCall, record: RecordingCall, *, opens: bool = False, **said: str | bool
    ) -> None:
        status = self._status(record)
        reasons = {
            RecordingStatus.EXCLUDED: record.excluded,
            RecordingStatus.NO_DISK: self._sound_off or "",
        }
        facts = {"media_s": round(call.received_s, 3), "at": _now(), "state": status, **said}
        reason = reasons.get(status, "")
        self._put(partial(RecordingState, call=record.key, reason=reason, **facts), opens=opens)

    def _lose(self, entry: SoundRound) -> None:
        self._lost.add(entry, self._sound_off or SHED)
        lengths = entry.lengths()
        for key, samples in lengths.items():
            if (record := self._by_key.get(key)) is not None:
                record.lost_samples += samples
        if self._sound_off is None:
            self.shed_samples += sum(lengths.values())

    def _note_lost(self) -> None:
        note = self._lost.take()
        self._put(lambda: note)

    def _put(self, make: Callable[[], JournalEvent], *, opens: bool = False) -> None:
        self._queue.put(EventEntry(make, opens))


def _shown(call: LiveCall, record: RecordingCall) -> Shown:
    caller, operator = call.info.caller, call.info.operator
    return call.status, call.held_by_key, caller, operator, call.accommodated, record.ringing


def _now() -> datetime:
    return datetime.now(UTC)
