"""What goes wrong with S3, as a sentence for the operator, and as an error of ours."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 -- the library's own, which is no OSError
    ConnectTimeoutError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSLError,
)

from calotype.blobs.s3.place import Place
from calotype.domain.errors import BlobNotFound, Broken, NoSpace, StoreAway

log = logging.getLogger(__name__)

#: Whatever the client, or the connection below it, may raise.
FOREIGN = (BotoCoreError, ClientError, OSError)

_FULL = {
    "QuotaExceeded",
    "XMinioStorageFull",
    "InsufficientStorage",
    "EntityTooLarge",
    "XMinioAdminBucketQuotaExceeded",
}
_MANY = {"SlowDown", "TooManyRequests", "RequestLimitExceeded", "Throttling", "ThrottlingException"}
_SENTENCES = {
    "NoSuchBucket": "there is no such bucket; make it, or correct its name",
    "InvalidAccessKeyId": "the access key is not known there; correct it, or the endpoint",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key; correct it",
    "InvalidSignature": "the secret key does not belong to the access key; correct it",
    "AuthorizationHeaderMalformed": "it belongs to another region; say which by region=",
    "PermanentRedirect": "it belongs to another region or endpoint; say which by region= and endpoint=",
    "IllegalLocationConstraintException": "it belongs to another region; say which by region=",
    "RequestTimeTooSkewed": "the clock of this machine differs too much from the server's; set it right",
    "ExpiredToken": "the credentials have expired; renew them",
    "InvalidToken": "the session token is not valid; renew the credentials",
    "AccessDenied": "these credentials may not do that; grant them list, read, write and delete",
}
_GONE = {"404", "NoSuchKey", "NoSuchUpload", "NotFound"}


def code(error: BaseException) -> str:
    """What the server calls *error*: a name, or a status where it gives none; "" for what no server said."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


def says_gone(error: BaseException) -> bool:
    """True if there is no such object or upload."""
    return code(error) in _GONE


def says_changed(error: BaseException) -> bool:
    """True if an object is not the one it was."""
    return code(error) in ("PreconditionFailed", "412")


def sentence(error: BaseException) -> str:
    """What is wrong and what to do; it holds nothing that is secret."""
    match error:
        case ClientError():
            return _of_answer(error)
        case NoCredentialsError() | PartialCredentialsError():
            return "there are no credentials; give them by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, profile=, or in the URL"
        case ProfileNotFound():
            return "there is no such profile in the shared files of AWS; correct profile="
        case SSLError():
            return (
                f"its certificate is not trusted, or it speaks no TLS; AWS_CA_BUNDLE names other authorities ({error})"
            )
        case ConnectTimeoutError() | ReadTimeoutError():
            return "it did not answer in time"
        case ConnectionError() | HTTPClientError() | OSError():
            return "no connection; see whether the endpoint is right and the server runs"
    return f"{type(error).__name__}: {error}"


def _of_answer(error: ClientError) -> str:
    name = code(error)
    if name in _SENTENCES:
        return _SENTENCES[name]
    if name in _FULL:
        return f"it is full, or a quota is used up ({name})"
    if name in _MANY:
        return f"it is asked too much at once ({name})"
    if name == "403":
        return _SENTENCES["AccessDenied"]
    said = error.response.get("Error", {}).get("Message", "")
    return f"it answered {name}: {said}"


@contextmanager
def translated(place: Place, key: str | None = None) -> Iterator[None]:
    """Foreign errors as ours, their sentence in the log. *key*: of the blob that BlobNotFound is about, where it may be raised."""
    try:
        yield
    except FOREIGN as error:
        if key is not None and says_gone(error):
            raise BlobNotFound(key) from error
        raise broken(place, error) from error


def broken(place: Place, error: BaseException) -> Broken:
    """The error of ours for *error*, told to the log."""
    log.warning("%s: %s.", place.told, sentence(error))
    if code(error) in _FULL:
        return NoSpace("The store is full.")
    return StoreAway("The store cannot be used at the moment.")
