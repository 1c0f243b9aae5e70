"""The telephone: the only room that calls AWS and Kubernetes. Callers name an operation; failures come back as errors.py."""
