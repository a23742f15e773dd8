"""The form of an order by a wallet, as a buyer's browser sends it."""

from tests.checkout.shopper import ADDRESS_A, Shopper

ORDERER_FIELDS = ("name", "postal_code", "address1", "phone", "email")


def form_of(shopper: Shopper, **changes: str) -> dict[str, str]:
    """Return what the page sends when nothing but ``changes`` was touched."""
    values = {name: shopper.field(name) for name in ("key", "total", "shown", *ORDERER_FIELDS)}
    values["prefecture"] = ADDRESS_A["prefecture"]
    if "checked" in checkbox(shopper):
        values["register_member"] = "true"
    return {name: value for name, value in {**values, **changes}.items() if value}


def checkbox(shopper: Shopper) -> str:
    """Return the registration box as it stands on the page; empty if there is none."""
    _, _, rest = shopper.page.text.partition('type="checkbox" id="f-register_member"')
    return rest.partition(">")[0]
