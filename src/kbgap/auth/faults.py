"""Say what can be wrong with a token: one reason each, and nothing between a good token and none."""

from enum import StrEnum

from kbgap.core.errors import Denied


class Fault(StrEnum):
    """What can be wrong with a token, as its sender is told."""

    ABSENT = "No access token was sent"
    MALFORMED = "The access token is malformed"
    ALGORITHM = "The access token is signed with an algorithm that is not accepted"
    TYPE = "The token is not an access token"
    KEY = "The access token is signed with an unknown key"
    SIGNATURE = "The signature of the access token is wrong"
    EXPIRED = "The access token has expired"
    NOT_YET_VALID = "The access token is not valid yet"
    ISSUER = "The access token comes from another issuer"
    AUDIENCE = "The access token is for another audience"
    TENANT = "The access token is for an unknown tenant"


class BadToken(Denied):
    """A token that opens nothing, whatever it says; answered with 401."""

    def __init__(self, fault: Fault) -> None:
        """Keep the fault, so that callers need not read the text."""
        super().__init__(fault.value, mend="ask the token endpoint for a new one")
        self.fault = fault
