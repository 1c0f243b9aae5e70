"""How lines say when they were written: the table proves itself, and so do the shapes that nodes write."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from eks_diag_mcp.bundle.clock import Clock
from eks_diag_mcp.bundle.formats import Formats, formats
from eks_diag_mcp.bundle.sources import sources
from eks_diag_mcp.errors import CatalogueError

CLOCK = Clock(datetime(2026, 1, 10, 12, tzinfo=UTC), boot=datetime(2026, 1, 1, tzinfo=UTC))

LINES = [
    (
        "kubelet-log",
        "Jan  9 03:04:05 ip-10-0-1-2 kubelet[3301]: E0109 03:04:05.100000    3301 pod_workers.go:1] x",
        "2026-01-09T03:04:05",
        "error",
        "kubelet",
    ),
    ("messages", "Jan 09 03:04:05 ip-10-0-1-2 kernel: oom", "2026-01-09T03:04:05", None, "kernel"),
    ("messages", "déc. 31 23:59:59 host systemd[1]: Démarré.", "2025-12-31T23:59:59", None, "systemd"),
    ("messages", "juil. 3 10:00:00 host systemd[1]: x", "2025-07-03T10:00:00", None, "systemd"),
    ("messages", "juin  3 10:00:00 host systemd[1]: x", "2025-06-03T10:00:00", None, "systemd"),
    ("messages", "дек 31 10:00:00 host systemd[1]: x", "2025-12-31T10:00:00", None, "systemd"),
    ("messages", "2026-01-09T03:04:05.123456+08:00 host kernel: x", "2026-01-08T19:04:05.123456", None, "kernel"),
    (
        "kubelet-log",
        "2026-01-09T03:04:05.123456+0000 host kubelet[1]: I0109 03:04:05.123456 1 x.go:1] y",
        "2026-01-09T03:04:05.123456",
        "info",
        "kubelet",
    ),
    ("kubelet-log", "E0109 03:04:05.123456    3301 x.go:1] no journal before it", "2026-01-09T03:04:05.123456", "error", None),
    (
        "aws-node",
        "2026-01-09T03:04:05.987654321Z stderr F W0109 03:04:05.1 1 x.go:1] y",
        "2026-01-09T03:04:05.987654",
        "warning",
        None,
    ),
    ("aws-node", "2026-01-09T03:04:05.9+08:00 stdout P half", "2026-01-08T19:04:05.9", None, None),
    (
        "ipamd-log",
        '{"level":"warn","ts":"2026-01-09T03:04:05.250Z","caller":"x","msg":"y"}',
        "2026-01-09T03:04:05.25",
        "warning",
        None,
    ),
    ("ipamd-log", '{"level":"info","ts":"2026-01-09T11:04:05.250+0800","msg":"y"}', "2026-01-09T03:04:05.25", "info", None),
    ("ipamd-log", '{"level":"info","ts":1767927845.5,"msg":"y"}', "2026-01-09T03:04:05.5", "info", None),
    ("ipamd-log", '{"level":"info","ts":1767927845500,"msg":"y"}', "2026-01-09T03:04:05.5", "info", None),
    ("ipamd-log", "2018-02-27T13:58:34Z [ERROR] \tFailed", "2018-02-27T13:58:34", "error", None),
    (
        "containerd-log",
        'Jan  9 03:04:05 h containerd[28]: time="2026-01-09T03:04:05.5Z" level=error msg="x"',
        "2026-01-09T03:04:05.5",
        "error",
        "containerd",
    ),
    ("containerd-log", 'time="2026-01-09T11:04:05+08:00" level=info msg=x', "2026-01-09T03:04:05", "info", None),
    ("dmesg", "[   61.500000] eth0: link is up", "2026-01-01T00:01:01.5", None, None),
    ("dmesg", "[Fri Jan  9 03:04:05 2026] eth0: link is up", "2026-01-09T03:04:05", None, None),
]


@pytest.mark.parametrize(("source", "line", "time", "level", "program"), LINES, ids=[row[1][:24] for row in LINES])
def test_a_line_tells_its_utc_time_level_and_program(
    source: str, line: str, time: str, level: str | None, program: str | None
) -> None:
    read = formats().reader(sources().by_name[source].formats, CLOCK).read(line)
    assert read is not None
    assert (read.time, read.level, read.program) == (datetime.fromisoformat(time).replace(tzinfo=UTC), level, program)


@pytest.mark.parametrize(
    "line",
    [
        "\tat stack.trace(line 3)",
        "",
        "Feb 31 10:00:00 host kernel: no such day",
        "Foo 12 10:00:00 host kernel: no such month",
        "Jan  9 25:00:00 host kernel: no such hour",
        "0001-01-01T00:00:00+08:00 before all time",
        "[99999999999999999999.5] more seconds than there are",
        '{"ts":"2026-13-09T03:04:05Z"}',
        "E1399 03:04:05.123456 1 x.go:1] month 13",
    ],
)
def test_what_only_looks_like_a_stamp_gives_no_time(line: str) -> None:
    names = tuple(dict.fromkeys(f for source in sources().rows for f in source.formats))
    read = formats().reader(names, CLOCK).read(line)
    assert read is None or read.time is None


def test_a_table_whose_sample_it_does_not_read_does_not_load(tmp_path: Path) -> None:
    path = tmp_path / "formats.yaml"
    sample = "{line: '2026-01-01T10:00:00Z x', time: '2026-01-01T11:00:00Z'}"
    row = f"  - {{id: iso, clock: utc, pattern: '^(?P<iso>[0-9T:Z-]+)', samples: [{sample}]}}\n"
    path.write_text(f"loud: x\nlevels: {{}}\nmonths: {{}}\nformats:\n{row}")
    with pytest.raises(CatalogueError, match="not 2026-01-01T11:00:00"):
        Formats(path)


def test_every_format_of_the_shipped_table_has_samples_and_a_source_that_uses_it() -> None:
    used = {name for source in sources().rows for name in source.formats}
    assert used == set(formats().by_id)
