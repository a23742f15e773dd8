"""A sheet: the settings of one form, of one subject or several, which are shown, typed and saved together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from pydantic import BaseModel
from starlette.datastructures import FormData

from shared.errors import Refused
from shared.shop.settings.group import Group, ShownSetting, plain
from shared.shop.settings.subjects import Subject
from shared.web.forms import Form, parse_form
from shared.web.session import Viewer, role_missing
from shared.web.settings_forms import form_model, form_of, with_typed

Wanted = list[tuple[Subject[Any], Any]]


@dataclass(frozen=True)
class Placed:
    """A subject on a page: its form, its settings in force, and the labels of both.

    ``labels`` are the labels of values that are known only at run time; with them a list has checkboxes. ``more`` are
    further values for the page's own template.
    """

    subject: Subject[Any]
    in_force: Any
    form: Form[BaseModel]
    labels: Mapping[str, str] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> Mapping[str, ShownSetting]:
        """Return how staff read each setting."""
        shown: Mapping[str, ShownSetting] = self.subject.group.shown
        return shown

    @property
    def sections(self) -> list[tuple[str, list[str]]]:
        """Return the headings with the settings of the subject below each."""
        return sections(self.subject.group, self.subject.has)

    def text(self, name: str) -> str:
        """Return the value in force as text."""
        value = plain(getattr(self.in_force, name))
        return (
            self.subject.own[name]
            if self._left_empty(name)
            else self.shown[name].label_of(value, self.labels)
        )

    def options(self, name: str) -> list[tuple[str, str]] | None:
        """Return the (value, label) pairs of a list whose choices are known only at run time.

        The value in force is included.
        """
        if self.labels is None or self.shown[name].kind != "list":
            return None
        return sorted({**{one: one for one in plain(getattr(self.in_force, name))}, **self.labels}.items())

    def may_be_changed(self, name: str) -> bool:
        """Return whether the viewer may change the setting."""
        return name in self.form.model.model_fields

    def text_of_picture(self, name: str) -> str:
        """Return the key of the picture in force; empty without one."""
        return str(getattr(self.in_force, name) or "")

    def hint(self, name: str) -> str:
        """Return the hint of a setting."""
        return self.subject.group.model_fields[name].description or ""

    @property
    def pictures(self) -> list[str]:
        """Return the settings with an upload of their own."""
        return [name for name in self.subject.has if self.shown[name].kind == "picture"]

    def notes(self, columns: Sequence[tuple[str, str]]) -> list[str]:
        """Return the settings that are not empty and have no column (name, label) in the list of subjects."""
        heads = dict(columns)
        return [
            name for name in self.subject.has if name not in heads and plain(getattr(self.in_force, name))
        ]

    def _left_empty(self, name: str) -> bool:
        return name in self.subject.own and getattr(self.in_force, name) == ""


@dataclass(frozen=True)
class Sheet:
    """The content of one form: settings of ``subjects``, some of which ``staff`` may change.

    Several subjects are rows; the name of an input begins with the key of its subject.
    """

    subjects: Sequence[Subject[Any]]
    staff: Viewer

    @property
    def called(self) -> str:
        """Return the beginning of a sentence about the sheet. It names the subject if there is only one."""
        one = self.subjects[0].called if len(self.subjects) == 1 else ""
        return f"{one}の" if one else ""

    def sent(self, data: FormData) -> list[Form[BaseModel]]:
        """Return the submitted values of each subject. Raises Refused (403) if ``staff`` may change none of them."""
        if not any(self._names(subject) for subject in self.subjects):
            raise role_missing()
        return [self._sent(subject, data) for subject in self.subjects]

    def wanted(self, in_force: Sequence[Group], forms: Sequence[Form[BaseModel]]) -> Wanted:
        """Return the settings that valid forms ask for. Raises Refused by a rule of a group, at its field."""
        found = []
        for subject, values, form in zip(self.subjects, in_force, forms, strict=True):
            try:
                found.append((subject, with_typed(values, form)))
            except Refused as refused:
                form.refuse(refused)
                raise
        return found

    def placed(
        self,
        in_force: Sequence[Group],
        forms: Sequence[Form[BaseModel]] | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        more: Callable[[Subject[Any], Any], Mapping[str, Any]] = lambda _, __: {},
    ) -> list[Placed]:
        """Return the subjects as the page shows them, with the submitted ``forms`` if there are any."""
        shown = forms or [
            self._form(subject, values) for subject, values in zip(self.subjects, in_force, strict=True)
        ]
        return [
            Placed(subject, values, form, labels, more(subject, values))
            for subject, values, form in zip(self.subjects, in_force, shown, strict=True)
        ]

    def _sent(self, subject: Subject[Any], data: FormData) -> Form[BaseModel]:
        group: type[Group] = subject.group
        return parse_form(form_model(group, self._names(subject)), data, prefix=self._prefix(subject))

    def _form(self, subject: Subject[Any], values: Group) -> Form[BaseModel]:
        form = form_of(values, self._names(subject))
        form.prefix = self._prefix(subject)
        for name, own in subject.own.items():
            form.values[name] = form.values[name] or own
        return form

    def _names(self, subject: Subject[Any]) -> tuple[str, ...]:
        may = subject.group.changed_as(self.staff.changes_settings_as)
        shown = subject.group.shown
        return tuple(name for name in subject.has if name in may and shown[name].kind != "picture")

    def _prefix(self, subject: Subject[Any]) -> str:
        return f"{subject.key}-" if subject.key and len(self.subjects) > 1 else ""


def sections(group: type[Group], names: Sequence[str] | None = None) -> list[tuple[str, list[str]]]:
    """Return the headings of ``group`` with the settings called ``names`` below each; all settings if None."""
    heads, head = [], ""
    for name, shown in group.shown.items():
        head = shown.section or head
        if names is None or name in names:
            heads.append((head, name))
    return [(head, [name for _, name in those]) for head, those in groupby(heads, key=lambda one: one[0])]
