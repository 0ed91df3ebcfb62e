"""The service: ``python -m underway.platform FOLDER``. The supervisor starts it."""

import asyncio
import logging
import sys
from pathlib import Path

from underway.errors import UnderwayError
from underway.platform import supervisor
from underway.platform.service import serve
from underway.platform.settings import Settings


def main() -> None:
    """Serve the platform of the folder that the first argument names."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("httpx", "docker", "urllib3", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    folder = Path(sys.argv[1])
    try:
        with supervisor.presence(folder):
            asyncio.run(serve(Settings.load(folder)))
    except UnderwayError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
