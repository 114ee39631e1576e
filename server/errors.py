"""From a domain error to an answer: one table for the status, one for the sentence.

Each package keeps its sentences beside its nouns and adds them to `SENTENCES`; a code without a
sentence would show as itself, and a house test refuses that.
"""

from collections.abc import Mapping
from typing import Any

from server.i18n import N_, translate

# Where the class of an error does not say it well enough.
STATUS_BY_CODE: dict[str, int] = {
    "not_there": 404,
    "too_large": 413,
    "over_quota": 413,
    "no_space": 507,
    "gone": 410,
    "throttled": 429,
}

SENTENCES: dict[str, str] = {
    "not_there": N_("There is nothing at this address, or it is not yours to see."),
    "bad_form": N_("Something in this form is missing or not right. Nothing was changed."),
    "cross_site": N_("This request came from another site. Nothing was changed."),
    "throttled": N_("Too many tries. Wait a few minutes and try again."),
    "server_fault": N_("Something went wrong here. What you had saved is kept. Try again."),
}


def sentence(language: str, code: str, params: Mapping[str, Any]) -> str:
    """The sentence for `code` in the reader's language, its values filled in."""
    text = translate(language, SENTENCES.get(code, code))
    try:
        return text.format(**params)
    except (KeyError, IndexError):
        return text
