"""What the tests of standbys share with the drills of crashes."""

from tests.crash.conftest import shared

__all__ = ["shared"]
