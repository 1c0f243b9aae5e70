"""Loads the Kubernetes client. Its modules load one another lazily, so that two threads that meet it for the first time
together can wait for one another for ever: here one thread loads all of it that is used."""

import threading

_LOCK = threading.Lock()


def load_kubernetes() -> None:
    """After this, imports of the client anywhere find it loaded."""
    with _LOCK:
        from kubernetes.client import ApiClient, ApiException, Configuration
        from kubernetes.config import ConfigException, list_kube_config_contexts, load_kube_config

        _ = (ApiClient, ApiException, Configuration, ConfigException, list_kube_config_contexts, load_kube_config)
