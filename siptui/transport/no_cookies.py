"""A jar that no cookie gets into."""

from http.cookiejar import CookieJar
from typing import Any


class NoCookies(CookieJar):
    """Looks at no answer: a policy that refuses everything reads each answer's headers first."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Take nothing."""

    def add_cookie_header(self, request: Any) -> None:
        """Give nothing."""
