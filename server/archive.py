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


async def run_tool(program: Path, dsn: str, *arguments: str) -> None:
    """Runs pg_dump or pg_restore on the database. Raises CannotDo with its last words.

    The password goes by the environment: arguments can be read by everybody on the machine.
    """
    bare, secret = without_password(dsn)
    process = await asyncio.create_subprocess_exec(
        str(program),
        f"--dbname={bare}",
        *arguments,
        env={"PATH": os.defpath, "LC_ALL": "C", "HOME": "/", **secret},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    try:
        _, words = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise CannotDo(program.name, f"{program.name} failed:\n{words.decode()[-1500:]}")


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
