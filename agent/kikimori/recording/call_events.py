"""Events of the journal, made from what the agent knows of a call. Pure; the journal's thread calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kikimori_core.journal.events import (
    AlertRevision,
    CallBegun,
    CommandDone,
    Line,
    OtherWords,
    StatusChanged,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from kikimori_core.model.call import CallInfo
    from kikimori_core.model.evidence import Utterance
    from kikimori_core.wire.messages import (
        Alert,
        CallStatus,
        Command,
        CommandResult,
        Party,
        Ringing,
        SpokenBy,
    )

SHOWN_DIGITS = 4
"""Last digits of a caller's number that are kept where numbers are masked."""

_UNSAVED = {"reply_to", "nonce"}


def masked(caller: Party) -> Party:
    """Return a caller with the last digits of the number alone."""
    if not caller.number:
        return caller
    return caller.model_copy(update={"number": f"…{caller.number[-SHOWN_DIGITS:]}"})


def as_it_is(caller: Party) -> Party:
    """Return a caller whose number is kept."""
    return caller


def call_begun(
    call: int, info: CallInfo, caller: Party, started_at: datetime, *, words: bool, **names: str
) -> CallBegun:
    """Return the begin of a call; `names`: site, agent_id and run."""
    return CallBegun(
        call=call,
        call_id=info.call_id,
        tap=info.tap,
        started_at=started_at,
        caller=caller,
        operator=info.operator,
        queue=info.queue,
        identity=info.identity,
        words=words,
        **names,
    )


def line(call: int, utterance: Utterance, spoken_by: SpokenBy | None = None) -> Line:
    """Return a finished line with the times of its words, and the superior who says it."""
    other = utterance.other
    return Line(
        call=call,
        role=utterance.role,
        line_id=utterance.line_id,
        start_s=round(utterance.start_s, 3),
        end_s=round(utterance.end_s, 3),
        text=utterance.text,
        words=tuple(
            (each.text, round(each.start_s, 3), round(each.end_s, 3), round(each.confidence, 3))
            for each in utterance.words
        ),
        engine=utterance.engine or "",
        other=other and OtherWords(text=other.text, engine=other.engine),
        spoken_by=spoken_by,
        again=utterance.again,
    )


def alert_revision(
    call: int, media_s: float, alert: Alert, caller_kept: Callable[[Party], Party]
) -> AlertRevision:
    """Return a revision of an alert."""
    kept = alert.model_copy(update={"caller": caller_kept(alert.caller)})
    return AlertRevision(call=call, media_s=round(media_s, 3), alert=_said(kept))


def command_done(
    call: int, media_s: float, at: datetime, command: Command, result: CommandResult
) -> CommandDone:
    """Return a command with its result; `at` and `media_s`: the time at which it came."""
    return CommandDone(
        call=call,
        at=at,
        media_s=round(media_s, 3),
        command={key: value for key, value in _said(command).items() if key not in _UNSAVED},
        issued_by=command.issued_by,
        result=_said(result),
    )


def status_changed(
    call: int,
    media_s: float,
    at: datetime,
    status: CallStatus,
    parties: tuple[Party, Party, Ringing | None],
    *,
    held_by_key: bool,
    accommodated: bool,
) -> StatusChanged:
    """Return the status of a call; `parties`: caller, operator, and a superior who is rung."""
    caller, operator, ringing = parties
    return StatusChanged(
        call=call,
        media_s=round(media_s, 3),
        at=at,
        status=status,
        held_by_key=held_by_key,
        operator=operator,
        caller=caller,
        accommodated=accommodated,
        ringing=(ringing and ringing.number) or "",
        ringing_for=(ringing and ringing.purpose) or "",
    )


def _said(message: Alert | Command | CommandResult) -> dict[str, Any]:
    return message.model_dump(mode="json", exclude_none=True)
