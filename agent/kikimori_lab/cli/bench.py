"""`kikimori bench`: measure this machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from kikimori import logs
from kikimori.cli.options import add_finals, bars, print_figures, with_finals
from kikimori.cli.terminal import say
from kikimori.errors import KikimoriError
from kikimori_lab.cli import bench_chaos, bench_commands, bench_page, bench_requests


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser], summary: str) -> None:
    parser = subparsers.add_parser(
        "bench",
        help=summary,
        description="Measures on this machine. Every figure stands beside a named reference of the same run.",
    )
    what = parser.add_subparsers(required=True, metavar="WHAT")
    calls = what.add_parser(
        "calls",
        help="how many calls at once",
        description="Two-leg calls in real time over AudioSocket from another process, acoustic hearing on, speech "
        "recognition off. Nothing else should run on the machine meanwhile.",
        epilog="Exit code 1 when a frame was dropped.",
    )
    calls.add_argument(
        "--calls", type=_positive, default=200, metavar="N", help="calls at once (default: 200)"
    )
    calls.add_argument("--seconds", type=float, default=30.0, metavar="S", help="how long (default: 30)")
    calls.add_argument(
        "--cores", type=_positive, default=1, metavar="C", help="processor cores for the agent (default: 1)"
    )
    calls.add_argument("--json", action="store_true", help="print one JSON object")
    calls.set_defaults(run=run_calls)

    phrases = what.add_parser(
        "phrases",
        help="what looking for phrases costs",
        description="Time to look for every shipped phrase in one recognised utterance, against cutting it into words.",
    )
    phrases.add_argument(
        "--rounds", type=_positive, default=50, metavar="N", help="times each sentence is heard (default: 50)"
    )
    phrases.add_argument("--json", action="store_true", help="print one JSON object")
    phrases.set_defaults(run=run_phrases)

    effort = what.add_parser(
        "effort",
        help="what listening for raised voices costs",
        description="Processor time of features and model per frame, against the bare voice detector.",
    )
    effort.add_argument("--legs", type=_positive, default=500, metavar="N", help="voices (default: 500)")
    effort.add_argument(
        "--blocks", type=_positive, default=100, metavar="N", help="blocks of 200 ms of each (default: 100)"
    )
    effort.add_argument("--json", action="store_true", help="print one JSON object")
    effort.set_defaults(run=run_effort)

    words = what.add_parser(
        "words",
        help="how long from a word to its alert",
        description="Plays the demo's calls in real time through recognition and judging. Takes about 70 seconds.",
    )
    words.add_argument(
        "--calls", type=_positive, metavar="N", help="calls at once (default: each of the folder's once)"
    )
    words.add_argument(
        "--folder",
        type=Path,
        default=None,
        metavar="DIR",
        help="recordings as `kikimori evaluate` takes them (default: the demo's)",
    )
    words.add_argument(
        "--model", default="ja-synth", metavar="NAME", help="Japanese speech model (default: ja-synth)"
    )
    add_finals(words)
    words.add_argument("--json", action="store_true", help="print one JSON object")
    words.set_defaults(run=run_words)

    rtp = what.add_parser(
        "rtp",
        help="what a packet of RTP costs",
        description="Processor time to receive a packet, by itself and from a mirror port, against bare decoding.",
    )
    rtp.add_argument(
        "--packets", type=_positive, default=20_000, metavar="N", help="packets each way (default: 20000)"
    )
    rtp.add_argument("--json", action="store_true", help="print one JSON object")
    rtp.set_defaults(run=run_rtp)

    overload = what.add_parser(
        "overload",
        help="what becomes of more calls than one core carries",
        description="Measures how many calls with recognition one core carries, then plays 150 and 300 % of that in real "
        "time, and a few again: how late alerts come, what is shed, and whether it recovers. Takes some minutes.",
        epilog="Exit code 1 when an alert came more than 2 s late by the sound, sound was lost, or it did not recover.",
    )
    overload.add_argument(
        "--seconds", type=float, default=60.0, metavar="S", help="of each load (default: 60)"
    )
    overload.add_argument(
        "--model", default="ja-synth", metavar="NAME", help="Japanese speech model (default: ja-synth)"
    )
    overload.add_argument(
        "--carried",
        type=_positive,
        default=None,
        metavar="N",
        help="calls that one core carries (default: measured)",
    )
    overload.add_argument("--json", action="store_true", help="print one JSON object")
    overload.set_defaults(run=run_overload)

    snapshot = what.add_parser(
        "snapshot",
        help="what a browser's first picture costs",
        description="Processor time for the dashboard's picture of many calls, and for a change of all their levels, "
        "against writing the same data as JSON once.",
        epilog="Exit code 1 when a browser that is not behind would have needed a new snapshot.",
    )
    snapshot.add_argument("--calls", type=_positive, default=2000, metavar="N", help="calls (default: 2000)")
    snapshot.add_argument(
        "--alerts", type=_positive, default=2000, metavar="N", help="open alerts (default: 2000)"
    )
    snapshot.add_argument(
        "--lines", type=_positive, default=6, metavar="N", help="sentences of each call (default: 6)"
    )
    snapshot.add_argument(
        "--rounds", type=_positive, default=9, metavar="N", help="times it is made (default: 9)"
    )
    snapshot.add_argument("--json", action="store_true", help="print one JSON object")
    snapshot.set_defaults(run=run_snapshot)

    soak = what.add_parser(
        "soak",
        help="what is left of many calls",
        description="Makes many short calls through one way in, some of which end as they should not, while pages of "
        "the dashboard come and go; then says what this process has more of than before: memory, files, tasks, "
        "entries in its tables. Takes 150 seconds more than the calls.",
        epilog="Exit code 1 when a call is left over or failed, or a file or task stayed open.",
    )
    soak.add_argument(
        "--way",
        choices=["audiosocket", "chan_websocket", "freeswitch", "siprec", "mirror"],
        default="audiosocket",
        help="way in (default: audiosocket); mirror reads the loopback interface, which needs CAP_NET_RAW",
    )
    soak.add_argument("--calls", type=_positive, default=1000, metavar="N", help="calls (default: 1000)")
    soak.add_argument("--at-once", type=_positive, default=20, metavar="N", help="at a time (default: 20)")
    soak.add_argument("--shortest", type=float, default=1.0, metavar="S", help="seconds (default: 1)")
    soak.add_argument("--longest", type=float, default=3.0, metavar="S", help="seconds (default: 3)")
    soak.add_argument(
        "--broken-every", type=_positive, default=10, metavar="N", help="every N-th ends badly (default: 10)"
    )
    soak.add_argument(
        "--model", default=None, metavar="NAME", help="speech model (default: recognition is off)"
    )
    soak.add_argument(
        "--calm", action="store_true", help="only calls of which no rule should alert, from their beginning"
    )
    soak.add_argument("--json", action="store_true", help="print one JSON object")
    soak.set_defaults(run=run_soak)

    bench_page.add_parser(what, _positive)
    bench_commands.add_parser(what, _positive)
    bench_chaos.add_parser(what, _positive)
    bench_requests.add_parser(what, _positive)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def run_calls(args: argparse.Namespace) -> int:
    logs.configure("error")
    from kikimori.process import run_until_done  # noqa: PLC0415
    from kikimori_lab.bench.calls import bench_calls, use_cores  # noqa: PLC0415  (see cli/up.py)

    cores = use_cores(args.cores)
    with bars("s") as progress:
        bar = progress.add_task(f"{args.calls} calls", total=args.seconds)

        async def measure() -> int:
            figures = await bench_calls(
                args.calls,
                args.seconds,
                cores=cores,
                progress=lambda done: progress.update(bar, completed=done),
            )
            print_figures(figures, as_json=args.json)
            if figures.frames_dropped:
                say(
                    f"kikimori: {figures.frames_dropped} frames were dropped: too many calls for {cores} core(s)"
                )
            return 1 if figures.frames_dropped else 0

        return run_until_done(measure())


def run_phrases(args: argparse.Namespace) -> int:
    logs.configure("error")
    from kikimori_lab.bench.phrases import bench_phrases  # noqa: PLC0415  (see cli/up.py)

    with bars("rounds") as progress:
        bar = progress.add_task("phrases", total=args.rounds)
        figures = bench_phrases(args.rounds, lambda done: progress.update(bar, completed=done))
    print_figures(figures, as_json=args.json)
    return 0


def run_effort(args: argparse.Namespace) -> int:
    logs.configure("error")
    from kikimori_lab.bench.effort import bench_effort  # noqa: PLC0415  (see cli/up.py)

    with bars("blocks") as progress:
        bar = progress.add_task("effort", total=args.blocks)
        figures = bench_effort(args.legs, args.blocks, lambda done: progress.update(bar, completed=done))
    print_figures(figures, as_json=args.json)
    return 0


def run_rtp(args: argparse.Namespace) -> int:
    logs.configure("error")
    from kikimori_lab.bench.rtp import bench_rtp  # noqa: PLC0415  (see cli/up.py)

    with bars("packets") as progress:
        bar = progress.add_task("rtp", total=5 * args.packets)
        figures = bench_rtp(args.packets, lambda done: progress.update(bar, completed=done))
    print_figures(figures, as_json=args.json)
    return 0


def run_overload(args: argparse.Namespace) -> int:
    logs.configure("error")
    from kikimori.process import run_until_done  # noqa: PLC0415
    from kikimori_lab.bench.calls import use_cores  # noqa: PLC0415  (see cli/up.py)
    from kikimori_lab.bench.overload import LATEST_S, bench_overload  # noqa: PLC0415

    use_cores(1)

    async def measure() -> int:
        figures = await bench_overload(
            args.seconds, args.model, lambda what: say(f"overload: {what}"), carried=args.carried
        )
        print_figures(figures, as_json=args.json)
        lost = any(each.frames_dropped for each in figures.loads)
        return 1 if lost or figures.recovered_s is None or figures.late_s_max > LATEST_S else 0

    return run_until_done(measure())


def run_snapshot(args: argparse.Namespace) -> int:
    logs.configure("error")
    from kikimori_lab.bench.snapshot import bench_snapshot  # noqa: PLC0415  (see cli/up.py)

    with bars("rounds") as progress:
        bar = progress.add_task("snapshot", total=args.rounds)
        figures = bench_snapshot(
            args.calls,
            args.alerts,
            args.lines,
            args.rounds,
            lambda done: progress.update(bar, completed=done),
        )
    print_figures(figures, as_json=args.json)
    return 0 if figures.deltas_answered == figures.rounds else 1


def run_soak(args: argparse.Namespace) -> int:
    from kikimori.process import run_until_done  # noqa: PLC0415
    from kikimori_lab.bench.soak import SoakSettings, bench_soak  # noqa: PLC0415  (see cli/up.py)

    if not 0 < args.shortest <= args.longest:
        raise KikimoriError(
            "calls must last more than 0 s, and --shortest no longer than --longest",
            next_step="kikimori bench soak --shortest 1 --longest 3",
        )
    settings = SoakSettings(
        args.way,
        args.calls,
        args.at_once,
        args.shortest,
        args.longest,
        args.broken_every,
        args.model,
        args.calm,
    )
    with bars("calls") as progress:
        bar = progress.add_task(f"soak {args.way}", total=args.calls)

        async def measure() -> int:
            figures = await bench_soak(settings, lambda done: progress.update(bar, completed=done))
            print_figures(figures, as_json=args.json)
            return 1 if figures.left_over else 0

        return run_until_done(measure())


def run_words(args: argparse.Namespace) -> int:
    logs.configure("error")
    from kikimori.config import AgentConfig, SpeechTable  # noqa: PLC0415
    from kikimori.process import run_until_done  # noqa: PLC0415
    from kikimori_lab.bench.words import bench_words  # noqa: PLC0415  (see cli/up.py)
    from kikimori_lab.demo.script import FOLDER  # noqa: PLC0415

    config = with_finals(AgentConfig(speech=SpeechTable(model=args.model)), args)
    with bars("s") as progress:
        bar = progress.add_task("words", total=66.0)

        async def measure() -> int:
            folder = args.folder or FOLDER
            figures = await bench_words(
                args.calls, config, lambda done: progress.update(bar, completed=done), folder
            )
            print_figures(figures, as_json=args.json)
            return 0

        return run_until_done(measure())
