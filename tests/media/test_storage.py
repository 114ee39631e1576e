"""One suite over both stores: what holds for a folder holds for S3."""

from __future__ import annotations

import asyncio
import os
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import obstore
import pytest

from media.errors import StorageError
from media.storage import MAX_PIECE_BYTES, S3Access, Storage, checked, open_storage


@pytest.fixture(params=["file", "s3"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    if request.param == "file":
        yield open_storage(f"file://{tmp_path}/store")
        return
    endpoint = request.getfixturevalue("s3_endpoint")
    bucket = f"films-{uuid4().hex[:8]}"
    put = urllib.request.Request(f"{endpoint}/{bucket}", method="PUT")
    await asyncio.to_thread(urllib.request.urlopen, put)
    yield open_storage(f"s3://{bucket}/part/of/it", s3_access(endpoint))


def s3_access(endpoint: str) -> S3Access:
    return S3Access(endpoint=endpoint, access_key_id="key", secret_access_key="secret")


async def keys(storage: Storage, prefix: str) -> list[str]:
    return sorted([stored.key async for stored in storage.list_prefix(prefix)])


async def test_what_was_put_is_read_back(storage: Storage) -> None:
    await storage.put("a/b.bin", b"0123456789", content_type="video/mp4")
    assert await storage.get("a/b.bin") == b"0123456789"
    assert await storage.head("a/b.bin") == 10
    assert await storage.exists("a/b.bin")


async def test_an_empty_object_is_an_object(storage: Storage) -> None:
    await storage.put("empty", b"")
    assert await storage.get("empty") == b""
    assert [piece async for piece in storage.stream("empty")] == []


async def test_put_replaces(storage: Storage) -> None:
    await storage.put("k", b"old and longer")
    await storage.put("k", b"new")
    assert await storage.get("k") == b"new"


async def test_create_refuses_a_taken_key_and_keeps_what_is_there(storage: Storage) -> None:
    await storage.put("k", b"first", create=True)
    with pytest.raises(StorageError) as caught:
        await storage.put("k", b"second", create=True)
    assert (caught.value.code, caught.value.params) == ("already_stored", {"key": "k"})
    assert await storage.get("k") == b"first"


async def test_of_many_creators_exactly_one_wins(storage: Storage) -> None:
    async def attempt(number: int) -> bool:
        try:
            await storage.put("race/k", bytes([number]), create=True)
        except StorageError as error:
            assert error.code == "already_stored"
            return False
        return True

    # The S3 of the tests looks and writes in two steps, a real one in one: there, one by one.
    if storage.is_local:
        won = await asyncio.gather(*(attempt(n) for n in range(8)))
    else:
        won = [await attempt(n) for n in range(8)]
    assert sum(won) == 1
    assert await storage.get("race/k") == bytes([won.index(True)])


async def test_a_range_is_cut_at_the_end(storage: Storage) -> None:
    await storage.put("k", b"0123456789")
    assert await storage.get_range("k", 2, 3) == b"234"
    assert await storage.get_range("k", 8, 100) == b"89"
    assert await storage.get_range("k", 10, 5) == b""


async def test_a_large_file_is_streamed_in_pieces(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "large"
    data = os.urandom(1024) * 6000
    source.write_bytes(data)
    await storage.put_file("large.mp4", source, content_type="video/mp4")
    pieces = [piece async for piece in storage.stream("large.mp4")]
    assert b"".join(pieces) == data
    assert len(pieces) > 1
    part = [piece async for piece in storage.stream("large.mp4", 5, 2_000_005)]
    assert b"".join(part) == data[5:2_000_005]
    assert source.exists()


async def test_what_is_missing_is_named(storage: Storage) -> None:
    for read in (storage.get("no"), storage.head("no"), storage.get_range("no", 0, 1)):
        with pytest.raises(StorageError) as caught:
            await read
        assert (caught.value.code, caught.value.params) == ("not_stored", {"key": "no"})
    assert not await storage.exists("no")


async def test_deleting_twice_is_deleting(storage: Storage) -> None:
    await storage.put("k", b"x")
    await storage.delete("k")
    await storage.delete("k")
    assert not await storage.exists("k")


async def test_a_prefix_is_a_folder_not_the_start_of_a_name(storage: Storage) -> None:
    for key in ("film/1", "film/a/2", "film2/3"):
        await storage.put(key, b"x")
    assert await keys(storage, "film") == ["film/1", "film/a/2"]
    assert await storage.delete_prefix("film") == 2
    assert await keys(storage, "") == ["film2/3"]
    assert await storage.delete_prefix("film") == 0


async def test_the_folders_in_a_folder_are_listed(storage: Storage) -> None:
    for key in ("videos/v/b/1", "videos/v/a/deep/2", "videos/v/file", "videos/vv/c/3"):
        await storage.put(key, b"x")
    assert await storage.folders("videos/v") == ["videos/v/a", "videos/v/b"]
    assert await storage.folders("videos/v/a/deep") == []
    assert await storage.folders("nowhere") == []


async def test_sizes_are_listed(storage: Storage) -> None:
    await storage.put("d/k", b"12345")
    assert [(s.key, s.size) async for s in storage.list_prefix("d")] == [("d/k", 5)]


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "a/../b", "..", ".", "a//b", "a/", "a\\b", "a b", "a\0", "ü", "a#1", ".git",
     "a/" * 500 + "b", "a" * 201, "%2e%2e/x"],
)  # fmt: skip
async def test_a_key_cannot_leave_the_store(storage: Storage, key: str) -> None:
    for act in (storage.put(key, b"x"), storage.get(key), storage.delete(key)):
        with pytest.raises(StorageError) as caught:
            await act
        assert caught.value.code == "bad_key"


def test_ordinary_keys_are_safe() -> None:
    assert checked("videos/3f/v-1_2/720p/s00001.m4s") == "videos/3f/v-1_2/720p/s00001.m4s"


async def test_a_piece_has_a_largest_size(storage: Storage) -> None:
    with pytest.raises(ValueError, match="16 MiB"):
        await storage.put("k", bytes(MAX_PIECE_BYTES + 1))


async def test_only_a_folder_has_paths(storage: Storage) -> None:
    await storage.put("a/k", b"x")
    path = storage.local_path("a/k")
    assert storage.is_local == (path is not None)
    assert path is None or path.read_bytes() == b"x"
    assert ((await storage.free_bytes()) is None) == (path is None)


async def test_content_type_reaches_s3(s3_endpoint: str) -> None:
    bucket = f"types-{uuid4().hex[:8]}"
    make = urllib.request.Request(f"{s3_endpoint}/{bucket}", method="PUT")
    await asyncio.to_thread(urllib.request.urlopen, make)
    storage = open_storage(f"s3://{bucket}", s3_access(s3_endpoint))
    await storage.put("m.m3u8", b"#EXTM3U", content_type="application/vnd.apple.mpegurl")
    found = await obstore.get_async(storage._store, "m.m3u8")
    assert found.attributes["Content-Type"] == "application/vnd.apple.mpegurl"


async def test_a_dead_s3_is_an_answer_not_a_hang() -> None:
    access = S3Access("http://127.0.0.1:9", access_key_id="k", secret_access_key="s", timeout_s=1)
    with pytest.raises(StorageError) as caught:
        await asyncio.wait_for(open_storage("s3://b", access).get("k"), 20)
    assert caught.value.code == "storage_unavailable"


async def test_bytes_and_their_folders_are_flushed_before_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{handle}").readlink().name.partition("#")[0])
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    await open_storage(f"file://{tmp_path}/store").put("new/deep/k", b"x")
    assert flushed == ["store", "new", "k", "deep"]


async def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = open_storage(f"file://{tmp_path}")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError) as caught:
        await storage.put("k", b"x")
    assert caught.value.code == "no_space"
    assert list(tmp_path.iterdir()) == []


async def test_a_half_written_file_is_not_listed(tmp_path: Path) -> None:
    storage = open_storage(f"file://{tmp_path}")
    await storage.put("d/k", b"x")
    (tmp_path / "d" / "k#123").write_bytes(b"half")
    assert await keys(storage, "d") == ["d/k"]
    await storage.delete_prefix("d")
    assert not (tmp_path / "d").exists()


async def test_a_folder_goes_when_it_is_empty_and_no_sooner(tmp_path: Path) -> None:
    storage = open_storage(f"file://{tmp_path}")
    await storage.put("d/k", b"x")
    await storage.tidy("d")
    assert await keys(storage, "d") == ["d/k"]
    await storage.delete("d/k")
    await storage.tidy("d")
    await storage.tidy("d")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["", "/srv", "file://", "file:///", "file://host/x", "s3://", "ftp://x/y", "http://x"]
)
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="storage must be"):
        open_storage(url)
