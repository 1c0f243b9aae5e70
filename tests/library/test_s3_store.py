"""The part of a bucket as an object store: conditions hold, pages are followed, and refusals are told with a remedy."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from eks_diag_mcp.cloud.aws import Aws, AwsConfig
from eks_diag_mcp.cloud.s3_store import S3Store
from eks_diag_mcp.errors import BadBundle, Denied, DiagError, NotThere, Unavailable, Unreachable

from ..doubles.aws import AwsDouble, Corrupt, Cut, Reset, Silence
from .conftest import PREFIX, Cloud


def test_of_many_who_write_a_new_object_at_once_one_wins(cloud: Cloud) -> None:
    store = cloud.store()
    with ThreadPoolExecutor(8) as pool:
        etags = list(pool.map(lambda n: store.put("one", b"%d" % n, only_new=True), range(8)))
    [won] = [n for n, etag in enumerate(etags) if etag]
    kept = store.read("one")
    assert kept is not None and kept.data == b"%d" % won and kept.etag == etags[won]


def test_a_write_over_an_etag_that_is_no_more_changes_nothing(cloud: Cloud) -> None:
    store = cloud.store()
    first = store.put("one", b"a")
    second = store.put("one", b"b", match=first)
    assert first and second and store.put("one", b"c", match=first) is None and store.put("two", b"c", match=first) is None
    kept = store.read("one")
    assert kept is not None and (kept.data, kept.etag) == (b"b", second) and store.read("two") is None


def test_a_write_whose_answer_is_lost_counts_when_it_is_asked_again(cloud: Cloud) -> None:
    store = cloud.store()
    cloud.aws.fail("s3:PutObject", Reset(done=True), times=1)
    etag = store.put("one", b"a", only_new=True)
    assert etag and len(cloud.aws.called("s3:PutObject")) == 2
    assert store.put("one", b"a", only_new=True) is None, "the same bytes of another writer are not ours"


def test_a_listing_goes_on_to_the_last_page(cloud: Cloud) -> None:
    for number in range(1_203):
        cloud.aws.s3.set(cloud.bucket, f"{PREFIX}/x/{number:04}", b"x", cloud.aws.region)
    store = cloud.store()
    assert [o.name for o in store.list("x/")] == [f"x/{n:04}" for n in range(1_203)]
    assert len(cloud.aws.called("s3:ListObjectsV2")) == 2
    store.delete([o.name for o in store.list("x/")])
    assert len(cloud.aws.called("s3:DeleteObjects")) == 2 and list(store.list("")) == []


def test_parts_are_cut_at_the_end_and_beyond_it_there_are_none(cloud: Cloud) -> None:
    store = cloud.store()
    store.put("one", bytes(range(100)))
    assert store.read_range("one", 90, 50) == bytes(range(90, 100))
    for name, offset in (("one", 100), ("two", 0)):
        with pytest.raises(BadBundle, match="gone or shorter"):
            store.read_range(name, offset, 10)


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("access denied", Denied, "permission s3:GetObject"),
        ("throttled", DiagError, "too many requests"),
        ("expired token", DiagError, "credentials"),
        (Cut(after=10), Unreachable, "cut off"),
        (Corrupt(at=3), Unreachable, "garbled"),
        (Silence(), Unreachable, "does not answer"),
        (Silence(after=10), Unreachable, "cut off"),
    ],
)
def test_an_object_that_cannot_be_read_is_told_with_a_remedy(cloud: Cloud, fault, kind: type[DiagError], says: str) -> None:
    cloud.store().put("one", bytes(1000))
    cloud.aws.fail("s3:GetObject", fault)
    hasty = S3Store(Aws(AwsConfig(cloud.aws.region, max_attempts=1, read_timeout_s=0.3)), cloud.aws.region, cloud.bucket, PREFIX)
    with pytest.raises(kind, match=says) as told:
        hasty.read("one")
    assert told.value.next_step


def test_a_bucket_that_is_not_there_is_told_as_the_setting_that_names_it(cloud: Cloud) -> None:
    none = S3Store(Aws(AwsConfig(cloud.aws.region)), cloud.aws.region, "no-such-bucket", "")
    for ask in (lambda: list(none.list("")), lambda: none.read("one"), lambda: none.put("one", b"x")):
        with pytest.raises(NotThere, match="'no-such-bucket' does not exist") as told:
            ask()
        assert "EKS_DIAG_LIBRARY" in told.value.next_step


def test_what_may_not_be_deleted_is_told(cloud: Cloud, aws_double: AwsDouble) -> None:
    cloud.store().put("one", b"x")
    aws_double.deny("s3:DeleteObjects")
    with pytest.raises(Unavailable, match="s3:DeleteObject"):
        cloud.store().delete(["one"])


def test_a_bucket_of_another_region_is_found_by_itself(cloud: Cloud, aws_double: AwsDouble) -> None:
    aws_double.world.bucket("elsewhere", region="eu-west-1", versioned=False)
    store = S3Store(Aws(AwsConfig(aws_double.region)), aws_double.region, "elsewhere", "")
    etag = store.put("one", b"x", only_new=True)
    found = store.read("one")
    assert found is not None and (found.data, found.etag) == (b"x", etag) and [o.name for o in store.list("")] == ["one"]
