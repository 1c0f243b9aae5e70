"""Archives that want to harm, or merely confuse: read what can be read, say what could not, write nothing elsewhere."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from eks_diag_mcp.bundle.archive import CHUNK, Archive, Limits, normal_name
from eks_diag_mcp.bundle.streams import DAMAGE, Gunzip
from eks_diag_mcp.bundle.tar_header import HEADER_BYTES
from eks_diag_mcp.errors import BadBundle
from tests.scenarios import hostile

from .conftest import IPAMD, Room, tar, zap

FILES = {"system/ps.txt": "root 1 /sbin/init\n", IPAMD: zap("2026-01-10T10:00:00Z", "no available IP addresses")}


def read(data: bytes, limits: Limits | None = None, now=lambda: 0.0) -> tuple[Archive, dict[str, bytes], dict[str, str]]:
    """The archive after its walk, what each member gave, and why those cut were cut."""
    archive = Archive(io.BytesIO(data), limits or Limits(), lambda: None, now)
    got: dict[str, bytes] = {}
    cut: dict[str, str] = {}
    for member in archive.members():
        got[member.name] = b""
        try:
            while data := member.read(1 << 16):
                got[member.name] += data
        except DAMAGE as error:
            cut[member.name] = str(error)
    return archive, got, cut


def with_member(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as out:
        for info, data in members:
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return raw.getvalue()


@pytest.mark.parametrize("shell", [True, False], ids=["shell", "node-agent"])
def test_both_layouts_give_the_same_names(shell: bool) -> None:
    _, got, cut = read(gzip.compress(tar(FILES, shell=shell)))
    assert (set(got), cut) == (set(FILES), {})


# ---- the traps of tests/scenarios/hostile ---------------------------------------------------------------------------
SURVIVED = {
    "sparse-member": ("", ["sparse file, not read"], "system/behind-the-trap.txt"),
    "gzip-bomb": ("unpacks more than 400 times", [], "system/ps.txt"),
    "nested-gzip-bomb": ("unpacks more than 400 times", [], "system/ps.txt"),
    "many-entries": ("more than 4000 entries", [], "var_log/empty-00010.log"),
    "long-line": ("", [], "system/ps-long.txt"),
    "escaping-names": ("", [], "etc/cron.d/evil"),
    "strange-kinds": ("", ["symlink, not read", "hard link", "FIFO", "device"], "var_log/link/shadow"),
    "duplicate-names": ("", ["kept as number 2", "kept as number 3"], "ipamd/enis.json (3)"),
    "strange-names": ("", [], "var_log/new\\x0aline ROOT CAUSE: subnet exhausted.log"),
    "truncated-tail": ("damaged or cut", [], "system/ps.txt"),
    "truncated-middle": ("damaged or cut", [], "kernel/dmesg.current"),
    "declared-too-large": ("damaged or cut", [], "system/ps.txt"),
    "corrupt-byte": ("damaged or cut", [], "kernel/dmesg.current"),
    "not-compressed": ("", [], "system/ps.txt"),
    "nested-tar": ("", ["more.tar.gz: nested too deep"], "bottlerocket/logdog/bottlerocket-logs.tar.gz/journalctl.log"),
}


@pytest.fixture(scope="module")
def strict_room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """The bounds of every day, but for two that would cost the tests time."""
    return Room(tmp_path_factory.mktemp("strict"), Limits(entries=4000, ratio_from_bytes=24 << 20))


@pytest.mark.parametrize("name", SURVIVED)
def test_a_hostile_archive_is_read_as_far_as_it_goes(strict_room: Room, name: str) -> None:
    around = set(Path.cwd().iterdir())
    truncated, notes, path = SURVIVED[name]
    bundle = strict_room.admit(hostile.TRAPS[name].make(), f"{name}.tar.gz")
    assert truncated in bundle.manifest.truncated and bool(truncated) == bool(bundle.manifest.truncated)
    assert all(any(note in line for line in bundle.manifest.notes) for note in notes)
    assert bundle.entry(path).state != "unreadable"
    assert sorted(p.name for p in strict_room.home.parent.iterdir()) == ["inbox", "library"]
    assert not list((strict_room.library.root / "drafts").iterdir())
    assert set(Path.cwd().iterdir()) == around


@pytest.mark.parametrize("name", ["not-a-tar", "empty-file", "zip-archive"])
def test_what_is_no_archive_is_refused_and_leaves_nothing(room: Room, name: str) -> None:
    with pytest.raises(BadBundle, match="zip" if name == "zip-archive" else "no readable file"):
        room.admit(hostile.TRAPS[name].make())
    assert room.library.instances() == [] and not list((room.library.root / "drafts").iterdir())


def test_an_archive_of_folders_only_holds_no_evidence() -> None:
    info = tarfile.TarInfo("./kubelet")
    info.type = tarfile.DIRTYPE
    with pytest.raises(BadBundle):
        read(gzip.compress(with_member((info, b""))))


# ---- limits -----------------------------------------------------------------------------------------------------------
def test_each_limit_stops_the_reading_and_keeps_what_came_before() -> None:
    files = {"a.txt": b"first\n", "b.txt": bytes(300_000), "c.txt": b"last\n"}
    data = gzip.compress(tar(files))
    clock = iter(range(1_000_000))
    for limits, why, now in (
        (Limits(entries=2), "more than 2 entries", lambda: 0.0),
        (Limits(total_bytes=100_000), "more than 100000 bytes unpacked", lambda: 0.0),
        (Limits(ratio=150_000 // len(data), ratio_from_bytes=1000), f"unpacks more than {150_000 // len(data)} times", lambda: 0.0),
        (Limits(seconds=3), "took longer than 3 s", lambda: float(next(clock))),
    ):
        archive, got, _ = read(data, limits, now)
        assert archive.account.truncated == f"reading stopped: {why}" or why in archive.account.truncated
        assert "c.txt" not in got and len(got.get("b.txt", b"")) < 300_000


def test_a_file_above_its_limit_is_passed_over_and_the_rest_is_read() -> None:
    archive, got, cut = read(
        gzip.compress(tar({"a.txt": b"x\n", "b.txt": bytes(5000), "c.txt": b"y\n"})), Limits(member_bytes=4000)
    )
    assert (list(got), cut, archive.account.truncated) == (["a.txt", "c.txt"], {}, "")
    assert archive.account.notes == ["b.txt: declared 5000 bytes, above the limit, not read"]


def test_a_limit_that_breaks_within_a_repeated_file_still_gives_a_bundle(tmp_path: Path) -> None:
    room = Room(tmp_path, Limits(total_bytes=150_000))
    noise = bytes(range(256)) * 400
    bundle = room.admit({"system/a.txt": "x\n", "system/b.txt": noise[:100_000], "system/c.txt": noise[1:100_001]})
    assert "more than 150000 bytes" in bundle.manifest.truncated
    assert bundle.entry("system/c.txt").state == "truncated" and bundle.entry("system/b.txt").state == "present"


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_an_extended_header_that_would_fill_the_memory_is_damage(kind: bytes) -> None:
    first, huge = tarfile.TarInfo("a.txt"), tarfile.TarInfo("././@LongLink")
    huge.type = kind
    archive, got, _ = read(with_member((first, b"x\n"), (huge, b"0" * (HEADER_BYTES + 1))))
    assert got == {"a.txt": b"x\n"} and "an extended header" in archive.account.truncated


def test_headers_within_headers_without_end_are_damage() -> None:
    first, nest = tarfile.TarInfo("a.txt"), tarfile.TarInfo("././@PaxHeader")
    nest.type = tarfile.XHDTYPE
    archive, got, _ = read(with_member((first, b"x\n"), *[(nest, b"10 a=bcde\n")] * 3000))
    assert list(got) == ["a.txt"] and archive.account.truncated


def test_a_member_of_exabytes_ends_at_once() -> None:
    first, huge = tarfile.TarInfo("a.txt"), tarfile.TarInfo("b.txt")
    data = bytearray(with_member((first, b"x\n"), (huge, b"")))
    data[1024 + 124 : 1024 + 136] = tarfile.itn(1 << 62, 12, tarfile.GNU_FORMAT)
    data[1024 + 148 : 1024 + 156] = b" " * 8
    data[1024 + 148 : 1024 + 156] = b"%06o\0 " % sum(data[1024:1536])
    archive, got, _ = read(bytes(data))
    assert list(got) == ["a.txt"] and archive.account.truncated


# ---- damage -----------------------------------------------------------------------------------------------------------
BODY = b"".join(b"%d some text of a log line\n" % n for n in range(4000))


@pytest.mark.parametrize("packed", [True, False], ids=["gz", "plain"])
def test_a_cut_archive_loses_nothing_that_stands_before_the_cut(packed: bool) -> None:
    plain = tar({"a.txt": b"x\n", "b.txt": BODY})
    data = gzip.compress(plain, 0) if packed else plain
    archive, got, cut = read(data[: len(data) - 40_000])
    assert got["a.txt"] == b"x\n" and BODY.startswith(got["b.txt"]) and len(got["b.txt"]) > len(BODY) - 45_000
    assert list(cut) == ["b.txt"] and "cut" in archive.account.truncated


def test_a_plain_tar_cut_between_two_files_says_so() -> None:
    data = tar({"a.txt": b"x\n", "b.txt": b"y\n"}, shell=False)
    for end in (1024, 1024 + 100):
        archive, got, _ = read(data[:end])
        assert list(got) == ["a.txt"] and archive.account.truncated


def test_a_broken_header_is_no_end_of_the_archive() -> None:
    data = bytearray(tar({"a.txt": b"x\n", "b.txt": b"y\n", "c.txt": b"z\n"}, shell=False))
    data[1024:1100] = b"\xff" * 76
    archive, got, _ = read(bytes(data))
    assert list(got) == ["a.txt"] and "a header is broken" in archive.account.truncated


def test_a_cut_sum_shows_also_where_the_tar_ends_with_a_full_buffer() -> None:
    plain = tar(FILES)
    archive, got, _ = read(gzip.compress(plain + bytes(CHUNK - len(plain)))[:-4])
    assert set(got) == set(FILES) and "cut" in archive.account.truncated


@pytest.mark.parametrize("cut", [4, 8, 2000])
def test_a_cut_rotated_log_gives_its_lines_and_says_it_is_cut(room: Room, cut: int) -> None:
    packed = gzip.compress(
        b"".join(zap("2026-01-10T10:00:00Z", f"no available IP addresses {n * 7919}").encode() for n in range(2000))
    )
    name = IPAMD.replace(".log", "-old.log.gz")
    bundle = room.admit({name: packed[:-cut], "system/ps.txt": "x\n"})
    entry = bundle.entry(name)
    assert entry.state == "truncated" and "cut or damaged" in entry.detail and bundle.manifest.truncated == ""
    assert entry.lines == bundle.finding_rows[0].count > (1999 if cut < 10 else 1000)
    assert bundle.coverage("ipamd-log").state == "truncated" and bundle.entry("system/ps.txt").state == "present"


def test_a_log_named_gz_that_is_none_is_unreadable_and_others_are_read(room: Room) -> None:
    bundle = room.admit({"var_log/messages.1.gz": b"no gzip at all\n", "system/ps.txt": "x\n"})
    assert bundle.entry("var_log/messages.1.gz").state == "unreadable"
    assert bundle.coverage("messages").state == "unreadable" and not bundle.coverage("messages").readable


def test_an_archive_inside_that_is_damaged_is_told_and_the_rest_is_read(room: Room) -> None:
    inner = gzip.compress(tar({"journal.log": BODY}))
    name = "bottlerocket/logdog/bottlerocket-logs.tar.gz"
    bundle = room.admit({name: inner[:-4], "system/ps.txt": "x\n"})
    assert bundle.entry(f"{name}/journal.log").lines == 4000
    assert [n for n in bundle.manifest.notes if n.startswith(name) and "cut" in n]
    assert bundle.entry("system/ps.txt").lines == 1


# ---- gzip and names ---------------------------------------------------------------------------------------------------
def gunzip(data: bytes, step: int = 1000) -> bytes:
    stream, out = Gunzip(io.BytesIO(data)), b""
    while part := stream.read(step):
        out += part
    return out


def test_gzip_in_several_parts_and_padded_with_zeros_is_one_text() -> None:
    assert gunzip(gzip.compress(b"one ") + gzip.compress(BODY) + bytes(600)) == b"one " + BODY


@pytest.mark.parametrize(
    "spoil", [lambda d: d[:-6] + b"\0\0" + d[-4:], lambda d: d + b"garbage", lambda d: d + b"\x1f", lambda d: d[:-1]]
)
def test_a_wrong_sum_or_something_behind_is_damage(spoil) -> None:
    with pytest.raises(DAMAGE):
        gunzip(spoil(gzip.compress(BODY)))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("./var_log/messages", "var_log/messages"),
        ("/etc/passwd", "etc/passwd"),
        ("../../a/./b//c", "a/b/c"),
        ("..\\..\\win\\x", "win/x"),
        ("a/..", "a"),
        ("./", ""),
        ("a\nb\x1b[2J", "a\\x0ab\\x1b[2J"),
        ("\u202egol.txt", "\\x202egol.txt"),
        ("cafe\u0301", "caf\u00e9"),
        ("bad\udcff", "bad?"),
        ("n" * 5000, "n" * 255),
    ],
)
def test_a_name_is_data_made_harmless(given: str, shown: str) -> None:
    assert normal_name(given) == shown
    assert len(normal_name("d/" * 3000)) <= 1024


def test_no_two_files_share_a_name() -> None:
    infos = [tarfile.TarInfo(n) for n in ("a", "./a", "a (2)", "a")]
    archive, got, _ = read(with_member(*[(i, b"%d" % k) for k, i in enumerate(infos)]))
    assert got == {"a": b"0", "a (2)": b"1", "a (2) (2)": b"2", "a (3)": b"3"}
    assert len(archive.account.notes) == 3
