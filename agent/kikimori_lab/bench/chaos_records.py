"""The records service of `kikimori bench record-chaos`, with segments so small that they are compacted all the time.

python -m kikimori_lab.bench.chaos_records --config FILE
"""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

from kikimori.cli.options import add_config, add_log, configured, dashboard_settings
from kikimori.cli.records import serve_until_stopped
from kikimori_records.journals.segment_limits import SegmentLimits

LIMITS = SegmentLimits(max_bytes=256 << 10, compacted_after=timedelta(seconds=2))


def main() -> int:
    """Run the service until SIGTERM, and return the exit code."""
    parser = argparse.ArgumentParser()
    add_config(parser)
    add_log(parser)
    args = parser.parse_args()
    configured(args)
    return serve_until_stopped(dashboard_settings(args), LIMITS)


if __name__ == "__main__":
    sys.exit(main())
