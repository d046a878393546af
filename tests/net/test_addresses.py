"""Where an address leads, and how it may be shown."""

from __future__ import annotations

import pytest

from separate_cli.errors import RemoteError
from separate_cli.net.addresses import check_scheme


def test_encryption_is_not_given_up_unless_the_content_is_verified() -> None:
    with pytest.raises(RemoteError, match="not encrypted"):
        check_scheme("http://a.org/x", coming_from="https://a.org/x")
    check_scheme("http://a.org/x", coming_from="https://a.org/x", downgrade=True)
    check_scheme("http://a.org/x", coming_from="http://a.org/x")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "/etc/passwd", "", "https:///x", "http://a:b/", "javascript:1"])
def test_what_is_not_on_the_web_is_refused(url: str) -> None:
    with pytest.raises(RemoteError, match="no address on the web"):
        check_scheme(url)
