"""JSON schema of the messages between the dashboard and its pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from kikimori_dashboard.protocol.browser import BrowserMessage
from kikimori_dashboard.protocol.operator import OperatorMessage
from kikimori_dashboard.protocol.supervisor import SupervisorMessage

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core.core_schema import WithDefaultSchema

FILE = Path(__file__).with_name("schema.json")

AUDIENCES: dict[str, Any] = {
    "SupervisorMessage": SupervisorMessage,
    "OperatorMessage": OperatorMessage,
    "BrowserMessage": BrowserMessage,
}


class _AsSent(GenerateJsonSchema):
    """Schema of what is sent: a default is written out, and no field has a title, which would become a type's name."""

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_is_required(self, _field: object, total: object) -> bool:  # noqa: ARG002
        return True

    def field_title_should_be_set(self, _schema: object) -> bool:
        return False


def text() -> str:
    """Return the schema: a definition for each message, and for all that an audience may get."""
    members: dict[str, tuple[type[BaseModel], ...]] = {
        name: get_args(get_args(union)[0]) for name, union in AUDIENCES.items()
    }
    models = list(dict.fromkeys(each for group in members.values() for each in group))
    refs, made = models_json_schema(
        [(each, "serialization") for each in models],
        ref_template="#/$defs/{model}",
        schema_generator=_AsSent,
    )
    for name, group in members.items():
        made["$defs"][name] = {"anyOf": [refs[each, "serialization"] for each in group]}
    made["title"] = "PageMessage"
    made["anyOf"] = [{"$ref": f"#/$defs/{name}"} for name in members]
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
