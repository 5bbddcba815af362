"""`kikimori analyze FILE…`: recordings instead of live calls."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import add_config, add_finals, bars, configured, with_finals, with_model
from kikimori.cli.terminal import cell, language, say, say_next, show, worded
from kikimori.errors import AudioFileError
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from rich.progress import Progress

    from kikimori.analysis import Analyser
    from kikimori_core.wire.messages import Alert, TranscriptLine


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("analyze")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--swap", action="store_true")
    parser.add_argument("--model", metavar="NAME")
    parser.add_argument("--json", action="store_true")
    add_finals(parser)
    add_config(parser)
    parser.set_defaults(run=run, loads=("kikimori.analysis", "kikimori.logs"))


def run(args: argparse.Namespace) -> int:
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    from kikimori.analysis import analyser  # noqa: PLC0415  (see cli/later.py)
    from kikimori.integrations.mirror.pcapfile import is_capture  # noqa: PLC0415  (see cli/later.py)
    from kikimori.taps.replay import STEREO, open_recording  # noqa: PLC0415  (see cli/later.py)

    config = with_finals(with_model(configured(args, log_level="error"), args.model), args)
    failed = 0
    async with analyser(config) as analysis:
        problem = analysis.recognition.problem
        if problem:
            detail, step = problem.texts()
            say(text("analyze_no_words", detail=detail))
            say_next(step)
        with bars("s", elapsed=True, remaining=True) as progress:
            for path in args.files:
                try:
                    if is_capture(path):
                        await _capture(path, analysis, progress, as_json=args.json)
                        continue
                    with open_recording(path) as recording:
                        if args.swap and recording.roles == STEREO:
                            recording.roles = STEREO[::-1]
                        show = _bar(progress, path, recording.duration_s)
                        found = await analysis.analyse(recording, show)
                except AudioFileError as error:
                    failed += 1
                    say(f"kikimori: {worded(error.message)}")
                    say_next(error.next_step)
                    continue
                _show(str(path), found.lines, found.alerts, as_json=args.json)
        problem = analysis.recognition.problem
        if problem and not analysis.recognition.missing:
            failed += 1
            detail, step = problem.texts()
            say(text("analyze_words_missing", detail=detail))
            say_next(step)
    return 1 if failed else 0


async def _capture(path: Path, analysis: Analyser, progress: Progress, *, as_json: bool) -> None:
    """Show every call of a packet capture, and the parts that could not be heard."""
    from kikimori.integrations.mirror.replay import summary  # noqa: PLC0415  (see cli/later.py)

    found, capture = await analysis.analyse_capture(path, _bar(progress, path, None))
    for call_id in found.calls:
        _show(
            f"{path} call {call_id}" if as_json else worded(text("analyze_call", path=path, call_id=call_id)),
            [each for each in found.lines if each.call_id == call_id],
            [each for each in found.alerts if each.call_id == call_id],
            as_json=as_json,
        )
    for line in summary(capture.counters(), capture.calls.codecs):
        say(text("file_reason", file=path, reason=line))


def _bar(progress: Progress, path: Path, total: float | None) -> Callable[[float], None]:
    bar = progress.add_task(path.name, total=total)
    return lambda seconds: progress.update(bar, completed=seconds)


def _show(name: str, lines: Sequence[TranscriptLine], alerts: Sequence[Alert], *, as_json: bool) -> None:
    items = [(line.start_s, segment_json(line)) for line in lines]
    items += [(alert.raised_s, alert_json(alert)) for alert in alerts]
    items.sort(key=lambda item: item[0])
    if as_json:
        for _, item in items:
            print(json.dumps({"file": name, **item}, ensure_ascii=False), flush=True)
        return
    print(name)
    for _, item in items:
        span = f"{item['start']:7.1f} – {item['end']:6.1f} s"
        if item["type"] == "segment":
            print(f"  {span}  {cell(item['role'], 8)}  {item['text']}")
        else:
            print(
                f"  {span}  ▲ {worded(item['severity'].upper())}  {item['title'][language()]} ({item['rule']})"
            )
    if not alerts:
        show(text("analyze_no_alert"))


def segment_json(line: TranscriptLine) -> dict[str, Any]:
    """Return what `--json` prints for an utterance."""
    segment = {
        "type": "segment",
        "start": line.start_s,
        "end": line.end_s,
        "role": str(line.role),
        "text": line.text,
        "engine": line.engine,
    }
    return segment if line.other is None else segment | {"other": line.other.model_dump()}


def alert_json(alert: Alert) -> dict[str, Any]:
    """Return what `--json` prints for an alert; `end` = when it closed, or the call's end."""
    lasted = (alert.updated_at - alert.raised_at).total_seconds()
    return {
        "type": "alert",
        "start": alert.raised_s,
        "end": round(alert.raised_s + lasted, 2),
        "rule": alert.rule,
        "kind": alert.rule_kind,
        "severity": str(alert.severity),
        "title": alert.title,
        "suggestion": alert.suggestion and str(alert.suggestion),
        "evidence": [each.model_dump(mode="json", exclude_none=True) for each in alert.evidence],
    }
