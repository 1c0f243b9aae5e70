"""Traps in what the files say: encodings, broken state files, planted secrets."""

from .canaries import planted
from .traps import gz, healthy, member, tar, trap


@trap
def odd_encodings() -> bytes:
    """UTF-16, NUL bytes, CRLF, lone carriage returns, invalid UTF-8, ANSI colour, no last newline, only `No entries`."""
    files = {
        "./var_log/user-data.log": "Nov 20 14:29:00 host app: UTF-16 line\r\n".encode("utf-16"),
        "./var_log/syslog": b"Nov 20 14:29:01 host app[1]: nul \0 bytes \0\0 inside\nNov 20 14:29:02 host app[1]: after\n",
        "./var_log/messages": b"cut first line without stamp\r\nNov 20 14:29:03 host kernel: with CRLF\r\n",
        "./networking/curl_api_server.txt": b"  0     0\r 50    50\r100   100\r* Connected\n< HTTP/2 200 \n",
        "./kubelet/kubelet.log": b"Nov 20 14:29:04 host kubelet[3301]: \xff\xfe\x80 invalid utf-8 caf\xe9",
        "./docker/docker.log": b"-- No entries --\n",
        "./nodeadm/nodeadm-config.log": b"No journal files were found.\n-- No entries --\n",
        "./var_log/kube-proxy.log": b"\x1b[31mE1120 14:29:05.000000       1 x.go:1] red\x1b[0m\n",
    }
    return gz(tar((member(n, d) for n, d in files.items()), base={}))


@trap
def odd_state_files() -> bytes:
    """State files that hold error text, several documents, half a document, a proxy's page or huge numbers."""
    files = {
        "ipamd/enis.json": b"Not Found\n",
        "ipamd/ipamd-env-settings.json": b"",
        "ipamd/networkutils-env-settings.json": b"<html>403</html>",
        "ipamd/eni-configs.json": b"null",
        "ipamd/metrics.json": b"awscni_total_ip_addresses NaN\nawscni_ip_max +Inf\nawscni_eni_max 1e309\nbroken{\n",
        "ipamd/ipam.json": b'{"version":"vpc-cni-ipam/1","allocations":[{"networkName":"aws-cni","containerID":"0',
        "cni/cni-configuration-variables-containerd.json": b'ctr: container id must be provided\n{"ID":"a"}\n{"ID":"b"}\n',
        "kubelet/config.json": b'{"maxPods":99999999999999999999,"deep":' + b"[" * 5000 + b"]" * 5000 + b"}",
    }
    return gz(tar(iter(()), base=healthy() | files))


@trap
def secrets() -> bytes:
    """CANARIES spread over the files where such secrets stand in real life: none may come out, the rest must."""
    return gz(tar(iter(()), base=planted(healthy())))
