#!/usr/bin/env python3
"""Writes FormatFixtures.swift: small files made by numpy, nibabel, tifffile, Pillow and pypng.

    pip install numpy nibabel tifffile imagecodecs pillow pypng
    python3 make.py

The voxel with C-order index i is the top bits of i * 0x9E3779B97F4A7C15 (mod 2^64), as many as the type
has; a float is i * 0.75 - 10; a bool is i % 3 == 0.
"""
import base64, gzip, io, os, struct
import nibabel, numpy as np, png, tifffile
from PIL import Image

files = {}


def volume(dtype, shape):
    dtype = np.dtype(dtype)
    i = np.arange(int(np.prod(shape)), dtype=np.uint64)
    if dtype.kind == "f":
        v = i.astype(np.float64) * 0.75 - 10
    elif dtype.kind == "b":
        v = i % 3 == 0
    else:
        bits = (i * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - 8 * dtype.itemsize)
        v = bits.astype(f"<u{dtype.itemsize}").view(f"<{dtype.kind}{dtype.itemsize}")
    return v.astype(dtype).reshape(shape)


def npy(array, version=None):
    out = io.BytesIO()
    if version is None:
        np.save(out, array)
    else:
        np.lib.format.write_array(out, array, version=version)
    return out.getvalue()


def gz(data):
    return gzip.compress(data, mtime=0)


S = (3, 4, 5)
for d in ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8", "b1"]:
    files[f"{d}.npy"] = npy(volume(d, S))
for d in ["u2", "u4", "u8", "f4"]:
    files[f"big_{d}.npy"] = npy(volume(">" + d, S))
files["version2.npy"] = npy(volume("u2", S), (2, 0))
files["version3.npy"] = npy(volume("u2", S), (3, 0))
files["fortran.npy"] = npy(np.asfortranarray(volume("u2", S)))
files["fortran_big.npy"] = npy(np.asfortranarray(volume(">u4", S)))
files["fortran4.npy"] = npy(np.asfortranarray(volume("u1", (2, 3, 4, 5))))
files["rank1.npy"] = npy(volume("u1", (60,)))
files["rank2.npy"] = npy(volume("u2", (4, 5)))
files["rank4.npy"] = npy(volume("u2", (2, 3, 4, 5)))
files["rank5.npy"] = npy(volume("u1", (1, 1, 3, 4, 5)))
files["empty.npy"] = npy(volume("u1", (0, 4, 5)))
files["half.npy"] = npy(np.zeros(S, "f2"))
files["complex.npy"] = npy(np.zeros((1, 2, 2), "c8"))
files["structured.npy"] = npy(np.zeros((1, 2, 2), [("a", "<i4"), ("b", "<f4")]))
files["object.npy"] = npy(np.array([[None, 1], [2, 3]], dtype=object))
files["u2.npy.gz"] = gz(npy(volume("u2", S)))
two = npy(volume("u2", S))
files["members.npy.gz"] = gz(two[:100]) + gz(two[100:])
files["padded.npy.gz"] = gz(two) + bytes(512)


def nifti(dtype, shape, zooms=None, units=None, scaling=None, cls=nibabel.Nifti1Image):
    array = volume(np.dtype(dtype).newbyteorder("="), shape)
    header = cls.header_class(endianness=">" if dtype[0] == ">" else "<")
    header.set_data_dtype(np.dtype(dtype))
    image = cls(np.transpose(array), np.eye(4), header, dtype=np.dtype(dtype))
    if zooms:
        image.header.set_zooms(zooms)
    if units:
        image.header.set_xyzt_units(*units)
    data = bytearray(image.to_bytes())
    if scaling:
        struct.pack_into("<ff", data, 112, *scaling)
    return bytes(data)


for d in ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8"]:
    files[f"{d}.nii"] = nifti(d, S)
files["big.nii"] = nifti(">u2", S, (0.5, 0.25, 2.0), ("mm", "sec"))
files["micron.nii.gz"] = gz(nifti("i2", (2, 3, 4, 5), (4.0, 8.0, 50.0, 1.5), ("micron", "sec"), (0.5, -3.0)))
files["nifti2.nii"] = nifti("u1", (1, 2, 2), cls=nibabel.Nifti2Image)
pair = nibabel.Nifti1Pair(np.zeros((2, 2, 1), np.uint8), np.eye(4))
pair.file_map = {"header": nibabel.FileHolder(fileobj=io.BytesIO()), "image": nibabel.FileHolder(fileobj=io.BytesIO())}
pair.to_file_map()
files["pair.hdr"] = pair.file_map["header"].fileobj.getvalue()


def pypng(array, **options):
    out = io.BytesIO()
    rows = array.reshape(array.shape[0], -1)
    png.Writer(array.shape[1], array.shape[0], **options).write(out, rows.tolist())
    return out.getvalue()


def pillow(image, **options):
    out = io.BytesIO()
    image.save(out, **options)
    return out.getvalue()


P = (5, 7)
files["gray8.png"] = pillow(Image.fromarray(volume("u1", P)), format="PNG")
files["gray16.png"] = pillow(Image.fromarray(volume("u2", P)), format="PNG")
files["gamma16.png"] = pypng(volume("u2", P), greyscale=True, bitdepth=16, gamma=2.2, transparent=7)
files["interlaced8.png"] = pypng(volume("u1", P), greyscale=True, bitdepth=8, interlace=True)
files["interlaced16.png"] = pypng(volume("u2", P), greyscale=True, bitdepth=16, interlace=True)
files["gray1.png"] = pypng(volume("b1", P).astype(int), greyscale=True, bitdepth=1)
files["rgb.png"] = pillow(Image.fromarray(volume("u1", (5, 7, 3))), format="PNG")
files["rgba.png"] = pillow(Image.fromarray(volume("u1", (5, 7, 4))), format="PNG")
files["grayalpha.png"] = pillow(Image.fromarray(volume("u1", (5, 7, 2)), "LA"), format="PNG")
files["palette.png"] = pillow(Image.fromarray(volume("u1", P)).convert("P"), format="PNG")


def tiff(array, pages=False, **options):
    out = io.BytesIO()
    big = options.pop("bigtiff", False)
    order = options.pop("byteorder", "<")
    imagej = options.pop("imagej", False)
    options.setdefault("photometric", "minisblack")
    with tifffile.TiffWriter(out, bigtiff=big, byteorder=order, imagej=imagej) as writer:
        if imagej:
            writer.write(array, **options)
        else:
            for page in array if pages else [array]:
                writer.write(page, metadata=None, software=False, contiguous=False, **options)
    return out.getvalue()


for d in ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8"]:
    files[f"{d}.tif"] = tiff(volume(d, P))
files["pages.tif"] = tiff(volume("u2", S), pages=True)
files["big_pages.tif"] = tiff(volume("u2", S), pages=True, byteorder=">")
files["bigtiff.tif"] = tiff(volume("u2", S), pages=True, bigtiff=True)
files["strips.tif"] = tiff(volume("u2", P), rowsperstrip=2)
files["lzw.tif"] = tiff(volume("u2", P), compression="lzw", rowsperstrip=2)
files["deflate.tif"] = tiff(volume("u4", P), compression="zlib", predictor=True)
files["packbits.tif"] = tiff(volume("u1", P), compression="packbits")
files["zstd.tif"] = tiff(volume("u2", P), compression="zstd")
files["tiles.tif"] = tiff(volume("u1", (20, 37)), tile=(16, 16), compression="zlib")
files["tiles_big.tif"] = tiff(volume("u2", (17, 18)), tile=(16, 16), byteorder=">", compression="lzw")
files["pillow.tif"] = pillow(Image.fromarray(volume("u1", P)), format="TIFF")
files["white.tif"] = tiff(volume("u1", P), photometric="miniswhite")
files["rgb.tif"] = tiff(volume("u1", (5, 7, 3)), photometric="rgb")
files["complex.tif"] = tiff(np.zeros((2, 2), "c8"))
out = io.BytesIO()
with tifffile.TiffWriter(out) as writer:
    writer.write(volume("u1", P), metadata=None, photometric="minisblack")
    writer.write(volume("u1", (5, 6)), metadata=None, photometric="minisblack")
files["uneven.tif"] = out.getvalue()
# What ImageJ does above 4 GiB: one page, the other images behind its pixels.
imagej = tiff(volume("u1", (2, 5, 7)), imagej=True)
with tifffile.TiffFile(io.BytesIO(imagej)) as opened:
    first = opened.pages[0].offset
count = struct.unpack_from("<H", imagej, first)[0] if imagej[:2] == b"II" else struct.unpack_from(">H", imagej, first)[0]
cut = bytearray(imagej)
cut[first + 2 + 12 * count : first + 6 + 12 * count] = bytes(4)
files["imagej.tif"] = bytes(cut)
files["imagej_pages.tif"] = imagej

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "FormatFixtures.swift"), "w") as out:
    out.write("/// Files made by other programs, in base64; `make.py` beside this file writes it.\n")
    out.write("enum FormatFixtures {\n")
    out.write("    static let base64: [String: String] = [\n")
    for name, data in files.items():
        text = base64.b64encode(data).decode()
        lines = [text[i : i + 88] for i in range(0, len(text), 88)]
        out.write(f'        "{name}": """\n')
        out.write("\\\n".join(f"            {line}" for line in lines))
        out.write('\n            """,\n')
    out.write("    ]\n}\n")
