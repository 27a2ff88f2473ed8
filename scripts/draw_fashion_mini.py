#!/usr/bin/env python3
"""Draws fashion-mini from Fashion-MNIST: every class alike, evenly over the whole set.

usage: draw_fashion_mini.py FOLDER_OF_FASHION_MNIST [OUT]
       (OUT: crates/jimu/data/fashion-mini of this repository)

Of each class's images, in the order of the file, every 30th of the training set (200 of 6,000) and every 20th of the
test set (50 of 1,000) is taken, and the chosen images keep the order of the file. No random number is involved and the
gzip headers carry no time, so a second run writes the same bytes.
"""
import gzip
import pathlib
import struct
import sys

CLASSES = 10
PIXELS = 28 * 28
SPLITS = {"train": 200, "t10k": 50}


def read(folder: pathlib.Path, name: str) -> bytes:
    packed = folder / f"{name}.gz"
    return gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / name).read_bytes()


def write(path: pathlib.Path, content: bytes) -> None:
    path.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))


def draw(labels: bytes, per_class: int) -> list[int]:
    chosen = []
    for label in range(CLASSES):
        of_class = [index for index, found in enumerate(labels) if found == label]
        step = len(of_class) // per_class
        chosen += of_class[::step][:per_class]
    return sorted(chosen)


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    source = pathlib.Path(sys.argv[1])
    repository = pathlib.Path(__file__).resolve().parent.parent
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else repository / "crates/jimu/data/fashion-mini"
    out.mkdir(parents=True, exist_ok=True)
    for split, per_class in SPLITS.items():
        images = read(source, f"{split}-images-idx3-ubyte")[16:]
        labels = read(source, f"{split}-labels-idx1-ubyte")[8:]
        chosen = draw(labels, per_class)
        drawn = b"".join(images[index * PIXELS : (index + 1) * PIXELS] for index in chosen)
        write(out / f"{split}-images-idx3-ubyte.gz", struct.pack(">4I", 2051, len(chosen), 28, 28) + drawn)
        write(out / f"{split}-labels-idx1-ubyte.gz", struct.pack(">2I", 2049, len(chosen)) + bytes(labels[i] for i in chosen))


if __name__ == "__main__":
    main()
