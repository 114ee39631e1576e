"""An S3 that lives in this process, and a bucket in it."""

import asyncio
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from moto.server import ThreadedMotoServer


@contextmanager
def an_s3() -> Iterator[str]:
    """Its endpoint while it runs; it does not check signatures."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


async def a_bucket(endpoint: str) -> dict[str, Any]:
    """Makes a bucket; returns the settings that point a house at it."""
    bucket = f"films-{uuid4().hex[:8]}"
    put = urllib.request.Request(f"{endpoint}/{bucket}", method="PUT")
    await asyncio.to_thread(urllib.request.urlopen, put)
    access = {"endpoint": endpoint, "access_key_id": "key", "secret_access_key": "secret"}
    return {"storage_url": f"s3://{bucket}/part", "s3": access}
