"""The kinds of error, and what the message core does with each.

Each class is indented below its base class:

    Exception
    ├── Refused        the rules refuse: a status for a person; a message is logged and acknowledged
    ├── TryAgain       too early: the message is retried, a limited number of times
    ├── Undecodable    not an event: the message becomes a dead letter immediately
    │   ├── UnknownVersion  a newer release may know it: replay after the upgrade
    │   └── WrongExchange   published on the exchange of another service
    └── anything else  a bug: a few tries, then the dead letters, with its reason
"""


class Refused(Exception):
    """The rules refuse, and a retry will not help.

    ``code`` is for programs (``snake_case``), ``message`` for people (Japanese), ``field`` names the
    input at fault, ``status`` is the HTTP status to answer with.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None, status: int = 409) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.field = field
        self.status = status


class TryAgain(Exception):
    """A precondition is missing so far; retry the message after a pause."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Undecodable(Exception):
    """The bytes are no message of the catalogue. A retry cannot change that."""

    reason = "undecodable"


class UnknownVersion(Undecodable):
    """The name is that of an event that the catalogue lacks. A newer release may have published it."""

    reason = "unknown_version"


class WrongExchange(Undecodable):
    """An event arrived through the exchange of a service that may not publish it.

    Somebody uses that service's broker user.
    """

    reason = "wrong_exchange"
