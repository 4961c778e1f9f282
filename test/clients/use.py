"""A program with boto3: uses its credentials at the STS of argv[1], once for each line on stdin.

Says on stdout, as a line of JSON, whose they are, or what a user reads. "age" lets them near their end first.
"""

import json
import sys
from datetime import timedelta

import boto3
import botocore.credentials

session = boto3.session.Session()


def age():
    """The SDK's clocks, for as long as it takes to look at the credentials, stand 5 minutes before their end."""
    credentials = session.get_credentials()
    clock, end = credentials._time_fetcher, credentials._expiry_time
    botocore.credentials._local_now = credentials._time_fetcher = lambda: end - timedelta(minutes=5)
    try:
        credentials.get_frozen_credentials()
    finally:
        botocore.credentials._local_now = credentials._time_fetcher = clock


def use():
    answer = session.client("sts", endpoint_url=sys.argv[1]).get_caller_identity()
    return {"arn": answer["Arn"], "accessKeyId": session.get_credentials().access_key}


for line in sys.stdin:
    try:
        if line.strip() == "age":
            age()
        said = use()
    except Exception as error:
        said = {"error": str(error)}
    print(json.dumps(said), flush=True)
