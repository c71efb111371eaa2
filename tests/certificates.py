"""Certificates that sign themselves, made by OpenSSL's program for one test run."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """*file* is what clients trust, *key* what the server proves with it."""

    file: Path
    key: Path

    @property
    def flags(self) -> tuple[str | Path, ...]:
        """What `calotype serve` is called with to use it."""
        return ("--tls-cert", self.file, "--tls-key", self.key)

    def trusting(self) -> ssl.SSLContext:
        """What a client that trusts this certificate, and nothing else, connects with."""
        return ssl.create_default_context(cafile=str(self.file))


def make(folder: Path, *hosts: str, passphrase: str = "") -> Certificate:
    """A certificate for 127.0.0.1, localhost and *hosts*; the key is locked if there is a *passphrase*."""
    names = ",".join(["IP:127.0.0.1", *(f"DNS:{host}" for host in ("localhost", *hosts))])
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"),
            *(
                "-subj",
                "/CN=Calotype test",
                "-addext",
                f"subjectAltName={names}",
                "-out",
                made.file,
                "-keyout",
                made.key,
            ),
            *(("-passout", f"pass:{passphrase}") if passphrase else ("-nodes",)),
        ],
        check=True,
        capture_output=True,
    )
    return made
