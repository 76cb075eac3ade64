"""The second half of the tour: what was met is told, holds at once, is decided on, and read before the next visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scripts.screenshots import Screen

FAMILY = "K-204"


async def learned(worker: Screen, manager: Screen) -> None:
    """From "How was it?" to the next worker's briefing."""
    await told(worker)
    await decided(manager)
    await read(worker, manager)


async def told(worker: Screen) -> None:
    """Part A, in the chat; the rest is for a page."""
    await worker.press("Bad")
    await worker.sees("seen?")
    await worker.press("No")
    await worker.sees("go on today")
    await worker.press("Yes")
    await worker.sees("What did you meet?")
    await worker.press("Open threat")
    await worker.picture("met")
    await worker.press("Done")
    await worker.sees("Who has to know now?")
    await worker.press("Done")
    await worker.sees("What happened?")
    await worker.say("He stood in the door and said that he knows my car.")
    await worker.sees("Kept. What cannot wait has been passed on.")


async def decided(manager: Screen) -> None:
    """A measure that holds already is accepted with a ready reason."""
    await manager.sees("waits for your decision")
    await manager.press("Accept")
    await manager.sees("Why?")
    await manager.picture("proposal")
    await manager.press("After the threat: nobody goes alone into that")
    await manager.page.wait_for_timeout(500)
    await manager.open(f"/families/{FAMILY}/plan")


async def read(worker: Screen, manager: Screen) -> None:
    """Whoever goes next reads it first; the team reads the log."""
    await worker.open(f"/families/{FAMILY}/briefing")
    await worker.open("/chat")
    await manager.open("/log")
    await manager.open("/chat")
