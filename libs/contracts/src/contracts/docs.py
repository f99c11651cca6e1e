"""What is generated from the contracts: schema snapshots, `docs/eventi.md`, AsyncAPI; and the test of additivity.

Pure functions from the catalogue to text: `./siso contracts` writes them, `./siso contracts --check` compares.
"""

import json
from typing import Any

from contracts.consumers import CONSUMERS, DOMAIN_MODULES, exchange_of, queue_of
from contracts.events import CATALOGUE, Envelope, Event
from contracts.rpc import RPC

assert DOMAIN_MODULES, "imported for the events they declare"


def snapshots() -> dict[str, dict[str, Any]]:
    """Name → JSON Schema of every event version and every RPC request and reply."""
    found = {f"eventi/{name}": event.model_json_schema() for name, event in sorted(CATALOGUE.items())}
    found["eventi/envelope"] = Envelope.model_json_schema()
    for service, methods in RPC.items():
        for method, (request, reply) in methods.items():
            found[f"rpc/{service}.{method}.richiesta"] = request.model_json_schema()
            found[f"rpc/{service}.{method}.risposta"] = reply.model_json_schema(mode="serialization")
    return found


def breaking_changes(old: Any, new: Any, path: str = "") -> list[str]:
    """Why `new` is not an additive change of `old`: empty when it is.

    Additive: a new optional property, a new enum value, a wider bound described in words. Not additive: a property
    or an enum value that is gone, a type that changed, a property newly required, a pattern or bound that changed.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        return _changed_object(old, new, path)
    if path.endswith("/enum"):
        return [f"{path}: value {value!r} is gone" for value in old if value not in new]
    if path.endswith("/required"):
        return [f"{path}: {name} is newly required" for name in new if name not in old]
    if old != new:
        return [f"{path}: {old!r} became {new!r}"]
    return []


WORDS = ("description", "title", "default")


def _changed_object(old: dict[str, Any], new: dict[str, Any], path: str) -> list[str]:
    found: list[str] = []
    for key in sorted(old.keys() | new.keys()):
        here = f"{path}/{key}"
        names_properties = path.endswith(("/properties", "/$defs"))
        if key in WORDS and not names_properties:
            continue
        if key not in new:
            if key != "required":
                found.append(f"{here}: is gone")
        elif key not in old:
            if key == "required":
                found.extend(f"{here}: {name} is newly required" for name in new[key])
            elif not names_properties and key not in ("properties", "$defs"):
                found.append(f"{here}: is a new constraint")
        else:
            found.extend(breaking_changes(old[key], new[key], here))
    return found


def eventi_markdown() -> str:
    """`docs/eventi.md`: every event with its fields, who takes it, what is personal in it."""
    lines = [
        "# Eventi",
        "",
        "Generato da `./siso contracts` dal catalogo in `libs/contracts`: non modificare a mano.",
        "",
        "Busta: attributi CloudEvents 1.0 (`id source type subject time dataschema`) più `sequence` (versione",
        "dell'aggregato dopo il fatto), `correlationid`, `causationid`, `actorid`, `traceparent`; il fatto sta in",
        "`data`. Exchange `<servizio>.events` (topic), routing key il resto del tipo. Almeno una volta sul filo: il",
        "consumatore annota `id` nella propria inbox nella stessa transazione dell'effetto.",
    ]
    for name, event in sorted(CATALOGUE.items()):
        lines += ["", f"## `{name}`", "", _sentence(event), ""]
        lines += [
            f"Lo ascoltano: {', '.join(_consumers(event)) or 'nessuno, per ora (aperto ad altri sistemi)'}.",
            "",
        ]
        lines += ["| campo | tipo | |", "|---|---|---|"]
        personal = event.personal_fields()
        for field, info in event.model_fields.items():
            mark = "dato personale" if field in personal else ""
            lines.append(f"| `{field}` | {_type_name(info.annotation)} | {mark} |")
    return "\n".join(lines) + "\n"


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0 document of all events, for the systems outside that build on them."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for name, event in sorted(CATALOGUE.items()):
        schema = event.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[event.__name__] = schema
        messages[name] = {
            "name": name,
            "contentType": "application/json",
            "summary": _sentence(event),
            "payload": {
                "allOf": [
                    {"$ref": "#/components/schemas/Envelope"},
                    {"properties": {"data": {"$ref": f"#/components/schemas/{event.__name__}"}}},
                ]
            },
        }
        channels[name] = {
            "address": event.key,
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
            "bindings": {
                "amqp": {
                    "is": "routingKey",
                    "exchange": {"name": exchange_of(event.source), "type": "topic", "durable": True},
                }
            },
        }
        operations[f"send.{name}"] = {"action": "send", "channel": {"$ref": f"#/channels/{name}"}}
    schemas["Envelope"] = Envelope.model_json_schema()
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Cartella Sociale Informatizzata: eventi", "version": "1"},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }


def files() -> dict[str, str]:
    """Path under the repository → text, for everything generated from the contracts alone."""
    made = {f"libs/contracts/snapshots/{name}.json": _json(schema) for name, schema in snapshots().items()}
    return made | {"docs/eventi.md": eventi_markdown(), "docs/asyncapi.json": _json(asyncapi())}


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _consumers(event: type[Event]) -> list[str]:
    return [f"`{queue_of(service, event)}`" for service, events in CONSUMERS.items() if event in events]


def _sentence(event: type[Event]) -> str:
    return " ".join((event.__doc__ or "").split())


def _type_name(annotation: Any) -> str:
    text = (
        getattr(annotation, "__name__", str(annotation)) if isinstance(annotation, type) else str(annotation)
    )
    for noise in ("uuid.", "datetime.", "typing.", "decimal.", "<class '", "'>"):
        text = text.replace(noise, "")
    return (
        text.split("Annotated[")[-1].split(",")[0].replace("|", "o")
        if "Annotated" in text
        else text.replace("|", "o")
    )
