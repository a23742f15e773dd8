"""The outcomes of anything that can go wrong.

Exception
├── Refused        the rules say no: a status for a person, logged and acknowledged for a message
├── TryAgain       not yet: the message comes back later, a bounded number of times
├── Undecodable    the message is not one of ours: straight to the dead letters
│   ├── UnknownVersion  another release may know it: there until the upgrade
│   └── WrongExchange   said where another service speaks
└── anything else  a bug: a few tries, then the dead letters, with its reason
"""


class Refused(Exception):
    """The rules say no, and asking again will not help.

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
    """What is needed is not here yet; bring the message back after a pause."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Undecodable(Exception):
    """The bytes are not a message of the catalogue; no retry can change that."""

    reason = "undecodable"


class UnknownVersion(Undecodable):
    """The name is that of an event, and the catalogue has none of it: a newer release may have said it."""

    reason = "unknown_version"


class WrongExchange(Undecodable):
    """An event came by the exchange of a service that may not say it: somebody uses that service's user."""

    reason = "wrong_exchange"
