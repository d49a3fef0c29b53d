"""Writes the table of adapters and that of profiles in docs/portals.md, from the manifests and the profiles.

`python scripts/write_portals.py` rewrites what stands between the two marks; a test says when it is out of date.
"""

from __future__ import annotations

from pathlib import Path

from submitter.adapters.manifest import Manifest, read_manifest
from submitter.settings import PROFILES, profiles_of

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "docs" / "portals.md"
ADAPTERS = ROOT / "submitter" / "adapters"
BEGIN = "<!-- written by scripts/write_portals.py from the manifests and profiles; change it there -->\n"
END = "<!-- end of the tables -->\n"


def tables() -> str:
    shipped = sorted(path.parent for path in ADAPTERS.glob("*/manifest.toml"))
    head = "| Portal | Form | Grade | Run against | When | Sign-in | Beyond the contract |\n" + 7 * "|---" + "|\n"
    adapters = head + "".join(_adapter(folder, read_manifest(folder)) for folder in shipped)
    head = "| Profile | Read on | Status words | Reasons | Facts | Rules |\n|---|---|---|---|---|---|\n"
    profiles = "".join(
        f"| `{key}` {one.name} | {one.noted} | {len(one.words)} | {len(one.reasons)} | {len(one.facts)} "
        f"| {len(one.rules.model_fields_set)} |\n"
        for key, one in profiles_of(PROFILES).items()
        if one.noted is not None
    )
    return f"{adapters}\n{head}{profiles}"


def _adapter(folder: Path, manifest: Manifest) -> str:
    form = "flow file" if (folder / "flow.toml").is_file() else "Python"
    when = f"{manifest.ran_on:%Y-%m-%d}" if manifest.ran_on else "every run of the tests"
    beyond = ", ".join(one.replace("_", " ") for one in manifest.capabilities) or "nothing"
    cells = (f"[{manifest.vendor}](../submitter/adapters/{folder.name}/README.md)", form, manifest.grade.value)
    return f"| {' | '.join((*cells, manifest.ran_against, when, ', '.join(manifest.sign_in), beyond))} |\n"


def page() -> str:
    """The whole page as it should be."""
    before, _, rest = PLACE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}{tables()}{END}{after}"


def main() -> None:
    PLACE.write_text(page(), encoding="utf-8", newline="\n")
    print(f"Wrote {PLACE.name}")


if __name__ == "__main__":
    main()
