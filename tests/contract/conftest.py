"""What fails in the shared class is told as plainly as in a test of its own."""

import pytest

pytest.register_assert_rewrite("tests.contract.conformance")
