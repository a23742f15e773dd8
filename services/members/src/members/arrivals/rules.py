"""Decides the next step for a buyer who returns from Amazon's login (MEM-02 to MEM-08, X-35).

Only the buyer id identifies the Amazon account. An equal e-mail address never merges two accounts. It only leads to the
shop's own login, and both logins together make the link.
"""

from typing import Literal
from uuid import UUID

ArrivalStep = Literal[
    "refuse", "enter", "link", "ask_link", "ask_switch", "prove_first", "ask_login", "register", "go_on"
]


def next_step(
    *,
    login_allowed: bool,
    ordering: bool,
    viewer_id: UUID | None,
    viewer_linked: bool,
    viewer_proved: bool,
    buyers_member_id: UUID | None,
    email_known: bool,
    confirmed: bool,
    password_shown: bool,
) -> ArrivalStep:
    """Return the next step for a buyer who arrives.

    ``ordering`` means that the buyer is placing an order, not only logging in. ``viewer_id`` is the member who is
    logged in to the shop. ``viewer_linked`` says whether that member has an Amazon account. ``viewer_proved`` says
    whether the member's address is proved or equals the address that Amazon vouches for.

    ``buyers_member_id`` is the member linked with this buyer. ``email_known`` means that another member has the buyer's
    address.

    ``confirmed`` means that the viewer agreed on a page that names the Amazon account. Only then an existing login is
    linked or replaced, because another person may have obtained the wallet of this browser. A link is another way to
    log in, so it also needs ``password_shown``: the viewer typed the present password, or has none.
    """
    if not login_allowed:
        return "go_on" if ordering else "refuse"
    if viewer_id is not None:
        if buyers_member_id is None:
            if viewer_linked:
                return "go_on"
            if not viewer_proved:
                return "prove_first"
            return "link" if confirmed and password_shown else "ask_link"
        # Paying with another person's Amazon account is allowed and changes no login.
        if ordering or buyers_member_id == viewer_id:
            return "go_on"
        return "enter" if confirmed else "ask_switch"
    if buyers_member_id is not None:
        return "enter"
    if email_known:
        return "ask_login"
    return "go_on" if ordering else "register"
