"""Section host: memory, load, processes, services, clock, restarts."""

import pytest

from eks_diag_mcp.sections import host

from .conftest import PS, FakeBundle, keys, ps

TOP = (
    "top - 14:30:20 up 1 day,  2:00,  0 users,  load average: {load}, 0.40\n"
    "Tasks: 141 total,   1 running, 140 sleeping,   0 stopped,   0 zombie\n"
    "%Cpu(s):  6.2 us,  3.1 sy,  0.0 ni, 90.1 id,  0.0 wa,  0.0 hi,  0.3 si, 12.3 st\n"
    "MiB Mem :   7738.2 total,    312.4 free,   5120.0 used,   2305.8 buff/cache\n"
    "MiB Swap:      0.0 total,      0.0 free,      0.0 used.   {available} avail Mem\n\n"
    "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n"
)
UNITS = "  UNIT                LOAD   ACTIVE SUB     DESCRIPTION\n"
RUNNING = (
    UNITS
    + "  containerd.service  loaded active running containerd\n  kubelet.service     loaded active running Kubelet\n  chronyd.service     loaded active running NTP client/server\n"
)
BASE = {"system/ps.txt": ps(), "system/services.txt": RUNNING, "system/top.txt": TOP.format(load="0.31, 0.42", available="2450.1")}


def read(files):
    return host.read(FakeBundle(BASE | files), None)


def messages(*lines):
    return {"var_log/messages": "".join(f"Jan 10 {clock} ip-10-0-1-2 {text}\n" for clock, text in lines)}


def test_memory_and_load_are_told():
    section = read({"system/procstat.txt": "cpu  1 2\ncpu0 1 2\ncpu1 1 2\n"})
    values = ("memory_total_gib", "memory_available_gib", "memory_available_percent", "cpus", "load_5min", "cpu_steal_percent")
    assert [section.value(v) for v in values] == [7.6, 2.4, 31.7, 2, 0.42, 12.3]
    assert section.outcome == "ok" and not section.issues


def test_the_older_top_and_the_node_agents_are_read():
    old = "top - 14:30:20 up 2 min,  1 user,  load average: 1.00, 2.00, 3.00\nKiB Mem :  7928744 total,  1153300 free,  2031412 used,  4744032 buff/cache\nKiB Swap:        0 total,        0 free,        0 used.  5577840 avail Mem\n"
    assert read({"system/top.txt": old}).value("memory_available_gib") == 5.3
    agent = "top - 06:23:56  07:57, load average: 0.06, 0.09, 0.08\nKiB Mem : 7950200 Total, 4676852 free, 1066836 used, 2399488 buffers/cache\nKiB Swap: 0 total, 0 free, 0 used.\n"
    section = read({"system/top.txt": agent})
    assert (section.value("memory_total_gib"), section.value("memory_free_gib"), section.value("memory_available_gib")) == (
        7.6,
        4.5,
        None,
    )


def test_memory_below_kubelets_threshold_is_told():
    issue = keys(read({"system/top.txt": TOP.format(load="0.31, 0.42", available="61.3")}))["host.memory_threshold"]
    assert issue.speaks_for == ("eviction_memory",) and "61 MiB" in issue.title


def test_a_high_load_is_judged_by_the_processors():
    top = {"system/top.txt": TOP.format(load="9.00, 8.20", available="2450.1")}
    assert not keys(read(top))
    assert "host.load" in keys(read(top | {"system/procstat.txt": "cpu0 1 2\ncpu1 1 2\n"}))


def test_threads_near_the_limit_are_pid_pressure():
    threads = (
        "UID        PID  SPID  PPID  C    SZ   RSS PSR STIME TTY          TIME CMD\n"
        + "root  1  1 0 0 4 4 0 Nov19 ? 00:00:01 java\n" * 24000
    )
    section = read(
        {"system/ps-threads.txt": threads, "sysctls/sysctl_all.txt": "kernel.pid_max = 32768\nkernel.threads-max = 61231\n"}
    )
    issue = keys(section)["host.pid_limit"]
    assert (section.value("threads"), section.value("pid_limit"), section.value("pid_used_percent")) == (24000, 32768, 73.2)
    assert (issue.severity, issue.weight, issue.speaks_for) == ("high", 4, ("pid_pressure",)) and issue.because[
        0
    ].text == "kernel.pid_max = 32768"


def test_zombies_are_counted_by_state_and_by_word():
    dead = "".join(f"1000 {n} 0.0 0.0 0 0 ? Z Nov19 0:00 [sh] <defunct>\n" for n in range(25))
    section = read({"system/ps.txt": PS + dead + ps("echo <defunct>").removeprefix(PS)})
    assert section.value("zombies") == 25 and keys(section)["host.zombies"].severity == "medium"


def test_open_files_near_the_most():
    issue = keys(read({"sysctls/sysctl_all.txt": "fs.file-nr = 95000\t0\t100000\n"}))["host.open_files"]
    assert issue.severity == "high" and issue.speaks_for == ("inode",)
    assert not keys(read({"sysctls/sysctl_all.txt": "fs.file-nr = 3232\t0\t9223372036854775807\n"}))


def test_a_failed_containerd_speaks_for_its_cause():
    units = UNITS + "● containerd.service  loaded failed failed containerd\n  kubelet.service     loaded active running Kubelet\n"
    issue = keys(read({"system/services.txt": units}))["host.containerd_failed"]
    assert (issue.severity, issue.weight, issue.speaks_for) == ("critical", 4, ("containerd_crash",))
    assert issue.because[0].line == 2


def test_failed_units_are_weighed_by_what_they_do():
    other = RUNNING + "● kdump.service  loaded failed failed Crash recovery\n"
    found = read({"system/services.txt": other})
    assert keys(found)["host.units_failed"].severity == "low" and found.outcome == "ok" and found.value("units_failed") == 1
    nodeadm = RUNNING + "× nodeadm-run.service  loaded failed failed EKS Nodeadm Run\n"
    assert keys(read({"system/services.txt": nodeadm}))["host.units_failed"].severity == "medium"
    idle = RUNNING + "● kdump.service  loaded inactive dead Crash recovery\n"
    assert not keys(read({"system/services.txt": idle}))


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ([("11:00:00", "chronyd[1790]: Can't synchronise: no selectable sources")], "host.clock_unsynchronised"),
        (
            [
                ("11:00:00", "chronyd[1790]: Can't synchronise: no selectable sources"),
                ("11:01:00", "chronyd[1790]: Selected source 169.254.169.123"),
            ],
            None,
        ),
        ([("11:00:00", "chronyd[1790]: System clock wrong by -1843.223 seconds")], "host.clock_step"),
        ([("11:00:00", "chronyd[1790]: System clock wrong by 0.91 seconds")], None),
        ([("11:00:00", "shop[9]: chronyd[1790]: Can't synchronise: no selectable sources")], None),
    ],
)
def test_the_clock_is_judged_by_its_own_service(lines, key):
    assert list(keys(read(messages(*lines)))) == ([key] if key else [])


def test_a_dead_clock_service_is_told():
    units = RUNNING.replace("chronyd.service     loaded active running", "chronyd.service     loaded failed failed")
    found = keys(read({"system/services.txt": units}))
    assert found["host.clock_unkept"].speaks_for == ("clock_skew",)


def boots(*times):
    rows = "".join(f"reboot   system boot  6.1.112-122.189. {t}   still running\n" for t in times)
    return {"system/last_reboot.txt": rows + "\nwtmp begins Mon Dec 29 10:00:00 2025\n"}


def test_restarts_within_the_bundles_days_are_counted_over_new_year():
    section = read(boots("Sat Jan 10 10:00", "Fri Jan  9 08:00", "Wed Dec 31 23:10"))
    issue = keys(section)["host.restarts"]
    assert section.value("boots_in_10_days") == 3 and "restarted 2 times" in issue.title
    assert (issue.severity, issue.weight, issue.speaks_for) == ("medium", 2, ("kernel_panic_softlockup",))
    assert not keys(read(boots("Sat Jan 10 10:00", "Fri Jan  9 08:00", "Mon Dec 29 10:00")))
    assert read({"system/last_reboot.txt": "last: cannot open /var/log/wtmp\n"}).value("boots_in_10_days") is None


def test_throttled_groups_and_large_environments_are_told():
    stat = "/sys/fs/cgroup/kubepods.slice/x/cpu.stat\nusage_usec 9\nnr_periods 1000\nnr_throttled 420\nthrottled_usec 99\n 1844 ?  Ssl 6:10 java\n\n"
    section = read({"system/cpu_throttling.txt": stat, "system/large_environments.txt": "PID\tCount\n812\t1402\n"})
    assert section.value("throttled_percent", "throttled group 1") == 42.0 and section.value("large_environments") == 1
    assert read({"system/cpu_throttling.txt": "No CPU Throttling Found\n"}).value("cpu_throttled_groups") == 0
    assert read({}).value("cpu_throttled_groups") is None and read({}).value("large_environments") is None


@pytest.mark.parametrize("text", ["SELinux mode:\n\t Permissive\n", "SELinux mode: Permissive\n"])
def test_selinux_is_read_from_both_collectors(text):
    assert read({"system/selinux.txt": text}).value("selinux") == "Permissive"


def test_selinux_says_only_known_words():
    assert read({"system/selinux.txt": "SELinux mode:\n\t Not installed\n"}).value("selinux") == "Not installed"
    assert read({"system/selinux.txt": "SELinux mode:\n\t getenforce: SELinux is weird\n"}).value("selinux") is None


def test_pressure_is_told_for_each_resource():
    text = "some avg10=1.00 avg60=2.50 avg300=0.10 total=1\nfull avg10=40.00 avg60=35.00 avg300=0.10 total=1\n"
    section = read({"system/pressure_memory.txt": text, "system/pressure_cpu.txt": text.partition("\n")[0] + "\n"})
    assert section.value("some_avg60_percent", "cpu pressure") == 2.5
    assert keys(section)["host.memory_stalled"].speaks_for == ("eviction_memory",)
