"""SOPs as Agent Skills: the MCP Skills extension (SEP-2640), methods skills/list and skills/get.

Each SOP is a skill of one file, skill://<server>/<name>/SKILL.md. Its front matter is ours, since the format asks for
`name` and `description`; the body is the SOP's, verbatim. Digests are of the bytes that resources/read gives."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Extension, MethodBinding, ResourceBinding
from mcp.server.mcpserver.resources import TextResource
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CacheableResult, PaginatedRequestParams, PaginatedResult, RequestParams

from ..quoting import one_line
from ..runbooks.library import SopLibrary
from ..runbooks.model import Sop

IDENTIFIER = "io.modelcontextprotocol/skills"
_NAME_MAX, _DESCRIPTION_MAX = 64, 1024  # limits of the Agent Skills format
_FRESH_MS = 3_600_000  # SOPs change with a restart only


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill: where it is read, its front matter, and the whole SKILL.md."""

    uri: str
    frontmatter: Mapping[str, Any]
    text: str

    @property
    def entry(self) -> dict[str, object]:
        """The manifest entry that hosts check what they read against."""
        data = self.text.encode("utf-8")
        file = {"uri": self.uri, "digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}
        return {"uri": self.uri, "frontmatter": dict(self.frontmatter), "resources": [file]}


class ListSkillsResult(PaginatedResult, CacheableResult):
    """The answer to skills/list; one page, since a library holds some dozens."""

    result_type: str = "complete"
    skills: list[dict[str, object]]


class GetSkillResult(CacheableResult):
    """The answer to skills/get."""

    result_type: str = "complete"
    skill: dict[str, object]


class GetSkillParams(RequestParams):
    """`uri` is that of a SKILL.md."""

    uri: str


class SkillsExtension(Extension):
    """Hand it to the server's `extensions`. It lists the skills, and serves each SKILL.md as a resource."""

    identifier = IDENTIFIER

    def __init__(self, library: SopLibrary, server: str = "eks-diag") -> None:
        self._skills = {skill.uri: skill for skill in skills(library.sops, server)}

    def resources(self) -> Sequence[ResourceBinding]:
        return [
            ResourceBinding(
                TextResource(
                    uri=skill.uri,
                    name=skill.frontmatter["name"],
                    description=skill.frontmatter["description"],
                    mime_type="text/markdown",
                    text=skill.text,
                )
            )
            for skill in self._skills.values()
        ]

    def methods(self) -> Sequence[MethodBinding]:
        return [
            MethodBinding("skills/list", PaginatedRequestParams, self._list),
            MethodBinding("skills/get", GetSkillParams, self._get),
        ]

    async def _list(self, ctx: ServerRequestContext[Any, Any], params: PaginatedRequestParams) -> ListSkillsResult:
        entries = [skill.entry for skill in self._skills.values()]
        return ListSkillsResult(skills=entries, ttl_ms=_FRESH_MS, cache_scope="public")

    async def _get(self, ctx: ServerRequestContext[Any, Any], params: GetSkillParams) -> GetSkillResult:
        skill = self._skills.get(params.uri)
        if skill is None:
            raise MCPError(INVALID_PARAMS, f"Unknown skill {one_line(params.uri, 120)!r}. skills/list names them.")
        return GetSkillResult(skill=skill.entry, ttl_ms=_FRESH_MS, cache_scope="public")


def skills(sops: Iterable[Sop], server: str) -> list[Skill]:
    """The SOPs rendered, each under a name of its own."""
    taken: set[str] = set()
    found = []
    for sop in sops:
        name = _name(sop.id, taken)
        taken.add(name)
        found.append(_render(sop, name, server))
    return found


def _render(sop: Sop, name: str, server: str) -> Skill:
    metadata = {
        "title": sop.title,
        "sop": sop.id,
        "status": sop.status,
        "severity": sop.severity,
        "owner": sop.owner,
        "objective": sop.objective,
        "context": sop.context,
        "triggers": " | ".join(sop.triggers),
        "mcp-server": server,
    }
    frontmatter = {
        "name": name,
        "description": _description(sop),
        "metadata": {key: one_line(value, 4_000) for key, value in metadata.items() if value},
    }
    front = yaml.safe_dump(frontmatter, sort_keys=False, allow_unicode=True, width=120)
    return Skill(f"skill://{server}/{name}/SKILL.md", frontmatter, f"---\n{front}---\n{sop.body}")


def _description(sop: Sop) -> str:
    """What the skill does and when to use it; hosts choose skills by it."""
    text = one_line(sop.description or sop.title, 600).rstrip(".")
    if sop.triggers:
        text += ". Use when logs show: " + "; ".join(one_line(trigger, 120) for trigger in sop.triggers)
    return text if len(text) <= _DESCRIPTION_MAX else text[: _DESCRIPTION_MAX - 1] + "…"


def _name(sop_id: str, taken: Iterable[str]) -> str:
    """Lower-case letters, digits and single hyphens, as the format demands; unique."""
    base = re.sub(r"[^a-z0-9]+", "-", sop_id.casefold()).strip("-") or "sop"
    name, number = base[:_NAME_MAX].rstrip("-"), 2
    while name in taken:
        ending = f"-{number}"
        name, number = base[: _NAME_MAX - len(ending)].rstrip("-") + ending, number + 1
    return name
