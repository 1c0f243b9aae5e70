"""Who may do what: principals and their access entries, static tokens, and RBAC rules. Checked before anything is looked up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from . import status
from .asked import Asked
from .tokens import PREFIX, BadToken, Issuer, Principal

ANY = ("*",)
SELF_REVIEWS = ("selfsubjectaccessreviews", "selfsubjectreviews")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is allowed. An empty `namespaces` means the whole cluster (a ClusterRoleBinding), else a RoleBinding in each."""

    verbs: tuple[str, ...]
    groups: tuple[str, ...]
    resources: tuple[str, ...]
    namespaces: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def allows(self, asked: Asked) -> bool:
        return (
            _in(asked.verb, self.verbs)
            and _in(asked.group, self.groups)
            and (_in(asked.resource, self.resources) or f"*/{asked.subresource}" in self.resources)
            and (not self.namespaces or asked.namespace in self.namespaces)
            and (not self.names or asked.name in self.names)
        )


def _in(word: str, words: tuple[str, ...]) -> bool:
    return words == ANY or word in words


LOOK = ("get", "list", "watch")
ADMIN = (Rule(ANY, ANY, ANY),)
READER = (
    Rule(LOOK, ("",), ("nodes", "namespaces", "pods", "pods/log", "events", "services", "endpoints", "configmaps", "secrets")),
    Rule(LOOK, ("",), ("serviceaccounts", "persistentvolumes", "persistentvolumeclaims")),
    Rule(LOOK, ("apps", "batch", "events.k8s.io", "discovery.k8s.io", "coordination.k8s.io", "policy", "storage.k8s.io"), ANY),
    Rule(LOOK, ("networking.k8s.io", "rbac.authorization.k8s.io", "apiextensions.k8s.io"), ANY),
    Rule(LOOK, ("crd.k8s.amazonaws.com", "vpcresources.k8s.aws", "networking.k8s.aws"), ANY),
    Rule((*LOOK, "create", "delete"), ("eks.amazonaws.com",), ("nodediagnostics",)),
)
"""What the server under test needs and no more: it reads, and asks for log bundles by NodeDiagnostic."""


class Access:
    """The users of a cluster."""

    def __init__(self, issuer: Issuer, clock: Callable[[], datetime]) -> None:
        self.issuer, self.clock = issuer, clock
        self.refusals: list[str] = []
        """Why tokens were refused: the caller is told 401 only."""
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._principals: dict[str, Principal] = {}
        self._entries: dict[str, str] = {}
        self._tokens: dict[str, str] = {}

    def user(self, name: str, rules: tuple[Rule, ...], *, token: str | None = None, arn: str | None = None) -> None:
        """A user with these rules; by a static token, by an access entry for that principal, or both."""
        self._rules[name] = rules
        if token:
            self._tokens[token] = name
        if arn:
            self._entries[arn] = name

    def principal(self, access_key: str, secret: str, arn: str, session_token: str | None = None) -> None:
        """AWS credentials that STS would know. Without an access entry for the ARN they are a stranger's: 401."""
        self._principals[access_key] = Principal(access_key, secret, arn, session_token)

    def drop_entry(self, arn: str) -> None:
        """Take the access entry of that principal away."""
        self._entries.pop(arn, None)

    def who(self, authorization: str) -> str:
        """The user behind an Authorization header; raises the server's 401."""
        scheme, _, token = authorization.partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise BadToken("no bearer token")
            return self._user_of(token.strip())
        except BadToken as why:
            self.refusals.append(str(why))
            raise status.unauthorized() from None

    def _user_of(self, token: str) -> str:
        if token in self._tokens:
            return self._tokens[token]
        if not token.startswith(PREFIX):
            raise BadToken("unknown static token")
        arn = self.issuer.check(token, self._principals, self.clock()).arn
        if arn not in self._entries:
            raise BadToken("principal has no access entry")
        return self._entries[arn]

    def allows(self, user: str, asked: Asked) -> bool:
        """Whether the user may. Discovery, the version and questions about oneself are everyone's."""
        if not asked.plural or (asked.verb == "create" and asked.plural in SELF_REVIEWS):
            return True
        return any(rule.allows(asked) for rule in self._rules.get(user, ()))

    def check(self, user: str, asked: Asked) -> None:
        """Raises the server's 403."""
        if not self.allows(user, asked):
            raise forbidden(user, asked)


def forbidden(user: str, asked: Asked) -> status.Refused:
    """The 403 of RBAC, word for word."""
    qualified = f"{asked.plural}.{asked.group}" if asked.group else asked.plural
    subject = f'{qualified} "{asked.name}"' if asked.name else qualified
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    what = f'cannot {asked.verb} resource "{asked.resource}" in API group "{asked.group}" {where}'
    details = {"name": asked.name} if asked.name else {}
    details |= ({"group": asked.group} if asked.group else {}) | {"kind": asked.plural}
    return status.Refused(403, status.failure(403, f'{subject} is forbidden: User "{user}" {what}', details=details))
