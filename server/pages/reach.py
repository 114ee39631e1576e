"""A company's reach: three numbers, the same by region, and one curve; never who."""

from typing import Any

from starlette.responses import Response

from rooms.attendance import reach as reaching
from rooms.attendance.ranges import length_ms
from rooms.attendance.reach import Reach
from rooms.live import on_air, rooms
from rooms.tours import tours
from server.context import Here
from server.pages.studio import part_page
from server.templates import clock


async def show(here: Here) -> Response:
    """`/studio/tours/{id}/reach`: how many classes, pupils and minutes, and how far they watch."""
    async with here.transaction() as conn:
        tour = await tours.one_of_company(conn, here.scope, here.id())
        reach = await reaching.reach(conn, here.scope, tour.id)
    return part_page(
        here,
        "studio/reach.html",
        tour,
        "reach",
        reach=reach,
        curve_words=_curve_words(here, reach),
        lines=table_lines(reach, tour.duration_s),
    )


async def show_room(here: Here) -> Response:
    """`/rooms/{id}/reach`: the same of a live room, over its time on air."""
    async with here.transaction() as conn:
        room = await rooms.get(conn, here.scope, here.id())
        time = await on_air.time_of(conn, here.scope, room.id)
        reach = await reaching.reach_of_room(conn, here.scope, room.id, time)
    on_air_s = length_ms(time) / 1000
    return here.page(
        "rooms/reach.html",
        room=room,
        reach=reach,
        on_air_s=on_air_s,
        curve_words=_curve_words(here, reach),
        lines=table_lines(reach, on_air_s),
    )


def _curve_words(here: Here, reach: Reach) -> str:
    """The picture in one sentence, for who does not see it."""
    if not reach.curve:
        return ""
    first, middle, last = (reach.curve[at][1] for at in (0, len(reach.curve) // 2, -1))
    return here._(
        "Of the devices that watched, {first}% saw the start, {middle}% the middle and "
        "{last}% the end.",
        first=round(first * 100),
        middle=round(middle * 100),
        last=round(last * 100),
    )


def table_lines(reach: Reach, whole_s: float) -> list[dict[str, Any]]:
    """The curve as a table: the place in the film, or in the time on air, of `whole_s`, and the
    share, in percent, that watched it.

    A point stands for the middle of its part. Of points within one second only the first is told.
    """
    lines: dict[str, int] = {}
    for number, (_, share) in enumerate(reach.curve):
        place = clock(whole_s * (2 * number + 1) / (2 * len(reach.curve)))
        lines.setdefault(place, round(share * 100))
    return [{"place": place, "percent": percent} for place, percent in lines.items()]
