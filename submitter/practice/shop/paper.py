"""What happens to a form between the printer and the mailbox: it is stamped, signed, and scanned askew."""

from dataclasses import dataclass
from functools import lru_cache
from math import hypot, pi, sin
from pathlib import Path
from random import Random
from typing import Literal

import reportlab
from PIL import Image, ImageChops, ImageDraw, ImageFont

Colour = tuple[int, int, int]
Point = tuple[float, float]
Quality = Literal["worn", "clear"]
_FONTS = Path(reportlab.__file__).parent / "fonts"


@dataclass(frozen=True)
class Scanner:
    """How badly a page comes out: degrees askew, weight of the grain, whiteness of the paper, JPEG quality."""

    askew: float
    grain: int
    paper: Colour
    jpeg: int


SCANNERS: dict[Quality, Scanner] = {
    "worn": Scanner(askew=1.4, grain=8, paper=(243, 238, 224), jpeg=48),
    "clear": Scanner(askew=0.35, grain=3, paper=(253, 252, 248), jpeg=72),
}


@lru_cache(maxsize=32)
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """A scalable font out of the installed packages, so that a bare machine draws the same page."""
    return ImageFont.truetype(str(_FONTS / ("VeraBd.ttf" if bold else "Vera.ttf")), size)


def stamp(page: Image.Image, rng: Random, centre: tuple[int, int], words: str, below: str) -> None:
    """Press a rubber stamp onto the page, at an angle and not quite evenly inked."""
    colour = rng.choice(((178, 34, 52), (31, 64, 150), (20, 110, 74)))
    wide, high = 380, 132
    ink = Image.new("L", (wide, high), 0)
    draw = ImageDraw.Draw(ink)
    draw.rounded_rectangle((3, 3, wide - 4, high - 4), 16, outline=225, width=6)
    draw.rounded_rectangle((14, 14, wide - 15, high - 15), 10, outline=200, width=2)
    draw.text((wide / 2, 52), words, fill=225, font=font(50, bold=True), anchor="mm")
    draw.text((wide / 2, 100), below, fill=215, font=font(22, bold=True), anchor="mm")
    patches = Image.effect_noise((wide // 5, high // 5), 120).resize((wide, high), Image.Resampling.BICUBIC)
    ink = ImageChops.multiply(ink, patches.point([min(255, 60 + 2 * level) for level in range(256)]))
    ink = ink.rotate(rng.uniform(6, 17) * rng.choice((1, -1)), Image.Resampling.BICUBIC, expand=True)
    corner = centre[0] - ink.width // 2, centre[1] - ink.height // 2
    page.paste(colour, (corner[0], corner[1], corner[0] + ink.width, corner[1] + ink.height), ink)


def sign(page: Image.Image, rng: Random, start: tuple[int, int], width: int) -> None:
    """Write a signature that nobody can read: a capital's sweep, shrinking waves, and a stroke beneath."""
    scale = 3  # drawn large and shrunk, or the strokes are jagged
    layer = Image.new("L", (width * scale, 110 * scale), 0)
    draw = ImageDraw.Draw(layer)
    for stroke in _strokes(rng, width):
        _pull_pen(draw, rng, [(x * scale, y * scale) for x, y in stroke], scale)
    ink = layer.resize((width, 110), Image.Resampling.LANCZOS)
    colour = rng.choice(((24, 42, 120), (20, 30, 84), (28, 28, 34)))
    page.paste(colour, (start[0], start[1] - 80, start[0] + width, start[1] + 30), ink)


def scan(page: Image.Image, rng: Random, quality: Quality) -> Image.Image:
    """Lay the page on the glass: a little askew, on tinted paper, with grain and a shadow at one edge."""
    scanner = SCANNERS[quality]
    page = ImageChops.multiply(page, Image.new("RGB", page.size, scanner.paper))
    angle = rng.uniform(scanner.askew * 0.4, scanner.askew) * rng.choice((1, -1))
    sampling = Image.Resampling.BICUBIC if quality == "clear" else Image.Resampling.BILINEAR  # the latter blurs
    page = page.rotate(angle, sampling, fillcolor=tuple(level - 14 for level in scanner.paper))
    grain = _grain(page.size, scanner.grain)
    page = ImageChops.multiply(page, ImageChops.offset(grain, rng.randrange(page.width), rng.randrange(page.height)))
    if quality == "worn":
        page = _shade_edge(page, rng)
        _drop_specks(page, rng)
    return page


@lru_cache(maxsize=2)
def _grain(size: tuple[int, int], weight: int) -> Image.Image:
    """Unevenness of paper and lamp, drawn once and shifted for each page: drawing it takes longer than all else."""
    coarse = size[0] // 2, size[1] // 2  # grains of two pixels; finer ones treble the size of the file
    noise = Image.effect_noise(coarse, weight).resize(size, Image.Resampling.BILINEAR)
    return noise.point([min(255, level + 118) for level in range(256)]).convert("RGB")


def _strokes(rng: Random, width: int) -> list[list[Point]]:
    """Corner points of the pen's way, in pixels, left to right: a name, and a line below it."""
    top = rng.uniform(4, 16)
    name = [(10.0, 70.0), (30.0, 36.0), (rng.uniform(50, 66), top), (38.0, 58.0), (22.0, 84.0), (48.0, 64.0)]
    x, swing = 56.0, rng.uniform(22, 32)
    while x < width * 0.72:
        tall = 1.7 if rng.random() < 0.16 else rng.uniform(0.5, 1.0)  # an l or a d now and then
        loop = rng.uniform(-5, 7)  # below zero the hand goes back and leaves a loop
        name += [(x + 9, 66 - swing * tall), (x + 9 + loop, 66 + rng.uniform(0, 9))]
        x += rng.uniform(15, 27)
        swing *= 0.9
    name += [(x + 12, 58.0), (width * 0.93, rng.uniform(38, 58))]
    low = rng.uniform(82, 90)
    return [name, [(width * 0.86, low - 12), (width * 0.5, low - 1), (44.0, low + 3), (width * 0.55, low + 5)]]


def _pull_pen(draw: ImageDraw.ImageDraw, rng: Random, points: list[Point], scale: int) -> None:
    """A Catmull-Rom curve through the points, thinner and thicker as the hand presses."""
    padded = [points[0], *points, points[-1]]
    phase = rng.uniform(0, 2 * pi)
    for index in range(len(points) - 1):
        a, b, c, d = padded[index : index + 4]
        steps = 4 + int(hypot(c[0] - b[0], c[1] - b[1]) / scale * 1.5)
        for step in range(steps):
            t = step / steps
            x, y = (_between(a[axis], b[axis], c[axis], d[axis], t) for axis in (0, 1))
            pen = scale * (1.15 + 0.5 * sin(phase + 1.7 * (index + t)))
            draw.ellipse((x - pen, y - pen, x + pen, y + pen), fill=235)


def _between(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def _shade_edge(page: Image.Image, rng: Random) -> Image.Image:
    """The dark band that the lid's hinge leaves."""
    band = Image.linear_gradient("L").rotate(90 if rng.random() < 0.5 else 270)
    steep = band.point([255 - max(0, level - 241) * 6 for level in range(256)])
    return ImageChops.multiply(page, steep.resize(page.size).convert("RGB"))


def _drop_specks(page: Image.Image, rng: Random) -> None:
    draw = ImageDraw.Draw(page)
    for _ in range(rng.randint(30, 70)):
        x, y, size = rng.randrange(page.width), rng.randrange(page.height), rng.choice((0, 1, 1, 2))
        grey = rng.randint(70, 170)
        draw.ellipse((x, y, x + size, y + size), fill=(grey, grey, grey))
