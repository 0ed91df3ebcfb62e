"""The tasks of this project: `invoke --list` names them."""

from pathlib import Path

from underway.tasks import collection

namespace = collection(Path(__file__).parent)
