"""What a group of settings is about, where it is about something: a kind of mail, a method. Each subject has its own values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from shared.shop.settings.group import Group

G = TypeVar("G", bound=Group)


@dataclass(frozen=True)
class Subject(Generic[G]):
    """One set of values of a group. ``Subject(ShopSettings())`` is that of a group which is about the shop itself.

    ``default`` is what holds where nothing was changed. ``key`` names the subject in the tables and never changes;
    ``called`` is what staff read. ``names`` are the settings that it has; all those of the group if None. ``own`` says
    what holds where a text is left empty: it stands in the box, and whoever types it has left the box empty.
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
        """Return ``wanted`` as it is stored: what the subject does not have is as before anything was changed."""
        values: dict[str, Any] = {name: getattr(wanted, name) for name in self.has}
        values |= {name: "" for name, own in self.own.items() if values.get(name) == own}
        return self.default.model_copy(update=values)
