"""Settings about something, such as a kind of mail: each subject has its own values, and those settings that it has."""

from dataclasses import dataclass

import pytest
from starlette.datastructures import FormData

from shared.errors import Refused
from shared.shop.settings.change_settings import plain_of
from shared.shop.settings.group import Group, setting
from shared.shop.settings.subjects import Subject
from shared.web.fields import Line, Pieces
from shared.web.session import Viewer
from shared.web.settings_sheets import Sheet

OWNER = Viewer(staff="owner")


@dataclass(frozen=True)
class Room:
    """Something that settings are about."""

    key: str
    has_windows: bool


class Rooms(Group, key="rooms", about="部屋"):
    """One room."""

    name: Line = setting("", label="表示名", empty="（初期値）")
    heated: bool = setting(True, label="暖房")
    curtains: Pieces = setting(
        0, label="カーテン", unit="枚", ge=0, le=9, only_for=lambda room: room.has_windows
    )


def room(key: str, *, has_windows: bool = True) -> Subject[Rooms]:
    """Return a room as what settings are about."""
    names = Rooms.names_for(Room(key, has_windows))
    return Subject(Rooms(), key, f"{key}号室", names, own={"name": f"{key}号室"})


def test_a_subject_has_the_settings_declared_for_it() -> None:
    assert room("1").has == ("name", "heated", "curtains")
    assert room("2", has_windows=False).has == ("name", "heated")


def test_what_a_subject_does_not_have_is_not_kept() -> None:
    wanted = Rooms(heated=False, curtains=3)
    assert room("2", has_windows=False).kept(wanted) == Rooms(heated=False)
    assert room("1").kept(wanted) == wanted


def test_whoever_types_the_own_name_leaves_the_box_empty() -> None:
    assert room("1").kept(Rooms(name="1号室")) == Rooms()
    assert room("1").kept(Rooms(name="書斎")).name == "書斎"


def test_a_box_left_empty_shows_what_holds_then() -> None:
    named, unnamed = Sheet([room("1"), room("2")], OWNER).placed([Rooms(name="書斎"), Rooms()])
    assert (named.form["name"], named.text("name")) == ("書斎", "書斎")
    assert (unnamed.form["name"], unnamed.text("name")) == ("2号室", "2号室")


def test_inputs_of_several_subjects_begin_with_their_keys() -> None:
    sheet = Sheet([room("1"), room("2", has_windows=False)], OWNER)
    sent = FormData({"1-heated": "true", "1-curtains": "2", "2-curtains": "9"})

    wanted = sheet.wanted([Rooms(), Rooms()], sheet.sent(sent))

    assert [values for _, values in wanted] == [Rooms(curtains=2), Rooms(heated=False)]


def test_what_is_wrong_is_told_at_the_subject_it_was_typed_for() -> None:
    forms = Sheet([room("1"), room("2")], OWNER).sent(FormData({"1-curtains": "2", "2-curtains": "10"}))
    assert [list(form.errors) for form in forms] == [[], ["curtains"]]


def test_a_version_differs_where_another_subject_was_changed() -> None:
    rooms = [room("1"), room("2")]
    assert plain_of(rooms, [Rooms(), Rooms()]) != plain_of(rooms, [Rooms(), Rooms(heated=False)])


def test_a_viewer_without_a_role_changes_no_subject() -> None:
    with pytest.raises(Refused) as refused:
        Sheet([room("1"), room("2")], Viewer()).sent(FormData())
    assert refused.value.status == 403


def test_a_list_notes_what_has_no_column_and_is_not_empty() -> None:
    with_curtains, bare = Sheet([room("1"), room("2")], OWNER).placed([Rooms(curtains=2), Rooms()])
    columns = [("name", "表示名"), ("heated", "暖房")]
    assert (with_curtains.notes(columns), bare.notes(columns)) == (["curtains"], [])
