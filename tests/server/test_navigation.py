"""The head of a page says where one is: at a place, or at what is reached from it."""

from uuid import uuid4

import pytest

from rooms.scope import Grant, Scope
from server.auth import Viewer
from server.navigation import entries


def a_viewer(*roles: str) -> Viewer:
    programme_id = uuid4()
    scope = Scope(programme_id, uuid4(), tuple(map(Grant, roles)))
    return Viewer(
        uuid4(), "Bo", "bo@x.example", "en", "browser", None, None, scope, (programme_id,)
    )


def current(viewer: Viewer | None, path: str) -> list[str]:
    return [place for _, place, is_current in entries(viewer, path, "en") if is_current]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", "/needs"),
        ("/needs/schools", "/needs"),
        ("/pairs", "/needs"),
        ("/attendance/sessions/1", "/attendance"),
        ("/exports", "/attendance"),
        ("/kpis", "/kpis"),
        ("/reports/regions/1", "/kpis"),
        ("/releases", "/kpis"),
    ],
)
def test_a_page_without_a_place_belongs_to_the_one_it_is_reached_from(
    path: str, place: str
) -> None:
    assert current(a_viewer("coordinator"), path) == [place]


def test_the_first_page_is_no_place_of_who_coordinates_nothing() -> None:
    assert current(None, "/") == current(a_viewer("teacher"), "/") == []
    assert current(a_viewer("coordinator"), "/reportsx") == []
