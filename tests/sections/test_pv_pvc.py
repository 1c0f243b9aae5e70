"""Section pv_pvc: kubelet's complaints about volumes of storage drivers."""

from eks_diag_mcp.sections import pv_pvc

from .conftest import FakeBundle, keys

PVC = "pvc-182d7359-7269-4333-9a49-a690eec16186"
EBS = 'UniqueName: \\"kubernetes.io/csi/ebs.csi.aws.com^vol-0a1b2c3d4e5f60718\\") pod \\"mysql-0\\" (UID: \\"05cc\\")'
OTHER = "pvc-dd9d4a80-1f0c-4dd1-8d3b-2b2f0d0d0d0d"


def line(clock, text, level="E"):
    return f"Jan 10 {clock} ip-10-0-1-2 kubelet[3301]: {level}0110 {clock}.123456    3301 operation_generator.go:557] {text}\n"


def failed(clock, pvc=PVC, unique=EBS, operation="MountVolume.MountDevice"):
    return line(
        clock, f'"{operation} failed for volume \\"{pvc}\\" ({unique} : rpc error: code = DeadlineExceeded" pod="shop/mysql-0"'
    )


def succeeded(clock, pvc=PVC):
    return line(clock, f'"MountVolume.MountDevice succeeded for volume \\"{pvc}\\" ({EBS}" pod="shop/mysql-0"', "I")


def read(log):
    return pv_pvc.read(FakeBundle({"kubelet/kubelet.log": log or "-- No entries --\n"}), None)


def test_complaints_are_counted_by_volume_and_quoted():
    section = read(failed("11:50:00") + failed("11:58:00"))
    assert section.value("complaint_lines") == 2 and section.value("complaints", PVC) == 2
    assert (section.value("pod", PVC), section.value("last_complaint", PVC)) == ("shop/mysql-0", "2026-01-10T11:58:00Z")
    issue = keys(section)["pv_pvc.ebs_failing"]
    assert section.outcome == "problem" and (issue.role, issue.speaks_for) == ("echo", ("ebs_csi",))
    assert PVC in issue.because[0].text and issue.because[0].line == 2


def test_a_later_success_ends_it():
    section = read(failed("11:55:00") + succeeded("11:57:00"))
    assert section.outcome == "ok" and section.value("succeeded_later", PVC) is True
    assert keys(section)["pv_pvc.ebs_earlier"].severity == "low"
    assert "pv_pvc.ebs_failing" in keys(read(succeeded("11:55:00") + failed("11:57:00")))
    assert "pv_pvc.ebs_failing" in keys(read(failed("11:55:00") + succeeded("11:57:00", OTHER)))


def test_old_complaints_are_history():
    assert read(failed("02:00:00")).outcome == "ok"


def test_kinds_are_kept_apart():
    efs = 'UniqueName: \\"kubernetes.io/csi/efs.csi.aws.com^fs-0a1b2c3d::fsap-0a1b\\") pod \\"web-1\\"'
    waits = line(
        "11:59:00",
        '"Unable to attach or mount volumes for pod; skipping pod" err="unmounted volumes=[data], unattached volumes=[data kube-api-access-x]: timed out waiting for the condition" pod="shop/web-1"',
    )
    found = keys(read(failed("11:58:00", OTHER, efs, "MountVolume.SetUp") + waits))
    assert set(found) == {"pv_pvc.efs_failing", "pv_pvc.other_failing"} and found["pv_pvc.efs_failing"].speaks_for == ("efs",)
    assert found["pv_pvc.other_failing"].speaks_for == ()


def test_config_maps_and_secrets_are_no_volumes_of_a_driver():
    text = '"MountVolume.SetUp failed for volume \\"config\\" (UniqueName: \\"kubernetes.io/configmap/05cc-config\\") pod \\"web-1\\" : configmap \\"web\\" not found" pod="shop/web-1"'
    section = read(line("11:59:00", text))
    assert section.outcome == "ok" and section.value("complaint_lines") == 0


def test_the_objects_are_elsewhere():
    note = next(r.note for r in read("").readings if r.name == "pv_and_pvc_objects")
    assert "list_k8s_resources" in note
