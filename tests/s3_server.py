"""An S3 server on loopback, with one empty bucket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import urllib3

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "loopback",
    "AWS_SECRET_ACCESS_KEY": "loopback",
    "AWS_DEFAULT_REGION": "eu-west-3",
}


@contextmanager
def s3_bucket(name: str) -> Iterator[str]:
    """The setting of a new bucket; credentials are in the environment meanwhile."""
    import boto3
    from moto.server import ThreadedMotoServer

    before = {key: os.environ.get(key) for key in CREDENTIALS}
    os.environ |= CREDENTIALS
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        # Its objects outlive a server of the same process.
        urllib3.request("POST", f"{endpoint}/moto-api/reset")
        boto3.client("s3", endpoint_url=endpoint).create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}
        )
        yield f"s3://{name}/evidence?endpoint={endpoint}"
    finally:
        server.stop()
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
