"""Cookies that carry signed statements: HttpOnly, SameSite=Lax, `__Host-` when the origin is https.

A browser stores about 4,096 bytes per cookie, and a statement with an Amazon address book can be longer. A long value
is therefore split into pieces (`2~<first>`, `name-1`, ...) and joined when it is read.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from shared.shop.statements import COOKIE

CART_COOKIE = "noren_cart"
CART_COUNT_COOKIE = "noren_cart_count"
AMAZON_STATE_COOKIE = "noren_amazon_state"
AMAZON_SIGN_IN_COOKIE = "noren_amazon_sign_in"
ARRIVED_COOKIE = "noren_arrived"
# Visits to Amazon in progress. The viewer who returns must be the viewer who began the visit.
_BEGUN = (AMAZON_STATE_COOKIE, AMAZON_SIGN_IN_COOKIE, ARRIVED_COOKIE)
# Cookies about the person, besides the session: the wallet, the benefit, links of mails, and visits to Amazon.
# The token that identifies the browser is not one of them.
_OF_THE_MEMBER = (
    COOKIE["wallet"],
    COOKIE["benefit"],
    COOKIE["password_reset"],
    COOKIE["email_verification"],
    COOKIE["staff_invitation"],
    COOKIE["desk_login"],
    *_BEGUN,
)
_OF_THE_VISITOR = (*COOKIE.values(), *_BEGUN, CART_COOKIE, CART_COUNT_COOKIE)

PIECE_BYTES_MAX = 3_600
PIECES_MAX = 4
_COUNTS = frozenset(str(count) for count in range(1, PIECES_MAX + 1))


@dataclass(frozen=True)
class Cookies:
    """Reads and writes cookies of this origin. `secure` is the COOKIE_SECURE setting."""

    secure: bool

    def name(self, name: str) -> str:
        """Return the name in HTTP. `__Host-` binds the cookie to this host, https and path `/` (RFC 6265bis 4.1.3)."""
        return f"__Host-{name}" if self.secure else name

    def names(self, name: str) -> tuple[str, ...]:
        """Return the names in HTTP of all cookies into which a value may be split."""
        return (self.name(name), *(self.name(f"{name}-{index}") for index in range(1, PIECES_MAX)))

    def read(self, request: HTTPConnection, name: str) -> str | None:
        """Return the whole value, or None if the cookie or one of its pieces is missing."""
        jar = request.cookies
        first = jar.get(self.name(name))
        if first is None or first[1:2] != "~":
            return first
        count, rest = first[:1], first[2:]
        # Not isdigit(): Python counts "²" as a digit, but int("²") fails.
        if count not in _COUNTS:
            return None
        pieces = [jar.get(self.name(f"{name}-{index}")) for index in range(1, int(count))]
        return None if None in pieces else rest + "".join(piece for piece in pieces if piece)

    def write(self, response: Response, name: str, value: str, *, max_age_seconds: int | None = None) -> None:
        """Set a cookie on a response. Without `max_age_seconds` it lasts as long as the browser session.

        Raises ValueError if the value is too long for a browser (about 14 kB).
        """
        pieces = [value[at : at + PIECE_BYTES_MAX] for at in range(0, len(value), PIECE_BYTES_MAX)] or [""]
        if len(pieces) > PIECES_MAX:
            raise ValueError(f"cookie {name} of {len(value)} bytes does not fit a browser")
        if len(pieces) > 1:
            pieces[0] = f"{len(pieces)}~{pieces[0]}"
        for index, piece in enumerate(pieces):
            self._set(response, name if index == 0 else f"{name}-{index}", piece, max_age_seconds)

    def clear(self, response: Response, name: str, *, request: HTTPConnection | None = None) -> None:
        """Delete a cookie. With `request`, delete its further pieces too."""
        self._set(response, name, "", 0)
        if request is not None:
            for index in range(1, PIECES_MAX):
                if self.name(f"{name}-{index}") in request.cookies:
                    self._set(response, f"{name}-{index}", "", 0)

    def _set(self, response: Response, name: str, value: str, max_age_seconds: int | None) -> None:
        response.set_cookie(
            self.name(name),
            value,
            max_age=max_age_seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )


def forget_begun(request: Request, response: Response) -> Response:
    """Delete visits to Amazon that the former viewer of this browser began."""
    return _forget(request, response, _BEGUN)


def forget_member(request: Request, response: Response) -> Response:
    """Delete what a browser obtained for its member, but not the cart: another member has logged in."""
    return _forget(request, response, _OF_THE_MEMBER)


def forget_visitor(request: Request, response: Response) -> Response:
    """Delete all personal cookies: after a logout the next person finds nothing of the former one."""
    return _forget(request, response, _OF_THE_VISITOR)


def _forget(request: Request, response: Response, names: Iterable[str]) -> Response:
    cookies: Cookies = request.app.state.cookies
    for name in names:
        cookies.clear(response, name, request=request)
    return response
