"""An operator's folder of runbooks is served as it is now: new, changed, broken and removed files, without a restart."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import PaginatedRequestParams, Request

from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings
from eks_diag_mcp.server.build import build_server
from eks_diag_mcp.server.skills import ListSkillsResult, ReadDirectoryParams, ReadDirectoryResult

from ..conftest import PATTERNS

OWN = "---\ntitle: X1 — Own\ntriggers:\n- own trouble\n---\n\n## Phase 1 — Triage\n\nMUST:\n- Look\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "team").mkdir()
    return tmp_path / "team"


def during(folder: Path, talk: Callable[[Client, Path], Awaitable[Any]], mode: str) -> Any:
    app = App(Settings(library=folder.parent / "library", patterns=PATTERNS, sops=(folder,)))

    async def main() -> Any:
        async with Client(build_server(app), mode=mode) as client:  # type: ignore[arg-type]
            return await talk(client, folder)

    return anyio.run(main)


async def listed(client: Client) -> set[str]:
    answer = await client.call_tool("list_sops", {})
    return {f"{row['short_id']} of {row['origin']}" for row in answer.structured_content["sops"]}  # type: ignore[index]


def test_a_new_file_is_tool_prompt_resource_and_skill_at_once(folder: Path, mode: str) -> None:
    async def talk(client: Client, folder: Path) -> None:
        assert "X1 of team" not in await listed(client)
        (folder / "X1-own.md").write_text(OWN, encoding="utf-8")
        assert "X1 of team" in await listed(client) and "D1 of library" in await listed(client)
        assert "X1-own" in {p.name for p in (await client.list_prompts()).prompts}
        uris = {r.uri for r in (await client.list_resources()).resources}
        assert {"sop:///X1-own", "skill://eks-diag/x1-own/SKILL.md"} <= uris
        assert (await client.read_resource("sop:///X1")).contents[0].text == OWN  # type: ignore[union-attr]
        skills = Request[PaginatedRequestParams, str](method="skills/list", params=PaginatedRequestParams())
        found = await client.session.send_request(skills, ListSkillsResult)
        assert "skill://eks-diag/x1-own/SKILL.md" in [entry["uri"] for entry in found.skills]

    during(folder, talk, mode)


def test_a_change_is_seen_and_a_removed_file_is_gone(folder: Path, mode: str) -> None:
    async def talk(client: Client, folder: Path) -> None:
        (folder / "X1-own.md").write_text(OWN, encoding="utf-8")
        await client.list_prompts()
        (folder / "X1-own.md").write_text(OWN.replace("- Look", "- Look twice"), encoding="utf-8")
        prompt = await client.get_prompt("X1-own", {"instanceId": "i-0abc"})
        assert "Look twice" in prompt.messages[0].content.text  # type: ignore[union-attr]
        (folder / "X1-own.md").unlink()
        assert "X1-own" not in {p.name for p in (await client.list_prompts()).prompts}
        assert not [r for r in (await client.list_resources()).resources if "x1-own" in str(r.uri).lower()]
        with pytest.raises(MCPError, match="Unknown prompt"):
            await client.get_prompt("X1-own", {})

    during(folder, talk, mode)


def test_a_file_that_breaks_is_reported_and_the_rest_serve(folder: Path, mode: str) -> None:
    async def talk(client: Client, folder: Path) -> None:
        (folder / "X1-own.md").write_text(OWN, encoding="utf-8")
        (folder / "X2-half.md").write_text("---\ntitle: [", encoding="utf-8")
        answer = (await client.call_tool("list_sops", {"symptom": "own trouble"})).structured_content
        assert answer["sops"][0]["id"] == "X1-own" and answer["sops"][0]["match"]["why"] == "trigger 'own trouble'"  # type: ignore[index]
        assert len(answer["faults"]) == 1 and "X2-half.md" in answer["faults"][0]  # type: ignore[index]

    during(folder, talk, mode)


def test_a_file_of_the_same_id_takes_the_place_of_the_shipped_one(folder: Path, mode: str) -> None:
    async def talk(client: Client, folder: Path) -> None:
        (folder / "D1-vpc-cni-ip-allocation-failures.md").write_text(OWN, encoding="utf-8")
        assert "D1 of team" in await listed(client) and "D1 of library" not in await listed(client)

    during(folder, talk, mode)


def test_folders_of_skills_are_read_level_by_level(folder: Path, mode: str) -> None:
    async def talk(client: Client, folder: Path) -> None:
        async def children(uri: str) -> list[dict[str, Any]]:
            body = Request[ReadDirectoryParams, str](method="resources/directory/read", params=ReadDirectoryParams(uri=uri))
            return (await client.session.send_request(body, ReadDirectoryResult)).resources

        (folder / "X1-own.md").write_text(OWN, encoding="utf-8")
        root = await children("skill://eks-diag")
        assert {"uri": "skill://eks-diag/x1-own", "name": "x1-own", "mimeType": "inode/directory"} in root
        (file,) = await children("skill://eks-diag/x1-own/")
        text = (await client.read_resource(file["uri"])).contents[0].text  # type: ignore[union-attr]
        assert file["size"] == len(text.encode()) and file["mimeType"] == "text/markdown"
        with pytest.raises(MCPError) as refused:
            await children("skill://eks-diag/nope")
        assert refused.value.error.code == -32602

    during(folder, talk, mode)


def test_the_shipped_library_alone_is_not_read_again(tmp_path: Path) -> None:
    app = App(Settings(library=tmp_path / "library", patterns=PATTERNS))
    assert app.sops is app.sops
