"""`kikimori`, also as `python -m kikimori`."""

import sys

from kikimori.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
