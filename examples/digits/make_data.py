"""Draws the digits data set: digits as if handwritten, 16x16 pixels, made by NumPy alone.

A digit is one of several glyphs (ways to write it), a glyph is a list of strokes, a stroke is a row
of control points in a box of x -0.6..0.6 and y -1..1 (y points down). Every sample jitters the
control points, bends the strokes through them, distorts the glyph by a random affine map, draws it
with a soft pen and adds what a cheap camera would: blur, an uneven grey background, weak contrast
and noise.

    python make_data.py                 # writes calib.npz and test.npz next to this file
    python make_data.py --show 5        # prints five samples per digit as text
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Point = tuple[float, float]

HERE = Path(__file__).resolve().parent
SIZE = 16
CLASSES = 10
TRAIN_SEED, CALIB_SEED, TEST_SEED, VALIDATION_SEED = 1, 2, 3, 4
CALIB_SAMPLES, TEST_SAMPLES = 128, 300
SPLINE_STEPS = 5
SHADES = " .:-=+*#%@"


@dataclass(frozen=True)
class Stroke:
    """One pen movement: straight lines between the points, or a smooth curve through them."""

    points: Array
    smooth: bool


Glyph = list[Stroke]


def line(*points: Point) -> Stroke:
    return Stroke(np.array(points), smooth=False)


def curve(*points: Point) -> Stroke:
    return Stroke(np.array(points), smooth=True)


def arc(center: Point, radii: Point, start: float, stop: float) -> Stroke:
    """Follow an ellipse; angles in degrees, 0 is to the right, 90 is down."""
    count = max(3, round(abs(stop - start) / 40) + 1)
    angles = np.radians(np.linspace(start, stop, count))
    circle = np.stack([np.cos(angles), np.sin(angles)], 1)
    return Stroke(np.array(center) + np.array(radii) * circle, smooth=True)


GLYPHS: list[list[Glyph]] = [
    [  # 0
        [arc((0, 0), (0.55, 1), -90, 270)],
        [arc((0, 0), (0.4, 0.95), -70, 285)],
        [arc((0, 0.05), (0.6, 0.85), -110, 255)],
        [arc((0, 0), (0.55, 1), -90, 270), line((0.35, -0.65), (-0.35, 0.65))],
    ],
    [  # 1
        [line((0, -1), (0, 1))],
        [line((-0.35, -0.6), (0.05, -1), (0.05, 1))],
        [line((-0.3, -0.65), (0, -1), (0, 1)), line((-0.4, 1), (0.4, 1))],
        [line((-0.45, -0.4), (0.15, -1), (0.1, 1))],
    ],
    [  # 2
        [
            curve((-0.5, -0.6), (-0.3, -0.95), (0.2, -1), (0.5, -0.6), (0.2, 0.1), (-0.5, 1)),
            line((-0.5, 1), (0.55, 1)),
        ],
        [
            curve((-0.45, -0.7), (0, -1), (0.45, -0.6), (0.1, 0.2), (-0.4, 0.85), (-0.45, 0.55)),
            curve((-0.45, 0.55), (-0.1, 0.65), (0.2, 0.95), (0.6, 0.8)),
        ],
        [line((-0.5, -0.85), (0.3, -1), (0.45, -0.55), (-0.5, 0.95), (0.55, 0.95))],
    ],
    [  # 3
        [arc((-0.05, -0.5), (0.45, 0.48), 205, 450), arc((-0.05, 0.48), (0.55, 0.5), -90, 155)],
        [line((-0.5, -1), (0.45, -1), (-0.1, -0.25)), arc((-0.1, 0.37), (0.6, 0.62), -90, 145)],
        [
            curve((-0.45, -0.85), (0.1, -1), (0.4, -0.6), (-0.15, -0.05)),
            curve((-0.15, -0.05), (0.4, 0.1), (0.5, 0.6), (0, 1), (-0.5, 0.8)),
        ],
    ],
    [  # 4
        [line((-0.35, -1), (-0.5, 0.25), (0.55, 0.25)), line((0.25, -0.5), (0.2, 1))],
        [line((0.25, 1), (0.25, -1), (-0.55, 0.35), (0.6, 0.35))],
        [
            curve((-0.45, -0.95), (-0.5, -0.2), (-0.1, 0.1), (0.4, -0.1)),
            line((0.45, -0.95), (0.4, 1)),
        ],
    ],
    [  # 5
        [line((0.5, -1), (-0.4, -1), (-0.45, -0.1)), arc((-0.05, 0.38), (0.55, 0.6), -135, 145)],
        [
            curve((0.5, -0.95), (-0.2, -0.95), (-0.45, -0.5), (0, -0.15), (0.5, 0.3)),
            curve((0.5, 0.3), (0.35, 0.85), (-0.1, 1), (-0.5, 0.8)),
        ],
        [
            curve(
                (-0.35, -0.9), (-0.4, -0.2), (0.1, -0.25), (0.5, 0.25), (0.15, 0.95), (-0.5, 0.9)
            ),
            line((-0.35, -0.9), (0.5, -0.95)),
        ],
    ],
    [  # 6
        [
            curve((0.35, -1), (-0.2, -0.6), (-0.5, 0.1), (-0.4, 0.75), (0, 1), (0.42, 0.75)),
            curve((0.42, 0.75), (0.45, 0.3), (0.1, 0.05), (-0.45, 0.4)),
        ],
        [line((0.1, -1), (-0.45, 0.35)), arc((0, 0.48), (0.5, 0.5), -180, 180)],
        [
            curve((0.45, -0.8), (0.05, -1), (-0.4, -0.6), (-0.5, 0.2), (-0.3, 0.85), (0.1, 1)),
            curve((0.1, 1), (0.5, 0.6), (0.2, 0.1), (-0.45, 0.3)),
        ],
    ],
    [  # 7
        [line((-0.5, -1), (0.5, -1), (-0.1, 1))],
        [line((-0.5, -1), (0.5, -1), (-0.15, 1)), line((-0.25, 0.05), (0.5, 0.05))],
        [
            line((-0.5, -0.95), (0.5, -0.95)),
            curve((0.5, -0.95), (0.15, -0.3), (0, 0.3), (-0.05, 1)),
        ],
        [line((-0.5, -0.65), (-0.45, -0.95), (0.5, -1), (0.05, 1))],
    ],
    [  # 8
        [arc((0, -0.5), (0.42, 0.48), 90, 450), arc((0, 0.48), (0.52, 0.5), -90, 270)],
        [
            curve((0.4, -0.75), (0, -1), (-0.42, -0.6), (0, -0.1), (0.48, 0.45), (0, 1)),
            curve((0, 1), (-0.48, 0.5), (0, -0.05), (0.42, -0.5), (0.3, -0.85)),
        ],
        [arc((0.05, -0.52), (0.38, 0.42), 80, 430), arc((-0.05, 0.42), (0.48, 0.55), -80, 275)],
    ],
    [  # 9
        [arc((-0.02, -0.48), (0.48, 0.5), 0, 360), line((0.46, -0.5), (0.35, 1))],
        [
            arc((-0.05, -0.48), (0.48, 0.5), -20, 335),
            curve((0.42, -0.7), (0.45, 0.1), (0.3, 0.8), (-0.1, 1), (-0.4, 0.8)),
        ],
        [
            curve(
                (0.45, -0.75), (0.05, -1), (-0.45, -0.6), (-0.2, -0.1), (0.3, -0.25), (0.45, -0.75)
            ),
            line((0.45, -0.75), (0.1, 1)),
        ],
    ],
]


def spline(points: Array) -> Array:
    """Bend a polyline into a Catmull-Rom curve through its points."""
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    before, start, stop, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, SPLINE_STEPS, endpoint=False)[None, :, None]
    before, start, stop, after = (p[:, None, :] for p in (before, start, stop, after))
    bent = 0.5 * (
        2 * start
        + (stop - before) * t
        + (2 * before - 5 * start + 4 * stop - after) * t**2
        + (3 * start - before - 3 * stop + after) * t**3
    )
    return np.concatenate([bent.reshape(-1, 2), points[-1:]])


def random_affine(rng: np.random.Generator) -> tuple[Array, Array]:
    """Map the glyph's box to pixels: rotation, shear and scales as a matrix, and a shift."""
    angle = np.radians(rng.normal(0, 9))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, rng.normal(-0.08, 0.16)], [0, 1]])
    scale = np.diag([rng.uniform(4.0, 6.6), rng.uniform(4.3, 6.4)])
    shift = (SIZE - 1) / 2 + rng.uniform(-1.3, 1.3, 2)
    return rotation @ shear @ scale, shift


def segments(glyph: Glyph, rng: np.random.Generator) -> tuple[Array, Array]:
    """Distort the glyph into straight pieces: their starts and ends in pixels."""
    matrix, shift = random_affine(rng)
    wobble = rng.uniform(0.02, 0.11)
    starts, stops = [], []
    for stroke in glyph:
        points = stroke.points + rng.normal(0, wobble, stroke.points.shape)
        path = (spline(points) if stroke.smooth else points) @ matrix.T + shift
        starts.append(path[:-1])
        stops.append(path[1:])
    return np.concatenate(starts), np.concatenate(stops)


def distances(starts: Array, stops: Array) -> Array:
    """Measure how far every pixel is from the nearest segment."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    pixels = np.stack([columns.ravel(), rows.ravel()], 1)[:, None, :]
    along = stops - starts
    length2 = np.maximum((along**2).sum(1), 1e-9)
    position = np.clip(((pixels - starts) * along).sum(2) / length2, 0, 1)
    gap = pixels - (starts + position[:, :, None] * along)
    nearest: Array = np.sqrt((gap**2).sum(2).min(1))
    return nearest.reshape(SIZE, SIZE)


def draw(glyph: Glyph, rng: np.random.Generator) -> Array:
    """Ink one sample, 0..1: full within the pen's radius and fading over a soft edge."""
    radius = rng.uniform(0.35, 1.15)
    edge = rng.uniform(0.8, 1.6)
    ink: Array = np.clip((radius - distances(*segments(glyph, rng))) / edge + 0.5, 0, 1)
    return ink


def blur(image: Array, amount: float) -> Array:
    """Blur by three taps per axis of which the outer ones weigh `amount`."""
    for _ in range(2):
        padded = np.pad(image, ((1, 1), (0, 0)), mode="edge")
        image = ((1 - 2 * amount) * image + amount * (padded[:-2] + padded[2:])).T
    return image


def background(rng: np.random.Generator) -> Array:
    """Make a grey level with a slope across the image."""
    ramp = np.linspace(-0.5, 0.5, SIZE)
    slope_x, slope_y = rng.uniform(-0.15, 0.15, 2)
    grey: Array = rng.uniform(0, 0.2) + slope_x * ramp[None, :] + slope_y * ramp[:, None]
    return grey


def photograph(ink: Array, rng: np.random.Generator) -> Array:
    """See ink as a cheap camera does: blurred, weak, on an uneven background, with noise."""
    paper = background(rng)
    contrast = rng.uniform(0.5, 0.95)
    noise = rng.normal(0, rng.uniform(0.01, 0.07), ink.shape)
    seen: Array = np.clip(paper + contrast * blur(ink, rng.uniform(0, 0.2)) + noise, 0, 1)
    return seen


def sample(digit: int, rng: np.random.Generator) -> Array:
    """Make one image of the digit in whole levels 0..255."""
    glyphs = GLYPHS[digit]
    glyph = glyphs[rng.integers(len(glyphs))]
    return np.round(photograph(draw(glyph, rng), rng) * 255)


def make(count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Make images (count, 1, 16, 16) in steps of 1/255, and labels: all digits equally often."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count, dtype=np.int64) % CLASSES)
    levels = np.stack([sample(int(digit), rng) for digit in labels])
    return (levels.astype(np.float32) / np.float32(255))[:, None], labels


def as_text(image: NDArray[np.float32]) -> str:
    """Draw an image (1, 16, 16) as rows of characters, two per pixel."""
    levels = np.rint(image[0] * (len(SHADES) - 1)).astype(int)
    return "\n".join("".join(SHADES[level] * 2 for level in row) for row in levels)


def write(path: Path, count: int, seed: int) -> None:
    images, labels = make(count, seed)
    np.savez_compressed(path, image=images, label=labels)
    print(f"{path.name}: {count} samples, {path.stat().st_size} bytes")


def show(per_digit: int) -> None:
    images, labels = make(per_digit * CLASSES, TEST_SEED)
    for index in np.argsort(labels, kind="stable"):
        print(f"--- {labels[index]}\n{as_text(images[index])}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the digits data set.")
    parser.add_argument("--show", type=int, metavar="N", help="print N samples per digit instead")
    arguments = parser.parse_args()
    if arguments.show:
        show(arguments.show)
        return
    write(HERE / "calib.npz", CALIB_SAMPLES, CALIB_SEED)
    write(HERE / "test.npz", TEST_SAMPLES, TEST_SEED)


if __name__ == "__main__":
    main()
