"""The runbooks as prompts, resources and skills, kept as the library is: a changed folder shows without a restart."""

from collections.abc import Callable
from typing import Any

from ..runbooks.library import SopLibrary
from .prompts import add_prompts
from .resources import add_sops
from .skills import SkillsExtension
from .strict import StrictServer


class SopsOnOffer:
    """What the server offers of the library; `sync` brings it up to date."""

    def __init__(self, server: StrictServer[Any], skills: SkillsExtension, current: Callable[[], SopLibrary]) -> None:
        self._server, self._skills, self._current = server, skills, current
        self._shown = current()
        self._put()
        server.freshen = skills.before = self.sync

    def sync(self) -> None:
        """Offer the library as it is now; cheap while it has not changed."""
        library = self._current()
        if library is self._shown:
            return
        files = [file.uri for file in self._skills.files()]
        self._server.withdraw([sop.id for sop in self._shown.sops], [f"sop:///{sop.id}" for sop in self._shown.sops] + files)
        self._skills.renew(library)
        for file in self._skills.files():
            self._server.add_resource(file)
        self._shown = library
        self._put()

    def _put(self) -> None:
        add_prompts(self._server, self._shown)
        add_sops(self._server, self._shown)
