"""SeaweedFS from its wheel: a real S3 server on loopback, with its data in a folder of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

PROGRAM = Path(sys.executable).with_name("weed")
ACCESS_KEY = "calotype-tests"
SECRET_KEY = "not-a-secret-but-looks-like-one"
REGION = "us-east-1"
LIMIT_S = 30

#: What may listen: each has a port for HTTP and one for gRPC.
_PARTS = ("master", "volume", "filer", "s3")


class SeaweedFS:
    """Master, volume, filer and S3 in one process, each at ports that stay the same when it is started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = _free_ports(2 * len(_PARTS))
        self._process: subprocess.Popen[bytes] | None = None
        identity = {
            "name": "calotype",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        (folder / "data").mkdir()

    @property
    def port(self) -> int:
        """Where S3 listens."""
        return self._ports[2 * _PARTS.index("s3")]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, bucket: str, prefix: str = "", *, endpoint: str | None = None, **said: str) -> str:
        """What `--store NAME=` takes for *bucket*, with the credentials in it; *endpoint* may be a proxy before the server."""
        query = urlencode({"endpoint": endpoint or self.endpoint, "region": REGION, **said}, safe=":/")
        path = f"/{prefix}" if prefix else ""
        return f"s3://{ACCESS_KEY}:{SECRET_KEY}@{bucket}{path}?{query}"

    def client(self) -> Any:
        """A plain client, to look behind the service's back."""
        import boto3
        from botocore.config import Config

        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name=REGION,
            config=Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 2}),
        )

    def new_bucket(self) -> str:
        """The name of a new, empty bucket."""
        name = f"t{uuid.uuid4().hex}"
        self.client().create_bucket(Bucket=name)
        return name

    def start(self) -> None:
        """Start it, or start it again on the data it has; it answers when this returns."""
        assert self._process is None
        listening = [
            f"-{part}.port{kind}={self._ports[2 * place + column]}"
            for place, part in enumerate(_PARTS)
            for column, kind in enumerate(("", ".grpc"))
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    PROGRAM,
                    "server",
                    f"-dir={self._folder / 'data'}",
                    "-ip=127.0.0.1",
                    "-ip.bind=127.0.0.1",
                    "-filer",
                    "-s3",
                    f"-s3.config={self._folder / 's3.json'}",
                    "-s3.port.iceberg=0",
                    "-s3.port.lance=0",
                    "-s3.iam=false",
                    "-master.telemetry=false",
                    "-master.volumeSizeLimitMB=256",
                    "-volume.max=400",
                    "-volume.preStopSeconds=0",
                    *listening,
                ],
                cwd=self._folder,
                env=os.environ | {"HOME": str(self._folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_it_answers()

    def stop(self, *, kill: bool = False) -> None:
        """End it, by SIGKILL if asked to; its data stay. Does nothing if it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        try:
            process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(LIMIT_S)

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def _wait_until_it_answers(self) -> None:
        """S3 listens before there is a volume to write to: only what was written and read back proves that it works."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            assert self._process is not None
            assert self._process.poll() is None, self.log()[-4000:]
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    pass
                self._write_something()
            except Exception as error:  # whatever it says while it starts
                if time.monotonic() > deadline:
                    raise RuntimeError(f"SeaweedFS did not start: {error}\n{self.log()[-4000:]}") from error
                time.sleep(0.1)
            else:
                return

    def _write_something(self) -> None:
        client = self.client()
        if not any(bucket["Name"] == "ready" for bucket in client.list_buckets()["Buckets"]):
            client.create_bucket(Bucket="ready")
        client.put_object(Bucket="ready", Key="ready", Body=b"ready")


@contextmanager
def seaweedfs() -> Iterator[SeaweedFS]:
    """A running server with nothing in it, gone with the block."""
    folder = Path(tempfile.mkdtemp(prefix="calotype-s3-"))
    server = SeaweedFS(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop(kill=True)
        shutil.rmtree(folder, ignore_errors=True)


def _free_ports(number: int) -> list[int]:
    """So many ports that are free, and below those the system hands out itself: ours must still be free after a stop."""
    with ExitStack() as held:
        ports: list[int] = []
        candidates = iter(range(10240 + (os.getpid() * 16) % 20000, 32000))
        while len(ports) < number:
            port = next(candidates)
            try:
                held.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            ports.append(port)
        return ports
