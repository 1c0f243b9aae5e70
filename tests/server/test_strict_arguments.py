"""What a caller may write, and what it is told when that cannot be meant."""

import pytest

from .conftest import texts

BASE = {"instanceId": "i-1", "query": "oom"}


def given(call, **arguments):
    result = call("search", BASE | arguments)
    assert not result.is_error, texts(result)
    return result.structured_content["given"]


def fault(call, tool="search", **arguments):
    result = call(tool, arguments if tool != "search" else BASE | arguments)
    assert result.is_error and len(result.content) == 1
    return result.content[0].text


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ("log_types", "logTypes", ["kubelet"]),
        ("LogTypes", "logTypes", ["kubelet"]),
        ("findingIds", "finding_ids", ["F-1"]),
        ("findingId", "finding_ids", ["F-1"]),
        ("label_selector", "labelSelector", "k8s-app=aws-node"),
        ("nextPageToken", "pageToken", "t"),
        ("max_results", "maxResults", 7),
    ],
)
def test_an_argument_in_another_spelling_is_mapped(call, written, name, value):
    assert given(call, **{written: value})[name] == value


def test_a_tool_takes_the_names_runbooks_use_for_its_parameters(call):
    result = call("capture", {"duration": "30", "captureId": "c-1"})
    assert result.structured_content["given"] == {"durationSeconds": 30, "commandId": "c-1"}


def test_another_spelling_counts_only_where_the_tool_has_the_parameter(call):
    assert "- duration: there is no such argument" in fault(call, duration=30)


@pytest.mark.parametrize("written", ["cni, ipamd", "`cni,ipamd`", '["cni", "ipamd"]', ["CNI,ipamd"], ["CNI", "Ipamd"]])
def test_a_list_may_be_written_as_text_and_its_words_in_any_case(call, written):
    assert given(call, sections=written)["sections"] == ["cni", "ipamd"]


def test_a_list_of_one_goes_where_one_value_does(call):
    assert given(call, severity=["high"], query=["oom"])["severity"] == "high"


def test_words_match_without_case_and_separators(call):
    assert given(call, sections="Kube-Proxy", severity="`CRITICAL`") | {} == given(
        call, sections=["kube_proxy"], severity="critical"
    )


def test_numbers_and_truth_values_may_be_text_and_text_may_be_a_number(call):
    seen = given(call, maxResults="20", detailed="true", query=401)
    assert (seen["maxResults"], seen["detailed"], seen["query"]) == (20, True, "401")


@pytest.mark.parametrize("nothing", [None, "", "  ", [], "``"])
def test_nothing_for_an_optional_argument_is_its_default(call, nothing):
    seen = given(call, severity=nothing, logTypes=nothing)
    assert (seen["severity"], seen["logTypes"]) == ("all", None)


@pytest.mark.parametrize("nothing", [None, "", "``"])
def test_nothing_for_a_required_argument_is_told(call, nothing):
    assert "- query: required" in fault(call, query=nothing)


@pytest.mark.parametrize("text", ['["oom"]', "null", "{}", "[0-9]", "true", " a "])
def test_text_that_happens_to_be_json_stays_text(call, text):
    seen = given(call, query=text, labelSelector=text)
    assert (seen["query"], seen["labelSelector"]) == (text, text)


def test_backticks_around_a_value_are_dropped_and_those_inside_kept(call):
    assert given(call, query="`failed|no IP`")["query"] == "failed|no IP"
    assert given(call, query="a `b` c")["query"] == "a `b` c"


@pytest.mark.parametrize("text", ["<first-error-pattern>", "host <dest-pod-ip>", "<id-from-step-11b>", "<namespace>"])
def test_a_placeholder_left_standing_is_refused(call, room, text):
    message = fault(call, query=text)
    assert "is a placeholder; put the real value in its place" in message and "<" in message
    assert not room.calls


def test_a_placeholder_within_a_list_is_refused(call):
    assert "finding_ids: <finding-id> is a placeholder" in fault(call, finding_ids=["F-1", "<finding-id>"])


@pytest.mark.parametrize(
    "text",
    ["<nil>", "<none>|<unknown>", "<defunct>", r"(?P<name>x)(?P=name)", "(?<word>x)", r"a<b", "<6>", "<no value>"],
)
def test_what_programs_print_and_regex_groups_are_no_placeholders(call, text):
    assert given(call, query=text)["query"] == text


def test_an_unknown_argument_is_named_with_the_nearest_and_all(call, room):
    assert fault(call, maxResult5=3).splitlines() == [
        "search: bad arguments",
        "- maxResult5: there is no such argument; did you mean maxResults?",
        "Arguments: instanceId, query, logTypes, sections, severity, maxResults, finding_ids, labelSelector, pageToken, detailed",
    ]
    assert not room.calls


def test_one_argument_written_twice_with_two_values_is_refused(call):
    assert "- instanceId: given twice, with two values" in fault(call, instance_id="i-2")
    assert given(call, instance_id="i-1")


def test_bad_values_are_told_shortly_with_those_that_would_do(call):
    message = fault(call, severity="terrible", maxResults=900, sections="cni,cnx", limt=1)
    assert "- severity: 'terrible' is none of all, critical, high" in message
    assert "- sections: 'cnx' is none of all, cni, ipamd, kube_proxy" in message
    assert "- maxResults: Input should be less than or equal to 500 (got 900)" in message
    assert "- limt: there is no such argument" in message
    assert "pydantic" not in message and "http" not in message and "search_arguments" not in message.lower()


def test_control_characters_of_a_bad_argument_are_not_echoed(call):
    assert "\x1b" not in fault(call, **{"a\x1b[2J\nb": 1}) + fault(call, severity="\x1b]8;;x")
