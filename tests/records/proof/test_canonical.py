"""Hashes of rows stay the same when a table gets a column that a call has nothing for."""

from __future__ import annotations

from kikimori_records.calls.canonical import canonical_rows, digest_of_rows


def test_a_later_column_without_a_value_is_not_hashed() -> None:
    before = {"uid": "c1", "number": 3, "text": "はい", "other": None}
    assert canonical_rows([before]) == '[{"number":3,"other":null,"text":"はい"}]'.encode()
    assert digest_of_rows([{**before, "spoken_by": None}]) == digest_of_rows([before])
    told = {**before, "spoken_by": {"superior": {"number": "200", "name": None}, "certain": True}}
    assert digest_of_rows([told]) != digest_of_rows([before])
