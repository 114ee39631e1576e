"""What can go wrong with bytes: stable codes with their parameters, never sentences.

Words for people are made at the edge, in the reader's language, from `code` and `params`.
`CODES` is the complete list: a translator who covers it covers every refusal of this package.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# code -> names of its parameters, in the order a sentence would use them.
# Units stand in the names; times are seconds from the start of the film.
CODES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # --- the file is refused: the sender can do something about it -----------------------
        "empty": (),  # zero bytes arrived
        "not_a_video": ("found",),  # found: one of FOUND below
        "unsupported": ("found",),  # a film in a container or codec we do not read: "flv", "ogg"…
        "export_first": ("application",),  # slides or an editor's project; application: its name
        "no_picture": (),  # sound only, or sound with a cover picture
        "encrypted": (),  # DRM or scrambled
        "incomplete": ("readable_s", "expected_s"),  # cut off; either may be None when unknown
        "unreadable": (),  # right container, but nothing in it decodes
        "too_long": ("duration_s", "limit_s"),
        "too_large": ("size_bytes", "limit_bytes"),
        "too_many_pixels": ("width", "height", "limit_pixels"),
        "too_many_packets": ("limit",),  # millions of tiny pieces: a trap, or a broken recorder
        "nothing_kept": (),  # the edit cuts everything away
        "no_film": (),  # nothing readable was ever sent for this video
        # --- our side: try again, the original is kept ----------------------------------------
        "stalled": ("limit_s",),  # a child process was silent for too long
        "too_slow": ("limit_s",),  # a child process did not end within its wall time
        "cancelled": (),
        "encoder_failed": ("detail",),  # detail: end of its own log, for the log, not for people
        "result_differs": ("what", "expected", "found"),  # made something else than was planned
        "no_space": (),
        # --- uploads ------------------------------------------------------------------------
        "over_quota": ("wanted_bytes", "left_bytes"),  # the company has no room for so much
        "upload_busy": (),  # another writer has the pen
        "length_known": (),  # told before, and otherwise
        "checksum_differs": (),
        "parts_unfinished": (),  # to be joined, and one is missing or not complete
        # --- storage -----------------------------------------------------------------------
        "not_stored": ("key",),
        "already_stored": ("key",),
        "bad_key": ("key",),
        "storage_unavailable": ("detail",),
        # --- the live core -------------------------------------------------------------------
        "bad_offer": (),  # not SDP, or SDP that WebRTC could not have written
        "media_unsupported": (),  # no codec, or no medium, that we carry
        "stage_full": (),
        "stale_epoch": (),  # another web process holds the room now
        "room_not_open": (),
        "no_resource": (),  # not there, or not this creator's
        "wrong_etag": (),
        "bad_fragment": (),
        "live_overloaded": (),
        "live_away": (),  # no live process answers just now
        "live_too_old": (),  # it does not know what it was asked; it waits for its own update
    }
)

# Values of `found` in "not_a_video": what the first bytes say it is instead.
FOUND = ("picture", "web_page", "pdf", "playlist", "archive", "document", "text", "program",
         "subtitles", "unknown")  # fmt: skip


class MediaError(Exception):
    """A refusal with a stable `code` and plain `params`; see `CODES`.

    `is_final`: trying the same file again cannot help.
    """

    code: str
    params: dict[str, object]

    def __init__(self, code: str, **params: object) -> None:
        if code not in CODES or set(params) != set(CODES[code]):
            raise ValueError(f"undeclared media error: {code} {sorted(params)}")
        super().__init__(f"{code} {params}" if params else code)
        self.code = code
        self.params = params

    @property
    def is_final(self) -> bool:
        return self.code in FINAL


class Refused(MediaError):
    """The film itself is the reason; the same file will be refused again."""


class Broken(MediaError):
    """Our machinery is the reason: it may be tried again."""


class LiveError(MediaError):
    """The live core says no, or is not there just now."""


class StorageError(MediaError):
    """A key that is wrong, missing or taken, or a store that does not answer."""


FINAL = frozenset(
    {"empty", "not_a_video", "unsupported", "export_first", "no_picture", "encrypted",
     "incomplete", "unreadable", "too_long", "too_large", "too_many_pixels", "too_many_packets",
     "nothing_kept"}
)  # fmt: skip
