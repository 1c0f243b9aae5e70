"""SOPs as Agent Skills: the MCP Skills extension (SEP-2640), methods skills/list, skills/get and resources/directory/read.

Each SOP is a skill of one file, skill://<server>/<name>/SKILL.md. Its front matter is ours, since the format asks for
`name` and `description`; the body is the SOP's, verbatim. Digests are of the bytes that resources/read gives."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Extension, MethodBinding, ResourceBinding
from mcp.server.mcpserver.resources import TextResource
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CacheableResult, PaginatedRequestParams, PaginatedResult, RequestParams

from ..quoting import one_line

if TYPE_CHECKING:
    from ..runbooks.library import SopLibrary
    from ..runbooks.model import Sop

IDENTIFIER = "io.modelcontextprotocol/skills"
_NAME_MAX, _DESCRIPTION_MAX = 64, 1024  # limits of the Agent Skills format
_FRESH_MS = 3_600_000  # shipped SOPs change with a restart only
_FOLDER = "inode/directory"


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


class ReadDirectoryParams(PaginatedRequestParams):
    """`uri` is that of a folder, without a slash at its end (one is taken too)."""

    uri: str


class ReadDirectoryResult(PaginatedResult, CacheableResult):
    """The answer to resources/directory/read: the direct children, folders with the media type inode/directory."""

    result_type: str = "complete"
    resources: list[dict[str, object]]


class SkillsExtension(Extension):
    """Hand it to the server's `extensions`. It lists the skills, and serves each SKILL.md as a resource.

    `before` is called ahead of each answer, so that a library that is new or has changed can be put in with `renew`."""

    identifier = IDENTIFIER

    def __init__(self, library: "SopLibrary | None" = None, server: str = "eks-diag", fresh_ms: int = _FRESH_MS) -> None:
        self._server, self._fresh_ms = server, fresh_ms
        self.before: Callable[[], None] = lambda: None
        self._skills: dict[str, Skill] = {}
        if library is not None:
            self.renew(library)

    def renew(self, library: "SopLibrary") -> None:
        """Serve the skills of this library from now on."""
        self._skills = {skill.uri: skill for skill in skills(library.sops, self._server)}

    def settings(self) -> dict[str, Any]:
        return {"directoryRead": True}

    def files(self) -> list[TextResource]:
        """Each SKILL.md as a resource."""
        return [_resource(skill) for skill in self._skills.values()]

    def resources(self) -> Sequence[ResourceBinding]:
        return [ResourceBinding(file) for file in self.files()]

    def methods(self) -> Sequence[MethodBinding]:
        return [
            MethodBinding("skills/list", PaginatedRequestParams, self._list),
            MethodBinding("skills/get", GetSkillParams, self._get),
            MethodBinding("resources/directory/read", ReadDirectoryParams, self._directory),
        ]

    async def _list(self, ctx: ServerRequestContext[Any, Any], params: PaginatedRequestParams) -> ListSkillsResult:
        self.before()
        entries = [skill.entry for skill in self._skills.values()]
        return ListSkillsResult(skills=entries, ttl_ms=self._fresh_ms, cache_scope="public")

    async def _get(self, ctx: ServerRequestContext[Any, Any], params: GetSkillParams) -> GetSkillResult:
        self.before()
        skill = self._skills.get(params.uri)
        if skill is None:
            raise MCPError(INVALID_PARAMS, f"Unknown skill {one_line(params.uri, 120)!r}. skills/list names them.")
        return GetSkillResult(skill=skill.entry, ttl_ms=self._fresh_ms, cache_scope="public")

    async def _directory(self, ctx: ServerRequestContext[Any, Any], params: ReadDirectoryParams) -> ReadDirectoryResult:
        self.before()
        found = self._children(params.uri.rstrip("/"))
        if found is None:
            raise MCPError(INVALID_PARAMS, f"No folder {one_line(params.uri, 120)!r}. skill://{self._server} is the root.")
        return ReadDirectoryResult(resources=found, ttl_ms=self._fresh_ms, cache_scope="public")

    def _children(self, uri: str) -> list[dict[str, object]] | None:
        """What stands in a folder; None where it is none. The root holds a folder a skill, each of these its SKILL.md."""
        if uri == f"skill://{self._server}":
            folders = (skill.uri.rsplit("/", 1)[0] for skill in self._skills.values())
            return [{"uri": folder, "name": folder.rsplit("/", 1)[-1], "mimeType": _FOLDER} for folder in folders]
        skill = self._skills.get(f"{uri}/SKILL.md")
        if skill is None:
            return None
        size = len(skill.text.encode())
        told = {"name": skill.frontmatter["name"], "description": skill.frontmatter["description"]}
        return [{"uri": skill.uri, **told, "mimeType": "text/markdown", "size": size}]


def _resource(skill: Skill) -> TextResource:
    return TextResource(
        uri=skill.uri,
        name=skill.frontmatter["name"],
        description=skill.frontmatter["description"],
        mime_type="text/markdown",
        text=skill.text,
    )


def skills(sops: "Iterable[Sop]", server: str) -> list[Skill]:
    """The SOPs rendered, each under a name of its own."""
    taken: set[str] = set()
    found = []
    for sop in sops:
        name = _name(sop.id, taken)
        taken.add(name)
        found.append(_render(sop, name, server))
    return found


def _render(sop: "Sop", name: str, server: str) -> Skill:
    import yaml

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


def _description(sop: "Sop") -> str:
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
