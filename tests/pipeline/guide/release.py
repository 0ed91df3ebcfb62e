"""Release an image by its id, through the Platform API; standard library only."""

import json
import os
import sys
import urllib.request

body = json.dumps({"updates": [{"type": "web", "docker_image": sys.argv[1]}]}).encode()
request = urllib.request.Request(
    f"{os.environ['HEROKU_API_URL']}/apps/guide/formation",
    data=body,
    method="PATCH",
    headers={
        "Authorization": f"Bearer {os.environ['HEROKU_API_KEY']}",
        "Accept": "application/vnd.heroku+json; version=3.docker-releases",
        "Content-Type": "application/json",
    },
)
print(urllib.request.urlopen(request).status)
