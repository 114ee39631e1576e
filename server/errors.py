"""From a domain error to an answer: one table for the status, one for the sentence.

Each package keeps its sentences beside its nouns and adds them to `SENTENCES`; a code without a
sentence would show as itself, and a house test refuses that.
"""

from collections.abc import Mapping
from typing import Any

from babel.numbers import format_decimal

from server.i18n import N_, translate
from server.templates import clock

# Where the class of an error does not say it well enough.
STATUS_BY_CODE: dict[str, int] = {
    "not_there": 404,
    "too_large": 413,
    "over_quota": 413,
    "no_space": 507,
    "gone": 410,
    "not_stored": 404,
    "bad_key": 404,
    "storage_unavailable": 503,
    "throttled": 429,
}

SENTENCES: dict[str, str] = {
    "not_there": N_("There is nothing at this address, or it is not yours to see."),
    "bad_form": N_("Something in this form is missing or not right. Nothing was changed."),
    "cross_site": N_("This request came from another site. Nothing was changed."),
    "throttled": N_("Too many tries. Wait a few minutes and try again."),
    "server_fault": N_("Something went wrong here. What you had saved is kept. Try again."),
    # films
    "empty": N_("The file is empty: nothing of the film arrived. Export the film again."),
    "not_a_video": N_("This file is not a film ({found}). Choose the film file itself."),
    "unsupported": N_(
        "We cannot read this kind of film ({found}). Export it as MP4 with H.264 and send that."
    ),
    "export_first": N_(
        "This is a file of {application}, not a film yet. Open it in {application}, export it as "
        "a film (MP4), and send the film."
    ),
    "no_picture": N_("This file has sound but no picture. A tour needs a film with a picture."),
    "encrypted": N_(
        "This film is locked against copying, so we cannot read it. Ask its maker for a copy "
        "without copy protection."
    ),
    "incomplete": N_(
        "The film is incomplete: its end is missing. Copy or export it again and send the whole "
        "file."
    ),
    "unreadable": N_("Nothing in this film can be read. Export it again as MP4 and send that."),
    "too_long": N_("This film lasts {duration_s}; a tour may last at most {limit_s}."),
    "too_large": N_("This film is {size_bytes}; at most {limit_bytes} is welcome."),
    "too_many_pixels": N_(
        "The picture of this film is too large ({width} × {height}). Export it in 4K or smaller."
    ),
    "too_many_packets": N_(
        "This film is cut into far too many pieces to be read. Export it again as MP4."
    ),
    "nothing_kept": N_("Nothing is left of the film after these cuts. Keep at least one piece."),
    "no_film": N_("There is no film yet. Send one first."),
    "stalled": N_("Making the film stopped by itself. Your film is kept. Try again."),
    "too_slow": N_("Making the film took too long. Your film is kept. Try again."),
    "killed_worker": N_(
        "Making this film broke our machine three times. Your film is kept. Export it as MP4 "
        "with H.264 and send that instead."
    ),
    "cancelled": N_("You stopped this. Your film is kept."),
    "encoder_failed": N_("Making the film failed. Your film is kept. Try again."),
    "result_differs": N_(
        "What came out is not the whole film, so it was not published. Your film is kept. Export "
        "it as MP4 with H.264 and send that instead."
    ),
    "no_space": N_("There is no room left on this server. What arrived is kept. Try again later."),
    "storage_unavailable": N_("The storage does not answer. What arrived is kept. Try again."),
    "not_stored": N_("There is nothing at this address, or it is not yours to see."),
    "already_stored": N_("This is there already. Nothing was changed."),
    "bad_key": N_("There is nothing at this address, or it is not yours to see."),
}


def sentence(language: str, code: str, params: Mapping[str, Any]) -> str:
    """The sentence for `code` in the reader's language, its values filled in."""
    text = translate(language, SENTENCES.get(code, code))
    try:
        return text.format(**{name: _said(name, value, language) for name, value in params.items()})
    except (KeyError, IndexError):
        return text


# What a file is instead of a film, as `media.errors.FOUND` names it.
FOUND: dict[str, str] = {
    "picture": N_("a picture"),
    "web_page": N_("a web page"),
    "pdf": N_("a PDF"),
    "playlist": N_("a playlist"),
    "archive": N_("an archive"),
    "document": N_("a document"),
    "text": N_("text"),
    "program": N_("a program"),
    "subtitles": N_("subtitles"),
    "unknown": N_("an unknown kind of file"),
}


def _said(name: str, value: Any, language: str) -> Any:
    """A value as a person reads it: its unit stands in its name."""
    if name == "found":
        return translate(language, FOUND.get(str(value), str(value)))
    if name.endswith("_s") and isinstance(value, int | float):
        return clock(value)
    if name.endswith("_bytes") and isinstance(value, int | float):
        return f"{format_decimal(round(value / 1e9, 1), locale=language)} GB"
    return value
