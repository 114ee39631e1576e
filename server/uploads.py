"""tus 1.0 at `/uploads/`: the protocol's requests in, rows and pieces of `media.uploads` out.

Bytes are acknowledged only when they are durable and counted. Every answer, errors included,
carries the protocol's headers and, where a person may read it, a sentence in JSON.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from uuid import UUID

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from media import upload_ends, uploads, videos
from media.errors import MediaError, Refused, StorageError
from media.uploads import Interrupted, NewUpload, Piece, Upload, UploadError
from rooms.errors import NotThere, RoomError
from rooms.tours import tours
from server import errors, jobs, tour_mail
from server.context import Here
from server.database import Connection
from server.pens import Pen, Pens
from server.upload_headers import (
    BYTES_TYPE,
    CAPABILITIES,
    CORS,
    PREFLIGHT,
    VERSION,
    Wrong,
    address,
    checksum,
    clean_filename,
    clean_type,
    concat,
    expiry,
    length,
    metadata,
    number,
    project_of,
    state,
)

# A body that gives nothing for so long has lost its sender; uvicorn itself would wait for ever.
STALL_S = 60.0

Verb = Callable[[Here], Awaitable[Response]]


async def options(_here: Here) -> Response:
    """`OPTIONS`: what this server can do; also answers a browser's preflight."""
    headers = {"Tus-Resumable": VERSION, **CAPABILITIES, **CORS, **PREFLIGHT}
    return Response(status_code=204, headers=headers)


async def collection(here: Here) -> Response:
    """`POST /uploads/`: creates an upload, joins finished ones, takes first bytes along."""
    if _method(here) == "OPTIONS":
        return await options(here)
    return await _say(here, _create)


async def item(here: Here) -> Response:
    """`HEAD`, `PATCH`, `DELETE` of one upload, also by `X-HTTP-Method-Override`."""
    if _method(here) == "OPTIONS":
        return await options(here)
    verbs: dict[str, Verb] = {"HEAD": _head, "PATCH": _patch, "DELETE": _terminate}
    return await _say(here, verbs.get(_method(here), _unknown))


def _method(here: Here) -> str:
    return here.request.headers.get("x-http-method-override", here.request.method).upper()


async def _unknown(_here: Here) -> Response:
    raise Wrong("upload_bad_request", 405)


# --- answers ---------------------------------------------------------------------------------


async def _say(here: Here, verb: Verb) -> Response:
    """Runs the verb and gives every answer the protocol's headers."""
    try:
        _check_version(here)
        response = await verb(here)
    except Wrong as wrong:
        response = _refusal(here, wrong.code, wrong.status, {})
        response.headers.update(wrong.headers)
    except (RoomError, MediaError) as error:
        response = _refusal(here, error.code, _status(error), dict(error.params))
    response.headers.update({"Tus-Resumable": VERSION, **CORS})
    return response


def _check_version(here: Here) -> None:
    if here.request.headers.get("tus-resumable") != VERSION:
        raise Wrong("upload_version", 412, {"Tus-Version": VERSION})


def _status(error: RoomError | MediaError) -> int:
    return errors.STATUS_BY_CODE.get(error.code, 404 if isinstance(error, NotThere) else 422)


def _refusal(here: Here, code: str, status: int, params: dict[str, object]) -> Response:
    message = errors.sentence(here.language, code, params)
    return JSONResponse({"error": code, "message": message}, status)


# --- create ----------------------------------------------------------------------------------


async def _create(here: Here) -> Response:
    companies = _companies(here)
    headers = here.request.headers
    joined = concat(headers.get("upload-concat"))
    new = await _new(here, companies, is_partial=joined is not None and joined.is_partial)
    if joined is not None and joined.parts:
        return await _concatenate(here, new, companies, joined.parts)
    await _check_disk(here, new.length)
    _check_body(here, 0, new.length)
    first_bytes = checksum(headers.get("upload-checksum")) if _has_bytes(here) else None
    async with here.transaction() as conn:
        upload = await uploads.create(conn, new, here.now)
        if upload.is_whole:
            await _completed(conn, here, upload)
    if _has_bytes(here) and not upload.is_whole:
        async with _pens(here).hold(upload.id) as pen:
            upload = await _append(here, upload, pen, first_bytes)
    return _created(upload)


def _created(upload: Upload) -> Response:
    offset = {"Upload-Offset": str(upload.received)}
    location = {"Location": address(upload.id)}
    return Response(status_code=201, headers=location | offset | expiry(upload))


async def _new(here: Here, companies: list[UUID], *, is_partial: bool) -> NewUpload:
    headers = here.request.headers
    header = headers.get("upload-metadata", "")
    told = metadata(header)
    filename = clean_filename(told.get("filename") or told.get("name") or "")
    if application := project_of(filename):
        raise Refused("export_first", application=application)
    tour_id = _uuid(told.get("tour"))
    return NewUpload(
        programme_id=here.scope.programme_id,
        company_id=await _company(here, companies, tour_id, _uuid(told.get("company"))),
        person_id=here.person.person_id,
        length=None if headers.get("upload-concat", "").startswith("final") else length(headers),
        tour_id=tour_id,
        filename=filename,
        content_type=clean_type(told.get("filetype", "")),
        metadata=header,
        is_partial=is_partial,
    )


def _uuid(text: str | None) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise NotThere("tour") from None


async def _company(
    here: Here, companies: list[UUID], tour_id: UUID | None, company_id: UUID | None
) -> UUID:
    """The tour's company, the one that was named, or the first she makes films for."""
    if tour_id is not None:
        async with here.transaction() as conn:
            return (await tours.to_edit(conn, here.scope, tour_id)).company_id
    if company_id is not None and company_id not in companies:
        raise NotThere("company")
    return company_id or companies[0]


def _companies(here: Here) -> list[UUID]:
    """The companies she makes films for; who makes none finds nothing here."""
    if here.viewer is None:
        raise Wrong("not_there", 401, {"WWW-Authenticate": "Bearer"})
    companies = [
        grant.company_id
        for grant in here.scope.grants
        if grant.role == "editor" and grant.company_id is not None
    ]
    if here.viewer.kind == "classroom" or not companies:
        raise NotThere("upload")
    return companies


async def _check_disk(here: Here, wanted: int | None) -> None:
    free = await here.storage.free_bytes()
    if free is not None and free - (wanted or 0) < uploads.SPARE_BYTES:
        raise StorageError("no_space")


async def _concatenate(
    here: Here, new: NewUpload, companies: list[UUID], parts: Sequence[UUID]
) -> Response:
    async with here.transaction() as conn:
        upload = await uploads.concatenate(conn, new, companies, parts, here.now)
        await _completed(conn, here, upload)
    return _created(upload)


# --- one upload ------------------------------------------------------------------------------


async def _head(here: Here) -> Response:
    async with _pens(here).hold((await _mine(here)).id):
        return Response(status_code=200, headers=state(await _mine(here)))


async def _patch(here: Here) -> Response:
    headers = here.request.headers
    if headers.get("content-type") != BYTES_TYPE:
        raise Wrong("upload_type", 415)
    offset = number(headers.get("upload-offset"))
    first = await _mine(here)
    if first.parts is not None:
        raise Wrong("upload_joined", 403)
    given = checksum(headers.get("upload-checksum"))
    async with _pens(here).hold(first.id) as pen:
        upload = await _ready(here, offset)
        if not upload.is_whole or upload.state == "open":
            upload = await _append(here, upload, pen, given)
    return Response(
        status_code=204, headers={"Upload-Offset": str(upload.received)} | expiry(upload)
    )


async def _ready(here: Here, offset: int) -> Upload:
    """The upload as it stands now that nobody else writes, if it can go on from `offset`."""
    upload = await _mine(here)
    if offset != upload.received:
        raise Wrong("wrong_offset", 409, {"Upload-Offset": str(upload.received)})
    told = here.request.headers.get("upload-length")
    if told is not None:
        async with here.transaction() as conn:
            upload = await uploads.tell_length(conn, upload, number(told), here.now)
    _check_body(here, upload.received, upload.length)
    return upload


async def _terminate(here: Here) -> Response:
    async with _pens(here).hold((await _mine(here)).id):
        upload = await _mine(here)
        async with here.transaction() as conn:
            if not await upload_ends.end(conn, upload.id, here.now):
                raise Wrong("upload_used", 403)
    return Response(status_code=204)


async def _mine(here: Here) -> Upload:
    """The upload of the address; gone when it ran out of time, not there when it is not hers."""
    companies = _companies(here)
    async with here.transaction() as conn:
        upload = await uploads.find(conn, here.scope.programme_id, companies, here.id())
    if upload is not None and upload.is_expired(here.now):
        raise Wrong("upload_expired", 410)
    if upload is None or upload.state == "ended":
        raise NotThere("upload")
    return upload


# --- bytes -----------------------------------------------------------------------------------


def _has_bytes(here: Here) -> bool:
    return here.request.headers.get("content-type") == BYTES_TYPE


def _check_body(here: Here, offset: int, whole: int | None) -> None:
    """Refuses a body that cannot fit before a byte of it is read."""
    declared = here.request.headers.get("content-length")
    if declared is None or not (_has_bytes(here) or _method(here) == "PATCH"):
        return
    limit = uploads.FILM_MAX_BYTES if whole is None else whole
    if offset + number(declared) > limit:
        raise UploadError("too_large", size_bytes=offset + int(declared), limit_bytes=limit)


async def _append(here: Here, upload: Upload, pen: Pen, given: uploads.Checksum | None) -> Upload:
    async def keep(pieces: Sequence[Piece]) -> Upload:
        async with here.transaction() as conn:
            after, is_last = await uploads.add_pieces(conn, upload, pen.lease, pieces, here.now)
            if is_last:
                await _completed(conn, here, after)
        return after

    try:
        async with aclosing(_chunks(here, pen)) as chunks:
            return await uploads.append(here.storage, upload, pen.lease, chunks, keep, given)
    except Interrupted:
        raise Wrong("upload_interrupted", 460 if given else 408) from None


async def _chunks(here: Here, pen: Pen) -> AsyncGenerator[bytes, None]:
    """The body as it comes. A sender who is gone or silent, or a newcomer, ends it early."""
    stream = here.request.stream()
    while True:
        if pen.is_wanted:
            raise Interrupted
        try:
            async with asyncio.timeout(STALL_S) as limit:
                # a newcomer ends the wait at once; never the storing of what is in hand
                pen.on_wanted = partial(limit.reschedule, 0)
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except (TimeoutError, ClientDisconnect):
            raise Interrupted from None
        finally:
            pen.on_wanted = None
        yield chunk


def _pens(here: Here) -> Pens:
    pens = here.floor.rooms["pens"]
    assert isinstance(pens, Pens)
    return pens


async def _completed(conn: Connection, here: Here, upload: Upload) -> None:
    """The last byte is here: in the same transaction, what is due now.

    A film for a tour becomes the newest version of the tour's video and waits for its probe.
    """
    if upload.is_partial or upload.tour_id is None:
        return
    tour = await tours.one_of_company(conn, here.scope, upload.tour_id)
    version_id = await videos.add_version(
        conn, upload.programme_id, tour.video_id, upload.id, here.person.person_id
    )
    await jobs.enqueue(conn, jobs.PROBE, version_id)
    await tour_mail.film_received(
        conn, here.settings.url, upload.programme_id, upload.tour_id, here.now
    )
