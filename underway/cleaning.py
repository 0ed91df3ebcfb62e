"""Removing what the tasks made for one checkout, and just that."""

from underway import console
from underway.engine import Engine
from underway.project import Project


def clean(project: Project, engine: Engine) -> None:
    """Remove all that has this checkout's labels, its images too."""
    remove(project.labels, engine)
    for image in engine.images(project.labels):
        engine.client.images.remove(str(image.id), force=True)
        console.say(f"removed image {', '.join(image.tags) or image.short_id}")


def remove(labels: dict[str, str], engine: Engine) -> None:
    """Remove the containers, then the networks and volumes, with these labels."""
    for container in engine.containers(labels):
        container.remove(force=True, v=True)
        console.say(f"removed container {container.name}")
    for network in engine.networks(labels):
        network.remove()
        console.say(f"removed network {network.name}")
    for volume in engine.volumes(labels):
        volume.remove(force=True)
        console.say(f"removed volume {volume.name}")
