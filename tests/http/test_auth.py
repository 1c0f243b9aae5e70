"""Tokens: what is believed, and what is refused before the server starts."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa

from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings
from eks_diag_mcp.errors import BadInput, CatalogueError
from eks_diag_mcp.server.auth import AuthConfig, Verifier
from eks_diag_mcp.server.http_config import HttpConfig

from .conftest import TOKENS, House, Open, auth_yaml, called, digest, refused

pytestmark = pytest.mark.anyio
ISSUER, AUDIENCE = "https://id.example.com", "https://diag.example.com/mcp"
LIST = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwks() -> str:
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    return json.dumps({"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]})


def signed(key: Any = KEY, kid: str = "one", algorithm: str = "RS256", **claims: Any) -> str:
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "oncall@example.com", "exp": int(time.time()) + 3600, "clusters": ["blue"]}
    told = {name: value for name, value in (usual | claims).items() if value is not None}
    return jwt.encode(told, key, algorithm=algorithm, headers={"kid": kid})


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    (tmp_path / "keys.json").write_text(jwks())
    return tmp_path / "keys.json"


def jwt_yaml(**rules: Any) -> str:
    return yaml.safe_dump(
        {"jwt": {"issuer": ISSUER, "audience": AUDIENCE, "clusters_claim": "clusters", **rules}, "resource": AUDIENCE}
    )


BAD: dict[str, Callable[[], str]] = {
    "another audience": lambda: signed(aud="https://other.example.com"),
    "another issuer": lambda: signed(iss="https://evil.example.com"),
    "expired": lambda: signed(exp=int(time.time()) - 3600),
    "without an expiry": lambda: signed(exp=None),
    "without a subject": lambda: signed(sub=None),
    "without the claim of clusters": lambda: signed(clusters=None),
    "with an empty list of clusters": lambda: signed(clusters=[]),
    "signed by another key": lambda: signed(OTHER_KEY),
    "of an unknown key": lambda: signed(kid="two"),
    "signed by a shared secret": lambda: signed("s" * 64, algorithm="HS256"),
    "unsigned": lambda: signed(None, algorithm="none"),
    "cut": lambda: signed()[:-20],
    "no JWT": lambda: "hello",
    "endless": lambda: "x." * 20_000,
}


@pytest.mark.parametrize("fault", BAD)
async def test_a_jwt_is_refused_that_is(fault: str, keys: Path) -> None:
    verifier = Verifier(AuthConfig.read(jwt_yaml(jwks_file=str(keys)), "auth.yaml"), {})
    assert await verifier.verify_token(BAD[fault]()) is None
    assert await verifier.verify_token(signed()) is not None


async def test_jwts_get_in_over_http_and_see_the_clusters_they_list(house: House, open_door: Open, keys: Path) -> None:
    door = open_door(house.app, {"EKS_DIAG_HTTP_AUTH": jwt_yaml(jwks_file=str(keys))})
    answer = door.post(LIST, Authorization=f"Bearer {BAD['expired']()}")
    assert answer.status_code == 401
    where = answer.headers["www-authenticate"].split('resource_metadata="')[1].split('"')[0]
    assert where == "https://diag.example.com/.well-known/oauth-protected-resource/mcp"
    told = door.get("/.well-known/oauth-protected-resource/mcp").json()
    assert told["authorization_servers"] == [ISSUER] and told["resource"] == AUDIENCE
    async with door.client(signed()) as client:
        await called(client, "errors", instanceId=house.nodes["blue"])
        assert house.nodes["green"] not in await refused(client, "errors", instanceId="i-00000000000000000")
    async with door.client(signed(clusters="*")) as client:
        await called(client, "errors", instanceId=house.nodes["green"])


@pytest.fixture
def key_server() -> Iterator[str]:
    """Serves the keys as an identity provider does."""

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = jwks().encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/keys"
    server.shutdown()
    thread.join(10)
    server.server_close()


async def test_keys_are_fetched_from_the_provider(key_server: str) -> None:
    verifier = Verifier(AuthConfig.read(jwt_yaml(jwks_url=key_server), "auth.yaml"), {})
    assert await verifier.verify_token(signed()) is not None
    assert await verifier.verify_token(signed(OTHER_KEY)) is None


async def test_a_provider_that_does_not_answer_lets_nobody_in() -> None:
    verifier = Verifier(AuthConfig.read(jwt_yaml(jwks_url="http://127.0.0.1:9/keys"), "auth.yaml"), {})
    assert await verifier.verify_token(signed()) is None


async def test_what_the_server_itself_may_not_ask_no_token_opens(keys: Path) -> None:
    verifier = Verifier(AuthConfig.read(jwt_yaml(jwks_file=str(keys)), "auth.yaml"), {"green": None})
    assert await verifier.verify_token(signed(clusters=["blue"])) is None
    both = await verifier.verify_token(signed(clusters=["blue", "green"]))
    assert both is not None and both.claims == {"eks-diag/clusters": ["green"]} and both.token == ""
    with pytest.raises(BadInput, match="blue lists only clusters that this server may not ask"):
        Verifier(AuthConfig.read(auth_yaml(), "auth.yaml"), {"green": None})


@pytest.mark.parametrize("address", ["0.0.0.0:8080", "10.0.0.1:8080", "[::]:8080", "example.com:80", "127.0.0.1.example.com:80"])
def test_no_address_that_others_reach_is_served_without_authentication(address: str) -> None:
    with pytest.raises(BadInput, match="nobody would have to prove"):
        HttpConfig.read({"EKS_DIAG_HTTP_HOSTS": "diag"}, address)
    with pytest.raises(BadInput, match="names that clients call this server by"):
        HttpConfig.read({"EKS_DIAG_HTTP_AUTH": auth_yaml()}, address)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "[::1]:1", "localhost:1", "8080"])
def test_loopback_needs_none(address: str) -> None:
    assert HttpConfig.read({}, address).security().enable_dns_rebinding_protection


@pytest.mark.parametrize("wrong", ["", ":", "host", "a:b", "127.0.0.1:99999", "http://127.0.0.1:1"])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(BadInput):
        HttpConfig.read({}, wrong)


@pytest.mark.parametrize("name", ["*", "*.example.com", "https://x", "a b"])
def test_there_are_no_wildcards_among_hosts(name: str) -> None:
    with pytest.raises(BadInput, match="cannot be an allowed host"):
        HttpConfig.read({}, "127.0.0.1:1", hosts=(name,))


WRONG: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a plain token": {"tokens": [{"name": "x", "token": TOKENS["all"]}]},
    "a token where its digest belongs": {"tokens": [{"name": "x", "sha256": TOKENS["all"]}]},
    "no clusters at all": {"tokens": [{"name": "x", "sha256": digest("t"), "clusters": []}]},
    "one digest for two": {"tokens": [{"name": n, "sha256": digest("t")} for n in "xy"]},
    "keys over plain HTTP": {"jwt": {"issuer": ISSUER, "audience": AUDIENCE, "jwks_url": "http://id.example.com/keys"}},
    "no keys": {"jwt": {"issuer": ISSUER, "audience": AUDIENCE}},
    "a shared secret": {"jwt": {"issuer": ISSUER, "audience": AUDIENCE, "jwks_file": "k", "algorithms": ["HS256"]}},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_configuration_is_refused_with(what: str) -> None:
    with pytest.raises((BadInput, CatalogueError)) as caught:
        AuthConfig.read(yaml.safe_dump(WRONG[what]), "auth.yaml")
    assert TOKENS["all"] not in str(caught.value) and "auth.yaml" in str(caught.value)


def test_the_file_of_keys_must_hold_keys(tmp_path: Path) -> None:
    config = AuthConfig.read(jwt_yaml(jwks_file=str(tmp_path / "none.json")), "auth.yaml")
    with pytest.raises(BadInput, match="jwks_file cannot be used") as caught:
        Verifier(config, App(Settings(library=tmp_path)).settings.clusters)
    assert str(tmp_path) not in str(caught.value)
