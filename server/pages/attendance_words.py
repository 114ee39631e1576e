"""The words and pictures of a result: its outcome, its reason, its intervals on a line."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rooms.attendance import results
from rooms.attendance.person_results import Attendee
from rooms.attendance.ranges import Ranges
from rooms.attendance.results import Result, SeatResult
from rooms.attendance.rule import Outcome
from server.i18n import N_, translate
from server.templates import clock

OUTCOMES = {
    "no_show": N_("nobody came"),
    "joined_only": N_("joined only"),
    "unknown_network": N_("unknown: network"),
    "partial": N_("partly"),
    "replay_only": N_("replay only"),
    "present": N_("present"),
    "declared": N_("declared by the teacher"),
}
OUTCOME_KINDS = {
    "no_show": "stop",
    "joined_only": "caution",
    "unknown_network": "caution",
    "partial": "caution",
    "replay_only": "info",
    "present": "good",
    "declared": "info",
}
HEADCOUNT_SOURCES = {
    "confirmed": N_("confirmed"),
    "declared": N_("not confirmed"),
    "measured": N_("measured"),
    "corrected": N_("corrected"),
}

# {present}, {window}: times; {needed}: the time the threshold asks; {percent}: the threshold.
REASONS = {
    "no_seat": N_("No device joined."),
    "only_companions": N_(
        "Only phones beside a classroom screen joined; without the screen they show no film."
    ),
    "media_never_flowed": N_(
        "Devices were there for a minute or more, but picture and sound never came through."
    ),
    "window_empty": N_("There was nothing to watch."),
    "under_a_minute": N_("{present} was watched; under a minute counts as joined only."),
    "below_threshold": N_(
        "{present} of {window} was watched; present begins at {needed} ({percent}%)."
    ),
    "threshold_reached": N_(
        "{present} of {window} was watched; present begins at {needed} ({percent}%)."
    ),
    "passed_in_replay": N_("{present} of {window} was watched, in a replay only."),
    "companion": N_("It stood beside the classroom screen, which counts for the class."),
    "declared_by_teacher": N_(
        "The teacher says that it was shown. Measured: {present} of {window}."
    ),
}
DECLARED_UNSEEN = N_(
    "The teacher says that it was shown. Devices were there, but picture and sound never came "
    "through."
)
SEAT_KINDS = {
    "beamer": N_("classroom screen"),
    "own": N_("watched by itself"),
    "companion": N_("beside the screen"),
}
ENDS = {
    "left": N_("left"),
    "lost": N_("connection lost"),
    "server_restart": N_("server restarted"),
    "session_ended": N_("until the end"),
    "taken_over": N_("taken over by another device"),
    results.AWAY: N_("then neither seen nor heard"),
    "": N_("still there"),
}

SENT_LATER = N_("sent later")
DEVICE = N_("Device {number}")
SCREEN, BEST_DEVICE = N_("Classroom screen"), N_("The device that watched most")
ON_AIR = N_("On air")
NOT_SEEN = N_("No page of this person was in the room.")
# Where there was nothing to watch.
UNWATCHED = "–"
# Of one person "nobody came" is said otherwise.
DID_NOT_COME = N_("did not come")


def why(language: str, result: Result) -> str:
    """The reason as one sentence, of a class or of one device."""
    needed_ms = int(result.pass_share * result.window_ms)
    words = REASONS.get(result.reason_code, result.reason_code)
    if result.reason_code == "declared_by_teacher" and never_flowed(result):
        words = DECLARED_UNSEEN
    return translate(language, words).format(
        present=clock(result.present_ms / 1000),
        window=clock(result.window_ms / 1000),
        needed=clock(needed_ms / 1000),
        percent=f"{result.pass_share * 100:.0f}",
    )


def never_flowed(result: Result) -> bool:
    """Whether picture and sound never came: what was measured is then how long devices waited for
    them, which is nothing that anybody watched."""
    measured = result.reason_params.get("measured")
    return result.reason_code == "media_never_flowed" or measured == Outcome.UNKNOWN_NETWORK


def counted_picture(language: str, result: Result, zone: str) -> dict[str, Any] | None:
    """What counted, of the film or on the clock; None when nothing was ever on air, or came."""
    if never_flowed(result):
        return None
    return (
        live_picture(language, result, zone) if result.is_live else film_picture(language, result)
    )


def reason(language: str, one: Attendee) -> str:
    """The same of a person who came by herself, as it was measured."""
    if one.reason_code == "no_seat":
        return translate(language, NOT_SEEN)
    return translate(language, REASONS.get(one.reason_code, one.reason_code)).format(
        present=clock(one.present_ms / 1000),
        window=clock(one.window_ms / 1000),
        needed=clock(int(one.pass_share * one.window_ms) / 1000),
        percent=f"{one.pass_share * 100:.0f}",
    )


def person_pictures(language: str, one: Attendee, zone: str) -> dict[str, Any]:
    """What counted of her time, on the clock, with how far it had to add up."""
    starts_ms = one.window[0][0]
    length_s = max(1.0, (one.window[-1][1] - starts_ms) / 1000)
    counted = [(a / 1000, b / 1000) for a, b in _since(starts_ms, one.intervals)]
    return {
        "window_s": length_s,
        "ticks": [(second, _tick(starts_ms + second * 1000, zone)) for second in _marks(length_s)],
        "threshold_s": one.pass_share * one.window_ms / 1000,
        "rows": [
            {
                "label": one.name,
                "words": clock(one.present_ms / 1000),
                "intervals": counted,
                "present_s": one.present_ms / 1000,
            },
        ],
    }


def film_picture(language: str, result: Result) -> dict[str, Any]:
    """The film on a line, with what was watched of it and how far it had to add up."""
    length_s = max((end for _, end in result.window), default=0) / 1000
    label = SCREEN if result.has_beamer else BEST_DEVICE
    return {
        "window_s": length_s,
        "ticks": [(second, clock(second)) for second in _marks(length_s)],
        "threshold_s": float(result.pass_share) * result.window_ms / 1000,
        "rows": [
            {
                "label": translate(language, label),
                "words": clock(result.present_ms / 1000),
                "intervals": [(start / 1000, end / 1000) for start, end in result.intervals],
                "present_s": result.present_ms / 1000,
            }
        ],
    }


def live_picture(language: str, result: Result, zone: str) -> dict[str, Any] | None:
    """What counted of the time on air, on the clock; None when nothing was ever on air."""
    if not result.window:
        return None
    starts_ms = result.window[0][0]
    picture = film_picture(language, replace(result, window=_since(starts_ms, result.window)))
    ticks = [(second, _tick(starts_ms + second * 1000, zone)) for second, _ in picture["ticks"]]
    counted = [(a / 1000, b / 1000) for a, b in _since(starts_ms, result.intervals)]
    return {**picture, "ticks": ticks, "rows": [{**picture["rows"][0], "intervals": counted}]}


def _since(starts_ms: int, ranges: Ranges) -> Ranges:
    return tuple((start - starts_ms, end - starts_ms) for start, end in ranges)


def _marks(length_s: float) -> list[int]:
    """At most seven marks at round places."""
    steps = (10, 30, 60, 120, 300, 600, 1800, 3600)
    step = next((step for step in steps if length_s / step <= 6), 7200)
    return list(range(0, int(length_s) + 1, step))


def clock_picture(language: str, result: Result, zone: str) -> dict[str, Any] | None:
    """When each device was there, on the common clock; None when none ever was.

    Of a live room the spans on air stand above them.
    """
    spans = [visit[:2] for seat in result.seat_results for visit in seat.visits]
    if not spans:
        return None
    on_air = result.window if result.is_live else ()
    starts_ms = min(start for start, _ in (*spans, *on_air))
    length_s = max(60.0, (max(end for _, end in (*spans, *on_air)) - starts_ms) / 1000)
    return {
        "window_s": length_s,
        "ticks": [(second, _tick(starts_ms + second * 1000, zone)) for second in _marks(length_s)],
        "rows": [
            *_on_air(language, on_air, starts_ms, zone),
            *(
                {
                    "label": seat_name(language, seat),
                    "words": _times(language, seat, zone),
                    "intervals": [
                        ((start - starts_ms) / 1000, (end - starts_ms) / 1000)
                        for start, end, *_ in seat.visits
                    ],
                }
                for seat in result.seat_results
                if seat.visits
            ),
        ],
    }


def _on_air(language: str, spans: Ranges, starts_ms: int, zone: str) -> list[dict[str, Any]]:
    if not spans:
        return []
    times = "; ".join(f"{_time(start, zone)}–{_time(end, zone)}" for start, end in spans)
    intervals = [(start / 1000, end / 1000) for start, end in _since(starts_ms, spans)]
    return [{"label": translate(language, ON_AIR), "words": times, "intervals": intervals}]


def _time(moment_ms: float, zone: str) -> str:
    return f"{datetime.fromtimestamp(moment_ms / 1000, UTC).astimezone(ZoneInfo(zone)):%H:%M:%S}"


def clock_at(moment_ms: float, zone: str, *, to_second: bool = False) -> str:
    """The local time of a moment in milliseconds since 1970, to the minute or the second."""
    return _time(moment_ms, zone)[: 8 if to_second else 5]


def _tick(moment_ms: float, zone: str) -> str:
    """A mark on the clock; seconds only where it does not stand on a whole minute's start."""
    return _time(moment_ms, zone).removesuffix(":00")


def seat_name(language: str, seat: SeatResult) -> str:
    number = translate(language, DEVICE).format(number=seat.number)
    return f"{number}, {translate(language, SEAT_KINDS[seat.kind])}"


def _times(language: str, seat: SeatResult, zone: str) -> str:
    said = []
    for start, end, reason, is_late in seat.visits:
        words = translate(language, ENDS.get(reason, reason))
        late = f", {translate(language, SENT_LATER)}" if is_late else ""
        said.append(f"{_time(start, zone)}–{_time(end, zone)} ({words}{late})")
    return "; ".join(said)


def seat_lines(language: str, result: Result) -> list[dict[str, str]]:
    """Each device as a line of the table."""
    return [
        {
            "name": seat_name(language, seat),
            "number": str(seat.number),
            "outcome": translate(language, OUTCOMES[seat.outcome]) if seat.outcome else "",
            "watched": UNWATCHED
            if seat.outcome == Outcome.UNKNOWN_NETWORK
            else clock(seat.present_ms / 1000),
        }
        for seat in result.seat_results
    ]


def person_words(language: str) -> dict[str, str]:
    """What became of a person, in words."""
    words = {code: translate(language, said) for code, said in OUTCOMES.items()}
    return {**words, "no_show": translate(language, DID_NOT_COME)}


def table_words(language: str) -> dict[str, Any]:
    """What the table of rows needs beside them."""
    return {
        "outcome_words": {code: translate(language, words) for code, words in OUTCOMES.items()},
        "outcome_kinds": OUTCOME_KINDS,
        "unwatched": UNWATCHED,
        "source_words": {
            code: translate(language, words) for code, words in HEADCOUNT_SOURCES.items()
        },
    }
