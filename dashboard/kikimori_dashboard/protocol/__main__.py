"""`python -m kikimori_dashboard.protocol`: writes the JSON schema anew; then `npm --prefix tests/js run types` the types."""

from __future__ import annotations

from kikimori_dashboard.protocol.schema import FILE, text

FILE.write_text(text(), encoding="utf-8")
print(FILE)
