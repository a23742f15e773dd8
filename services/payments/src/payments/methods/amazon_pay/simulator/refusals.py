"""The refusals of the API: a status, a documented reason code and a message."""


class Refusal(Exception):
    """Becomes the body `{"reasonCode": …, "message": …}` with this HTTP status."""

    def __init__(self, status: int, reason_code: str, message: str) -> None:
        super().__init__(f"{status} {reason_code}: {message}")
        self.status = status
        self.reason_code = reason_code
        self.message = message


def not_found(what: str) -> Refusal:
    """Return the refusal 404 for an id that does not exist."""
    return Refusal(404, "ResourceNotFound", f"The requested resource '{what}' was not found.")
