"""The runbooks as prompts, resources and skills, kept as the library is: a changed folder shows without a restart.

They are read and rendered when a client first asks for one of these: who only calls tools does not wait for them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .prompts import add_prompts
from .resources import add_sops
from .skills import SkillsExtension
from .strict import StrictServer

if TYPE_CHECKING:
    from ..runbooks.library import SopLibrary


class SopsOnOffer:
    """What the server offers of the library; `sync` brings it up to date."""

    def __init__(self, server: StrictServer[Any], skills: SkillsExtension, current: "Callable[[], SopLibrary]") -> None:
        self._server, self._skills, self._current = server, skills, current
        self._shown: SopLibrary | None = None
        server.freshen = skills.before = self.sync

    def sync(self) -> None:
        """Offer the library as it is now; cheap while it has not changed."""
        library = self._current()
        if library is self._shown:
            return
        shown = self._shown.sops if self._shown else ()
        files = [file.uri for file in self._skills.files()]
        self._server.withdraw([sop.id for sop in shown], [f"sop:///{sop.id}" for sop in shown] + files)
        self._skills.renew(library)
        for file in self._skills.files():
            self._server.add_resource(file)
        self._shown = library
        add_prompts(self._server, library)
        add_sops(self._server, library)
