"""Tells the other services who the shop is, and checkout's own pages where they read it."""

from checkout.shop.identity import IdentitySettings
from shared.database.transactions import Tx
from shared.events import ShopChanged
from shared.shop.identity.facts import ShopIdentity
from shared.shop.identity.known import StoredIdentity
from shared.shop.settings.rows import of_stored, read, stored_sql

STORED = StoredIdentity(
    f"SELECT {stored_sql(IdentitySettings)}",
    lambda stored: of_stored(IdentitySettings(), stored).facts,
)
"""The settings themselves: checkout owns them."""


async def tell_shop(tx: Tx, *, fallback: ShopIdentity) -> None:
    """Publish the identity in force with this commit. Call it after every change of the settings (SHO-01).

    The revision is that of the latest change, so the events of two changes have an order.
    """
    identity = (await read(tx, IdentitySettings)).shown_as(fallback)
    revision = await tx.value(
        "SELECT max(version) FROM settings WHERE group_name = :group_name",
        group_name=IdentitySettings.group_key,
    )
    if revision is not None:
        tx.say(
            ShopChanged(
                revision=revision,
                name=identity.name,
                seller=identity.seller,
                logo_path=identity.logo_path,
                postal_code=identity.postal_code,
                address=identity.address,
                phone=identity.phone,
                mail=identity.mail,
                responsible=identity.responsible,
                registration_number=identity.registration_number,
            )
        )
