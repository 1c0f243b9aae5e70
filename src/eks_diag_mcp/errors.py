"""What can go wrong, and what to do next.

DiagError                   every failure that a caller can do something about
├── BadInput                the caller's argument is wrong; the message names the valid ones
│   ├── UnknownInstance     no bundle of that instance in the library
│   ├── UnknownFinding      an id that no finding of this bundle has
│   └── BadPattern          a search pattern that does not compile or costs too much
├── NotReady                the evidence is still being collected or indexed
├── Unavailable             a door is shut: a collector or a service that is not configured or does not answer
│   ├── NoCredentials       AWS or the cluster does not know who is asking
│   ├── Denied              it knows, and a permission is missing; `action` names it
│   ├── Throttled           too many requests for now
│   ├── Unreachable         no answer: no route, time-out, TLS
│   └── NotThere            the thing asked for does not exist there
└── BadBundle               an archive that cannot be read at all, or breaks a limit
    └── CatalogueError      (its sibling in spirit) our own data does not prove itself; raised while loading

Missing evidence is never an exception: it is Coverage (model.py). None of these knows MCP; the door (server/) turns
them into tool errors in one place.
"""


class DiagError(Exception):
    """A failure with its remedy. `message` says what is wrong, `next_step` what to do about it."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(f"{message} {next_step}".strip())
        self.message = message
        self.next_step = next_step


class BadInput(DiagError):
    """The caller's argument is wrong."""


class UnknownInstance(BadInput):
    """The library holds no bundle of that instance."""


class UnknownFinding(BadInput):
    """No finding, search result or issue of this bundle has that id."""


class BadPattern(BadInput):
    """A pattern that does not compile, or that costs more than its budget."""


class NotReady(DiagError):
    """Collection or indexing has not ended."""


class Unavailable(DiagError):
    """Something outside does not answer or is not configured."""


class NoCredentials(Unavailable):
    """The caller's credentials are missing, expired or not accepted."""


class Denied(Unavailable):
    """A permission is missing. `action` is an IAM action (ec2:DescribeInstances) or a verb and resource (list pods)."""

    def __init__(self, message: str, next_step: str = "", *, action: str = "") -> None:
        super().__init__(message, next_step)
        self.action = action


class Throttled(Unavailable):
    """Too many requests, or a queue is full; the same call may go through later."""


class Unreachable(Unavailable):
    """The service did not answer."""


class NotThere(Unavailable):
    """What was asked for does not exist there."""


class BadBundle(DiagError):
    """An archive that holds no readable evidence, or that breaks a limit."""


class CatalogueError(DiagError):
    """Data shipped with the code, or a user's own rows, does not prove itself. Lists every fault as file:row."""
