"""Who may do what: the mode of the server, the table of rights, visitors and their workspaces."""

from pages.access.mode import Mode, mode
from pages.access.rights import may, needs, refusal, require
from pages.access.table import AccessError, Right, Role

__all__ = ["AccessError", "Mode", "Right", "Role", "may", "mode", "needs", "refusal", "require"]
