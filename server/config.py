"""Settings, read once from the environment, frozen, and refused by name."""

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class WrongSetting(Exception):
    """A setting cannot be used. `name` is the variable's, the text says what is wrong with it."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decided. Sizes in bytes, times in seconds.

    `database_url` None means the embedded PostgreSQL under `home`. `s3` holds what an `s3://`
    store needs beyond its address, from the AWS_* variables its operators already know.
    """

    home: Path
    url: str
    bind: str
    port: int
    secret: bytes
    database_url: str | None
    storage_url: str
    mail_url: str | None
    s3: Mapping[str, Any] = field(default_factory=dict)
    trusted_proxies: tuple[Network, ...] = ()
    metrics_token: str | None = None
    is_demo: bool = False

    @property
    def is_secure(self) -> bool:
        """Whether people reach us over HTTPS, so that cookies may insist on it."""
        return self.url.startswith("https://")

    @property
    def is_loopback(self) -> bool:
        """Whether the installation's address is this machine's own."""
        host = urlsplit(self.url).hostname or ""
        return host in LOOPBACK


def read(environment: Mapping[str, str]) -> Settings:
    """Reads every `PORTHOLE_*`, `DATABASE_URL` and `STORAGE_URL`; makes the secret if need be.

    Raises `WrongSetting` with the variable's name.
    """
    home = Path(environment.get("PORTHOLE_HOME") or ".porthole").absolute()
    port = _port(environment.get("PORTHOLE_PORT") or "8000")
    bind = environment.get("PORTHOLE_BIND") or "127.0.0.1"
    database_url = _database_url(environment.get("DATABASE_URL"))
    return Settings(
        home=home,
        url=_url(environment.get("PORTHOLE_URL") or f"http://127.0.0.1:{port}"),
        bind=_bind(bind),
        port=port,
        secret=_secret(environment.get("PORTHOLE_SECRET"), home, database_url),
        database_url=database_url,
        storage_url=_storage_url(environment.get("STORAGE_URL"), home),
        mail_url=_mail_url(environment.get("PORTHOLE_MAIL_URL")),
        s3=_s3(environment),
        trusted_proxies=_networks(environment.get("PORTHOLE_TRUSTED_PROXIES") or ""),
        metrics_token=environment.get("PORTHOLE_METRICS_TOKEN") or None,
        is_demo=_is_demo(environment, database_url, bind),
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise WrongSetting("PORTHOLE_PORT", f"{text!r} is not a port between 1 and 65535")
    return int(text)


def _bind(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise WrongSetting("PORTHOLE_BIND", f"{text!r} is not an IP address") from None
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
        raise WrongSetting("PORTHOLE_URL", f"{text!r} is not like https://porthole.example")
    return text.rstrip("/")


def _database_url(text: str | None) -> str | None:
    if text and urlsplit(text).scheme not in {"postgresql", "postgres"}:
        raise WrongSetting("DATABASE_URL", "is not like postgresql://user:password@host/name")
    return text or None


def _storage_url(text: str | None, home: Path) -> str:
    if not text:
        return (home / "storage").as_uri()
    parts = urlsplit(text)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return text
    if parts.scheme == "s3" and parts.netloc:
        return text
    raise WrongSetting("STORAGE_URL", f"{text!r} is neither file:///folder nor s3://bucket/prefix")


def _s3(environment: Mapping[str, str]) -> dict[str, str]:
    names = {
        "endpoint": "AWS_ENDPOINT_URL",
        "region": "AWS_REGION",
        "access_key_id": "AWS_ACCESS_KEY_ID",
        "secret_access_key": "AWS_SECRET_ACCESS_KEY",
    }
    return {key: environment[name] for key, name in names.items() if environment.get(name)}


def _mail_url(text: str | None) -> str | None:
    if text and (urlsplit(text).scheme not in {"smtp", "smtps"} or not urlsplit(text).hostname):
        raise WrongSetting("PORTHOLE_MAIL_URL", "is not like smtp://user:password@host:587")
    return text or None


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise WrongSetting("PORTHOLE_TRUSTED_PROXIES", str(error)) from None


def _is_demo(environment: Mapping[str, str], database_url: str | None, bind: str) -> bool:
    """The demo programme is there by default only where it can harm nobody: on loopback.

    Its mailbox shows every code and link, so nobody else may be able to reach this process:
    by default it is there only where we listen to this machine alone.
    """
    given = environment.get("PORTHOLE_DEMO")
    if given:
        return _yes_or_no("PORTHOLE_DEMO", given)
    host = urlsplit(environment.get("PORTHOLE_URL") or "http://127.0.0.1").hostname
    is_ours_alone = ipaddress.ip_address(bind).is_loopback
    return database_url is None and host in LOOPBACK and is_ours_alone


def _yes_or_no(name: str, text: str) -> bool:
    if text.lower() not in {"yes", "no", "1", "0", "true", "false"}:
        raise WrongSetting(name, f"{text!r} is neither yes nor no")
    return text.lower() in {"yes", "1", "true"}


def _secret(text: str | None, home: Path, database_url: str | None) -> bytes:
    if text:
        if len(text) < 32:
            raise WrongSetting("PORTHOLE_SECRET", "is shorter than 32 characters")
        return text.encode()
    if database_url:
        raise WrongSetting(
            "PORTHOLE_SECRET", "is required with DATABASE_URL: all machines must share it"
        )
    return _own_secret(home / "secret")


def _own_secret(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # O_EXCL: two processes starting together agree on the first one's secret.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_secret(path)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    return _read_secret(path)


def _read_secret(path: Path) -> bytes:
    text = path.read_text().strip()
    if len(text) < 32:
        raise WrongSetting("PORTHOLE_SECRET", f"the one in {path} is shorter than 32 characters")
    return text.encode()
