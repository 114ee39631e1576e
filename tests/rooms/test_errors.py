import pytest

from rooms.errors import Conflict, NotThere, Refused, RoomError


def test_an_error_carries_its_code_and_params() -> None:
    error = Refused("too_many_cues", limit=5000)
    assert error.code == "too_many_cues"
    assert dict(error.params) == {"limit": 5000}
    assert str(error) == "too_many_cues(limit=5000)"


def test_not_there_says_the_same_whether_missing_or_foreign() -> None:
    assert NotThere().code == NotThere("tour").code == "not_there"
    assert str(NotThere()) == "not_there"
    assert dict(NotThere("tour").params) == {"noun": "tour"}


def test_all_are_one_family() -> None:
    for error in (NotThere(), Refused("a"), Conflict("b")):
        assert isinstance(error, RoomError)


def test_params_cannot_be_changed_on_the_way_up() -> None:
    with pytest.raises(TypeError):
        Refused("a", n=1).params["n"] = 2  # type: ignore[index]
