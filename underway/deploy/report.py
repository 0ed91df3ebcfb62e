"""A deploy's end, for people and for programs."""

from __future__ import annotations

import os
import webbrowser

from underway import console
from underway.deploy import Outcome, Plan


def plan(decided: Plan, json: bool) -> None:
    """Print a plan."""
    console.result_json(decided.as_dict()) if json else console.result(str(decided))


def outcome(ended: Outcome, json: bool, open: bool) -> None:
    """Print the address alone, or the receipt; say the rest.

    Raises:
        UnderwayError: the deploy failed.
    """
    receipt = ended.receipt
    if json:
        console.result_json(receipt)
    console.detail(" · ".join(f"{name} {s:.1f} s" for name, s in receipt["seconds"].items()))
    console.detail(f"receipt: {os.path.relpath(ended.path)}")
    if ended.failure:
        raise ended.failure
    if receipt["undo"]:
        console.detail(f"undo: {receipt['undo']}")
    total = sum(receipt["seconds"].values())
    console.say(f"{console.good('✓')} v{receipt['release']} serves ({total:.1f} s)")
    if not json:
        console.result(receipt["address"])
    if open:
        webbrowser.open(receipt["address"])
