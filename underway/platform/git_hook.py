"""Git's pre-receive hook: builds what is pushed to main or master, through the platform's API.

Its output goes to the pushing client as ``remote:`` lines; a non-zero exit refuses the push. It
runs by itself, beside the platform, and imports nothing of it.
"""

import http.client
import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

DEPLOYED = ("refs/heads/main", "refs/heads/master")
CHUNK = 64 * 1024


def main() -> int:
    """Read what is pushed, a line a ref, and return whether it is refused."""
    pushed = [line.split() for line in sys.stdin]
    commits = {ref: new for _, new, ref in pushed if new.strip("0")}
    wanted = [commits[ref] for ref in DEPLOYED if ref in commits]
    if wanted:
        return 0 if _build(wanted[0]) else 1
    if commits:
        _say("Pushed to non-main branch, skipping build.\n")
    return 0


def _build(commit: str) -> bool:
    _say("Compressing source files... ")
    source = _request("POST", "/sources")["source_blob"]
    _upload(source["put_url"], commit)
    _say("done.\nBuilding source:\n")
    app = os.environ["UNDERWAY_APP"]
    body = {"source_blob": {"url": source["get_url"], "version": commit}}
    build = _request("POST", f"/apps/{app}/builds", body)
    _copy(build["output_stream_url"])
    status = _request("GET", f"/apps/{app}/builds/{build['id']}")["status"]
    return bool(status == "succeeded")


def _upload(url: str, commit: str) -> None:
    connection = _connection(url)
    with subprocess.Popen(
        ["git", "archive", "--format=tar", commit], stdout=subprocess.PIPE
    ) as archive:
        assert archive.stdout is not None
        read = archive.stdout.read
        connection.request(
            "PUT",
            urlsplit(url).path,
            body=iter(lambda: read(CHUNK), b""),
            headers={"Transfer-Encoding": "chunked"},
            encode_chunked=True,
        )
        answer = connection.getresponse()
        answer.read()
    connection.close()
    if answer.status != 200 or archive.returncode != 0:
        raise SystemExit(f" !\tThe source could not be read: {answer.status} {archive.returncode}")


def _copy(url: str) -> None:
    connection = _connection(url)
    connection.request("GET", urlsplit(url).path)
    answer = connection.getresponse()
    while chunk := answer.read1(CHUNK):
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
    connection.close()


def _request(method: str, path: str, body: Any = None) -> Any:
    api = os.environ["UNDERWAY_API"]
    headers = {
        "Accept": "application/vnd.heroku+json; version=3",
        "Authorization": f"Bearer {os.environ['UNDERWAY_TOKEN']}",
        "Content-Type": "application/json",
    }
    connection = _connection(api)
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    content = json.loads(answer.read() or b"null")
    connection.close()
    if answer.status >= 300:
        raise SystemExit(f" !\t{content.get('message', answer.status)}")
    return content


def _connection(url: str) -> http.client.HTTPConnection:
    address = urlsplit(url)
    return http.client.HTTPConnection(address.hostname or "", address.port)


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
