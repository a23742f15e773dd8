"""What operators set for checkout."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """The settings of every service, and where pages read from other services."""

    payments_url: str = Field("http://127.0.0.1:8102", description="Where the payment menu is read")
    members_url: str = Field("http://127.0.0.1:8103", description="Where pages read about members")
    notifications_url: str = Field(
        "http://127.0.0.1:8104", description="Where the page of operations reads about notifications"
    )
    page_read_timeout_seconds: float = Field(
        1.0, gt=0, le=10, description="A page does without another service's answer after this"
    )
    menu_refresh_seconds: int = Field(5, ge=1, le=3600, description="How often the payment menu is read")
