"""Entry point of the program `kikimori`, also as `python -m kikimori`."""

from __future__ import annotations

import os
import signal
import sys


def main() -> int:
    """Load the program and run it; Ctrl-C while it loads ends it without a traceback."""
    # More threads of numpy's gain nothing on arrays as small as ours, and each spins for 0.1 s after every product.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from kikimori.cli.main import main as run  # noqa: PLC0415  (Ctrl-C must end this too)

    # Loading the command may take a second.
    return run(sys.argv[1:], loaded=lambda: signal.signal(signal.SIGINT, usual))


if __name__ == "__main__":
    sys.exit(main())
