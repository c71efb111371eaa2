"""nginx with a file of the documents, as an operator's main file would include it."""

import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path("/usr/sbin/nginx")
LIMIT_S = 20

#: What nginx's own main file says around a file in conf.d.
_AROUND = """
daemon off; master_process off; pid nginx.pid; error_log stderr; worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    {site}
}}
"""


@dataclass
class Nginx:
    """nginx while it listens at *port*; it must be stopped."""

    process: subprocess.Popen[bytes]
    port: int

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(LIMIT_S)


def start(folder: Path, file: Path, replaced: Mapping[str, str], *, without: str = "") -> Nginx:
    """nginx in *folder*, on a free port, with *file* but for its line that begins with *without*.

    *replaced*: what stands once in the file -> what the test has in its place, besides the port.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    site = file.read_text()
    for theirs, ours in {"listen 443 ssl": f"listen 127.0.0.1:{port} ssl", **replaced}.items():
        assert site.count(theirs) == 1, theirs
        site = site.replace(theirs, ours)
    if without:
        kept = [line for line in site.splitlines() if not line.strip().startswith(without)]
        assert len(kept) == len(site.splitlines()) - 1
        site = "\n".join(kept)
    (folder / "nginx.conf").write_text(_AROUND.format(site=site))
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"], stderr=log)
    deadline = time.monotonic() + LIMIT_S
    while not _is_listening(port):
        assert process.poll() is None, (folder / "nginx.log").read_text()
        assert time.monotonic() < deadline
    return Nginx(process, port)


def _is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S).close()
    except ConnectionRefusedError:
        return False
    return True
