#!/usr/bin/env python3
"""Checks the expected results of the statement cases with numpy; the Swift tests do not need it.

    python3 oracle.py            compares every `# numpy:` line of *.case with the results below it
    python3 oracle.py --fill     also writes them where a case has no result yet, or a line `?` for one

`# numpy: expression` gives a volume (cut), a picture (png, colors) or rows (rows); `# numpy do: statement`
changes the arrays. The arrays are those of the `$n name = ...` lines at the top of the file, axes z, y, x.
"""
import glob
import io
import os
import re
import sys
import zlib

import numpy as np

AXES = "TZYX"


def number(value):
    if value is None:
        return "NULL"
    if isinstance(value, (bool, np.bool_)):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (float, np.floating)):
        return "%.9g" % value
    return str(value)


def crc(data):
    return "%08x" % zlib.crc32(data)


def volume(array, axes, origin, res=0):
    array = np.ascontiguousarray(array)
    lines = ["%s (%s) = (%s) at (%s)%s crc32 %s" % (
        array.dtype.name.upper(), ",".join(axes), ",".join(map(str, array.shape)), ",".join(map(str, origin)),
        " res %d" % res if res else "", crc(array.tobytes()))]
    if array.size <= 64:
        lines += [" ".join(map(number, row)) for row in array.reshape(-1, array.shape[-1])]
    return lines


def take(array, axis, want, start, fill):
    """The wanted part of one axis whose first voxel is `start`."""
    low, high = (start, start + array.shape[axis]) if want is None else want if isinstance(want, tuple) else (want, want + 1)
    shape = list(array.shape)
    shape[axis] = high - low
    if fill is None:
        assert start <= low < high <= start + array.shape[axis], "outside"
    part = np.full(shape, 0 if fill is None else fill, array.dtype)
    for place in range(low, high):
        if start <= place < start + array.shape[axis]:
            index = [slice(None)] * array.ndim
            source = list(index)
            index[axis], source[axis] = place - low, place - start
            part[tuple(index)] = array[tuple(source)]
    return part, low


def cut(array, x=None, y=None, z=None, t=0, origin=(0, 0, 0), drop="", fill=None, res=0):
    """A box of voxels: (lo, hi), a number or None for everything; origin is that of the array in z, y, x."""
    part = array if array.ndim == 4 else array[None]
    starts = []
    for axis, (want, start) in enumerate(zip((t, z, y, x), (0,) + tuple(origin))):
        part, low = take(part, axis, want, start, fill)
        starts.append(low)
    keep = [i for i, name in enumerate(AXES) if name not in drop.upper() and (name != "T" or isinstance(t, tuple))]
    part = part.reshape([part.shape[i] for i in keep])
    return volume(part, [AXES[i] for i in keep], [starts[i] for i in keep], res)


def rows(header, *content):
    return [header] + [" | ".join(map(number, row)) for row in content]


def stats(header, *groups):
    """Rows of STATS: each group is a key (or None) and its voxels."""
    lines = []
    for key, voxels in groups:
        voxels = np.asarray(voxels).ravel()
        legal = voxels[~np.isnan(voxels)] if voxels.dtype.kind == "f" else voxels
        wide = legal.astype(np.float64)
        row = [len(legal), float(wide.min()), float(wide.max()), float(wide.sum()), float(wide.mean()), float(wide.std()),
               int((legal == 0).sum()), len(voxels) - len(legal)]
        lines.append(([] if key is None else [key]) + row)
    columns = "count UINT64 | min FLOAT64 | max FLOAT64 | sum FLOAT64 | mean FLOAT64 | stddev FLOAT64 | zeros UINT64 | nans UINT64"
    return rows(header + columns, *lines)


def histogram(voxels, bins, low, high):
    counts, edges = np.histogram(np.asarray(voxels), bins, (low, high))
    return rows("bin UINT32 | lo FLOAT64 | hi FLOAT64 | count UINT64",
                *[(i, float(edges[i]), float(edges[i + 1]), int(n)) for i, n in enumerate(counts)])


def npy(array):
    """FORMAT NPY: what numpy itself saves."""
    target = io.BytesIO()
    np.save(target, np.ascontiguousarray(array))
    data = target.getvalue()
    return ["application/x-npy %d bytes crc32 %s" % (len(data), crc(data))]


def raw(array):
    data = np.ascontiguousarray(array).tobytes()
    return ["application/octet-stream %d bytes crc32 %s" % (len(data), crc(data))]


def png(array):
    array = np.ascontiguousarray(array)
    kind = {"uint8": "gray8", "uint16": "gray16"}[array.dtype.name]
    lines = ["PNG %s %dx%d crc32 %s" % (kind, array.shape[1], array.shape[0], crc(array.astype(array.dtype.newbyteorder(">")).tobytes()))]
    return lines + ([" ".join(map(str, row)) for row in array] if array.size <= 64 else [])


def window(array, low=None, high=None):
    """Grey levels: low becomes 0 and high 255, halves are rounded up, NaN is black."""
    array = np.asarray(array, np.float64)
    finite = array[np.isfinite(array)]
    low, high = finite.min() if low is None else low, finite.max() if high is None else high
    scaled = (np.clip(array, low, high) - low) * (255 / (high - low) if high > low else 0)
    return np.where(np.isnan(scaled), 0, np.floor(scaled + 0.5)).astype(np.uint8)


def color(label):
    """The colour of a label, from the description in docs and LabelColors.swift; integers only."""
    if label == 0:
        return (0, 0, 0, 0)
    walk = label * 0x9E3779B97F4A7C15 % 2**64
    mixed = (walk ^ walk >> 29) * 0xBF58476D1CE4E5B9 % 2**64
    hue = (walk >> 32) * 1536 >> 32
    value, saturation = 200 + (mixed >> 56) * 55 // 255, 140 + (mixed >> 48 & 255) * 115 // 255
    low = value * (255 - saturation) // 255
    step = (value - low) * (hue & 255) // 255
    rising, falling = low + step, value - step
    return [(value, rising, low), (falling, value, low), (low, value, rising), (low, falling, value), (rising, low, value),
            (value, low, falling)][hue >> 8] + (255,)


def colors(array):
    pixels = np.array([[color(int(v)) for v in row] for row in array], np.uint8)
    lines = ["PNG rgba8 %dx%d crc32 %s" % (array.shape[1], array.shape[0], crc(pixels.tobytes()))]
    if array.size <= 64:
        lines += [" ".join("%02x%02x%02x%02x" % tuple(p) for p in row) for row in pixels]
    return lines


def halve(array, axes=(1, 2), method="mean"):
    """One level up: windows of 2 along the axes (of z, y, x), cut at the end of the array."""
    shape = [-(-n // (2 if i in axes else 1)) for i, n in enumerate(array.shape)]
    result = np.zeros(shape, array.dtype)
    for place in np.ndindex(*shape):
        part = array[tuple(slice(2 * p, 2 * p + 2) if i in axes else slice(p, p + 1) for i, p in enumerate(place))]
        if method == "mean":
            result[place] = np.rint(part.astype(np.float64).mean())
        elif method == "mode":
            values, counts = np.unique(part, return_counts=True)
            best = [v for v, n in zip(values, counts) if n == counts.max()]
            result[place] = min([v for v in best if v != 0] or [0])
        else:
            result[place] = {"min": part.min, "max": part.max, "stride": lambda: part[0, 0, 0]}[method]()
    return result


def made(text):
    """The array of a `$n name = TYPE (shape) rule` line."""
    words = text.split()
    dtype = np.dtype(words[0].lower())
    shape = tuple(int(n) for n in words[1].strip("()").split(",") if n)
    rule, arguments = words[2], [w for w in words[3:] if w != "mod"]
    full = (1,) * (4 - len(shape)) + shape
    t, z, y, x = np.meshgrid(*[np.arange(n) for n in full], indexing="ij")
    if rule == "all":
        array = np.full(full, dtype.type(arguments[0]))
    elif rule == "values":
        array = np.array([dtype.type(a) for a in arguments], dtype)
    elif rule == "linear":
        cx, cy, cz, ct, m = map(int, arguments)
        array = (cx * x + cy * y + cz * z + ct * t) % m
    else:
        w, h, d, nx, ny = map(int, arguments)
        array = 1 + x // w + nx * (y // h + ny * (z // d))
    return array.astype(dtype).reshape(shape)


def check(path, fill):
    """Returns the number of expressions and of those that do not match."""
    names = dict(globals())
    lines, output, wanted, count, wrong = open(path).read().split("\n"), [], [], 0, 0
    title, index = "", 0
    while index < len(lines):
        line = lines[index]
        output.append(line)
        index += 1
        if line.startswith("=== "):
            title, wanted = line, []
        found = re.match(r"\$\d+ (\w+) = ((?:U?INT|FLOAT)\d+ \(.*)", line)
        if found:
            names[found[1]] = made(found[2])
        if line.startswith("# numpy do: "):
            exec(line[12:], names)
        elif line.startswith("# numpy: "):
            wanted.append(eval(line[9:], names))
        elif line == "---" and wanted:
            end = index
            while end < len(lines) and lines[end] and not lines[end].startswith(("=== ", "#")):
                end += 1
            have, start = lines[index:end], 0
            if fill and (not have or "?" in have):
                blocks = list(wanted)
                for line in have or ["?"] * len(wanted):
                    output += blocks.pop(0) if line == "?" else [line]
                index = end
                continue
            for block in wanted:
                count += 1
                places = [i for i in range(start, len(have) - len(block) + 1) if have[i:i + len(block)] == block]
                if places:
                    start = places[0] + len(block)
                else:
                    wrong += 1
                    print("%s %s\n  numpy:\n    %s\n  file:\n    %s" % (
                        os.path.basename(path), title, "\n    ".join(block), "\n    ".join(have)))
    if fill:
        open(path, "w").write("\n".join(output))
    return count, wrong


if __name__ == "__main__":
    total = [0, 0]
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "*.case"))):
        result = check(path, "--fill" in sys.argv)
        total = [a + b for a, b in zip(total, result)]
    print("%d expressions, %d differ" % tuple(total))
    sys.exit(1 if total[1] else 0)
