"""What `backup` writes and `restore` reads: one folder, with a manifest that seals it.

manifest.json   what it is, and the hashes of the two files below
database.dump   pg_dump's custom format
files.jsonl     every stored file: key and size
files/          the files themselves, where they were asked for
"""

import asyncio
import hashlib
import os
import signal
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import msgspec

from server.asked import CannotDo
from server.database import SCHEMA, Connection
from server.embedded import binaries
from server.supervisor import die_with_parent

FORMAT = 1
MANIFEST, DUMP, LIST, FILES = "manifest.json", "database.dump", "files.jsonl", "files"


class Entry(msgspec.Struct, frozen=True):
    """One stored file."""

    key: str
    bytes: int


class Manifest(msgspec.Struct, frozen=True):
    """The seal. `tool`: major version of the pg_dump that wrote the dump."""

    format: int
    made_at: datetime
    schema_version: str
    tool: int
    files: int
    files_bytes: int
    has_files: bool
    sha256: dict[str, str]


def hash_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def known_versions() -> set[str]:
    """The migrations this code carries."""
    return {path.name.split("_")[0] for path in (SCHEMA / "versions").glob("[0-9]*.sql")}


def tools(server_major: int, at_least: int = 0) -> tuple[int, Path]:
    """The oldest of our PostgreSQL programs that fit this server (and this dump): (major, bin)."""
    found = {major: path for major, path in binaries().items() if major >= server_major}
    fitting = [major for major in found if major >= at_least]
    if not fitting:
        raise CannotDo(
            "no_tools",
            f"The database is PostgreSQL {server_major}, newer than the programs Porthole brings. "
            "Use that PostgreSQL's own pg_dump and pg_restore.",
        )
    return min(fitting), found[min(fitting)]


async def major_of(conn: Connection) -> int:
    """The server's major version."""
    return int(await conn.fetchval("show server_version_num")) // 10000


async def dump(programs: Path, dsn: str, file: Path) -> None:
    """Writes the database into `file`. Raises CannotDo with pg_dump's last words."""
    bare, secret = without_password(dsn)
    writer = await _start(
        programs / "pg_dump",
        f"--dbname={bare}",
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        "--schema=public",
        "--no-unlogged-table-data",  # counted tries: gone within the hour anyway
        "--exclude-table-data=unseen_questions",  # what pupils wrote and nobody has let through
        "--exclude-table-data=incident_words",  # the same, of what was reported
        f"--file={file}",
        secret=secret,
    )
    await _end(writer, "pg_dump", await writer.communicate())


async def pour(programs: Path, dsn: str, file: Path) -> None:
    """Reads `file` into the database, in one transaction. Raises CannotDo with the last words.

    As a script through psql: pg_restore itself cannot leave out the one setting that a server
    older than the dump's tool does not know.
    """
    bare, secret = without_password(dsn)
    options = ("--file=-", "--no-owner", "--no-privileges", "--schema=public")
    reader = await _start(programs / "pg_restore", *options, str(file))
    writer = await _start(
        programs / "psql",
        bare,
        "--no-psqlrc",
        "--quiet",
        "--single-transaction",
        "--file=-",
        "--set=ON_ERROR_STOP=1",
        "--output=/dev/null",
        secret=secret,
    )
    try:
        await _stream(reader, writer)
        # the end of its input makes psql commit: only a script that is whole may end
        await _end(reader, "pg_restore", await reader.communicate())
        assert writer.stdin is not None
        writer.stdin.close()
        await _end(writer, "psql", await writer.communicate())
    finally:
        for process in (writer, reader):
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _stream(reader: asyncio.subprocess.Process, writer: asyncio.subprocess.Process) -> None:
    assert reader.stdout is not None and writer.stdin is not None
    is_preamble = True
    while line := await (reader.stdout.readline() if is_preamble else reader.stdout.read(65536)):
        if is_preamble and line.startswith(b"SET transaction_timeout"):
            continue
        is_preamble = is_preamble and not line.startswith(b"CREATE ")
        try:
            writer.stdin.write(line)
            await writer.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            break  # psql has ended; its words say why


async def _start(
    program: Path, *arguments: str, secret: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """The password goes by the environment: everybody on the machine can read arguments."""
    return await asyncio.create_subprocess_exec(
        str(program),
        *arguments,
        env={"PATH": os.defpath, "LC_ALL": "C", "HOME": "/", **(secret or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )


async def _end(process: asyncio.subprocess.Process, name: str, said: tuple[bytes, bytes]) -> None:
    if process.returncode != 0:
        raise CannotDo(name, f"{name} failed:\n{said[1].decode(errors='replace')[-1500:]}")


def without_password(dsn: str) -> tuple[str, Mapping[str, str]]:
    """(DSN without its password, the environment that carries it)."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    password = query.pop("password", None) or (parts.password and unquote(parts.password))
    user, at, host = parts.netloc.rpartition("@")
    bare = f"{parts.scheme}://{user.partition(':')[0]}{at}{host}{parts.path}"
    if query:
        bare += f"?{urlencode(query, safe='/')}"
    return bare, {"PGPASSWORD": password} if password else {}


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup whose files are all as they were written. Raises CannotDo."""
    path = folder / MANIFEST
    if not path.is_file():
        raise CannotDo("no_backup", f"There is no whole backup in {folder}: {MANIFEST} is missing.")
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.DecodeError as error:
        raise CannotDo("no_backup", f"{path} cannot be read: {error}") from None
    if manifest.format != FORMAT:
        raise CannotDo("format", f"This backup has format {manifest.format}, we read {FORMAT}.")
    for name, wanted in manifest.sha256.items():
        file = folder / name
        if not file.is_file() or hash_of(file) != wanted:
            raise CannotDo(
                "damaged", f"{file} is missing or was changed since the backup. Nothing was done."
            )
    if manifest.schema_version not in known_versions():
        raise CannotDo(
            "newer",
            f"This backup was made by a newer Porthole (schema {manifest.schema_version}). "
            "Install that one first.",
        )
    return manifest
