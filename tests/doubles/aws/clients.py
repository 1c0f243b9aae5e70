"""boto3 clients, each made once: EC2's model alone takes seconds to load. No environment is read."""

import threading
from typing import Any, NamedTuple

import boto3
from botocore.config import Config

_lock = threading.Lock()
_session: list[boto3.Session] = []
_made: dict[tuple[object, ...], Any] = {}


class Keys(NamedTuple):
    """An access key."""

    id: str
    secret: str


def client(url: str, service: str, region: str, keys: Keys, **config: Any) -> Any:
    """A client of `service` at `url`; `config` as for botocore's Config. Asked again with the same words: the same one."""
    wanted = (url, service, region, keys, repr(sorted(config.items())))
    with _lock:
        if not _session:
            _session.append(boto3.Session())
        if wanted not in _made:
            _made[wanted] = _session[0].client(
                service,
                region_name=region,
                endpoint_url=url,
                aws_access_key_id=keys.id,
                aws_secret_access_key=keys.secret,
                config=Config(**config),
            )
        return _made[wanted]
