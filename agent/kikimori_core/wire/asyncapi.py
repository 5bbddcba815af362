"""The AsyncAPI 3.0 document of the bus, made from the message models: `python -m kikimori_core.wire.asyncapi [FILE]`.

Without FILE it is written to `asyncapi.json` beside this module; a test holds that file against the code.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from kikimori_core.wire import delivery, directory, envelope, messages, ringing_calls
from kikimori_core.wire.topics import AgentTopics, Topics

DOCUMENT = Path(__file__).with_name("asyncapi.json")

_SITE = "{site}"
_PARAMETERS = {
    "site": "An office; letters, digits, '.', '_' and '-'.",
    "call_id": "A call.",
    "alert_id": "An alert: call, run of the agent, rule and ordinal.",
    "agent_id": "An agent (the program, not a person).",
    "client_id": "A dashboard.",
    "part": "A part of the inventory, from 1.",
}

_CHANNELS: dict[str, tuple[str, str, type[messages.Message], bool, int, str]] = {
    # name: (topic, its parameter besides site and agent, message, retained, QoS, who sends)
    "callState": ("call_state", "call_id", messages.CallState, True, 1, "agent"),
    "transcript": ("transcript", "call_id", messages.TranscriptLine, False, 0, "agent"),
    "alert": ("alert", "alert_id", messages.Alert, True, 1, "agent"),
    "health": ("health", "", messages.Health, True, 1, "agent"),
    "levels": ("levels", "", messages.Levels, False, 0, "agent"),
    "ringing": ("ringing", "", ringing_calls.RingingCalls, True, 1, "agent"),
    "commands": ("commands", "", messages.Command, False, 1, "dashboard"),
    "acks": ("acks", "", delivery.Acks, False, 1, "dashboard"),
    "inventory": ("inventory", "part", delivery.Inventory, True, 1, "agent"),
    "replies": ("reply", "client_id", messages.CommandResult, False, 1, "agent"),
    "directory": ("directory", "client_id", directory.Directory, True, 1, "dashboard"),
}

SIGNED = ("alert", "health", "commands", "acks", "inventory", "replies", "directory")
"""Channels whose messages come in an `Envelope`; for one release also without, from agents of the version before."""


_OWNERS = {"directory": Topics("SITE")}
"""Topics that are no agent's, by method."""


def address(method: str, parameter: str) -> str:
    """Return a topic with its parameters in braces, made by the code that makes the real ones."""
    # Names are checked by `Topics`, and braces are no names: stand-ins take their places.
    made = getattr(_OWNERS.get(method, AgentTopics("SITE", "AGENT")), method)
    topic: str = made("NAME") if parameter else made
    return topic.replace("SITE", _SITE).replace("AGENT", "{agent_id}").replace("NAME", "{" + parameter + "}")


def document() -> dict[str, Any]:
    """Return the whole document as plain JSON values."""
    models: list[Any] = [(message, "validation") for _, _, message, *_ in _CHANNELS.values()]
    models.append((envelope.Envelope, "validation"))
    _, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kikimori bus",
            "version": "2",
            "description": (
                "What agents and dashboards of one site say to each other over MQTT 3.1.1. An empty payload clears "
                "a retained topic: the call has ended, the alert is closed. Unknown properties are ignored. "
                "The agent's health with `online` false is also its last will. Where a channel is `x-signed`, the payload "
                "is an Envelope: `body` is the message's JSON text, `signature` its Ed25519 signature, over the text's UTF-8 "
                "bytes, by `key`. An agent answers a command that is not signed with the reason `unsigned`."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            name: {
                "address": address(method, parameter),
                "parameters": {
                    each: {"description": _PARAMETERS[each]}
                    for each in ("site", "" if method in _OWNERS else "agent_id", parameter)
                    if each
                },
                "messages": {message.__name__: {"$ref": f"#/components/messages/{message.__name__}"}},
                **({"x-signed": {"$ref": "#/components/schemas/Envelope"}} if name in SIGNED else {}),
            }
            for name, (method, parameter, message, *_) in _CHANNELS.items()
        },
        "operations": dict(_operations()),
        "components": {
            "messages": {
                message.__name__: {
                    "name": message.__name__,
                    "payload": {"$ref": f"#/components/schemas/{message.__name__}"},
                }
                for _, _, message, *_ in _CHANNELS.values()
            },
            "schemas": definitions["$defs"],
        },
    }


def _operations() -> list[tuple[str, dict[str, Any]]]:
    operations = []
    for name, (_, _, _, retained, qos, sender) in _CHANNELS.items():
        operation: dict[str, Any] = {
            # Described from the agent's side.
            "action": "send" if sender == "agent" else "receive",
            "channel": {"$ref": f"#/channels/{name}"},
            "bindings": {"mqtt": {"qos": qos, "retain": retained, "bindingVersion": "0.2.0"}},
        }
        if name == "commands":
            operation["reply"] = {
                "address": {"location": "$message.payload#/reply_to"},
                "channel": {"$ref": "#/channels/replies"},
            }
        operations.append((f"{operation['action']}{name[0].upper()}{name[1:]}", operation))
    return operations


def text() -> str:
    return json.dumps(document(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENT
    target.write_text(text(), encoding="utf-8")
    print(f"{target} written")
