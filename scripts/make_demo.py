"""Make the built-in demo set, `hwr_core/synthesis/demo-words.zip`: 46 made-up writers, one note each.

    make fonts && python scripts/make_demo.py

Each writer has a separate font and a style drawn from a seed; the notes were written for this purpose.
The same fonts give the same file. It contains `demo/words.csv` (word_id, transcription, image, writer, form,
split), the images, `demo/words/w01/w01-003.png` and so on, and `demo/ATTRIBUTION.md`.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hwr_core.datasets.demo import DEMO_FILE
from hwr_core.errors import DataError, HwrError
from hwr_core.synthesis import Face, Style, contact_sheet, find_fonts, random_style, render_word
from hwr_core.synthesis.generation import COLUMNS

FONTS = Path(__file__).resolve().parents[1] / "fonts"
SEED = 3
VALIDATION, TEST = (3, 10, 16), (6, 13, 19)  # of every twenty writers

# The writers' fonts, in order: w01 has the first one, and the first note.
WRITERS = """
caveat cedarville-cursive reenie-beanie dancing-script shadows-into-light homemade-apple nanum-pen-script
la-belle-aurore annie-use-your-telescope marck-script gloria-hallelujah bad-script indie-flower sacramento
mansalva allura architects-daughter oooh-baby swanky-and-moo-moo liu-jian-mao-cao kalam satisfy
the-girl-next-door meow-script covered-by-your-grace licorice ms-madi handlee whisper zhi-mang-xing
parisienne sue-ellen-francisco damion long-cang birthstone nanum-brush-script allison patrick-hand hurricane
schoolbell vibur gaegu alex-brush great-vibes ephesis italianno
"""

NOTES = """
Dear Margaret, thank you for the long letter. We arrived on Tuesday, 14th March, after eleven hours on the
train. The house is small but quiet, and from the kitchen I can see the harbour.

Minutes of the meeting: 9 members were present. The treasurer reported a balance of $482.50. It was agreed
to mend the roof before winter, and to ask Mr. Powell for a second opinion.

For the soup take two onions, a pound of carrots, butter and a little thyme. Boil everything slowly for 45
minutes, stir, and add salt. My mother always served it with dark bread.

The weather turned at noon. A strong wind came over the hills, and by four o'clock every path was covered
with leaves. We lit the stove, made tea and played cards until supper. What a day!

Monday: buy paint, brushes and 12 screws. Call the plumber (he is never in before ten). Water the tomatoes.
Return the ladder to Frank, and don't forget Emily's birthday on Friday, 6 June!

I have known Miss Harriet Quinn for seven years. She is honest, quick and patient with children, and I would
recommend her to any school. Please write to me if further questions remain.

The museum opens at 9:30 and closes at six. Students pay half. Beyond the first hall you'll find the old
maps; the one of Zanzibar, drawn in 1784, is worth the whole visit.

Dear Sir, the clock which I bought in your shop last week stops every night at exactly 2:15. Would you
kindly repair it, or send back my $64? Yours truly, J. K. Whitfield

We followed the river north. There were herons in the shallow water, and once a fox crossed the bridge
before us. Nobody spoke. At dusk we counted 27 swallows above the mill.

Experiment 8: the mixture was heated to 70 degrees and then cooled. After an hour, small blue crystals
appeared at the edge of the glass. We repeated it with half as much sugar; nothing happened.

Grandfather used to say that a garden teaches two things: patience and humility. He grew beans, quinces and
enormous yellow pumpkins, and gave nearly all of them away to neighbours he hardly knew.

Can you come to the concert on Saturday? The choir sings Bach and Purcell, and afterwards there will be
cake. Tickets cost £5, but children are free. I'd be so glad to see you both.

It was the year 1931 when my aunt opened her bakery in Kent Street. She rose at three every morning, winter
and summer, and she never once complained about the flour in her hair.

Please note: the library will be closed from 23 December to 2 January. Books may be left in the box beside
the door. Late fees aren't charged during the holidays. We wish all readers a happy new year!

The patient, a man of 58, complains of pain in the left knee. It began about six weeks ago after a fall. No
fever, no swelling. I advised rest, exercise and a cold bandage twice a day.

Lesson one: hold the pen lightly. Lesson two: look at the paper, not at your hand. Everything else, said the
old teacher with a smile, comes by itself, or it doesn't.

Our ship left Lisbon at dawn. For nine days we saw neither land nor sail; then, on the tenth, a boy in the
rigging shouted, and there it lay: a thin grey line in the west.

Inventory of the blue room: one oak table, four chairs (one broken), a mirror, 3 lamps, two boxes of
letters, a violin without strings, and a stuffed owl that nobody wants.

Why do cats sleep so much? Professor Vickers believes they are saving their strength. My own cat, however,
has been saving hers since 2009 and I've yet to see her spend any of it.

Dear Joseph, your parcel came this morning. The gloves fit perfectly and the jam is almost gone already.
Mother is better; she sat in the garden for an hour yesterday and asked about you twice.

Turn left at the church, cross the square and walk uphill for ten minutes. Our house is number 38, with a
green gate. If the dog barks, just tell him his name: it's Major.

The judge asked the witness to speak louder. He said that on the evening of 19 October he had seen a light
in the empty warehouse, "moving slowly, as if somebody were looking for something."

A good map shows what is there; a better one shows what is missing. I learned this in the mountains, where
the path I trusted ended at a cliff, 600 feet above the valley.

Thursday. Snow again, and the bus didn't run. I walked to the office with Clara, who told me about Iceland
the whole way. We were an hour late, but so was everybody else.

Wanted: a reliable person to look after two horses and an elderly goat during August. Experience welcome,
humour necessary. The goat bites. Ask for Mrs. Dunne at the farm, or ring 555 0172.

When the bell rang, the class jumped up as one, all except Walter. He was still drawing: a bridge, a tower,
and behind them a sky so full of kites that no blue was left.

The price of wool rose by 7% in spring and fell again in autumn. Small farms suffered most. In my view the
county should buy the surplus, store it, and sell in February.

Happy birthday, dear Ruth! Eighty years, and still the first on the dance floor. We raise our glasses to
your health, your jokes and your famous plum cake. With love from all of us.

Remember to back up the files, label each disk and lock the cabinet. The spare key is with Xavier in room
204. If the alarm rings, press the red button once, not twice.

They built the lighthouse in 1862 of grey stone from the quarry at Fenwick. Its lamp could be seen for
twenty miles, and the keeper's daughter, it is said, could name every passing ship.

First wash the wool in cold water. Then hang it in the shade, never in the sun, and comb it when dry. A
single fleece gives about eight skeins: enough for one thick jersey.

I don't agree with the author. Cities are not machines, and people are not parts. Whoever has waited at a
crossing on a rainy evening knows how much depends upon a stranger's kindness.

Team A won the final by 3 goals to 1. Our keeper, Zoe Baxter, saved two penalties and was carried off the
field on everyone's shoulders. The cup is now in the headmaster's office.

Dear neighbours, on Saturday night we are having a party. It may get a little loud until about eleven. If it
bothers you, ring the bell, or better still: join us! Olga and Jim, second floor.

The word "quiz" has no known origin. A story tells of a man in Dublin who bet he could make a new word
famous in one day; he had it chalked on every wall.

Three things I saw today: a boy teaching his grandmother to whistle; a queue of ducks outside the bank; and,
high on a roof, an old man reading, his feet in the gutter.

Agenda for Wednesday: (1) welcome, (2) the new timetable, (3) repairs to the gym, (4) any other business.
Coffee from half past eight. Please bring last year's figures and a sharp pencil.

We've moved! Our new address is 17 Orchard Lane, just behind the post office. The telephone isn't connected
yet, so write or simply knock. There is always a kettle on and usually some ginger cake.

The violin maker held the wood against the light. "Spruce," he said, "from a tree that grew slowly, on the
north side of a mountain. You'll hear the winters in it."

Expenses, May: train $38.20, hotel $215, meals $74.65, telephone $6. Total: $333.85. I have kept the
receipts. The taxi on the 21st was paid by our hosts, very kindly.

Chère Élodie, merci pour ta lettre. Nous sommes bien arrivés à Québec mardi soir. Il fait déjà froid, mais
la maison est agréable et, de la fenêtre, on voit le fleuve. À bientôt!

He who plants walnut trees doesn't expect to eat the fruit. So my uncle said every October, digging, and
every October we laughed. Now there are sixty trees, and we gather the nuts.

Pour huit crêpes: 250 g de farine, quatre œufs, un demi-litre de lait, une pincée de sel. Laissez reposer la
pâte une heure, puis faites cuire à feu vif. C'est prêt!

Le train de Genève est arrivé à 18h40, avec un léger retard. Sur le quai, une dame âgée cherchait son
chapeau; un garçon l'avait trouvé et le portait fièrement sur la tête.

Rappel: la réunion du comité aura lieu jeudi 12 février, à la bibliothèque. Chaque élève apportera son
cahier. Les parents sont invités, même ceux qui n'ont pas encore répondu. Merci d'être à l'heure.

L'été dernier, mon frère a réparé le vieux bateau de notre père. Il a tout repeint en bleu, même la rame. Où
irons-nous d'abord? Peut-être jusqu'à l'île, là où naissent les goélands.
"""


def writers(faces: dict[str, Face]) -> list[tuple[str, Style, list[str]]]:
    """Name, style and words of each writer.

    Raises:
        DataError: a face is missing, or there are not as many notes as writers.
    """
    names = WRITERS.split()
    notes = [note.split() for note in NOTES.strip().split("\n\n")]
    if len(names) != len(notes):
        raise DataError(f"{len(names)} writers, but {len(notes)} notes. Expected one note a writer.")
    rows = []
    for number, (name, note) in enumerate(zip(names, notes, strict=True), start=1):
        style = random_style(faces[name], np.random.default_rng([SEED, number]))
        rows.append((f"w{number:02d}", legible(style), note))
    return rows


NO_DEFECTS: dict[str, Any] = {"neighbours": 0, "strike_out": 0, "cut": 0, "bleed": 0}


def legible(style: Style) -> Style:
    """The style without what makes words illegible or does not compress: neighbouring ink, stains, noise."""
    noise = style.noise / 2 if style.scan == "binary" else min(style.noise, 2.5)
    style = style if style.scan == "binary" else replace(style, scan="grey")
    texture = min(style.paper_texture, 0.15)
    return replace(style, noise=noise, paper_texture=texture, jpeg=0, ink=max(style.ink, 0.65), **NO_DEFECTS)


def part_of(number: int) -> str:
    """The part that writer number 0, 1, ... belongs to: about 70/15/15."""
    index = number % 20
    return "validation" if index in VALIDATION else "test" if index in TEST else "train"


def render_all(faces: dict[str, Face]) -> list[tuple[dict[str, str], np.ndarray]]:
    """Every row of the table with its image."""
    rows = []
    for number, (writer, style, words) in enumerate(writers(faces)):
        for index, text in enumerate(words, start=1):
            rng = np.random.default_rng([SEED, number, index])
            word_id = f"{writer}-{index:03d}"
            cells = (
                word_id,
                text,
                f"words/{writer}/{word_id}.png",
                writer,
                f"note-{writer}",
                part_of(number),
            )
            row = dict(zip(COLUMNS, cells, strict=True))
            rows.append((row, render_word(text, style.face, style, rng)))
    return rows


def attribution(names: list[str]) -> str:
    """Licences and copyright of the fonts, from LICENCES.csv."""
    with (FONTS / "LICENCES.csv").open(encoding="utf-8", newline="") as file:
        licences = {row["font"]: row for row in csv.DictReader(file)}
    lines = [
        "# The demo set and its fonts",
        "",
        "The pictures in this archive are synthetic: no person wrote them. `scripts/make_demo.py`",
        "rendered them from the openly licensed fonts below; the notes were written for this purpose.",
        "Pictures and words come under the licence of the project they ship with, Apache-2.0.",
        "",
        "| writer | font | licence | copyright | source |",
        "|---|---|---|---|---|",
    ]
    for number, name in enumerate(names, start=1):
        licence = licences[name]
        source = f"npm package {licence['package']} {licence['version']}"
        statement = licence["copyright"].replace("|", "/")
        lines.append(f"| w{number:02d} | {name} | {licence['licence']} | {statement} | {source} |")
    return "\n".join(lines) + "\n"


def write_zip(rows: list[tuple[dict[str, str], np.ndarray]], path: Path) -> None:
    """Write the archive; without dates, so that the same words give the same bytes."""
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for row, _ in rows)
    with zipfile.ZipFile(path, "w") as archive:
        put(archive, "demo/words.csv", table.getvalue().encode())
        put(archive, "demo/ATTRIBUTION.md", attribution(WRITERS.split()).encode())
        for row, image in rows:
            buffer = io.BytesIO()
            Image.fromarray(image).save(buffer, "PNG", optimize=True)
            put(archive, f"demo/{row['image']}", buffer.getvalue())


def put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    packing = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
    archive.writestr(zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0)), content, packing)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--output", type=Path, default=DEMO_FILE, help="the archive to write")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet of all words, too")
    arguments = parser.parse_args()
    try:
        faces = {face.name: face for face in find_fonts(FONTS, names=WRITERS.split())}
        rows = render_all(faces)
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    write_zip(rows, arguments.output)
    if arguments.sheet:
        captioned = ((f"{row['writer']} {row['transcription']}", image) for row, image in rows)
        contact_sheet(captioned, arguments.sheet, columns=12, cell=(140, 72))
    size = arguments.output.stat().st_size / 1e6
    print(f"{len(rows)} words by {len(faces)} writers in {arguments.output} ({size:.1f} MB).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
