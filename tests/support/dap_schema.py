"""The Debug Adapter Protocol's own schema, as it comes with debugpy: how messages look, and all requests."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

PLACE = "_vendored/pydevd/_pydevd_bundle/_debug_adapter/debugProtocol.json"


@cache
def _schema() -> dict[str, Any]:
    found = find_spec("debugpy")
    assert found is not None and found.origin is not None, "debugpy is missing: scripts/setup tests"
    return json.loads((Path(found.origin).parent / PLACE).read_text())


@cache
def _validator(definition: str) -> Draft7Validator:
    return Draft7Validator({**_schema(), "$ref": f"#/definitions/{definition}"})


def _definition_of(message: dict[str, Any]) -> str:
    """What a message of an adapter is called in the schema; our own requests and events are only generally known."""
    kind = message.get("type")
    if kind == "response":
        if not message.get("success"):
            return "ErrorResponse"
        name = f"{message['command'][:1].upper()}{message['command'][1:]}Response"
    elif kind == "event":
        name = f"{message['event'][:1].upper()}{message['event'][1:]}Event"
    else:
        return "ProtocolMessage"
    return name if name in _schema()["definitions"] else str(kind).capitalize()


def problems_of(message: dict[str, Any]) -> list[str]:
    """What is wrong with a message of an adapter, a line each."""
    found = _validator(_definition_of(message)).iter_errors(message)
    return [f"{'.'.join(str(part) for part in each.absolute_path)}: {each.message}" for each in found]


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    """A definition with what it refers to and inherits put in."""
    if "$ref" in part:
        return _resolved(_schema()["definitions"][part["$ref"].rpartition("/")[2]])
    whole: dict[str, Any] = {**part, "properties": dict(part.get("properties", {})), "required": []}
    for piece in [*part.get("allOf", []), {"required": part.get("required", [])}]:
        piece = _resolved(piece) if "$ref" in piece or "allOf" in piece else piece
        whole["properties"].update(piece.get("properties", {}))
        whole["required"] = [*whole["required"], *piece.get("required", [])]
    return whole


def _example(part: dict[str, Any]) -> Any:
    part = _resolved(part)
    kind = part.get("type", "object" if part["properties"] else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: _example(part["properties"][name]) for name in part["required"]}
    plain: dict[str, Any] = {"integer": 1, "number": 1, "string": "x", "boolean": False, "array": []}
    return part["enum"][0] if "enum" in part else plain[kind]


def requests() -> dict[str, dict[str, Any]]:
    """Every request of the protocol with the fewest arguments it takes."""
    found = {}
    for name, definition in _schema()["definitions"].items():
        properties = _resolved(definition)["properties"]
        command = properties.get("command", {}).get("enum")
        if name.endswith("Request") and command:
            arguments = _example(properties["arguments"]) if "arguments" in properties else {}
            found[command[0]] = arguments if isinstance(arguments, dict) else {}
    return found
