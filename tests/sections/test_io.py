"""Section io: waits for block devices, pressure, broken-up free space."""

import pytest

from eks_diag_mcp.sections import io

from .conftest import PS, FakeBundle, keys

TOP = (
    "top - 14:30:20 up 1 day,  2:00,  0 users,  load average: 0.31, 0.42, 0.40\n"
    "Tasks: 141 total,   1 running, 140 sleeping,   0 stopped,   1 zombie\n"
    "%Cpu(s):  6.2 us,  3.1 sy,  0.0 ni, 90.1 id, {} wa,  0.0 hi,  0.3 si,  0.3 st\n"
)
HEAD = "PID Name Block IO Delay (centisconds)\n"


def stat(pid, name, wait, threads=1):
    fields = ["S", *["0"] * 16, str(threads), *["0"] * 21, str(wait), *["0"] * 10]
    return f"{pid} ({name}) {' '.join(fields)}\n"


def read(**files):
    return io.read(FakeBundle({name.replace("__", "/") + ".txt": text for name, text in files.items()}), None)


def test_waits_are_totals_and_the_note_says_so():
    section = read(system__io_throttling=HEAD + "3301 (kubelet) 34211\n1 (systemd) 31\n")
    assert section.value("block_io_delay_seconds", "kubelet[3301]") == 342.11 and section.outcome == "ok"
    assert "not a rate" in next(r.note for r in section.readings if r.name == "block_io_delay_total")


@pytest.mark.parametrize("text", ["\n1844 kubelet 342\n1730 containerd 87", "1844 (kubelet) 342\n1730 (containerd) 87\n"])
def test_both_collectors_are_read(text):
    section = read(system__io_throttling=HEAD.rstrip("\n") + text if text[0] == "\n" else HEAD + text)
    assert section.value("block_io_delay_total") == 4.3


def test_a_blank_in_a_name_shifts_the_column_and_the_row_is_left_out():
    section = read(system__io_throttling=HEAD + "812 (tmux: 1048576\n1 (systemd) 31\n")
    assert section.value("block_io_delay_total") == 0.3


def test_the_kernels_own_lines_go_before_the_list():
    stats = stat(1, "systemd", 31) + "cat: /proc/8123/stat: No such file or directory\n" + stat(812, "tmux: server) x", 1000)
    section = read(system__io_throttling=HEAD + "1 (systemd) 99\n", system__allprocstat=stats)
    assert section.value("block_io_delay_total") == 10.3
    assert section.value("block_io_delay_seconds", "systemd[1]") == 0.31


def test_without_delay_accounting_nothing_is_said():
    section = read(system__io_throttling=HEAD, sysctls__sysctl_all="kernel.task_delayacct = 0\n")
    total = next(r for r in section.readings if r.name == "block_io_delay_total")
    assert total.value is None and "task_delayacct=0" in total.note
    assert read(system__io_throttling=HEAD).value("block_io_delay_total") == 0


def test_waiting_processors_and_stalls_are_problems():
    assert read(system__top=TOP.format(" 0.4")).outcome == "ok"
    assert keys(read(system__top=TOP.format("48.2")))["io.iowait"].because[0].line == 3
    imitation = "top - 06:23:56  07:57, load average: 0.06, 0.09, 0.08\n%Cpu(s): 2.2 us, 0.7sy, 0.0 ni, 96.8 id, 0.2 wa, 0.0 hi\n"
    assert read(system__top=imitation).value("iowait_percent") == 0.2
    pressure = "some avg10=71.00 avg60=63.10 avg300=20.00 total=99\nfull avg10=60.00 avg60=51.20 avg300=11.00 total=88\n"
    section = read(system__pressure_io=pressure)
    assert section.value("full_avg60_percent", "io pressure") == 51.2
    assert "51 % of the last minute" in keys(section)["io.stalled"].title


def test_small_free_extents_are_told_with_their_device():
    freesp = "meta-data=/dev/nvme{}n1 isize=512 agcount=41\n   from      to extents  blocks    pct\n      1       1    4001    4001   9.01\ntotal free extents 4101\ntotal free blocks 31000\naverage free extent size {}\n"
    section = read(storage__xfs=freesp.format(0, "7.55913") + freesp.format(1, "1.24209e+05"))
    assert section.value("average_free_extent", "/dev/nvme1n1") == 124209
    assert keys(section)["io.xfs_fragmented"].speaks_for == ("eviction_disk",)


def test_processes_that_cannot_be_interrupted_are_counted():
    rows = "".join(f"root {n} 0.0 0.1 7251 412 ?  {'D' if n < 106 else 'S'}  Nov19  1:02 df -h\n" for n in range(100, 110))
    section = read(system__ps=PS + rows)
    assert section.value("processes_waiting") == 6 and keys(section)["io.processes_stuck"].severity == "medium"
