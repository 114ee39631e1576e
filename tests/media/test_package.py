"""What is wrong with an encoder's result is found before anybody can watch it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from media import ffmpeg
from media.errors import MediaError
from media.ladder import Plan, plan_film
from media.package import Package, move_into_place, pack, read_avc
from media.probe import probe_film
from media.storage import Storage, open_storage
from tests.media import films


@pytest.fixture(scope="module")
async def encoded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    """What ffmpeg left behind, before it was packed."""
    folder = tmp_path_factory.mktemp("encoded")
    source = films.film(folder / "f.mp4", seconds=5, size="426x240")
    out = folder / "out"
    out.mkdir()
    plan = plan_film(await probe_film(source))
    encoder = ffmpeg.Encoder(preset="ultrafast")
    limits = ffmpeg.child_limits(encoder, 5)
    levels = [ffmpeg.Level()] * len(plan.sounds)
    await ffmpeg.run(ffmpeg.film_command(source, out, plan, levels, encoder), limits, out)
    await ffmpeg.run(ffmpeg.sheets_command(out, plan.storyboard), limits, out)
    return out, plan


def copy_of(encoded: tuple[Path, Plan], tmp_path: Path) -> tuple[Path, Plan]:
    shutil.copytree(encoded[0], tmp_path / "out")
    return tmp_path / "out", encoded[1]


async def test_the_master_tells_measured_bitrates(
    encoded: tuple[Path, Plan], tmp_path: Path
) -> None:
    folder, plan = copy_of(encoded, tmp_path)
    package = pack(folder, plan)
    (rendition,) = package.renditions
    size = sum(f.size_bytes for f in package.files if f.name.startswith("240p/s"))
    assert rendition.average_bps == pytest.approx(size * 8 / 5, rel=0.01)
    assert rendition.peak_bps >= rendition.average_bps
    master = (folder / package.master).read_text()
    assert 'CODECS="avc1.' in master
    assert "RESOLUTION=426x240" in master


def no_segment(folder: Path) -> None:
    (folder / "240p" / "s00001.m4s").unlink()


def empty_segment(folder: Path) -> None:
    (folder / "audio0" / "s00000.m4s").write_bytes(b"")


def no_init(folder: Path) -> None:
    for init in (folder / "240p").glob("init*"):
        init.unlink()


def no_playlist(folder: Path) -> None:
    (folder / "audio0" / "index.m3u8").unlink()


def no_poster(folder: Path) -> None:
    (folder / "poster.jpg").unlink()


def no_sheet(folder: Path) -> None:
    (folder / "storyboard-000.jpg").unlink()


@pytest.mark.parametrize(
    "damage", [no_segment, empty_segment, no_init, no_playlist, no_poster, no_sheet]
)
async def test_a_missing_part_is_found(
    encoded: tuple[Path, Plan], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder, plan = copy_of(encoded, tmp_path)
    damage(folder)
    with pytest.raises(MediaError) as caught:
        pack(folder, plan)
    assert caught.value.code == "result_differs"
    assert not (folder / "master.m3u8").exists()


async def test_a_result_that_is_too_short_is_incomplete(
    encoded: tuple[Path, Plan], tmp_path: Path
) -> None:
    folder, plan = copy_of(encoded, tmp_path)
    with pytest.raises(MediaError) as caught:
        pack(folder, replace(plan, spans=((0, 25 * 7),)))
    assert (caught.value.code, caught.value.params) == (
        "incomplete", {"readable_s": 5.0, "expected_s": 7.0},
    )  # fmt: skip


async def test_a_result_of_another_length_size_or_rhythm_differs(
    encoded: tuple[Path, Plan], tmp_path: Path
) -> None:
    plan = encoded[1]
    others = {
        "longer": replace(plan, spans=((0, 50),)),
        "segments": replace(plan, spans=((0, 100),)),
        "size": replace(plan, rungs=(replace(plan.rungs[0], width=428),)),
    }
    for name, other in others.items():
        folder, _ = copy_of(encoded, tmp_path / name)
        with pytest.raises(MediaError) as caught:
            pack(folder, other)
        assert caught.value.code == "result_differs", name


async def test_playlists_arrive_after_what_they_name(
    encoded: tuple[Path, Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, plan = copy_of(encoded, tmp_path)
    package = pack(folder, plan)
    arrived: list[str] = []
    real = Storage.put_file

    async def put_file(self: Storage, key: str, source: Path, **options: object) -> None:
        await real(self, key, source, **options)  # type: ignore[arg-type]
        arrived.append(key)

    monkeypatch.setattr(Storage, "put_file", put_file)
    await move_into_place(package, open_storage(f"file://{tmp_path}/store"), "v")
    kinds = ["init" in k or ".m4s" in k or ".jpg" in k for k in arrived]
    assert kinds == sorted(kinds, reverse=True)
    assert all("init" in key for key in arrived[:2])
    assert arrived[-1] == "v/master.m3u8"


async def test_a_package_knows_its_size(encoded: tuple[Path, Plan], tmp_path: Path) -> None:
    folder, plan = copy_of(encoded, tmp_path)
    package: Package = pack(folder, plan)
    assert package.size_bytes == sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def test_an_init_without_picture_differs() -> None:
    with pytest.raises(MediaError):
        read_avc(b"moov" * 20)
