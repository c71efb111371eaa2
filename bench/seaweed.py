"""SeaweedFS from the wheel: an S3 server over a folder of this machine, one process for all its parts."""

import json
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from service import cpu_s, pss_bytes

BUCKET = "images"
ACCESS_KEY, SECRET_KEY = "bench", "bench-secret"
REGION = "us-east-1"
_READY_S = 60

#: Its gRPC ports, and those of faces nobody asks.
_PARTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
_OFF = ("s3.port.iceberg", "s3.port.lance")


class Seaweed:
    """A server whose data are in *folder*, with one bucket, ready; ended by `close`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        ports = _free_ports(len(_PARTS) + 2)
        self.endpoint = f"http://127.0.0.1:{ports[-1]}"
        identity = {"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}
        (folder / "s3.json").write_text(
            json.dumps({"identities": [{"name": "bench", "credentials": [identity], "actions": ["Admin"]}]})
        )
        flags = [f"-{name}={port}" for name, port in zip(_PARTS, ports[:-2], strict=True)]
        flags += [f"-{name}=0" for name in _OFF]
        flags += [f"-s3.port.grpc={ports[-2]}", f"-s3.port={ports[-1]}", f"-s3.config={folder / 's3.json'}"]
        flags += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-filer", "-s3"]
        # Volumes of a GiB, as many as the disk has room for; it would take 30 GiB each and soon have no place for a new one.
        flags += ["-master.volumeSizeLimitMB=1024", "-volume.max=0", "-volume.preStopSeconds=0"]
        flags += ["-s3.iam=false", "-master.telemetry=false"]
        with (folder / "log").open("w") as log:
            program = Path(sys.executable).with_name("weed")
            # The last of two flags that it wants before its command; its own log would lie in the system's folder.
            self._process = subprocess.Popen(
                [program, "-logtostderr=true", "server", *flags], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        self._wait()

    def _wait(self) -> None:
        client, deadline = self.client(), time.monotonic() + _READY_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if BUCKET not in {one["Name"] for one in client.list_buckets()["Buckets"]}:
                    client.create_bucket(Bucket=BUCKET)
                client.put_object(Bucket=BUCKET, Key="ready", Body=b"ready")
                client.delete_object(Bucket=BUCKET, Key="ready")
            except (BotoCoreError, ClientError):
                time.sleep(0.1)
            else:
                return
        self.close()
        raise RuntimeError(f"SeaweedFS did not start: {(self._folder / 'log').read_text()[-2000:]}")

    def client(self) -> Any:
        """A client of boto3, without retries."""
        return boto3.client("s3", **client_options(self.endpoint))

    def flags(self) -> list[str]:
        """What `calotype serve` is told so that its one store is the bucket."""
        said = urlencode({"endpoint": self.endpoint, "region": REGION})
        return ["--store", f"s3=s3://{ACCESS_KEY}:{SECRET_KEY}@{BUCKET}?{said}"]

    def cpu_s(self) -> float:
        return cpu_s(self._process.pid)

    def pss_bytes(self) -> int:
        return pss_bytes(self._process.pid)

    def clear(self) -> None:
        """Take all objects away."""
        client = self.client()
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for found in page.get("Contents", ()):
                client.delete_object(Bucket=BUCKET, Key=found["Key"])

    def close(self) -> None:
        """End it the hard way, since its data go too; asked to, it takes its time."""
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder)


def client_options(endpoint: str) -> dict[str, Any]:
    """What a client of boto3 is made with; checksums only where the protocol wants them, as Calotype sets them."""
    config = Config(
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        max_pool_connections=32,
    )
    keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
    return {"endpoint_url": endpoint, "region_name": REGION, "config": config, **keys}


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in taken]
