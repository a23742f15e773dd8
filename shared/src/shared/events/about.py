"""What an event is about, for code that takes events of several classes."""

from typing import ClassVar, Protocol


class AboutAnOrder(Protocol):
    """An event that names its order."""

    type: ClassVar[str]

    @property
    def order_code(self) -> str:
        """Return the code of the order."""
