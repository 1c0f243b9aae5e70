"""File names of bundles tell who and when, and a strange one never fails."""

from datetime import UTC, datetime

import pytest

from eks_diag_mcp.naming import ArchiveName

EXECUTION = "94dc3448-b94b-470b-8f2d-99b81aad4c53"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"eks_i-0014be4d4a0ea0543_{EXECUTION}.tar.gz", ArchiveName("i-0014be4d4a0ea0543", EXECUTION)),
        (
            "eks_i-0014be4d4a0ea0543_2026-11-20_1430-UTC_0.7.9.tar.gz",
            ArchiveName("i-0014be4d4a0ea0543", None, datetime(2026, 11, 20, 14, 30, tzinfo=UTC), "0.7.9"),
        ),
        ("eks__2026-11-20_1430-UTC_0.7.9.tar.gz", ArchiveName(None, None, datetime(2026, 11, 20, 14, 30, tzinfo=UTC), "0.7.9")),
        ("logs/ecs_i-0014be4d_" + EXECUTION + ".tar.gz", ArchiveName("i-0014be4d", EXECUTION)),
        ("ip-10-0-1-2.ec2.internal-logs.tar.gz", ArchiveName("ip-10-0-1-2.ec2.internal")),
        ("eks_i-0014be4d4a0ea0543_2026-99-99_9999-UTC_0.7.9.tar.gz", ArchiveName("i-0014be4d4a0ea0543", None, None, "0.7.9")),
        ("backup.tar.gz", ArchiveName()),
        ("", ArchiveName()),
    ],
)
def test_a_file_name_tells_what_it_holds(name: str, expected: ArchiveName) -> None:
    assert ArchiveName.parse(name) == expected
