"""A group of settings, declared once: types, defaults, bounds, labels for staff, and the role that may change them.

    class ShopSettings(Group, key="shop"):
        shipping_fee: Pieces = setting(550, label="送料", unit="円", ge=0, le=100_000)
        closing: Closing = setting("by_itself", label="処理済みにする人", labels=CLOSINGS)

Storage, page, record and list of changes use this declaration.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

Role = Literal["owner", "staff"]
SettingKind = Literal["yes_no", "choice", "menu", "yen", "number", "text", "long_text", "list", "picture"]
"""The input of a setting on its page. A ``choice`` has cards, a ``menu`` opens, a ``list`` has checkboxes or lines.

A ``picture`` is the key of a file. It has an upload of its own beside the form."""
YEN = "円"
TYPED_AT = "typed_at"
"""The key of the validation context with the moment at which staff typed the settings. Stored settings have no context."""
BRIEF_MAX = 200
"""Characters of a value in lists of changes and in 操作の記録."""


@dataclass(frozen=True)
class ShownSetting:
    """How staff see a setting: its label, the labels of its values, and its position."""

    label: str
    kind: SettingKind
    labels: Mapping[str, str]
    hints: Mapping[str, str]
    unit: str = ""
    empty: str = "なし"
    section: str = ""
    changed_by: Role = "owner"
    only_for: Callable[[Any], bool] = lambda _: True

    @property
    def cards(self) -> list[dict[str, str]]:
        """Return the choices in the form of ``ui.radio_cards``."""
        return [
            {"value": value, "label": word, "hint": self.hints.get(value, "")}
            for value, word in self.labels.items()
        ]

    def brief(self, value: Any, labels: Mapping[str, str] | None = None) -> str:
        """Return the label of ``value`` for a list of changes: a long text only with its beginning."""
        label = self.label_of(value, labels)
        return label if len(label) <= BRIEF_MAX else f"{label[:BRIEF_MAX]}…"

    def label_of(self, value: Any, labels: Mapping[str, str] | None = None) -> str:
        """Return the label of ``value``, also for a value of another release.

        ``labels`` are labels known only at run time.
        """
        known = {**self.labels, **(labels or {})}
        if self.kind == "yes_no":
            return known["yes" if value else "no"]
        if value is None or value == "" or value == []:
            return self.empty
        match self.kind:
            case "yen":
                return f"¥{value:,}"
            case "number":
                return f"{Decimal(str(value)).normalize():,f}{self.unit}"
            case "picture":
                return f"画像（{str(value)[-6:]}）"
            case "list":
                return "・".join(known.get(str(one), str(one)) for one in value)
            case _:
                return known.get(str(value), str(value))


def setting(
    default: Any,
    *,
    label: str,
    hint: str = "",
    listed: str = "",
    labels: Mapping[Any, str] | None = None,
    hints: Mapping[Any, str] | None = None,
    yes: str = "はい",
    no: str = "いいえ",
    unit: str = "",
    empty: str = "なし",
    shown: SettingKind | None = None,
    section: str = "",
    changed_by: Role | None = None,
    only_for: Callable[[Any], bool] = lambda _: True,
    ge: int | None = None,
    le: int | None = None,
    max_length: int | None = None,
) -> Any:
    """Declare a setting of a :class:`Group`.

    ``label`` and ``hint`` are shown at its field. ``listed`` is its name in the list of changes, if the label alone is
    not clear there. ``labels`` are the labels of a choice, one for each value. ``hints`` are texts below some of them.
    ``yes`` and ``no`` are the labels of a bool.

    ``unit`` follows numbers; with 円 they are yen. ``empty`` is the text for no value. ``section`` is the heading above
    this setting and those after it. ``changed_by`` is the lowest role that may change it; None is the role of the
    group. ``only_for`` decides which subjects of the group have the setting (:meth:`Group.names_for`).
    """
    about: dict[str, Any] = {
        "label": label,
        "listed": listed,
        "labels": dict(labels or {}) or {"yes": yes, "no": no},
        "hints": dict(hints or {}),
        "unit": unit,
        "empty": empty,
        "shown": shown,
        "section": section,
        "changed_by": changed_by,
        "only_for": only_for,
    }
    title = label if not unit or unit == YEN or unit in label else f"{label}（{unit}）"
    return Field(
        default,
        title=title,
        description=hint or None,
        ge=ge,
        le=le,
        max_length=max_length,
        json_schema_extra={"setting": about},
    )


class Group(BaseModel):
    """A group of settings: read together, shown on one page, and changed with one version.

    ``key`` names the group in the tables and never changes. A group without one is a base class for others. A group may
    have subjects, such as the kinds of mail (shared/shop/settings/subjects.py). Each subject then has its own values,
    and ``about`` is the word for all subjects on pages.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    group_key: ClassVar[str] = ""
    about: ClassVar[str] = ""
    shown: ClassVar[Mapping[str, ShownSetting]] = {}

    def __init_subclass__(
        cls, *, key: str = "", about: str = "", changed_by: Role = "owner", **kwargs: Any
    ) -> None:
        """Store the key; the fields are not known yet."""
        super().__init_subclass__(**kwargs)
        cls.group_key, cls.about = key, about

    @classmethod
    def __pydantic_init_subclass__(cls, *, key: str = "", changed_by: Role = "owner", **_: Any) -> None:
        """Read how each setting is shown. Raises TypeError for a choice without a label for one of its values."""
        cls.shown = {name: _shown(name, info, changed_by) for name, info in cls.model_fields.items()}

    def plain(self) -> dict[str, Any]:
        """Return the values in their stored form, in JSON's types. Sets are sorted."""
        return {name: plain(value) for name, value in self}

    def changed_from(self, before: "Group") -> list[str]:
        """Return the names of the settings that differ from ``before``."""
        return [name for name in type(self).model_fields if getattr(self, name) != getattr(before, name)]

    @classmethod
    def changed_as(cls, role: str | None) -> tuple[str, ...]:
        """Return the names of the settings that somebody with ``role`` may change."""
        return tuple(
            name
            for name, shown in cls.shown.items()
            if role == "owner" or (role is not None and shown.changed_by == "staff")
        )

    @classmethod
    def names_for(cls, what: Any) -> tuple[str, ...]:
        """Return the names of the settings that the subject ``what`` has."""
        return tuple(name for name, shown in cls.shown.items() if shown.only_for(what))


def plain(value: Any) -> Any:
    """Return ``value`` in JSON's types."""
    return to_jsonable_python(sorted(value) if isinstance(value, set | frozenset) else value)


def allows_nothing(info: FieldInfo) -> bool:
    """Return whether a setting may be empty: None is one of its values, or the empty text is its default."""
    return type(None) in get_args(info.annotation) or info.default == ""


def is_list(info: FieldInfo) -> bool:
    """Return whether a setting has several values."""
    return get_origin(info.annotation) in (list, set, tuple, frozenset)


def _shown(name: str, info: FieldInfo, changed_by: Role) -> ShownSetting:
    extra = info.json_schema_extra
    if not isinstance(extra, dict) or not isinstance(extra.get("setting"), dict):
        raise TypeError(f"{name} is not declared with setting(…)")
    about: dict[str, Any] = extra["setting"]  # type: ignore[assignment]
    kind = about["shown"] or _kind(info, about["unit"])
    if kind in ("choice", "menu") and _values(info) != set(about["labels"]):
        raise TypeError(f"{name} needs a word for each of {sorted(_values(info))}")
    return ShownSetting(
        label=about["listed"] or about["label"],
        kind=kind,
        labels=about["labels"],
        hints=about["hints"],
        unit=about["unit"],
        empty=about["empty"],
        section=about["section"],
        changed_by=about["changed_by"] or changed_by,
        only_for=about["only_for"],
    )


def _kind(info: FieldInfo, unit: str) -> SettingKind:
    kinds = {info.annotation, *get_args(info.annotation)}
    if bool in kinds:
        return "yes_no"
    if _values(info):
        return "choice"
    if is_list(info):
        return "list"
    if str in kinds:
        return "text"
    return "yen" if unit == YEN else "number"


def _values(info: FieldInfo) -> set[str]:
    return set(get_args(info.annotation)) if get_origin(info.annotation) is Literal else set()
