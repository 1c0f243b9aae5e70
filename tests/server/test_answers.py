"""What an answer looks like on the wire, and what is published of a tool."""

import json
import re

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from eks_diag_mcp.errors import DiagError
from eks_diag_mcp.server.answers import MAX_CHARACTERS, answer
from eks_diag_mcp.server.schemas import shallow

from .conftest import Match, SearchAnswer, texts


def tool(talk, server, name):
    return next(t for t in talk(server, lambda client: client.list_tools()).tools if t.name == name)


def test_text_and_structured_content_are_the_same_facts(call):
    result = call("search", {"instanceId": "i-1", "query": "oom"})
    (text,) = texts(result)
    assert json.loads(text) == result.structured_content
    assert SearchAnswer.model_validate(result.structured_content | {"note": None}).instanceId == "i-1"


def test_an_answer_is_compact_without_nulls_and_keeps_empty_lists(call):
    (text,) = texts(call("capture"))
    assert '"matches":[]' in text and "null" not in text.replace('"commandId":null', "")
    assert re.search(r'": |, "', text) is None and "zwölf" in texts(call("search", {"instanceId": "i", "query": "q"}))[0]


def test_an_answer_beyond_the_cap_is_refused_with_what_narrows_it(call):
    result = call("search", {"instanceId": "i-1", "query": "flood"})
    assert result.is_error
    assert re.fullmatch(
        r"The answer would have 45\d\d\d characters, more than 40000\. "
        r"Ask for less: narrow it with maxResults, sections, severity, logTypes\.",
        texts(result)[0],
    )


@pytest.mark.parametrize("over", [0, 1])
def test_the_cap_is_exact(over):
    class One(BaseModel):
        a: str

    model = One(a="x" * (MAX_CHARACTERS - len('{"a":""}') + over))
    if over:
        with pytest.raises(DiagError):
            answer(model)
    else:
        assert len(texts(answer(model))[0]) == MAX_CHARACTERS == 40_000


def test_a_model_built_without_validation_does_not_leave_the_server():
    wrong = SearchAnswer.model_construct(instanceId=3, given={}, matches=(Match(line=1, text="t"),), note=None)
    with pytest.raises((PydanticSerializationError, UserWarning)):
        answer(wrong)


def test_the_output_schema_is_shallow_and_fits_what_is_sent(talk, server):
    schema = tool(talk, server, "search").output_schema
    assert "$defs" not in schema and schema["properties"]["matches"] == {
        "type": "array",
        "items": {"type": "object"},
    }
    assert schema["properties"]["best"] == {"type": "object"}
    assert schema["properties"]["nextPageToken"] == {"type": "string"}
    assert schema["required"] == ["instanceId", "given"]


def test_the_input_schema_is_closed_slim_and_without_what_the_server_fills_in(talk, server):
    schema = tool(talk, server, "search").input_schema
    assert schema["additionalProperties"] is False and schema["required"] == ["instanceId", "query"]
    assert list(schema["properties"])[:3] == ["instanceId", "query", "logTypes"] and "room" not in schema["properties"]
    assert '"title"' not in json.dumps(schema) and "null" not in json.dumps(schema)
    assert schema["properties"]["logTypes"] == {"type": "array", "items": {"type": "string"}}
    assert schema["properties"]["severity"] == {"default": "all", "enum": ["all", "critical", "high"], "type": "string"}


def test_a_description_stands_without_its_indentation_and_hints_are_published(talk, server):
    search, capture = tool(talk, server, "search"), tool(talk, server, "capture")
    assert search.description == "Search a node's logs.\n\nSecond paragraph." and search.title == "Search"
    for each, read_only in ((search, True), (capture, False)):
        assert each.annotations.read_only_hint is read_only
        assert each.annotations.destructive_hint is False and each.annotations.idempotent_hint is True
        assert each.annotations.open_world_hint is True


def test_a_schema_may_name_one_model_twice():
    class Tree(BaseModel):
        word: str
        kids: list["Tree"] = []
        either: int | str | None = None

    Tree.model_rebuild(_types_namespace={"Tree": Tree})

    class Holder(BaseModel):
        tree: Tree
        trees: dict[str, Tree]

    assert shallow(Holder)["properties"] == {"tree": {"type": "object"}, "trees": {"type": "object"}}
    assert shallow(Holder)["required"] == ["tree", "trees"]
