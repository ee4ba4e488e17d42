"""Tell the version of a software from its state, for lists: null where the state does not know it."""

from kbgap.core.model import Basis, SoftwareState
from kbgap.core.versions import version_text


def version_of(state: SoftwareState) -> str | None:
    """The version of the program, or the build of the Windows that the component came with.

    Of a build that is only known to be reached at least, the parts that are certain.
    """
    versions = [product.version for product in state.products if product.version]
    if versions:
        return version_text(max(versions))
    if state.level is None:
        return None
    return state.level.build.prefix if state.level.basis is Basis.FLOOR else str(state.level.build)
