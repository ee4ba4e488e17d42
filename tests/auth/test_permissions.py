"""Permissions: any one of those a route names suffices, of the kind that the token carries."""

from kbgap.auth.permissions import ApplicationPermission, DelegatedPermission, Principal

READS = (ApplicationPermission.MACHINE_READ_ALL, ApplicationPermission.MACHINE_READ_WRITE_ALL)


def test_one_of_the_permissions_suffices() -> None:
    """A route that names several permissions is open to a holder of any of them."""
    writer = Principal("tenant", "client", roles=frozenset({"Machine.ReadWrite.All"}))

    assert writer.may(READS)


def test_another_permission_opens_nothing() -> None:
    """Neither another permission nor one that kbgap does not know opens a route."""
    stranger = Principal("tenant", "client", roles=frozenset({"Alert.Read.All", "Software.Read.All"}))

    assert not stranger.may(READS)


def test_an_application_permission_is_not_a_delegated_one() -> None:
    """What stands in scp counts as delegated only, and what stands in roles as the application's own only."""
    person = Principal("tenant", "client", roles=frozenset(), scopes=frozenset({"Machine.Read", "Software.Read.All"}))

    assert person.may(READS, (DelegatedPermission.MACHINE_READ,))
    assert not person.may((ApplicationPermission.SOFTWARE_READ_ALL,))
