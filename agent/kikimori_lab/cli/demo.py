"""`kikimori demo`: an office with sample calls, on this machine alone."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kikimori.cli.terminal import cell, language, say, show, worded
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from kikimori.agent import Agent
    from kikimori.config import AgentConfig
    from kikimori_core.wire.messages import Alert
    from kikimori_lab.demo.pbx import SimulatedPbx
    from kikimori_lab.demo.script import DemoCall
    from kikimori_records.store import Store

MODEL = "ja-synth"
BETWEEN_CALLS_S = 4.0
PAUSE_S = 10.0
GOODBYE_S = 10.0
PATIENCE_S = 900.0
"""With --once: longest time in s for recognition after the end, and longest audio of a voice that may wait
for it."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("demo")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-speech", action="store_true")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--log-level", choices=["debug", "info", "warning", "error"], default="error")
    parser.set_defaults(run=run, loads=("kikimori.logs", "kikimori.office", "kikimori.process"))


def run(args: argparse.Namespace) -> int:
    from kikimori import logs  # noqa: PLC0415  (see cli/later.py)

    logs.configure(args.log_level)
    from kikimori.process import run_until_done  # noqa: PLC0415  (see cli/up.py)

    with tempfile.TemporaryDirectory(prefix="kikimori-demo-") as state:
        return run_until_done(_demo(args, Path(state)))


def demo_config(state: Path, *, speech: bool) -> AgentConfig:
    """Return the demo's configuration: any free port, clocks that suit calls of one minute, the synthetic model."""
    from kikimori.config import DEFAULTS, AgentConfig, JudgingTable, SpeechTable  # noqa: PLC0415  (see cli/later.py)
    from kikimori.control.settings import PbxTable  # noqa: PLC0415  (see cli/later.py)
    from kikimori.integrations.audiosocket.settings import AudioSocketTable  # noqa: PLC0415  (see cli/later.py)
    from kikimori_core.journal.settings import RecordingTable  # noqa: PLC0415  (see cli/later.py)

    return AgentConfig(
        site="demo",
        agent_id="demo",
        state_dir=state,
        audiosocket=AudioSocketTable(port=0, announce_port=0),
        speech=SpeechTable(enabled=speech, model=MODEL),
        judging=JudgingTable(rules=(DEFAULTS / "demo" / "rules.toml",)),
        pbx=PbxTable(superior="200", superior_name="課長 木村"),
        recording=RecordingTable(enabled=True, days=1, max_gb=30),
    )


async def _demo(args: argparse.Namespace, state: Path) -> int:
    from kikimori.office import open_office  # noqa: PLC0415
    from kikimori.process import stop_on_signals  # noqa: PLC0415
    from kikimori_dashboard import DashboardSettings  # noqa: PLC0415
    from kikimori_lab.demo.pbx import SimulatedPbx  # noqa: PLC0415  (see cli/up.py)
    from kikimori_lab.demo.script import LONG_FOLDER, load_calls  # noqa: PLC0415
    from kikimori_lab.demo.witness import Witness  # noqa: PLC0415
    from kikimori_lab.signed_in import opened_store  # noqa: PLC0415

    calls = load_calls()
    if args.long or not args.once:
        calls += load_calls(LONG_FOLDER)
    pbx = SimulatedPbx()
    config = demo_config(state, speech=not args.no_speech)
    # An open dashboard keeps the demo's last picture; --once must not be held up by a demo that runs beside it.
    pages = DashboardSettings(
        site="demo",
        port=0 if args.once else args.port,
        state_dir=state / "dashboard",
        recording=config.recording,
    )
    async with (
        stop_on_signals() as stop,
        opened_store(pages.store_settings()) as store,
        asyncio.TaskGroup() as watching,
        open_office(
            config,
            pages,
            broker_port=0,
            pbx=pbx,
            patience_s=PATIENCE_S if args.once else 0.0,
            store=store,
        ) as office,
    ):
        words = office.agent.recognition.engine is not None
        witness = Witness(office.broker, config.site, lambda alert: _print_alert(alert, as_json=args.json))
        watching.create_task(_within_reason(witness.watch(), stop), name="witness")
        await witness.watching.wait()
        _introduce(office.dashboard_url, calls, words=words, once=args.once)
        if not args.once:
            await _introduce_people(store, office.dashboard_url, calls)
            say(text("demo_to_end"))
        audiosocket, announce = office.addresses.audiosocket, office.addresses.announce
        if audiosocket is None or announce is None:
            raise RuntimeError("the demo's agent listens to nothing")
        async with pbx.connected(announce, audiosocket):
            played = await _play_all(pbx, calls, stop, once=args.once)
            if args.once and not stop.is_set():
                await _finish_hearing(office.agent, stop)
    if not args.once:
        return 0
    return _conclude(calls, played, witness.raised, words=words, as_json=args.json)


async def _finish_hearing(agent: Agent, stop: asyncio.Event) -> None:
    """Wait for a slow machine's recognition: the played calls are judged by their words, however late."""
    settled = asyncio.ensure_future(agent.settle())
    told = asyncio.ensure_future(stop.wait())
    await asyncio.wait([settled, told], timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    if not settled.done() and not told.done():
        say(text("demo_slow", minutes=f"{PATIENCE_S / 60:.0f}"))
    for each in (settled, told):
        each.cancel()


async def _within_reason(watch: Any, stop: asyncio.Event) -> None:
    """Watch until the agent publishes offline, or for at most `GOODBYE_S` once it was told to stop."""
    task = asyncio.ensure_future(watch)
    await asyncio.wait([task, asyncio.ensure_future(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait([task], timeout=GOODBYE_S)
    task.cancel()


async def _play_all(
    pbx: SimulatedPbx, calls: list[DemoCall], stop: asyncio.Event, *, once: bool
) -> dict[str, str]:
    """Play until done or told to stop; returns the name of the script of each call that was played to its end."""
    played: dict[str, str] = {}
    numbers = itertools.count(1)

    async def one(script: DemoCall) -> None:
        call_id = f"demo-{next(numbers):03}"
        await pbx.play(script, call_id)
        played[call_id] = script.name

    async def again_and_again(script: DemoCall, first_s: float) -> None:
        await asyncio.sleep(first_s)
        while True:
            await one(script)
            await asyncio.sleep(PAUSE_S)

    async with asyncio.TaskGroup() as tasks:
        if once:
            plays = [tasks.create_task(one(script)) for script in calls]
        else:
            plays = [
                tasks.create_task(again_and_again(script, at * BETWEEN_CALLS_S))
                for at, script in enumerate(_for_show(calls))
            ]
        told = tasks.create_task(stop.wait())
        pending: set[asyncio.Task[Any]] = set(plays)
        while pending and not stop.is_set():
            done, _ = await asyncio.wait({*pending, told}, return_when=asyncio.FIRST_COMPLETED)
            pending -= done
        told.cancel()
        for task in plays:
            task.cancel()
    return played


def _for_show(calls: list[DemoCall]) -> list[DemoCall]:
    """Sort the calls: the longest first, then calm ones, so that the first alert comes in a calm office."""
    longest = max(calls, key=lambda call: call.samples)
    return sorted(calls, key=lambda call: (call is not longest, bool(call.truth.expected_alerts), call.name))


def _introduce(url: str, calls: list[DemoCall], *, words: bool, once: bool) -> None:
    if once:
        say(text("demo_supervisor", url=url))
        seconds = max(call.samples for call in calls) / 8000
        say(text("demo_calls", count=len(calls), seconds=f"{seconds:.0f}"))
        return
    say(text("demo_synthetic" if words else "demo_no_speech"))


async def _introduce_people(store: Store, url: str, calls: list[DemoCall]) -> None:
    """Add the people of the demo, and print how each of them gets in."""
    from kikimori_lab.demo.people import add_people  # noqa: PLC0415  (see cli/up.py)

    shown = next(call.truth.operator for call in calls if call.name == "shouting")
    password, people = await add_people(store, [shown.extension], shown.name)
    titles = {"supervisor": "demo_as_supervisor", "operator": "demo_as_operator", "admin": "demo_as_admin"}
    say(text("demo_links"))
    for each in people:
        say(f"  {worded(text(titles[each.login]))}\n    {url}{each.link}")
    names = ", ".join(each.login for each in people)
    say(text("demo_logins", names=names, password=password, url=url))


def _print_alert(alert: Alert, *, as_json: bool) -> None:
    if as_json:
        _line(
            {
                "type": "alert",
                "call": alert.call_id,
                "rule": alert.rule,
                "severity": str(alert.severity),
                "at_s": alert.raised_s,
                "operator": alert.operator.number,
                "evidence": [each.model_dump(mode="json", exclude_none=True) for each in alert.evidence],
            }
        )
    else:
        who = f"{alert.operator.number} {alert.operator.name}"
        title = alert.title[language()]
        print(f"▲ {cell(alert.severity, 8)} {who}  {alert.raised_s:5.1f} s  {title}")
        sys.stdout.flush()


def _conclude(
    calls: list[DemoCall], played: dict[str, str], raised: dict[str, list[Any]], *, words: bool, as_json: bool
) -> int:
    from kikimori_lab.demo.verdict import judge  # noqa: PLC0415  (see cli/up.py)

    truths = {call.name: call.truth for call in calls}
    faults: list[str] = [text("demo_not_played", name=name) for name in truths.keys() - set(played.values())]
    not_judged = 0
    tell: Callable[[dict[str, Any], str], None] = (
        (lambda item, _: _line(item)) if as_json else (lambda _, said: show(said))
    )
    for call_id, name in sorted(played.items()):
        verdict = judge(truths[name], raised.get(call_id, []), words=words)
        faults += [text("demo_fault", name=name, fault=fault) for fault in verdict.faults]
        for rule in verdict.not_judged:
            not_judged += 1
            item = {"type": "not_judged", "call": call_id, "script": name, "rule": rule, "reason": "no model"}
            tell(item, text("demo_not_judged", name=name, rule=rule))
    for fault in sorted(faults):
        tell({"type": "fault", "fault": str(fault)}, text("demo_wrong", fault=fault))
    count = sum(len(each) for each in raised.values())
    result = {
        "type": "result",
        "calls": len(played),
        "alerts": count,
        "not_judged": not_judged,
        "exactly_as_expected": not faults,
    }
    code = "demo_not_as_expected" if faults else "demo_as_expected"
    tell(result, text(code, calls=len(played), alerts=count))
    return 1 if faults else 0


def _line(item: dict[str, Any]) -> None:
    print(json.dumps(item, ensure_ascii=False), flush=True)
