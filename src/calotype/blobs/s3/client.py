"""The S3 client as we want it: what a default of the library would leave to a file or a release is said here."""

import os
from typing import Any

import botocore.session
from boto3.session import Session
from botocore.config import Config

from calotype.blobs.s3.place import Place

#: More than the threads that may use it at once: eight for steps, four for short calls, eight that send parts.
_CONNECTIONS = 32

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 30
_ATTEMPTS = 3

#: For looks at whether the server is there: whoever asks waits for it.
CHECK_TIMEOUT_S = 3


def make(place: Place, *, is_for_checks: bool = False) -> Any:
    """A client for *place*, safe for several threads of the process that makes it.

    Raises what botocore raises for credentials that cannot be found.
    """
    connect_s, read_s, attempts = CONNECT_TIMEOUT_S, READ_TIMEOUT_S, _ATTEMPTS
    if is_for_checks:
        connect_s, read_s, attempts = CHECK_TIMEOUT_S, CHECK_TIMEOUT_S, 1
    return _session(place).client(
        "s3",
        endpoint_url=place.endpoint,
        aws_access_key_id=place.access_key,
        aws_secret_access_key=place.secret_key,
        config=Config(
            connect_timeout=connect_s,
            read_timeout=read_s,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=_CONNECTIONS,
            tcp_keepalive=True,
            signature_version="s3v4",
            s3={"addressing_style": place.addressing, "use_accelerate_endpoint": False},
            request_checksum_calculation=place.checksums,
            response_checksum_validation=place.checksums,
            ignore_configured_endpoint_urls=True,
        ),
    )


def _session(place: Place) -> Session:
    """A session that looks into the files of a home only where the option or the environment names a profile or a file."""
    core = botocore.session.Session(profile=place.profile)
    has_profile = place.profile is not None or "AWS_PROFILE" in os.environ
    if not has_profile and "AWS_CONFIG_FILE" not in os.environ:
        core.set_config_variable("config_file", os.devnull)
    if not has_profile and "AWS_SHARED_CREDENTIALS_FILE" not in os.environ:
        core.set_config_variable("credentials_file", os.devnull)
    region = place.region or core.get_config_variable("region") or "us-east-1"
    return Session(botocore_session=core, region_name=region)
