"""The form of a group of settings: its fields for input, its list of changes as text, and who may submit it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, create_model

from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import DeskEvent
from shared.shop.settings.change_settings import Change
from shared.shop.settings.group import TYPED_AT, YEN, Group, allows_nothing, is_list
from shared.shop.settings.subjects import Subject
from shared.web.deeds import done_by
from shared.web.field_messages import japanese_message
from shared.web.forms import Form
from shared.web.session import Viewer

G = TypeVar("G", bound=Group)


@dataclass(frozen=True)
class AtDesk:
    """The member of staff who changes settings. The deed is published as ``event``, which members consumes."""

    event: type[DeskEvent]
    by: Mapping[str, Any]

    @classmethod
    def of(cls, event: type[DeskEvent], request: Request, staff: Viewer) -> "AtDesk":
        """Return the member of staff who sent ``request``."""
        return cls(event, done_by(request, staff))

    @property
    def name(self) -> str:
        """Return the name stored with the change."""
        return self.by["by"] or "スタッフ"

    async def note(self, tx: Tx, subject: str, *, at: datetime, before: str = "", after: str = "") -> None:
        """Publish the deed."""
        tx.say(self.event(**self.by, subject=subject, before=before, after=after))


@cache
def form_model(group: type[Group], names: tuple[str, ...]) -> type[BaseModel]:
    """Return a form model for the settings called ``names``.

    An unticked checkbox is False. An empty field is None if the setting allows it; otherwise it is required. A choice
    that is not submitted stays unset.
    """
    fields: dict[str, Any] = {}
    for name in names:
        info = group.model_fields[name]
        rules = [*info.metadata, *([BeforeValidator(_lines)] if is_list(info) else [])]
        kind = Annotated[(info.annotation, *rules)] if rules else info.annotation
        unit: dict[str, Any] = {"unit": YEN} if group.shown[name].kind == "yen" else {}
        about = Field(
            _left_empty(group, name), title=info.title, description=info.description, json_schema_extra=unit
        )
        fields[name] = (kind, about)
    return create_model(f"{group.__name__}Form", **fields)


def form_of(in_force: Group, names: Sequence[str]) -> Form[BaseModel]:
    """Return the form that shows the settings ``in_force``."""
    return Form(form_model(type(in_force), tuple(names)), in_force.plain())


def with_typed(in_force: G, form: Form[BaseModel]) -> G:
    """Return the settings ``in_force`` with the values of a form without errors. Raises Refused by a rule of the group."""
    group = type(in_force)
    sent = form.value.model_fields_set
    typed = {
        name: value
        for name, value in form.value
        if name in sent or group.shown[name].kind not in ("choice", "menu")
    }
    try:
        return group.model_validate({**dict(in_force), **typed}, context={TYPED_AT: now()})
    except ValidationError as failure:
        error = failure.errors()[0]
        field = str(error["loc"][0]) if error["loc"] else None
        label = group.shown[field].label if field is not None and field in group.shown else "設定"
        raise Refused("setting_refused", japanese_message(error, label), field=field, status=422) from None


def in_words(
    changes: Sequence[Change],
    subjects: Sequence[Subject[Any]],
    staff: Viewer,
    labels: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Return ``changes`` for ``settings_ui.changes``, marked if ``staff`` may take them back.

    ``subjects`` are those of the page. A change of a deleted subject is shown by its key. ``labels`` are the labels of
    values that are known only at run time.
    """
    groups = {subject.group.group_key: subject.group for subject in subjects}
    called = {(subject.group.group_key, subject.key): subject.called for subject in subjects}
    lines = []
    for one in changes:
        group = groups[one.group_name]
        shown = group.shown[one.name]
        subject = called.get((one.group_name, one.subject), one.subject)
        lines.append(
            {
                "change_id": one.change_id,
                "at": one.at,
                "by": one.by,
                "subject": subject,
                "label": f"{shown.label}（{subject}）" if subject else shown.label,
                "name": shown.label,
                "before": shown.brief(one.before, labels),
                "after": shown.brief(one.after, labels),
                "may_take_back": one.stands
                and one.before != one.after
                and one.name in group.changed_as(staff.changes_settings_as),
            }
        )
    return lines


def _left_empty(group: type[Group], name: str) -> Any:
    info = group.model_fields[name]
    if group.shown[name].kind == "yes_no":
        return False
    if is_list(info):
        return []
    if group.shown[name].kind in ("choice", "menu"):
        return info.default
    if not allows_nothing(info):
        return ...
    return info.default if info.default == "" else None


def _lines(value: Any) -> Any:
    """Return a list of values: checkboxes submit one value each, a large field one text with a value per line."""
    if not isinstance(value, list):
        return value
    return [line.strip() for text in value for line in str(text).split("\n") if line.strip()]
