"""HTML forms into pydantic models, keeping what was typed and a Japanese message for each field.

A page shows a `Form`: empty, filled from an object, or submitted with errors; `ui.field(form, "name")` draws each.
Every handler reads the form and checks `form.errors`. It shows the page again with 422, or uses `form.value`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar, get_origin

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import ImmutableMultiDict, UploadFile

from shared.errors import Refused
from shared.text.plain_text import trimmed, with_line_feeds
from shared.web.field_messages import bounds_of, is_choice, japanese_message, unit_of

M = TypeVar("M", bound=BaseModel)
FIELDS_MAX = 2_000
FILES_MAX = 20
TYPED_MAX = 1_000
"""The number of typed characters that are kept to be shown again."""


class Form(Generic[M]):
    """A form on a page: its model, the typed texts, and the errors.

    `errors` maps a field name to one sentence; the name "" is for the form as a whole. `prefix` precedes the name of
    every input, so that one `<form>` can contain two addresses.
    """

    def __init__(
        self,
        model: type[M],
        values: Mapping[str, Any] | None = None,
        *,
        prefix: str = "",
    ) -> None:
        self.model = model
        self.values: dict[str, Any] = dict(values or {})
        self.prefix = prefix
        self.errors: dict[str, str] = {}
        self._value: M | None = None

    @property
    def value(self) -> M:
        """Return the checked model. Raises LookupError if the form has errors or was not submitted."""
        if self._value is None or self.errors:
            raise LookupError(f"{self.model.__name__} was not submitted or has errors")
        return self._value

    def refuse(self, error: Refused) -> None:
        """Show a refusal at its field. Show it above the form if it names no field of this form."""
        field = error.field if error.field in self.model.model_fields else ""
        self.errors[field or ""] = error.message

    def kept(self) -> dict[str, Any]:
        """Return the typed texts and their errors as JSON, for the page after a redirect."""
        typed = {name: value[:TYPED_MAX] for name, value in self.values.items() if isinstance(value, str)}
        return {"values": typed, "errors": self.errors}

    @classmethod
    def restored(cls, model: type[M], kept: Mapping[str, Any], *, prefix: str = "") -> "Form[M]":
        """Return the form from the data of `kept`, with the typed texts and the errors at their fields."""
        form = cls(model, kept.get("values"), prefix=prefix)
        told, order = kept.get("errors") or {}, list(model.model_fields)
        # JSON in the database has no order, and the summary of errors has the order of the page.
        form.errors = dict(
            sorted(told.items(), key=lambda each: order.index(each[0]) if each[0] in order else 99)
        )
        return form

    def __getitem__(self, name: str) -> Any:
        """Return the text of an input: the typed text, else the model's default, else ''."""
        if name in self.values:
            return "" if self.values[name] is None else self.values[name]
        info = self.model.model_fields[name]
        default = None if info.is_required() else info.get_default(call_default_factory=True)
        return "" if default is None else default

    def label(self, name: str) -> str:
        """Return the field's Japanese name, its `title`."""
        return self.model.model_fields[name].title or name

    def hint(self, name: str) -> str:
        """Return the text below the label, the field's `description`."""
        return self.model.model_fields[name].description or ""

    def required(self, name: str) -> bool:
        return self.model.model_fields[name].is_required()

    def length_max(self, name: str) -> int | None:
        """Return the field's `max_length`, for the input's `maxlength`."""
        limits = [getattr(part, "max_length", None) for part in self.model.model_fields[name].metadata]
        return next((limit for limit in limits if limit), None)

    def _submit(self, data: Mapping[str, Any]) -> None:
        self.values = dict(data)
        # An empty input is a missing value: the default applies, or the field is required.
        typed = {name: value for name, value in data.items() if value not in ("", [])}
        try:
            self._value = self.model.model_validate(typed)
        except ValidationError as failure:
            for error in failure.errors():
                name = str(error["loc"][0]) if error["loc"] else ""
                known = self.model.model_fields.get(name)
                label = (known.title if known and known.title else name) or "入力内容"
                choice = is_choice(known)
                bounds, unit = bounds_of(known), unit_of(known)
                self.errors.setdefault(
                    name, japanese_message(error, label, choice=choice, bounds=bounds, unit=unit)
                )


def parse_form(
    model: type[M], data: ImmutableMultiDict[str, Any] | Mapping[str, Any], *, prefix: str = ""
) -> Form[M]:
    """Check submitted data against a model. Fields that the model does not name are ignored.

    Blanks around text are removed, and line ends become `\\n`. A NUL is refused (PostgreSQL cannot store it).
    """
    form = Form(model, prefix=prefix)
    found: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        key = prefix + name
        if key not in data:
            continue
        if get_origin(info.annotation) in (list, set, tuple, frozenset):
            many: Iterable[Any] = data.getlist(key) if isinstance(data, ImmutableMultiDict) else data[key]
            found[name] = [_tidy(value) for value in many]
        else:
            found[name] = _tidy(data[key])
    form._submit(found)
    for name, value in found.items():
        if isinstance(value, str) and "\x00" in value:
            form.errors[name] = "使用できない文字が含まれています"
            form.values[name] = ""
    return form


async def read_form(request: Request, model: type[M], *, prefix: str = "") -> Form[M]:
    """Read the request's form (urlencoded or multipart) and check it. Call it again for another prefix."""
    data = await request.form(max_files=FILES_MAX, max_fields=FIELDS_MAX)
    return parse_form(model, data, prefix=prefix)


def _tidy(value: Any) -> Any:
    """Return text without the blanks around it. Return '' for invisible text and for an empty file input.

    Return an upload unchanged.
    """
    if isinstance(value, UploadFile):
        return value if value.filename else ""
    return trimmed(with_line_feeds(value)) if isinstance(value, str) else value
