"""A film as the worker leaves it, without an encoder: playlists, segments, pictures as bytes."""

from uuid import UUID

from media.storage import Storage
from rooms.connection import Connection

MASTER = """#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="nl",DEFAULT=YES,URI="sound/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.64001f,mp4a.40.2",AUDIO="sound"
360p/index.m3u8

"""
SEGMENT = bytes(range(256)) * 40
FILES = {
    "master.m3u8": MASTER.encode(),
    "360p/index.m3u8": b'#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:4,\nseg-00000.m4s\n',
    "360p/init.mp4": b"init",
    "360p/seg-00000.m4s": SEGMENT,
    "poster.jpg": b"\xff\xd8poster",
    "storyboard.vtt": b"WEBVTT\n",
}


async def put_files(conn: Connection, storage: Storage, version_id: UUID) -> str:
    """Lays a ready version's files where its row says they are; returns its video's address."""
    row = await conn.fetchrow(
        "select video_id, prefix from video_versions where id = $1", version_id
    )
    assert row is not None
    for name, data in FILES.items():
        await storage.put(f"{row['prefix']}/{name}", data)
    return f"/videos/{row['video_id']}"
