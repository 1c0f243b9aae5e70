"""Where the library is, and what stays in it, as settings say it."""

import pickle
from pathlib import Path

import pytest

from eks_diag_mcp.config import BucketPlace, Settings
from eks_diag_mcp.errors import BadInput


def test_an_address_of_s3_is_a_bucket_and_anything_else_a_folder() -> None:
    told = Settings.read({"HOME": "/home/x", "EKS_DIAG_LIBRARY": "s3://team-logs/eks/prod/"})
    assert told.library == BucketPlace("team-logs", "eks/prod") and str(told.library) == "s3://team-logs/eks/prod"
    assert told.library_cache == Path("/home/x/.cache/eks-diag-mcp/mirror")
    assert Settings.read({"HOME": "/home/x"}).library == Path("/home/x/.cache/eks-diag-mcp")
    assert Settings.read({}, library="s3://team-logs").library == BucketPlace("team-logs")


@pytest.mark.parametrize("wrong", ["s3:/team-logs", "s3://", "s3://UPPER/x", "s3://team-logs/a b", "s3://team-logs/a?b"])
def test_an_address_that_names_no_bucket_is_refused_and_no_folder_is_made_of_it(wrong: str) -> None:
    with pytest.raises(BadInput, match="s3://bucket/prefix"):
        Settings.read({"EKS_DIAG_LIBRARY": wrong})


def test_limits_are_read_as_people_write_them() -> None:
    told = Settings.read({"EKS_DIAG_KEEP_DAYS": "30", "EKS_DIAG_KEEP_BYTES": "50GB"})
    assert (told.keep_days, told.keep_bytes) == (30, 50_000_000_000)
    for name, wrong in (("EKS_DIAG_KEEP_DAYS", "0"), ("EKS_DIAG_KEEP_BYTES", "-1"), ("EKS_DIAG_KEEP_BYTES", "much")):
        with pytest.raises(BadInput, match="keep_"):
            Settings.read({name: wrong})


def test_settings_reach_another_process_as_they_are() -> None:
    told = Settings.read({"EKS_DIAG_LIBRARY": "s3://team-logs/eks", "EKS_DIAG_KEEP_BYTES": "1GB"})
    assert pickle.loads(pickle.dumps(told)) == told == Settings.model_validate_json(told.model_dump_json())
