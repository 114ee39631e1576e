"""Where bytes live: a local folder or S3, behind one async interface.

No path or address is built anywhere else. Keys are relative, `a/b/c.ext`, of a small safe
alphabet. A put has happened when it returns: in a local folder the bytes and every folder entry
leading to them are flushed to disk, which the upload's acknowledgements stand on.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotFoundError,
    PreconditionError,
)
from obstore.store import LocalStore, S3Store

from media.errors import StorageError

if TYPE_CHECKING:
    from obstore.store import S3Config

MAX_PIECE_BYTES = 16 * 1024 * 1024
"""Largest value `put` takes; what is larger comes from a file through `put_file`."""

_STREAM_BYTES = 1024 * 1024
# '#' is left out: the local store hides names ending in '#digits', which our half-written files use
_PART = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9_\-.]{0,199}")
_MAX_KEY = 900  # S3 allows 1024 bytes with the prefix


@dataclass(frozen=True)
class S3Access:
    """How to reach an S3 store; left empty, the machine's own role is used.

    `endpoint`: base URL of a store that is not Amazon's, spoken to in path style.
    """

    endpoint: str | None = None
    region: str = "us-east-1"
    access_key_id: str | None = None
    secret_access_key: str | None = None
    timeout_s: float = 30.0


@dataclass(frozen=True)
class Stored:
    key: str
    size: int


class Storage:
    """One folder or bucket prefix. Safe to share between tasks."""

    def __init__(self, store: LocalStore | S3Store, folder: Path | None) -> None:
        self._store = store
        self._folder = folder

    @property
    def is_local(self) -> bool:
        return self._folder is not None

    async def put(
        self, key: str, data: bytes, *, content_type: str | None = None, create: bool = False
    ) -> None:
        """Store at most 16 MiB. `create`: refuse with `already_stored` when the key is taken."""
        if len(data) > MAX_PIECE_BYTES:
            raise ValueError("a piece is at most 16 MiB; use put_file")
        target = self.local_path(key)
        if target is not None:
            await asyncio.to_thread(_put_local, key, target, _writer(data), create)
        else:
            await self._put_s3(key, data, content_type, create)

    async def put_file(
        self, key: str, source: Path, *, content_type: str | None = None, create: bool = False
    ) -> None:
        """Store a file of any size; the source stays where it is."""
        target = self.local_path(key)
        if target is not None:
            await asyncio.to_thread(_put_local, key, target, _copier(source), create)
        else:
            await self._put_s3(key, source, content_type, create)

    async def get(self, key: str) -> bytes:
        with _named(key):
            found = await obstore.get_async(self._store, checked(key))
            return bytes(await found.bytes_async())

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        """Bytes `start` to `start + length`, fewer when the object ends before."""
        size = await self.head(key)
        length = min(length, size - start)
        if start < 0 or length <= 0:
            return b""
        with _named(key):
            return bytes(
                await obstore.get_range_async(self._store, checked(key), start=start, length=length)
            )

    async def stream(
        self, key: str, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` up to, not including, `end` in pieces of about 1 MiB."""
        size = await self.head(key)
        last = size if end is None else min(end, size)
        if start >= last:
            return
        with _named(key):
            found = await obstore.get_async(
                self._store, checked(key), options={"range": (start, last)}
            )
            async for piece in found.stream(min_chunk_size=_STREAM_BYTES):
                yield bytes(piece)

    async def head(self, key: str) -> int:
        """Size in bytes; `not_stored` when there is none."""
        with _named(key):
            return int((await obstore.head_async(self._store, checked(key)))["size"])

    async def exists(self, key: str) -> bool:
        try:
            await self.head(key)
        except StorageError as error:
            if error.code == "not_stored":
                return False
            raise
        return True

    async def delete(self, key: str) -> None:
        """Delete one object; one that is not there counts as deleted."""
        await self._delete([checked(key)])

    async def delete_prefix(self, prefix: str) -> int:
        """Delete everything under the folder `prefix`; returns how many objects there were."""
        keys = [stored.key async for stored in self.list_prefix(prefix)]
        for at in range(0, len(keys), 1000):
            await self._delete(keys[at : at + 1000])
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder / checked(prefix), True)
        return len(keys)

    async def tidy(self, folder: str) -> None:
        """Remove a folder in which nothing is left and nobody writes; a bucket has no folders."""
        path = self.local_path(folder)
        if path is not None:
            with suppress(OSError):
                await asyncio.to_thread(path.rmdir)

    async def list_prefix(self, prefix: str) -> AsyncIterator[Stored]:
        """Every object under the folder `prefix` ("" for all), in no particular order."""
        folder = f"{checked(prefix)}/" if prefix else None
        with _named(prefix):
            async for batch in obstore.list(self._store, folder):
                for meta in batch:
                    yield Stored(meta["path"], int(meta["size"]))

    async def folders(self, prefix: str) -> list[str]:
        """The folders right under the folder `prefix`, as keys."""
        with _named(prefix):
            found = await obstore.list_with_delimiter_async(self._store, f"{checked(prefix)}/")
        return sorted(found["common_prefixes"])

    def local_path(self, key: str) -> Path | None:
        """The file itself when bytes live in a local folder, for sending it; else None."""
        return None if self._folder is None else self._folder / checked(key)

    async def free_bytes(self) -> int | None:
        """Room left on the local disk; None where the store has no such limit."""
        if self._folder is None:
            return None
        return (await asyncio.to_thread(shutil.disk_usage, self._folder)).free

    async def _put_s3(
        self, key: str, data: bytes | Path, content_type: str | None, create: bool
    ) -> None:
        with _named(key):
            await obstore.put_async(
                self._store,
                checked(key),
                data,
                attributes={"Content-Type": content_type} if content_type else None,
                mode="create" if create else "overwrite",
                # a conditional put exists for single requests only
                use_multipart=False if create else None,
            )

    async def _delete(self, keys: list[str]) -> None:
        for key in keys:
            with _named(key):
                try:
                    await obstore.delete_async(self._store, key)
                except (NotFoundError, FileNotFoundError):
                    continue


def open_storage(url: str, s3: S3Access | None = None) -> Storage:
    """Open `file:///folder` (made when missing) or `s3://bucket/prefix`.

    Raises ValueError for any other address: a setting is wrong, not a film.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path not in ("", "/"):
        folder = Path(unquote(parts.path))
        folder.mkdir(parents=True, exist_ok=True)
        return Storage(LocalStore(folder), folder)
    if parts.scheme == "s3" and parts.netloc:
        return Storage(_open_s3(parts.netloc, parts.path.strip("/"), s3 or S3Access()), None)
    raise ValueError("storage must be file:///folder or s3://bucket/prefix")


def checked(key: str) -> str:
    """The key itself when it is safe in a path and in a URL; `bad_key` otherwise."""
    if len(key) > _MAX_KEY or not all(_PART.fullmatch(part) for part in key.split("/")):
        raise StorageError("bad_key", key=key[:200])
    return key


def _open_s3(bucket: str, prefix: str, access: S3Access) -> S3Store:
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=_s3_config(access),
        client_options={
            "allow_http": (access.endpoint or "").startswith("http://"),
            "timeout": timedelta(seconds=access.timeout_s * 10),
            "connect_timeout": timedelta(seconds=access.timeout_s),
        },
        # without a bound a failing store looks like a hang
        retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=access.timeout_s)},
    )


def _s3_config(access: S3Access) -> S3Config:
    config: S3Config = {
        "region": access.region,
        "virtual_hosted_style_request": access.endpoint is None,
    }
    if access.endpoint is not None:
        config["endpoint"] = access.endpoint
    if access.access_key_id is not None and access.secret_access_key is not None:
        config["access_key_id"] = access.access_key_id
        config["secret_access_key"] = access.secret_access_key
    return config


@contextmanager
def _named(key: str) -> Iterator[None]:
    """Turn what the store raises into our errors, with the key."""
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        raise StorageError("not_stored", key=key) from None
    except (AlreadyExistsError, PreconditionError):
        raise StorageError("already_stored", key=key) from None
    except OSError as error:
        raise _disk_error(error) from error
    except BaseError as error:
        raise StorageError("storage_unavailable", detail=str(error)[:300]) from error


def _disk_error(error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError("no_space")
    return StorageError("storage_unavailable", detail=str(error)[:300])


def _writer(data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with path.open("xb") as file:
            file.write(data)

    return write


def _copier(source: Path) -> Callable[[Path], None]:
    def copy(path: Path) -> None:
        shutil.copyfile(source, path)

    return copy


def _put_local(key: str, target: Path, fill: Callable[[Path], None], create: bool) -> None:
    """Write beside the target, flush, and let it appear under its name whole or not at all."""
    half = target.with_name(f"{target.name}#{secrets.randbits(60)}")
    try:
        _make_folder(target.parent)
        fill(half)
        _flush(half)
        if create:
            target.hardlink_to(half)  # unlike a rename this refuses a taken name
        else:
            half.replace(target)
        _flush(target.parent)
    except FileExistsError:
        raise StorageError("already_stored", key=key) from None
    except OSError as error:
        raise _disk_error(error) from error
    finally:
        with suppress(OSError):
            half.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    """Make the folder and flush each parent that gained an entry."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        _flush(path.parent)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
