"""The subjects of a group of settings, such as the kinds of mail or the methods. Each has its own values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from shared.shop.settings.group import Group

G = TypeVar("G", bound=Group)


@dataclass(frozen=True)
class Subject(Generic[G]):
    """One set of values of a group. ``Subject(ShopSettings())`` is that of a group about the shop itself.

    ``default`` are the values without any change. ``key`` names the subject in the tables and never changes. ``called``
    is its name for staff. ``names`` are its settings; None means all of the group.

    ``own`` is the value that applies if a text is left empty. The field shows it, and typing the same text counts as
    empty.
    """

    default: G
    key: str = ""
    called: str = ""
    names: tuple[str, ...] | None = None
    own: Mapping[str, str] = field(default_factory=dict)

    @property
    def group(self) -> type[G]:
        """Return the group."""
        return type(self.default)

    @property
    def has(self) -> tuple[str, ...]:
        """Return the names of the settings that the subject has, in the order of the declaration."""
        return tuple(self.group.model_fields) if self.names is None else self.names

    def kept(self, wanted: G) -> G:
        """Return ``wanted`` for storage. Settings that the subject does not have get their default."""
        values: dict[str, Any] = {name: getattr(wanted, name) for name in self.has}
        values |= {name: "" for name, own in self.own.items() if values.get(name) == own}
        return self.default.model_copy(update=values)
