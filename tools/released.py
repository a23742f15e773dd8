"""The contract of the last release: event schemas that later ones may only add to.

    python -m tools.released       store today's schemas as those of the release (make release)

Old and new releases read each other's events while an upgrade runs, and dead letters are replayed weeks later.
So a field stays as it is, a new one is optional, and known values only become more.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shared.events import CATALOGUE
from shared.events._open import KNOWN_VALUES
from tools.documents import REPOSITORY, event_schema

RELEASED = REPOSITORY / "shared" / "schemas" / "released"
Schema = Mapping[str, Any]

# All else that a schema says of a value: equal, or an old reader or an old message is refused.
_LIMITS = (
    "type",
    "format",
    "pattern",
    "default",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
)


def released_schemas(folder: Path = RELEASED) -> dict[str, Schema]:
    """Return the schemas of the last release by the type of their event."""
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))}


def schemas_now() -> dict[str, Schema]:
    """Return the schemas that follow from the code."""
    return {type_: event_schema(kind) for type_, kind in CATALOGUE.items()}


def broken(released: Mapping[str, Schema], now: Mapping[str, Schema]) -> list[str]:
    """Return each break of the released contract as a line: event, field and reason."""
    lines = [f"{type_}: no longer there" for type_ in sorted(released.keys() - now.keys())]
    for type_ in sorted(released.keys() & now.keys()):
        old, new = released[type_], now[type_]
        lines += _broken(type_, old, new, old.get("$defs", {}), new.get("$defs", {}))
    return lines


def _broken(where: str, old: Schema, new: Schema, old_parts: Schema, new_parts: Schema) -> Iterator[str]:
    old, new = _resolved(old, old_parts), _resolved(new, new_parts)
    yield from (f"{where}: {name} is another" for name in _LIMITS if old.get(name) != new.get(name))
    if lost := _known(old) - _known(new):
        yield f"{where}: no longer known: {', '.join(sorted(lost))}"
    if "enum" in new or "const" in new:
        yield f"{where}: closed; another value would be refused"
    for name, one, other in _inside(old, new):
        if one is None or other is None:
            yield f"{where}{name}: {'no longer there' if other is None else 'may be something else now'}"
        else:
            yield from _broken(f"{where}{name}", one, other, old_parts, new_parts)
    required, required_now = set(old.get("required", ())), set(new.get("required", ()))
    yield from (f"{where}.{name}: required now" for name in sorted(required_now - required))
    yield from (f"{where}.{name}: no longer always said" for name in sorted(required - required_now))


def _inside(old: Schema, new: Schema) -> Iterator[tuple[str, Schema | None, Schema | None]]:
    """Yield name, old and new schema of each part of a value; None where one of the two has no such part."""
    fields, fields_now = old.get("properties", {}), new.get("properties", {})
    for name, schema in fields.items():
        yield f".{name}", schema, fields_now.get(name)
    for word in ("items", "additionalProperties"):
        if isinstance(old.get(word), Mapping) or isinstance(new.get(word), Mapping):
            yield "[]", old.get(word), new.get(word)
    choices, choices_now = old.get("anyOf", []), new.get("anyOf", [])
    for number in range(max(len(choices), len(choices_now))):
        yield "", _at(choices, number), _at(choices_now, number)


def _at(choices: list[Schema], number: int) -> Schema | None:
    return choices[number] if number < len(choices) else None


def _resolved(schema: Schema, parts: Schema) -> Schema:
    reference = schema.get("$ref")
    return {**parts[reference.removeprefix("#/$defs/")], **schema} if reference else schema


def _known(schema: Schema) -> set[str]:
    constant = [schema["const"]] if "const" in schema else []
    return {*schema.get(KNOWN_VALUES, ()), *schema.get("enum", ()), *constant}


def main() -> None:
    """Store today's schemas as those of the release, unless they break the contract of the release before."""
    now = schemas_now()
    if lines := broken(released_schemas(), now):
        raise SystemExit("This would break the contract of the last release:\n" + "\n".join(lines))
    RELEASED.mkdir(exist_ok=True)
    for type_, schema in now.items():
        text = json.dumps(schema, ensure_ascii=False, indent=1) + "\n"
        (RELEASED / f"{type_}.json").write_text(text, encoding="utf-8")
    print(f"kept {len(now)} event schemas in {RELEASED.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
