"""Questions about oneself: what may I do (`kubectl auth can-i`), and who am I (`kubectl auth whoami`)."""

from typing import Any

from . import protobuf, status
from .access import Access
from .asked import Asked
from .writes import parsed


def answer(access: Access, user: str, asked: Asked, body: bytes, media: str) -> dict[str, Any]:
    """The review with its status filled in."""
    review = protobuf.review(body) if media == protobuf.MEDIA else parsed(body)
    if asked.plural == "selfsubjectreviews":
        return review | {"metadata": {}, "status": {"userInfo": {"username": user, "groups": ["system:authenticated"]}}}
    spec = review.get("spec", {})
    about = spec.get("resourceAttributes")
    if about is None:
        if "nonResourceAttributes" not in spec:
            fault = status.Cause(
                "FieldValueInvalid", "exactly one of nonResourceAttributes or resourceAttributes must be specified", "spec"
            )
            raise status.invalid(asked.group, "SelfSubjectAccessReview", "", [fault])
        question = Asked(spec["nonResourceAttributes"].get("verb", "get"), spec["nonResourceAttributes"].get("path", "/"))
    else:
        question = Asked(
            verb=about.get("verb", ""),
            path="",
            group=about.get("group", ""),
            namespace=about.get("namespace", ""),
            plural=about.get("resource", ""),
            name=about.get("name", ""),
            subresource=about.get("subresource", ""),
        )
    allowed = access.allows(user, question)
    return review | {"metadata": {"creationTimestamp": None}, "status": {"allowed": allowed}}
