"""What tus 1.0 says in headers, read and written; pure. Names of files are made clean here."""

import base64
import binascii
import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from uuid import UUID

from media.uploads import FILM_MAX_BYTES, Checksum, Upload

VERSION = "1.0.0"
EXTENSIONS = (
    "creation,creation-with-upload,creation-defer-length,termination,expiration,checksum,"
    "concatenation"
)
BYTES_TYPE = "application/offset+octet-stream"
ALGORITHMS = ("sha1", "sha256", "md5")
MAX_METADATA = 16_384
MAX_FILENAME = 200
MAX_PARTS = 1000

_DIGITS = re.compile(r"[0-9]{1,19}")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-zA-Z0-9.+-]{1,100}")
_META_KEY = re.compile(r"[!-+\--~]{1,100}")

# Any page may speak to us with a token of its own; a cookie never travels: no Allow-Credentials.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Location, Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, "
        "Tus-Checksum-Algorithm, Upload-Offset, Upload-Length, Upload-Defer-Length, "
        "Upload-Metadata, Upload-Expires, Upload-Concat"
    ),
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, HEAD, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Tus-Resumable, Upload-Checksum, Upload-Concat, "
        "Upload-Defer-Length, Upload-Length, Upload-Metadata, Upload-Offset, "
        "X-HTTP-Method-Override, X-Requested-With, X-Request-ID"
    ),
    "Access-Control-Max-Age": "86400",
}
CAPABILITIES = {
    "Tus-Version": VERSION,
    "Tus-Extension": EXTENSIONS,
    "Tus-Max-Size": str(FILM_MAX_BYTES),
    "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
}


class Wrong(Exception):
    """The request breaks the protocol: a code with its sentence, a status, further headers."""

    def __init__(self, code: str, status: int, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.headers = dict(headers or {})


def number(text: str | None) -> int:
    """A size or offset in bytes; anything else is a bad request."""
    if text is None or not _DIGITS.fullmatch(text):
        raise Wrong("upload_bad_request", 400)
    return int(text)


def length(headers: Mapping[str, str]) -> int | None:
    """What the client says of the length at creation; None when it will say so later."""
    told, deferred = headers.get("upload-length"), headers.get("upload-defer-length")
    if (told is None) == (deferred is None) or deferred not in (None, "1"):
        raise Wrong("upload_bad_request", 400)
    return None if told is None else number(told)


def metadata(header: str) -> dict[str, str]:
    """`Upload-Metadata` decoded; bytes that are no UTF-8 become replacement characters."""
    if len(header) > MAX_METADATA:
        raise Wrong("upload_bad_request", 400)
    found: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not _META_KEY.fullmatch(key) or key in found:
            raise Wrong("upload_bad_request", 400)
        found[key] = _decoded(value).decode("utf-8", "replace")
    return found


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Wrong("upload_bad_request", 400) from None


def checksum(header: str | None) -> Checksum | None:
    """`Upload-Checksum: sha1 <base64>`; another algorithm is a bad request."""
    if header is None:
        return None
    algorithm, _, wanted = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Wrong("upload_bad_request", 400)
    return Checksum(hashlib.new(algorithm, usedforsecurity=False), _decoded(wanted))


@dataclass(frozen=True, slots=True)
class Concat:
    """`Upload-Concat`: a part, or the whole of these parts."""

    is_partial: bool
    parts: tuple[UUID, ...] = ()


def concat(header: str | None) -> Concat | None:
    """Reads `partial` and `final;/uploads/a /uploads/b`; addresses may be whole or relative."""
    if header is None:
        return None
    if header == "partial":
        return Concat(True)
    kind, _, addresses = header.partition(";")
    parts = tuple(_id(address) for address in addresses.split())
    if kind != "final" or not 0 < len(parts) <= MAX_PARTS:
        raise Wrong("upload_bad_request", 400)
    return Concat(False, parts)


def _id(address: str) -> UUID:
    try:
        return UUID(address.rstrip("/").rpartition("/")[2])
    except ValueError:
        raise Wrong("parts_unfinished", 400) from None


def address(upload_id: UUID) -> str:
    """Where an upload is, relative to our origin."""
    return f"/uploads/{upload_id}"


def expiry(upload: Upload) -> dict[str, str]:
    """`Upload-Expires` while there is something to run out of."""
    if upload.state != "open":
        return {}
    return {"Upload-Expires": _moment(upload.expires_at)}


def _moment(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def state(upload: Upload) -> dict[str, str]:
    """The headers that answer HEAD."""
    headers = {"Upload-Offset": str(upload.received), "Cache-Control": "no-store"}
    if upload.length is None:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(upload.length)
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return headers | _concat_of(upload.is_partial, upload.parts) | expiry(upload)


def _concat_of(is_partial: bool, parts: Sequence[UUID] | None) -> dict[str, str]:
    if is_partial:
        return {"Upload-Concat": "partial"}
    if parts is None:
        return {}
    return {"Upload-Concat": "final;" + " ".join(address(part) for part in parts)}


def clean_filename(name: str) -> str:
    """The last part of a name as people may be shown it; never part of a path of ours.

    Control characters, line breaks and the marks that turn the direction of text are left out.
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = (sign for sign in name if sign == " " or unicodedata.category(sign)[0] not in "CZ")
    return "".join(shown).strip()[:MAX_FILENAME].strip()


def clean_type(text: str) -> str:
    """A media type as told, `video/mp4`; anything that does not look like one is left out."""
    return text if _MEDIA_TYPE.fullmatch(text) else ""


# What people send instead of the film made of it: ending → the program's name.
PROJECTS: Mapping[str, str] = {
    **dict.fromkeys((".ppt", ".pptx", ".pptm", ".pps", ".ppsx", ".potx"), "PowerPoint"),
    ".key": "Keynote",
    ".odp": "LibreOffice Impress",
    ".prproj": "Adobe Premiere Pro",
    **dict.fromkeys((".aep", ".aepx"), "Adobe After Effects"),
    ".veg": "Vegas Pro",
    **dict.fromkeys((".fcpbundle", ".fcpxml", ".fcpxmld"), "Final Cut Pro"),
    **dict.fromkeys((".imovieproj", ".imovielibrary", ".imoviemobile"), "iMovie"),
    **dict.fromkeys((".drp", ".dra"), "DaVinci Resolve"),
    ".kdenlive": "Kdenlive",
    ".mlt": "Shotcut",
    ".osp": "OpenShot",
    **dict.fromkeys((".camproj", ".tscproj", ".cmproj", ".trec"), "Camtasia"),
    **dict.fromkeys((".wlmp", ".mswmm"), "Windows Movie Maker"),
    **dict.fromkeys((".pds", ".pdrproj"), "PowerDirector"),
    ".wve": "Filmora",
    ".wfp": "Filmora",
    ".blend": "Blender",
}


def project_of(filename: str) -> str | None:
    """The program whose project file this is, by the name's ending; None for anything else."""
    ending = filename[filename.rfind(".") :].lower() if "." in filename else ""
    return PROJECTS.get(ending)
