"""Under which name deeds at a desk are kept."""

import pytest

from shared.web.deeds import name_of
from shared.web.session import Viewer


@pytest.mark.parametrize(("name", "kept"), [("店長", "店長"), ("", "スタッフ 7")])
def test_a_deed_is_kept_under_a_name_even_of_nameless_staff(name: str, kept: str) -> None:
    assert name_of(Viewer(member_id="7", name=name, staff="staff")) == kept
