"""The settings of operators for checkout."""

from pydantic import Field

from checkout.carts.new_carts import CartPace
from checkout.placing.reserved_stock import SizeLimits, StockLimits
from shared.process.settings import ServiceSettings


class Settings(ServiceSettings):
    """The settings of every service, and the addresses from which pages read other services."""

    payments_url: str = Field("http://127.0.0.1:8102", description="Where the payment menu is read")
    members_url: str = Field("http://127.0.0.1:8103", description="Where pages read about members")
    notifications_url: str = Field(
        "http://127.0.0.1:8104", description="Where the page of operations reads about notifications"
    )
    page_read_timeout_seconds: float = Field(
        1.0, gt=0, le=10, description="A page does without another service's answer after this"
    )
    menu_refresh_seconds: int = Field(5, ge=1, le=3600, description="How often the payment menu is read")
    guest_unpaid_orders_per_email: int = Field(
        5,
        ge=0,
        le=10_000,
        description="Open orders without sure money of one mailbox at one IP address; 0: no limit",
    )
    guest_unpaid_orders_per_browser: int = Field(3, ge=0, le=10_000, description="The same of one browser")
    guest_unpaid_orders_per_address: int = Field(
        10, ge=0, le=10_000, description="The same of one IP address"
    )
    member_unpaid_orders: int = Field(10, ge=0, le=10_000, description="The same of one member")
    wallet_unpaid_orders: int = Field(
        3, ge=0, le=10_000, description="The same of one account of a wallet, without its yes"
    )
    guest_new_carts_per_address: int = Field(
        300, ge=0, le=100_000, description="New carts of guests of one IP address in ten minutes; 0: no limit"
    )
    guest_pieces_max: int = Field(100, ge=0, description="Pieces in one order of a guest; 0: no limit")
    guest_pieces_per_product_max: int = Field(30, ge=0, description="The same of one product")
    guest_unpaid_amount_max: int = Field(
        300_000, ge=0, description="Yen of one guest's order that nobody authorizes; 0: no limit"
    )
    member_unpaid_pieces_max: int = Field(
        300, ge=0, description="Pieces in one order of a proved member that nobody authorizes; 0: no limit"
    )
    member_unpaid_amount_max: int = Field(1_000_000, ge=0, description="Yen of the same; 0: no limit")

    @property
    def cart_pace(self) -> CartPace:
        """Return how many new carts the guests of one client address may open."""
        return CartPace(self.guest_new_carts_per_address)

    @property
    def stock_limits(self) -> StockLimits:
        """Return the limits for the stock reserved for one buyer."""
        return StockLimits(
            guest_email=self.guest_unpaid_orders_per_email,
            guest_browser=self.guest_unpaid_orders_per_browser,
            guest_client=self.guest_unpaid_orders_per_address,
            member=self.member_unpaid_orders,
            wallet=self.wallet_unpaid_orders,
            guest_size=SizeLimits(
                pieces=self.guest_pieces_max,
                pieces_of_one=self.guest_pieces_per_product_max,
                amount=self.guest_unpaid_amount_max,
            ),
            member_size=SizeLimits(
                pieces=self.member_unpaid_pieces_max, amount=self.member_unpaid_amount_max
            ),
        )
