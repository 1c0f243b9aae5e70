"""Where requests are taken: written down, run into scripted faults, answered by the double's own services or by moto."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from botocore import xform_name

from . import sigv4, wire
from .contract import is_known, is_own
from .errors import EC2, WORDS, AwsError, denied, is_modelled, protocol, render, worded
from .faults import BODY_FAULTS, Fault, Reset, Scripted, Silence
from .models import service_model
from .passing import Moto
from .resources import arn_of, caller
from .s3 import S3
from .shapes import complaint, problems
from .wire import Answer, Call, Request

Result = tuple[Answer | None, Fault | None]
WRITES = frozenset(("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjects"))
NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(slots=True)
class Desk:
    """`own`: service -> the object whose methods answer its operations. `calls`, `breaches`, `faults`: see AwsDouble."""

    moto: Moto
    s3: S3
    own: dict[str, Any]
    account: str
    now: Callable[[], datetime]
    calls: list[Call] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    faults: list[Scripted] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, given: Request) -> Result:
        """The answer to a request, and the fault that it runs into."""
        request = wire.path_style(given)
        try:
            call = wire.read(request)
        except AwsError as unknown:
            self.breaches.append(str(unknown))
            return Answer(unknown.status, {}, str(unknown).encode()), None
        with self.lock:
            self.calls.append(call)
            fault = next((f for f in self.faults if f.takes(call)), None)
        try:
            with self._crashes_noted(call):
                return self._answer(request, call, fault)
        except AwsError as error:
            if not is_modelled(call.service, call.operation, error.code):
                self.breaches.append(f"{call.name} has no error {error.code}")
            return Answer(*render(call.service, call.operation, error, request.method == "HEAD")), None

    @contextmanager
    def _crashes_noted(self, call: Call) -> Iterator[None]:
        """A mistake in the double is a breach too: the client would see a server error and might try again."""
        try:
            yield
        except AwsError:
            raise
        except Exception as crash:
            self.breaches.append(f"{call.name} broke the double: {crash!r}")
            raise

    def _answer(self, request: Request, call: Call, fault: Scripted | None) -> Result:
        kind = fault.fault if fault else None
        if fault is not None and isinstance(kind, str | AwsError):
            raise self._error(kind, call, fault.resource)
        if isinstance(kind, Reset | Silence) and kind.after is None:
            if isinstance(kind, Reset) and kind.done:
                self._do(request, call).whole()
            return None, kind
        answer = self._do(request, call)
        if isinstance(kind, (Reset, Silence, *BODY_FAULTS)) and answer.status < 300:
            return answer.whole(), kind
        return answer, None

    def _error(self, fault: str | AwsError, call: Call, resource: str) -> AwsError:
        if isinstance(fault, AwsError):
            return fault
        if fault == "access denied":
            who = caller(call.region, self.account)
            return denied(call.service, call.operation, resource or arn_of(call, self.account), who)
        return worded(fault, call.service) if fault in WORDS else AwsError(fault, f"scripted {fault}")

    def _do(self, request: Request, call: Call) -> Answer:
        if is_own(call.service, call.operation):
            return self._own_answer(call, getattr(self.own[call.service], xform_name(call.operation)))
        if not is_known(call.service, call.operation):
            self.breaches.append(f"{call.name}: neither the double nor moto is known to answer it")
        if call.service == "s3":
            request = self.s3.guard(request, call, self.now())
        if call.service == "sts" and sigv4.is_presigned(request.query):
            request = self._presigned_identity(request, call)
        with self.s3.writing if call.name in WRITES else nullcontext():
            return self.moto.ask(request)

    def _presigned_identity(self, request: Request, call: Call) -> Request:
        """GetCallerIdentity by a presigned URL, as EKS asks it to learn whose token it has: checked here, then asked of moto."""
        sigv4.check(
            request.method, request.path, request.query, request.headers, secrets=self.s3.secrets, now=self.now(), payload=NOTHING
        )
        words = [(k, v) for k, v in parse_qsl(request.query) if not k.startswith("X-Amz-")]
        signed = f"AWS4-HMAC-SHA256 Credential={call.actor}/20260101/{call.region}/sts/aws4_request"
        headers = {**request.headers, "authorization": signed, "content-type": "application/x-www-form-urlencoded"}
        return replace(request, method="POST", query="", headers=headers, body=urlencode(words).encode())

    def _own_answer(self, call: Call, handler: Callable[[str, dict[str, Any]], dict[str, Any]]) -> Answer:
        model = service_model(call.service).operation_model(call.operation)
        wrong = problems(call.params, model.input_shape) if model.input_shape is not None else []
        if wrong:
            code = "InvalidParameterException"
            fits = protocol(call.service) != EC2 and is_modelled(call.service, call.operation, code)
            raise AwsError(code if fits else "ValidationException", complaint(wrong))
        answer = handler(call.region, call.params)
        if model.output_shape is not None:
            self.breaches += [f"{call.name} answers: {w}" for w in problems(answer, model.output_shape, answer=True)]
        return wire.write(call, answer)
