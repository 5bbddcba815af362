"""Requests made at random from an OpenAPI document: good ones, and ones that are wrong in one place or all over."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

TEXTS = (
    "",
    "0",
    "201",
    "hold",
    "supervisor",
    "佐藤 美咲",
    "' OR '1'='1",
    "x'); DROP TABLE sessions; --",
    "<script>alert(1)</script>",
    "\x00",
    "\ud800",
    "\u202egnp.exe",
    "../../etc/passwd",
    "%00",
    "A" * 43,
    "a" * 300,
    "null",
    "ｆｕｌｌ　ｗｉｄｔｈ",
)
NUMBERS = (0, 1, -1, 2**31, 2**63, 10**30, 0.5, -0.0, 1e308)
TYPES = ("application/json", "application/json; charset=utf-16", "text/plain", "", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class GeneratedRequest:
    """One request; the sender adds address and cookie."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


class RequestMaker:
    """Makes requests for the routes of a document."""

    def __init__(self, document: Mapping[str, Any], source: random.Random) -> None:
        self._random = source
        self._schemas: Mapping[str, Any] = document["components"]["schemas"]
        self._operations = [
            (method.upper(), path, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]

    @property
    def routes(self) -> int:
        return len(self._operations)

    def make(self) -> GeneratedRequest:
        """Make the next request."""
        method, path, operation = self._random.choice(self._operations)
        for each in operation.get("parameters", ()):
            path = path.replace("{" + each["name"] + "}", self._path_part())
        if self._random.random() < 0.1:
            path += "?" + f"{self._path_part()}={self._path_part()}"
        if self._random.random() < 0.03:
            method = self._random.choice(["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "POST", "GET"])
        headers = self._headers()
        if "requestBody" not in operation and self._random.random() < 0.8:
            return GeneratedRequest(method, path, headers)
        content = operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        content_type = "application/json" if self._random.random() < 0.9 else self._random.choice(TYPES)
        return GeneratedRequest(method, path, {**headers, "Content-Type": content_type}, self._body(schema))

    def _headers(self) -> dict[str, str]:
        if self._random.random() < 0.05:
            return {"Origin": self._random.choice(["http://evil.example", "null", "http://["])}
        if self._random.random() < 0.05:
            return {"X-Forwarded-For": self._random.choice(["::1, x", "9" * 400, ","])}
        return {}

    def _body(self, schema: Mapping[str, Any]) -> bytes:
        chosen = self._random.random()
        if chosen < 0.05:
            return self._random.choice(
                [b"", b"{", b"\xff\xfe", b"[" * 2000, b"\x00", b'{"a":1,"a":2}', b"NaN", b'"\\ud800"']
            )
        made = self._value(schema) if chosen < 0.9 else self._anything()
        if isinstance(made, dict) and self._random.random() < 0.3:
            self._spoil(made)
        return json.dumps(made).encode()

    def _spoil(self, made: dict[str, Any]) -> None:
        """Take a field away, put one in or change one."""
        name = self._random.choice([*made, "more", "__proto__"])
        if self._random.random() < 0.4:
            made.pop(name, None)
        else:
            made[name] = self._anything()

    def _value(self, schema: Mapping[str, Any]) -> Any:
        if "$ref" in schema:
            return self._value(self._schemas[schema["$ref"].rpartition("/")[2]])
        if "const" in schema:
            return schema["const"]
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return self._value(self._random.choice(schema[several]))
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        match schema.get("type"):
            case "object":
                return {
                    name: self._value(each)
                    for name, each in schema.get("properties", {}).items()
                    if name in schema.get("required", ()) or self._random.random() < 0.5
                }
            case "array":
                return [self._value(schema.get("items", {})) for _ in range(self._random.randrange(4))]
            case "string":
                return self._text()
            case "integer":
                return self._random.choice([1, 2, 100, *NUMBERS])
            case "boolean":
                return self._random.random() < 0.5
            case "null":
                return None
            case _:
                return self._anything()

    def _anything(self) -> Any:
        return self._random.choice(
            [None, True, self._text(), self._random.choice(NUMBERS), [], {}, [self._text()], {"a": {"b": []}}]
        )

    def _text(self) -> str:
        return self._random.choice(TEXTS)

    def _path_part(self) -> str:
        text = self._random.choice([*filter(None, TEXTS), "ja", "c", "page", "supervisor"])
        return quote(text, safe="", errors="surrogatepass")
