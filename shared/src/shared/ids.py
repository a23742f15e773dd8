"""Identifiers in the order of time, so that new primary keys are appended at the end of their index."""

from collections.abc import Callable
from uuid import UUID

import uuid_utils.compat


class Ids:
    """The source of identifiers: UUIDv7 (RFC 9562 §5.7), or a simulation's seed."""

    def __init__(self) -> None:
        self.make: Callable[[], UUID] = uuid_utils.compat.uuid7


ids = Ids()


def new_id() -> UUID:
    """Return a new identifier of this process's source."""
    return ids.make()
