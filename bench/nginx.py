"""nginx as Debian ships it, one worker with `sendfile`, over a folder: the floor of downloads."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from service import cpu_s

#: Debian's own settings as far as they matter here; the worker is one, as ours is.
_CONFIGURATION = """
{user}
worker_processes 1;
pid {own}/pid;
error_log {own}/errors;
events {{ worker_connections 768; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    default_type application/octet-stream;
    client_body_temp_path {own}/body;
    proxy_temp_path {own}/proxy;
    fastcgi_temp_path {own}/fastcgi;
    uwsgi_temp_path {own}/uwsgi;
    scgi_temp_path {own}/scgi;
    server {{ listen 127.0.0.1:{port}; root {folder}; }}
}}
"""


class Nginx:
    """Serves *folder* at *port*, ready; all it writes is in a temporary folder, which goes with `stop`."""

    def __init__(self, folder: Path) -> None:
        self._own = Path(tempfile.mkdtemp(prefix="calotype-nginx-"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        file = self._own / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        file.write_text(_CONFIGURATION.format(own=self._own, port=self.port, folder=folder.resolve(), user=user))
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        flags = ["-e", f"{self._own}/errors", "-p", f"{self._own}", "-c", f"{file}", "-g", "daemon off;"]
        self._process = subprocess.Popen([program, *flags])
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionRefusedError:
                time.sleep(0.01)
            else:
                return
        raise RuntimeError(f"nginx did not start: {(self._own / 'errors').read_text()}")

    def cpu_s(self) -> float:
        return cpu_s(self._process.pid)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._own)
