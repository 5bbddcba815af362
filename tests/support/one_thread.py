"""Have numpy compute in one thread, as the program does: the second one spins for 0.1 s after every product.

Loaded before numpy, which reads it once.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
