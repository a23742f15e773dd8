"""The settings of operators for members."""

from pydantic import Field, SecretStr

from shared.process.settings import ServiceSettings


class Settings(ServiceSettings):
    """The settings of members. Settings that staff change at run time are in :mod:`members.shop_rules.rules`."""

    session_days_max: int = Field(14, ge=1, le=90, description="A member's login ends after this many days")
    staff_session_hours_max: int = Field(
        12, ge=1, le=72, description="A staff login ends after this many hours"
    )
    staff_statement_seconds: int = Field(
        60, ge=10, le=3600, description="So long an ended session of staff may live on while no event arrives"
    )
    staff_demo_password: SecretStr = Field(
        SecretStr("noren-demo-2026"),
        description="Password of desk@noren.example, which exists only where SANDBOX is true",
    )
    argon2_threads: int = Field(2, ge=1, le=32, description="Passwords hashed at once; each needs 19 MiB")
