"""The tolerant readers: whatever a collector left in place of a document is named, never guessed at."""

import math

import pytest

from eks_diag_mcp.sections.readers.state_files import json_file, metrics_file, quote, read_json, read_prometheus

from .conftest import FakeBundle, Text


@pytest.mark.parametrize("text", ["", " \n", "\x00\x00", "\ufeff\n", "null\n"])
def test_nothing_and_null_are_empty(text):
    assert read_json(text).outcome == "empty" and read_json(text).first is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Not Found\n", "not JSON"),
        ("Internal Server Error\n", "not JSON"),
        ("ctr: container id must be provided\n", "not JSON"),
        ("-- No entries --\n", "not JSON"),
        ("<html><body>proxy says [no] to {you}</body></html>", "HTML"),
        ('{"a": 1 "b": 2}', "not valid JSON"),
    ],
)
def test_error_text_is_unreadable_and_says_what_it_is(text, says):
    read = read_json(text)
    assert read.outcome == "unreadable" and says in read.detail and not read.documents


def test_documents_back_to_back_are_all_read_with_their_lines():
    read = read_json('{"ID": "a"}\n{\n "ID": "b"\n}\n[{"Id": "c"}]')
    assert read.outcome == "present" and [d.line for d in read.documents] == [1, 2, 5]
    assert read.documents[2].value == [{"Id": "c"}]


def test_text_before_between_and_after_documents_is_passed_over():
    read = read_json('[ERROR] time="x" no such thing\n{"a": 1}\nctr: [oops] failed\n{"b": 2}\ndone\n')
    assert read.outcome == "present" and [d.value for d in read.documents] == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("text", ['{"0": {"TotalIPs": 3', '{"a": "half a str', "[1, [2", "{", '{"a": "b\\'])
def test_a_document_that_stops_is_truncated(text):
    assert read_json(text).outcome == "truncated"


def test_whole_documents_before_a_cut_one_are_kept():
    read = read_json('{"a": 1}\n{"b": ')
    assert read.outcome == "truncated" and [d.value for d in read.documents] == [{"a": 1}]


def test_a_file_the_bundle_has_only_the_beginning_of_is_truncated():
    assert read_json('{"a": 1}\n', cut=True).outcome == "truncated"


def test_a_bare_string_is_a_document():
    read = read_json('"default"\n')
    assert (read.outcome, read.first, read.documents[0].line) == ("present", "default", 1)


def test_huge_numbers_and_deep_nesting_do_not_fail():
    assert read_json('{"t": 1767236002000000000123}').first == {"t": 1767236002000000000123}
    assert read_json('{"t": ' + "9" * 5000 + "}").outcome in ("unreadable", "present")
    assert read_json("[" * 100_000).outcome in ("truncated", "unreadable")
    assert read_json("[x" * 100_000).outcome == "unreadable"


METRICS = (
    "# HELP awscni_no_available_ip_addresses The number of pod IP assignments that fail due to no available IP addresses\n"
    "# TYPE awscni_no_available_ip_addresses counter\n"
    "awscni_no_available_ip_addresses 4\r\n"
    'awscni_aws_api_error_count{api="CreateTags",error="RequestLimitExceeded: \\"slow\\" {down}"} 1.234e+06\n'
    'awscni_aws_api_latency_ms{api="x",quantile="0.5"} NaN\n'
    'awscni_aws_api_latency_ms_bucket{le="+Inf"} +Inf\n'
    "awscni_eni_max 3 1767236002000\n"
    "not a sample at all, really\n"
)


def test_prometheus_samples_carry_labels_values_and_lines():
    read = read_prometheus(METRICS, file="ipamd/metrics.json")
    assert read.outcome == "present"
    error = read.all("awscni_aws_api_error_count")[0]
    assert error.labels == {"api": "CreateTags", "error": 'RequestLimitExceeded: "slow" {down}'}
    assert (error.value, error.line, str(read.ref(error))) == (1.234e6, 4, "ipamd/metrics.json:4")
    assert read.one("awscni_no_available_ip_addresses").value == 4 and read.one("awscni_eni_max").value == 3


def test_nan_and_infinity_are_samples_but_no_numbers():
    read = read_prometheus(METRICS)
    assert math.isnan(next(s.value for s in read.samples if s.name == "awscni_aws_api_latency_ms"))
    assert read.one("awscni_aws_api_latency_ms") is None and read.one("awscni_aws_api_latency_ms_bucket") is None


def test_half_a_last_line_is_not_read_as_a_number():
    read = read_prometheus("awscni_eni_max 3\nawscni_total_ip_addresses 2")
    assert read.outcome == "truncated" and read.one("awscni_total_ip_addresses") is None


@pytest.mark.parametrize(("text", "outcome"), [("", "empty"), ("404 page not found\n", "unreadable"), ("<html>\n", "unreadable")])
def test_metrics_that_are_none_say_so(text, outcome):
    assert read_prometheus(text).outcome == outcome


def test_an_absent_and_an_empty_file_are_told_apart():
    assert json_file(FakeBundle({}), "enis")[1].outcome == "absent"
    assert json_file(FakeBundle({"ipamd/enis.json": ""}), "enis")[1].outcome == "empty"
    assert metrics_file(FakeBundle({})).outcome == "absent"
    assert metrics_file(FakeBundle({"ipamd/metrics.json": ""})).outcome == "empty"


def test_of_two_files_the_readable_one_is_taken():
    file, read = json_file(FakeBundle({"ipamd/enis.json": "Not Found\n", "ipamd/enis.txt": "{}"}), "enis")
    assert file and file.path == "ipamd/enis.txt" and read.outcome == "present"


def test_a_quote_is_a_whole_line_where_that_is_short_and_a_piece_where_not():
    short = Text("a.json", '{\n  "mtu": "9001",\n}')
    assert (quote("s", short, 4, 9).text, quote("s", short, 4, 9).line) == ('"mtu": "9001",', 2)
    long = Text("a.json", "x" * 500 + '"TotalIPs":23' + "y" * 500)
    assert quote("s", long, 500, 513).text == '"TotalIPs":23'
