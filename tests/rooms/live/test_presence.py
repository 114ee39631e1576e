"""Presence in a room, decided without I/O: pongs, and the live core's word."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from rooms.attendance.moves import Move
from rooms.attendance.ranges import length_ms
from rooms.attendance.rule import unix_ms
from rooms.live.presence import (
    Beat,
    Flowed,
    Happened,
    Page,
    Told,
    event_number,
    merged,
    moment,
    writes_of,
)

START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
START_MS = unix_ms(START)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def shown(seconds: float) -> Beat:
    return Beat(at(seconds), is_shown=True, is_audible=False, rung="udp")


def away(seconds: float) -> Beat:
    return Beat(at(seconds), is_shown=False, is_audible=False)


def a_page() -> Page:
    return Page(uuid4(), START)


def taken(page: Page) -> Move:
    move = page.take()
    assert move is not None
    return move


def seconds_of(move: Move) -> list[tuple[float, float]]:
    return [((a - START_MS) / 1000, (b - START_MS) / 1000) for a, b in move.present]


def test_a_page_counts_from_its_hello_to_its_last_pong() -> None:
    page = a_page()
    for second in range(2, 12, 2):
        page.beat(shown(second))
    move = taken(page)
    assert seconds_of(move) == [(0, 10)]
    assert (move.last_at, move.is_away, move.rung, move.events) == (at(10), False, "udp", ())
    assert page.take() is None


def test_neither_seen_nor_heard_does_not_count() -> None:
    page = a_page()
    for beat in (shown(2), shown(4), away(6), away(8), away(30), shown(32), shown(34)):
        page.beat(beat)
    move = taken(page)
    assert seconds_of(move) == [(0, 4), (32, 34)]
    assert [(event.kind, event.at) for event in move.events] == [
        ("hidden", at(6)),
        ("shown", at(32)),
    ]
    assert move.is_away is False


def test_heard_in_the_background_counts() -> None:
    page = a_page()
    page.beat(Beat(at(2), is_shown=False, is_audible=True))
    assert seconds_of(taken(page)) == [(0, 2)]


def test_a_page_that_does_not_answer_was_not_there() -> None:
    page = a_page()
    for second in (2, 4, 30, 32):
        page.beat(shown(second))
    assert seconds_of(taken(page)) == [(0, 4), (30, 32)]


def test_a_goodbye_ends_it_at_the_last_pong() -> None:
    page = a_page()
    page.beat(shown(2))
    page.leave(at(3.5))
    move = taken(page)
    assert (move.is_leaving, move.last_at) == (True, at(2))
    assert [event.kind for event in move.events] == ["disconnected"]


def test_what_could_not_be_written_is_written_with_the_next() -> None:
    page = a_page()
    page.beat(shown(2))
    kept = taken(page)
    page.beat(shown(4))
    page.give_back(kept)
    assert seconds_of(taken(page)) == [(0, 4)]
    page.give_back(kept)
    assert taken(page) == kept


beats = st.lists(
    st.tuples(st.floats(0.1, 40), st.booleans(), st.booleans()), min_size=1, max_size=30
)


@given(beats, st.sets(st.integers(0, 29)))
def test_however_it_is_cut_the_same_counts(
    told: list[tuple[float, bool, bool]], cuts: set[int]
) -> None:
    whole, second = a_page(), 0.0
    pieces = Page(whole.connection, START)
    moves: list[Move] = []
    for number, (wait, is_shown, is_audible) in enumerate(told):
        second += wait
        beat = Beat(at(second), is_shown, is_audible)
        whole.beat(beat)
        pieces.beat(beat)
        if number in cuts and (move := pieces.take()):
            moves.append(move)
    if move := pieces.take():
        moves.append(move)
    joined = moves[0]
    for move in moves[1:]:
        joined = merged(joined, move)
    expected = taken(whole)
    assert joined.present == expected.present
    assert (joined.last_at, joined.is_away) == (expected.last_at, expected.is_away)
    assert length_ms(joined.present) <= (expected.last_at - START) / timedelta(milliseconds=1) + 1
    assert merged(joined, joined) == joined


ROOM, VIEWER, PRESENTER = uuid4(), uuid4(), uuid4()


def happened(kind: str, number: int = 1, *, who: UUID = VIEWER, role: str = "viewer") -> Happened:
    return Happened(ROOM, who, "r1", role, number, START_MS + 1000, kind, "tcp")  # type: ignore[arg-type]


def test_the_live_core_tells_what_flowed() -> None:
    told = Told(
        happened=(
            happened("connected"),
            happened("media_flowing", 2),
            happened("media_flowing", who=PRESENTER, role="publisher"),
        ),
        flowed=(
            Flowed(ROOM, VIEWER, "viewer", START_MS + 1000, START_MS + 5000),
            Flowed(ROOM, PRESENTER, "publisher", START_MS, START_MS + 5000),
            Flowed(ROOM, uuid4(), "publisher", START_MS + 9000, START_MS + 9500),
        ),
    )
    writes = writes_of(told)
    [move] = writes.moves
    assert (move.connection, move.media_flowed, move.rung) == (VIEWER, True, "tcp")
    assert (move.is_away, move.last_beat) == (None, 0)
    assert seconds_of(move) == [(1, 5)]
    assert [event.kind for event in move.events] == ["media_flowing"]
    assert writes.on_air == {
        ROOM: ((START_MS, START_MS + 5000), (START_MS + 9000, START_MS + 9500))
    }
    assert writes_of(told) == writes


def test_a_connection_that_never_flowed_says_so() -> None:
    writes = writes_of(Told(happened=(happened("connected"), happened("gone", 2))))
    [move] = writes.moves
    assert not move.media_flowed
    assert [event.kind for event in move.events] == ["media_stopped"]
    assert writes.on_air == {}


def test_event_numbers_of_peer_connections_do_not_meet() -> None:
    numbers = {event_number(f"resource-{n}", k) for n in range(200) for k in range(1, 20)}
    assert len(numbers) == 200 * 19
    assert all(START_MS * 10 * 100 < number < 2**63 for number in numbers)


def test_moments_come_back_as_they_were() -> None:
    assert moment(START_MS) == START
