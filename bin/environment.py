"""Make .venv from the locked requirements: once, whole, whoever starts first.

Run by bin/environment with any Python of 3.11 or newer; standard library only.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements" / "development.txt"
STAMP = VENV / ".made-from"
PYTHON = VENV / "bin" / "python"


def main() -> None:
    """Make the environment, or find that somebody else has just made it."""
    # The kernel gives the lock back when its holder ends, however it ends.
    with open(ROOT / ".venv.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if PYTHON.exists() and STAMP.exists() and STAMP.read_bytes() == LOCK.read_bytes():
            return
        print(f"Making {VENV.name} from {LOCK.relative_to(ROOT)} …", flush=True)
        wanted = LOCK.read_bytes()
        shutil.rmtree(VENV, ignore_errors=True)
        for argv in steps():
            subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
        unfinished = STAMP.with_suffix(".new")
        unfinished.write_bytes(wanted)
        os.replace(unfinished, STAMP)


def steps() -> list[list[str]]:
    """The two commands that make the environment, with uv or without."""
    if uv := shutil.which("uv"):
        return [
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)],
            [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(PYTHON), str(LOCK)],
        ]
    pip = [str(PYTHON), "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input"]
    return [
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        # The lock names everything: there is nothing to resolve.
        [*pip, "install", "--no-deps", "--require-hashes", "--requirement", str(LOCK)],
    ]


def fail(what: str, why: str, then: str) -> None:
    """End with the error in the form that every task uses."""
    print(f"error: {what}\n  why:  {why}\n  next: {then}")
    sys.exit(3)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        if error.cmd[:3] == [sys.executable, "-m", "venv"]:
            fail(
                "Python could not make a virtual environment.",
                "on Debian and Ubuntu its venv module is a package of its own.",
                "apt-get install python3-venv, then try again.",
            )
        fail(
            f"{VENV.name} could not be made: its installer exited {error.returncode}.",
            "the installer's own message is above.",
            "mend that and start again; what was half made is thrown away.",
        )
    except KeyboardInterrupt:
        print("stopped; the next start begins anew.")
        sys.exit(130)
