"""Scripted faults: what a call runs into instead of, or after, its answer.

    double.fail("ssm:StartAutomationExecution", "throttled", times=2)
    double.fail("ec2:DescribeInstances", "access denied")                  # for good
    double.fail("s3:GetObject", Reset(after=4096), times=1)
    double.fail("eks:*", Silence())                                         # until the client gives up
    double.fail("ssm:StartAutomationExecution", Reset(done=True), times=1)  # it started, but nobody was told

An error is a neutral word (errors.WORDS), a code with or without a message (`AwsError`), or one of the classes below.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from .errors import WORDS, AwsError
from .wire import Call


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset: before any answer, or in the body after that many bytes. `done`: the work is done all the same."""

    after: int | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing comes until the client gives up (its read timeout): before any answer, or in the body after that many bytes."""

    after: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """The body ends early although Content-Length promised more; the connection is closed in good order."""

    after: int


@dataclass(frozen=True, slots=True)
class Corrupt:
    """One byte of the body is another one; length and checksum headers stay."""

    at: int


@dataclass(frozen=True, slots=True)
class Slow:
    """The body comes in so many pieces with a pause before each."""

    pieces: int
    pause_s: float


BODY_FAULTS = (Cut, Corrupt, Slow)
Fault = str | AwsError | Reset | Silence | Cut | Corrupt | Slow


@dataclass(slots=True)
class Scripted:
    """One scripted fault. `times` None: for good. `when` narrows it to some calls by their parameters."""

    operation: str
    fault: Fault
    times: int | None
    when: Callable[[Call], bool]
    resource: str = ""
    fired: int = 0

    def takes(self, call: Call) -> bool:
        """Whether it strikes this call; counts when it does."""
        names = (call.name, call.operation)
        if not any(fnmatchcase(n, self.operation) for n in names) or not self.when(call):
            return False
        if self.times is not None and self.fired >= self.times:
            return False
        self.fired += 1
        return True


def scripted(operation: str, fault: Fault, times: int | None, resource: str = "", **where: Any) -> Scripted:
    """A Scripted whose `where` names parameters with the value they must have; `actor`, `region` stand for the call's own."""

    def when(call: Call) -> bool:
        known = {**call.params, "actor": call.actor, "region": call.region}
        return all(known.get(k) == v for k, v in where.items())

    if isinstance(fault, str) and fault not in WORDS and " " in fault:
        raise ValueError(f"no error {fault!r}; words are {', '.join(WORDS)}; codes have no blanks")
    return Scripted(operation, fault, times, when, resource)
