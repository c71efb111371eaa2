"""The certificate and the key that connections are encrypted with. Source: docs/operate/install.md, "TLS"."""

import ssl
from pathlib import Path

from calotype.domain.errors import Invalid


def load(certificate: Path, key: Path) -> ssl.SSLContext:
    """What connections are to be wrapped in: TLS 1.2 or later, and no protocol but HTTP/1.1 in it.

    *certificate*: PEM, the service's own first, then those between it and the root. *key*: PEM, without a passphrase.
    Raises Invalid, which names the option and the file, for what is absent, unreadable, not PEM, or not a pair.
    """
    _expect("tls_cert", certificate, "-----BEGIN CERTIFICATE-----", "holds no certificate in PEM")
    _expect("tls_key", key, "PRIVATE KEY-----", "holds no private key in PEM")

    def refuse_passphrase() -> str:
        raise Invalid("tls_key", key, "is locked with a passphrase, which nobody could type")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, refuse_passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise Invalid("tls_key", key, f"is not the key of {certificate}") from error
        raise Invalid("tls_cert", certificate, f"OpenSSL cannot use it with {key}: {error.reason or error}") from error
    return context


def _expect(option: str, path: Path, mark: str, otherwise: str) -> None:
    try:
        text = path.read_text(encoding="latin-1")
    except OSError as error:
        raise Invalid(option, path, f"cannot be read: {error.strerror}") from error
    if mark not in text:
        raise Invalid(option, path, otherwise)
