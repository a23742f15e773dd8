"""Labels: the text for people for a value of the code, one for each member of a ``Literal``.

A state, a reason or a kind is a value of a ``Literal`` (or a union of them). The table of its labels is checked twice.
mypy refuses a label for a value that is no member. The import fails if a member has no label. A value from an event or
a row may belong to another release; for it, ``of`` returns a neutral text (decision 0015).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

if TYPE_CHECKING:
    from typing_extensions import TypeForm

Member = TypeVar("Member", bound=str)
Shown = TypeVar("Shown")
Mark = Literal["done", "wait", "stop", "note", "plain"]
"""The kind of a badge: macros.html."""
Badge = tuple[str, Mark]
"""A label and the kind of its mark."""


class LabelsIncomplete(TypeError):
    """A table lacks a label for a member, or has one for a value that is no member. It is a bug, found at import."""


def members(of: Any) -> tuple[str, ...]:
    """Return the words of a ``Literal``, or of a union of them."""
    parts = get_args(of)
    return parts if get_origin(of) is Literal else tuple(word for part in parts for word in members(part))


def names_of(union: Any, name_of: Callable[[type], str] = lambda one: one.__name__) -> "TypeForm[str]":
    """Return the names of the classes of ``union`` as a ``Literal``, for words that are class names."""
    names: Any = Literal[tuple(map(name_of, get_args(union)))]
    return names


def other(word: str) -> str:
    """Return the neutral words for a ``word`` of another release; it stays visible."""
    return f"その他（コード：{word}）"


class Complete(Mapping[Member, Shown]):
    """A complete table with an entry for each member of ``of``; ``unknown`` is the text for any other word.

    Raises LabelsIncomplete.
    """

    def __init__(
        self, of: "TypeForm[Member]", shown: Mapping[Member, Shown], *, unknown: Callable[[str], Shown]
    ) -> None:
        known = members(of)
        if missing := [word for word in known if word not in shown]:
            raise LabelsIncomplete(f"no label for {', '.join(missing)}")
        if spare := [word for word in shown if word not in known]:
            raise LabelsIncomplete(f"a label for what is no member: {', '.join(spare)}")
        self._shown = dict(shown)
        self._unknown = unknown

    def __getitem__(self, word: Member) -> Shown:
        return self._shown[word]

    def __iter__(self) -> Iterator[Member]:
        return iter(self._shown)

    def __len__(self) -> int:
        return len(self._shown)

    def of(self, word: str) -> Shown:
        """Return the entry for ``word``, also for a word of another release."""
        shown: Mapping[str, Shown] = self._shown  # type: ignore[assignment]
        return shown[word] if word in shown else self._unknown(word)


class Labels(Complete[Member, str]):
    """``Labels[State](State, {"open": "処理中", …})``: a label for each state."""

    def __init__(
        self, of: "TypeForm[Member]", shown: Mapping[Member, str], *, unknown: Callable[[str], str] = other
    ) -> None:
        super().__init__(of, shown, unknown=unknown)


class Badges(Complete[Member, Badge]):
    """``Badges[State](State, {"open": ("処理中", "wait"), …})``: a label and the kind of its mark."""

    def __init__(self, of: "TypeForm[Member]", shown: Mapping[Member, Badge]) -> None:
        super().__init__(of, shown, unknown=lambda word: (other(word), "plain"))

    @property
    def labels(self) -> dict[Member, str]:
        """Return the labels alone, for the choices of a form."""
        return {member: label for member, (label, _) in self.items()}
