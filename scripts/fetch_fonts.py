"""Fetch openly licensed handwriting fonts (npm packages `@fontsource/NAME`) into `fonts/`, as TrueType files.

    python scripts/fetch_fonts.py                     # all of them: about two minutes, 5 MB
    python scripts/fetch_fonts.py caveat kalam        # only these

Needs the `npm` command, the network, and the `fonts` extra (fonttools, brotli). Fonts that are already there
are skipped; one that fails is reported, and the others continue. Copyright and licence of each are written to
`fonts/LICENCES.csv`. Nothing from this folder is committed.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "fonts"
OPEN_LICENCES = ("OFL-1.1", "Apache-2.0", "MIT", "CC0-1.0", "UFL-1.0")
MAX_FAILURES_IN_A_ROW = 4  # then the network is down

# Selected by eye: fonts that look like handwriting and cover Latin.
HANDWRITING = """
annie-use-your-telescope architects-daughter bad-script caveat caveat-brush cedarville-cursive chilanka
covered-by-your-grace delicious-handrawn delius ephesis gaegu gloria-hallelujah gochi-hand handlee
homemade-apple hurricane indie-flower kalam la-belle-aurore licorice liu-jian-mao-cao long-cang mansalva
marck-script meow-script mr-de-haviland ms-madi nanum-brush-script nanum-pen-script neucha oooh-baby
patrick-hand playpen-sans poor-story reenie-beanie sacramento schoolbell shadows-into-light shantell-sans
short-stack sue-ellen-francisco swanky-and-moo-moo the-girl-next-door vibur yomogi zen-kurenaido
zhi-mang-xing
"""
PENMANSHIP = """
alex-brush allison allura birthstone cookie corinthia courgette damion dancing-script great-vibes
herr-von-muellerhoff italianno kaushan-script montecarlo parisienne pinyon-script rochester satisfy
tangerine whisper yellowtail
"""


class FontError(Exception):
    """A font is not available; the message has the reason."""


@dataclass(frozen=True)
class Licence:
    """One row of LICENCES.csv."""

    font: str
    package: str
    version: str
    licence: str
    copyright: str


def fetch(name: str, folder: Path) -> Licence:
    """Download one face and write `folder/NAME.ttf`.

    Raises:
        FontError: the package cannot be downloaded, is not openly licensed, or holds no Latin face.
    """
    with tempfile.TemporaryDirectory() as temporary:
        with tarfile.open(download(name, Path(temporary))) as package:
            licence = read_licence(name, package)
            latin = read_member(package, f"files/{name}-latin-400-normal.woff2")
            extended = read_member(package, f"files/{name}-latin-ext-400-normal.woff2")
        if latin is None:
            raise FontError(f"{name}: the package holds no upright Latin face of weight 400.")
        written = Path(temporary) / "face.ttf"
        convert(latin, extended, written)
        shutil.move(written, folder / f"{name}.ttf")
    return licence


def download(name: str, folder: Path) -> Path:
    """`npm pack` one package; returns the archive's path."""
    command = ["npm", "pack", f"@fontsource/{name}", "--pack-destination", str(folder), "--loglevel=error"]
    command += ["--fetch-retries=1", "--fetch-timeout=20000"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        raise FontError(f"{name}: npm gave no answer within two minutes.") from None
    archives = list(folder.glob("*.tgz"))
    if done.returncode or not archives:
        if "E404" in done.stderr:
            raise FontError(f"{name}: skipped, npm knows no package of that name.")
        reason = (done.stderr.strip().splitlines() or ["no message"])[0]
        raise FontError(f"{name}: npm could not download the package ({reason}).")
    return archives[0]


def read_member(package: tarfile.TarFile, path: str) -> bytes | None:
    """One file of the package, or None where it is not there."""
    try:
        member = package.extractfile(f"package/{path}")
    except KeyError:
        return None
    return member.read() if member else None


def read_licence(name: str, package: tarfile.TarFile) -> Licence:
    """Licence and copyright as the package states them; FontError if it is not an open one."""
    manifest = json.loads(read_member(package, "package.json") or b"{}")
    metadata = json.loads(read_member(package, "metadata.json") or b"{}").get("license", {})
    licence = manifest.get("license", "none stated")
    if licence not in OPEN_LICENCES:
        raise FontError(f"{name}: skipped, its licence '{licence}' is not one of {', '.join(OPEN_LICENCES)}.")
    text = (read_member(package, "LICENSE") or b"").decode("utf-8", "replace").splitlines()
    stated = [line.strip() for line in text if line.strip().lower().startswith("copyright ")]
    copyright_line = metadata.get("attribution") or (stated[0] if stated else "see the package")
    package_name = manifest.get("name", f"@fontsource/{name}")
    return Licence(name, package_name, manifest.get("version", ""), licence, " ".join(copyright_line.split()))


def convert(latin: bytes, extended: bytes | None, path: Path) -> None:
    """woff2 -> ttf. Latin Extended (Polish, Turkish...) is merged in where that leaves Latin as it was."""
    from fontTools.merge import Merger
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(latin))
    font.flavor = None
    font.save(path)
    if extended is None:
        return
    other, merged = path.with_suffix(".ext.ttf"), path.with_suffix(".merged.ttf")
    try:
        font = TTFont(io.BytesIO(extended))
        font.flavor = None
        font.save(other)
        Merger().merge([str(path), str(other)]).save(merged)
    except Exception:  # fontTools.merge raises many types: Latin alone is enough then
        return
    if looks_alike(path, merged):
        merged.replace(path)


def looks_alike(one: Path, two: Path) -> bool:
    """Whether both fonts set the same Latin text into the same pixels."""
    from PIL import ImageFont

    sample = "Hamburgefonstiv quick AVATAR office, ÀÉÎÖÜçñœ? 0123456789 & (it's)"
    masks = [ImageFont.truetype(path, 40).getmask(sample) for path in (one, two)]
    return masks[0].size == masks[1].size and bytes(masks[0]) == bytes(masks[1])


def read_licences(path: Path) -> dict[str, Licence]:
    """The licences that an earlier run wrote, by font."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["font"]: Licence(**row) for row in csv.DictReader(file)}


def write_licences(path: Path, licences: dict[str, Licence]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Licence)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(licences[name]) for name in sorted(licences))


def fetch_all(names: list[str], folder: Path) -> list[str]:
    """Fetch the missing fonts, a line of progress each; returns a sentence for each that is not available."""
    folder.mkdir(parents=True, exist_ok=True)
    licences = read_licences(folder / "LICENCES.csv")
    problems: list[str] = []
    failures_in_a_row = 0
    for number, name in enumerate(names, start=1):
        is_present = (folder / f"{name}.ttf").exists() and name in licences
        try:
            if not is_present:
                licences[name] = fetch(name, folder)
                write_licences(folder / "LICENCES.csv", licences)
            failures_in_a_row = 0
            state = "already there" if is_present else licences[name].licence
        except FontError as error:
            problems.append(str(error))
            failures_in_a_row += "skipped" not in str(error)
            state = str(error)
        print(f"[{number:2d}/{len(names)}] {name}: {state}", flush=True)
        if failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
            problems.append(f"{len(names) - number} more not tried: {MAX_FAILURES_IN_A_ROW} failures in a row.")
            break
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="*", help="faces to fetch (default: all of them)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the fonts go (default: fonts/)")
    arguments = parser.parse_args()
    if shutil.which("npm") is None:
        print("The `npm` command is missing. Install Node.js (nodejs.org) and run this again.")
        return 1
    try:
        import brotli  # noqa: F401
        import fontTools  # noqa: F401
    except ImportError:
        print("fonttools and brotli are missing. Install them: pip install -e '.[fonts]'")
        return 1
    problems = fetch_all(arguments.names or (HANDWRITING + PENMANSHIP).split(), arguments.folder)
    num_fonts = len(list(arguments.folder.glob("*.ttf")))
    print(f"{num_fonts} fonts in {arguments.folder}.")
    if problems:
        print("Missing:\n  " + "\n  ".join(problems) + "\nRun the same command again to fetch what is missing.")
    return 0 if num_fonts else 1


if __name__ == "__main__":
    sys.exit(main())
