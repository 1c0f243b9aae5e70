"""kubelet's eviction thresholds: below them it evicts pods and takes no new ones.

Rules: kubelet's defaults are memory.available 100Mi, nodefs.available 10%, nodefs.inodesFree 5% and imagefs.available
15%. Whoever sets evictionHard sets all of it: what is not named then does not count, unless
mergeDefaultEvictionSettings is true. The EKS images name the first three."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ...model import Evidence, Reading
from .filesystems import Usage
from .kubelet_config import KubeletConfig, Setting
from .quantities import GIB, percentage, quantity

Stand = Literal["past", "at", "clear"]
DEFAULTS = {
    "memory.available": "100Mi",
    "nodefs.available": "10%",
    "nodefs.inodesFree": "5%",
    "imagefs.available": "15%",
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """One threshold: of `percent` or `amount` (bytes or inodes), one is set. `evidence` None: nobody wrote it down."""

    signal: str
    text: str
    percent: float | None
    amount: float | None
    origin: str
    evidence: Evidence | None = None

    def reading(self, kind: str) -> Reading:
        return Reading(self.signal, self.text, "", self.evidence.ref if self.evidence else None, f"eviction {kind}", self.origin)


def hard_thresholds(config: KubeletConfig) -> Mapping[str, Threshold]:
    """The hard thresholds in force, by signal. Those of an EKS node are assumed where the configuration is not in the
    bundle; `origin` says so."""
    named = dict(_named(config.under("evictionHard")))
    merge = config.get("mergeDefaultEvictionSettings")
    if named and not (merge and merge.value is True):
        return named
    origin = "kubelet's default" if config.read else "assumed: kubelet's default, its configuration is not in the bundle"
    defaults = {
        s: Threshold(s, t, percentage(t), None if percentage(t) is not None else quantity(t), origin) for s, t in DEFAULTS.items()
    }
    return defaults | named


def soft_thresholds(config: KubeletConfig) -> Mapping[str, Threshold]:
    """The soft thresholds: kubelet evicts when one was crossed for its grace period."""
    return dict(_named(config.under("evictionSoft")))


def _named(settings: Mapping[str, Setting]) -> Iterator[tuple[str, Threshold]]:
    for signal, setting in settings.items():
        text = setting.text
        percent, amount = percentage(text), quantity(text)
        if percent is not None or amount is not None:
            yield signal, Threshold(signal, text, percent, amount, setting.origin, setting.evidence)


def stand_of(usage: Usage, threshold: Threshold) -> Stand | None:
    """past: surely below the threshold, whatever df rounded away; at: it may be; None: df does not tell. A threshold of
    zero is switched off."""
    if threshold.percent is not None:
        shares = usage.available_percent
        if shares is None:
            return None
        if not threshold.percent:
            return "clear"
        return "past" if shares[1] <= threshold.percent else "at" if shares[0] < threshold.percent else "clear"
    if usage.available is None or threshold.amount is None:
        return None
    return "past" if usage.available.most < threshold.amount else "clear"


def amount_text(usage: Usage) -> str:
    """What is left, in words: `3.2 GiB (4 %)`."""
    if usage.available is None:
        return f"{100 - usage.percent} %" if usage.percent is not None else "an unknown share"
    left = f"{usage.available.most / GIB:.1f} GiB"
    return left if usage.percent is None else f"{left} ({100 - usage.percent} %)"
