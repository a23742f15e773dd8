"""Identifiers: time-ordered, so that primary keys append to the right of their index."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """Return a new UUIDv7 (RFC 9562 §5.7)."""
    return uuid_utils.compat.uuid7()
