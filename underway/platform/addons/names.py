"""Names for add-ons and attachments, in Heroku's manner."""

import random
from collections.abc import Collection

SHAPES = """
    acute amorphous angular animate asymmetrical closed concave concentric contoured convex
    cubed curly curved cylindrical deep defined dimensional elliptical encircled fitted flat
    flexible fluffy genuine globular graceful horizontal infinite metric opaque oval
    parallel perpendicular polished pointy regular rigid round rugged shallow shaped sinuous
    slippery solid spherical square symmetrical tapered tetrahedral transparent trapezoidal
    triangular vertical
""".split()
COLORS = """
    AMBER AQUA BLACK BLUE BRONZE BROWN CHARCOAL COBALT COPPER CRIMSON CYAN GOLD GRAY GREEN
    IVORY JADE MAROON MAUVE NAVY OLIVE ONYX ORANGE PINK PUCE PURPLE RED ROSE SILVER TEAL VIOLET
    WHITE YELLOW
""".split()


def addon_name(prefix: str) -> str:
    """Such as postgresql-curved-12345."""
    return f"{prefix}-{random.choice(SHAPES)}-{random.randint(10000, 99999)}"


def attachment_name(taken: Collection[str]) -> str:
    """DATABASE for an app's first database, HEROKU_POSTGRESQL_<COLOR> for the others."""
    if "DATABASE" not in taken:
        return "DATABASE"
    names = [f"HEROKU_POSTGRESQL_{color}" for color in COLORS]
    return random.choice([name for name in names if name not in taken])
