"""How a refusal is expected."""

import contextlib

import pytest
from botocore.exceptions import ClientError


@contextlib.contextmanager
def refused(status: int, *codes: str):
    """The call inside is refused with this status and one of these codes."""
    with pytest.raises(ClientError) as caught:
        yield caught
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer["Error"]
    assert answer["Error"]["Code"] in codes, answer["Error"]
