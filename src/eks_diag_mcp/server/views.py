"""The App as each principal may see it."""

from ..app import App
from ..recent import Recent
from .principals import Principal


class Views:
    """One view for each set of clusters, made when it is first asked for."""

    def __init__(self, whole: App) -> None:
        self._whole = whole
        self._made: Recent[frozenset[str], App] = Recent(64)

    def of(self, principal: Principal) -> App:
        """The whole App, or what the principal's clusters show of it. BadInput for one who may see nothing."""
        clusters = principal.clusters
        if clusters is None:
            return self._whole
        made = self._made.get(clusters)
        if made is None:
            from ..confined import ConfinedApp

            self._made[clusters] = made = ConfinedApp(self._whole, clusters)
        return made
