"""`kikimori bench`: measure this machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from kikimori.cli.options import add_finals, bars, log_errors, print_figures, with_finals
from kikimori.cli.terminal import say, worded
from kikimori.errors import KikimoriError
from kikimori_core.messages import text
from kikimori_lab.cli import (
    bench_chaos,
    bench_commands,
    bench_cut,
    bench_history,
    bench_listen,
    bench_page,
    bench_record,
    bench_record_chaos,
    bench_requests,
    bench_wall,
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("bench")
    what = parser.add_subparsers(required=True, metavar="WHAT")
    calls = what.add_parser("calls")
    calls.add_argument("--calls", type=_positive, default=200, metavar="N")
    calls.add_argument("--seconds", type=float, default=30.0, metavar="S")
    calls.add_argument("--cores", type=_positive, default=1, metavar="C")
    calls.add_argument("--json", action="store_true")
    calls.set_defaults(run=run_calls)

    phrases = what.add_parser("phrases")
    phrases.add_argument("--rounds", type=_positive, default=50, metavar="N")
    phrases.add_argument("--json", action="store_true")
    phrases.set_defaults(run=run_phrases)

    effort = what.add_parser("effort")
    effort.add_argument("--legs", type=_positive, default=500, metavar="N")
    effort.add_argument("--blocks", type=_positive, default=100, metavar="N")
    effort.add_argument("--json", action="store_true")
    effort.set_defaults(run=run_effort)

    words = what.add_parser("words")
    words.add_argument("--calls", type=_positive, metavar="N")
    words.add_argument("--folder", type=Path, default=None, metavar="DIR")
    words.add_argument("--model", default="ja-synth", metavar="NAME")
    add_finals(words)
    words.add_argument("--json", action="store_true")
    words.set_defaults(run=run_words)

    rtp = what.add_parser("rtp")
    rtp.add_argument("--packets", type=_positive, default=20_000, metavar="N")
    rtp.add_argument("--json", action="store_true")
    rtp.set_defaults(run=run_rtp)

    overload = what.add_parser("overload")
    overload.add_argument("--seconds", type=float, default=60.0, metavar="S")
    overload.add_argument("--model", default="ja-synth", metavar="NAME")
    overload.add_argument("--carried", type=_positive, default=None, metavar="N")
    overload.add_argument("--json", action="store_true")
    overload.set_defaults(run=run_overload)

    snapshot = what.add_parser("snapshot")
    snapshot.add_argument("--calls", type=_positive, default=2000, metavar="N")
    snapshot.add_argument("--alerts", type=_positive, default=2000, metavar="N")
    snapshot.add_argument("--lines", type=_positive, default=6, metavar="N")
    snapshot.add_argument("--rounds", type=_positive, default=9, metavar="N")
    snapshot.add_argument("--json", action="store_true")
    snapshot.set_defaults(run=run_snapshot)

    soak = what.add_parser("soak")
    soak.add_argument(
        "--way",
        choices=["audiosocket", "chan_websocket", "freeswitch", "siprec", "mirror"],
        default="audiosocket",
    )
    soak.add_argument("--calls", type=_positive, default=1000, metavar="N")
    soak.add_argument("--at-once", type=_positive, default=20, metavar="N")
    soak.add_argument("--shortest", type=float, default=1.0, metavar="S")
    soak.add_argument("--longest", type=float, default=3.0, metavar="S")
    soak.add_argument("--broken-every", type=_positive, default=10, metavar="N")
    soak.add_argument("--model", default=None, metavar="NAME")
    soak.add_argument("--calm", action="store_true")
    soak.add_argument("--json", action="store_true")
    soak.set_defaults(run=run_soak)

    bench_page.add_parser(what, _positive)
    bench_cut.add_parser(what, _positive)
    bench_listen.add_parser(what, _positive)
    bench_wall.add_parser(what, _positive)
    bench_commands.add_parser(what, _positive)
    bench_chaos.add_parser(what, _positive)
    bench_record_chaos.add_parser(what, _positive)
    bench_requests.add_parser(what, _positive)
    bench_record.add_parser(what, _positive)
    bench_history.add_parser(what, _positive)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def run_calls(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori.process import run_until_done  # noqa: PLC0415
    from kikimori_lab.bench.calls import bench_calls, use_cores  # noqa: PLC0415  (see cli/up.py)

    cores = use_cores(args.cores)
    with bars("s") as progress:
        bar = progress.add_task(worded(text("bench_calls", count=args.calls)), total=args.seconds)

        async def measure() -> int:
            figures = await bench_calls(
                args.calls,
                args.seconds,
                cores=cores,
                progress=lambda done: progress.update(bar, completed=done),
            )
            print_figures(figures, as_json=args.json)
            if figures.frames_dropped:
                say(text("bench_frames_dropped", count=figures.frames_dropped, cores=cores))
            return 1 if figures.frames_dropped else 0

        return run_until_done(measure())


def run_phrases(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori_lab.bench.phrases import bench_phrases  # noqa: PLC0415  (see cli/up.py)

    with bars("rounds") as progress:
        bar = progress.add_task("phrases", total=args.rounds)
        figures = bench_phrases(args.rounds, lambda done: progress.update(bar, completed=done))
    print_figures(figures, as_json=args.json)
    return 0


def run_effort(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori_lab.bench.effort import bench_effort  # noqa: PLC0415  (see cli/up.py)

    with bars("blocks") as progress:
        bar = progress.add_task("effort", total=args.blocks)
        figures = bench_effort(args.legs, args.blocks, lambda done: progress.update(bar, completed=done))
    print_figures(figures, as_json=args.json)
    return 0


def run_rtp(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori_lab.bench.rtp import bench_rtp  # noqa: PLC0415  (see cli/up.py)

    with bars("packets") as progress:
        bar = progress.add_task("rtp", total=5 * args.packets)
        figures = bench_rtp(args.packets, lambda done: progress.update(bar, completed=done))
    print_figures(figures, as_json=args.json)
    return 0


def run_overload(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori.process import run_until_done  # noqa: PLC0415
    from kikimori_lab.bench.calls import use_cores  # noqa: PLC0415  (see cli/up.py)
    from kikimori_lab.bench.overload import LATEST_S, bench_overload  # noqa: PLC0415

    use_cores(1)

    async def measure() -> int:
        figures = await bench_overload(
            args.seconds,
            args.model,
            lambda what: say(text("bench_overload", part=what)),
            carried=args.carried,
        )
        print_figures(figures, as_json=args.json)
        lost = any(each.frames_dropped for each in figures.loads)
        return 1 if lost or figures.recovered_s is None or figures.late_s_max > LATEST_S else 0

    return run_until_done(measure())


def run_snapshot(args: argparse.Namespace) -> int:
    log_errors()
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
        raise KikimoriError.of("bench_soak_lengths")
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
    log_errors()
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
