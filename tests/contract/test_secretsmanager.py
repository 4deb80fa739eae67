"""Secrets Manager: what the function `notify` reads keys and tokens from."""

import json
import uuid

import pytest
from errors import refused


@pytest.fixture
def secrets(peer):
    return peer.client("secretsmanager")


def test_a_secret_is_read_by_its_name_and_by_its_arn(secrets):
    name, value = f"signalbox/{uuid.uuid4().hex[:12]}", json.dumps({"url": "https://example.com", "key": "whsec_ä"})
    arn = secrets.create_secret(Name=name, SecretString=value)["ARN"]
    for secret_id in (name, arn):
        got = secrets.get_secret_value(SecretId=secret_id)
        assert (got["SecretString"], got["Name"], got["ARN"]) == (value, name, arn)


@pytest.mark.wrong("moto", "it answers 404; AWS documents 400")
def test_a_secret_that_is_not_there_is_refused(secrets):
    with refused(400, "ResourceNotFoundException"):
        secrets.get_secret_value(SecretId=f"signalbox/{uuid.uuid4().hex[:12]}")


def test_a_secret_is_made_once(secrets):
    name = f"signalbox/{uuid.uuid4().hex[:12]}"
    secrets.create_secret(Name=name, SecretString="one")
    with refused(400, "ResourceExistsException"):
        secrets.create_secret(Name=name, SecretString="two")
