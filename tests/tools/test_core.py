"""The list of the core's modules, which coverage and mutants read."""

from tools.core import core_modules


def test_a_package_of_the_core_stands_for_its_sub_packages() -> None:
    names = {module.name for module in core_modules()}

    assert {"payments.payment.rules.drafting", "payments.payment.rules.refunds.bookings"} <= names
