"""Write the documents that follow from the code, or check that those committed still do.

    python tools/documents.py            write them
    python tools/documents.py --check    fail, naming each that is out of date

docs/journey.md            the producer and the consumers of each event, and what each consumer publishes
docs/asyncapi/*.json       the queues and payloads of each service, printed by FastStream
docs/openapi/*.json        the HTTP interface of each service
shared/schemas/*.json      the body of each event; a diff here is a change of contract
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from faststream.specification import AsyncAPI

from deploy.keys import make_keys
from deploy.native import environment
from deploy.native.site import Site
from shared.events import CATALOGUE, Event
from shared.messaging.consumers import Consumer
from shared.messaging.stream import stream
from shared.process.app import Process

REPOSITORY = Path(__file__).resolve().parents[1]
SERVICES = ("checkout", "payments", "members", "notifications")
ENVELOPE = ("event_id", "occurred_at", "caused_by", "traceparent")


def event_schema(kind: type[Event]) -> dict[str, Any]:
    """Return the JSON Schema of the body of an event; the envelope's fields are not in it."""
    schema = kind.model_json_schema()
    for name in ENVELOPE:
        schema["properties"].pop(name, None)
    return {"$id": kind.type, **schema}


def all_consumers() -> list[Consumer]:
    """Return every consuming function of every service, in the order of their definition."""
    return [
        consumer for service in SERVICES for consumer in import_module(f"{service}.consumers").consumers.all
    ]


def journey() -> str:
    """Return the map of events as Markdown."""
    consumers = all_consumers()
    lines = [
        "# Who publishes what, who consumes it",
        "",
        "Generated from the decorators and return types of the consuming functions (`make map`). The second table",
        "has only consumers. The first table also has the events that people and due work cause.",
        "",
        "| event | published by | consumed by | when it is true |",
        "|---|---|---|---|",
    ]
    for kind in sorted(CATALOGUE.values(), key=lambda kind: (SERVICES.index(kind.producer), kind.__name__)):
        heard_by = ", ".join(f"`{one.queue}`" for one in consumers if kind in one.events) or "nobody"
        meaning = (kind.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| `{kind.__name__}` | {kind.producer} | {heard_by} | {meaning} |")
    lines += ["", "| queue | consumes | publishes | what it does |", "|---|---|---|---|"]
    for one in consumers:
        hears = ", ".join(f"`{kind.__name__}`" for kind in one.events)
        says = ", ".join(f"`{kind.__name__}`" for kind in one.says) or "–"
        does = (one.function.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| `{one.queue}` | {hears} | {says} | {does} |")
    return "\n".join(lines) + "\n"


def asyncapi(service: str) -> str:
    """Return the AsyncAPI document of ``service``."""
    consumers = import_module(f"{service}.consumers").consumers
    broker = stream("amqp://broker:5672/", consumers)
    document = AsyncAPI(broker, title=f"Noren {service}", version="1", schema_version="3.0.0")
    # FastStream keeps some parts in sets, so that their order differs from run to run.
    return _json(_in_order(json.loads(document.to_specification().to_json())))


def openapi(service: str) -> str:
    """Return the OpenAPI document of ``service``."""
    made = import_module(f"{service}.main").make()
    return _json(Process(made, ["web"]).app().openapi())


def documents() -> Iterator[tuple[Path, str]]:
    """Yield every generated document: its place and its text."""
    for kind in CATALOGUE.values():
        yield REPOSITORY / "shared" / "schemas" / f"{kind.type}.json", _json(event_schema(kind))
    yield REPOSITORY / "docs" / "journey.md", journey()
    for service in SERVICES:
        yield REPOSITORY / "docs" / "asyncapi" / f"{service}.json", asyncapi(service)
        yield REPOSITORY / "docs" / "openapi" / f"{service}.json", openapi(service)


def _in_order(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _in_order(data[key]) for key in sorted(data)}
    if isinstance(data, list):
        return sorted((_in_order(one) for one in data), key=lambda one: json.dumps(one, sort_keys=True))
    return data


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def set_environment(folder: Path) -> None:
    """Give the services settings to be made with, as a native installation in ``folder`` would; nothing runs."""
    site = Site(home=folder)
    make_keys(site.keys, list(SERVICES))
    for service in SERVICES:
        os.environ |= environment.service(site, service)


def main() -> None:
    """Write or check."""
    check = sys.argv[1:] == ["--check"]
    stale = []
    with tempfile.TemporaryDirectory() as folder:
        set_environment(Path(folder))
        for file, text in documents():
            if file.exists() and file.read_text(encoding="utf-8") == text:
                continue
            if check:
                stale.append(str(file.relative_to(REPOSITORY)))
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            print(f"wrote {file.relative_to(REPOSITORY)}")
    if stale:
        raise SystemExit("out of date, run make map: " + ", ".join(stale))


if __name__ == "__main__":
    main()
