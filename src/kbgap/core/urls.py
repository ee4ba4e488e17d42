"""The link under which Microsoft's update catalogue finds a KB."""


def update_url(kb: str) -> str:
    """The fixed search form that every API row carries (contract 1.2), whatever link the documents give."""
    return f"https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB{kb}"
