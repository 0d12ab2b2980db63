#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

// TIFFGetField is variadic, which Swift cannot call, and errors go to a callback with a va_list; both are
// wrapped here. Needs libtiff 4.5 for handlers and memory limits of one handle.

// The first error of a handle. Lives at least as long as the handle.
typedef struct {
    char message[200];
} boss_tiff_log;

// What the tags of one page say.
typedef struct {
    uint32_t width, height, depth;
    uint16_t bits, samples, format, photometric, has_photometric, compression, orientation;
    int is_tiled;
    // Pixels of one tile, or of one strip (then as wide as the image).
    uint32_t strile_width, strile_height;
    uint32_t strile_count;
    // Images in the file as ImageJ states them, 0 where it does not.
    uint64_t imagej_images;
    uint64_t offset;
} boss_tiff_page;

__attribute__((format(printf, 4, 0))) static int boss_tiff_keep_error(
    TIFF *tiff, void *log, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    (void)module;
    boss_tiff_log *kept = (boss_tiff_log *)log;
    if (kept && kept->message[0] == 0) vsnprintf(kept->message, sizeof kept->message, format, arguments);
    return 1;
}

static int boss_tiff_ignore(TIFF *tiff, void *log, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    (void)log;
    (void)module;
    (void)format;
    (void)arguments;
    return 1;
}

// Opens a descriptor, which the handle closes in the end; it stays open when this returns null.
// No mapping ("m": a file cut by someone else would end the process), no chopping of strips ("c").
__attribute__((unused)) static TIFF *boss_tiff_open(
    int descriptor, const char *name, size_t allocation_limit, boss_tiff_log *log) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)allocation_limit);
    TIFFOpenOptionsSetErrorHandlerExtR(options, boss_tiff_keep_error, log);
    TIFFOpenOptionsSetWarningHandlerExtR(options, boss_tiff_ignore, NULL);
    TIFF *tiff = TIFFFdOpenExt(descriptor, name, "rmc", options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

// Reads the tags of the current page.
__attribute__((unused)) static void boss_tiff_describe(TIFF *tiff, boss_tiff_page *page) {
    memset(page, 0, sizeof *page);
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &page->width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &page->height);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_IMAGEDEPTH, &page->depth);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &page->bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &page->samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &page->format);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &page->compression);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &page->orientation);
    page->has_photometric = (uint16_t)TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &page->photometric);
    page->is_tiled = TIFFIsTiled(tiff);
    if (page->is_tiled) {
        TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &page->strile_width);
        TIFFGetField(tiff, TIFFTAG_TILELENGTH, &page->strile_height);
        page->strile_count = TIFFNumberOfTiles(tiff);
    } else {
        TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &page->strile_height);
        if (page->strile_height > page->height) page->strile_height = page->height;
        page->strile_width = page->width;
        page->strile_count = TIFFNumberOfStrips(tiff);
    }
    const char *text = NULL;
    if (TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &text) && text && strncmp(text, "ImageJ=", 7) == 0) {
        const char *images = strstr(text, "\nimages=");
        if (images) page->imagej_images = strtoull(images + 8, NULL, 10);
    }
    page->offset = TIFFCurrentDirOffset(tiff);
}

// Decodes the current page, whose description was checked: 1 sample, whole bytes, `pixels` has room for
// width * height samples. Samples come out in the byte order of the machine. Returns 0, 1 for bad data,
// 2 when memory ran out.
__attribute__((unused)) static int boss_tiff_decode(TIFF *tiff, const boss_tiff_page *page, unsigned char *pixels) {
    size_t bytes = page->bits / 8, stride = (size_t)page->width * bytes;
    if (!page->is_tiled) {
        uint32_t strip = 0;
        // A damaged stream may end early without an error: what it leaves out must not be old memory.
        if (page->compression != COMPRESSION_NONE) memset(pixels, 0, stride * page->height);
        for (uint32_t row = 0; row < page->height; row += page->strile_height, ++strip) {
            uint32_t rows = page->height - row < page->strile_height ? page->height - row : page->strile_height;
            tmsize_t size = (tmsize_t)(rows * stride);
            if (TIFFReadEncodedStrip(tiff, strip, pixels + row * stride, size) != size) return 1;
            if (page->height - row <= page->strile_height) break;
        }
        return 0;
    }
    size_t tile_stride = (size_t)page->strile_width * bytes;
    tmsize_t size = (tmsize_t)(tile_stride * page->strile_height);
    if (TIFFTileSize(tiff) != size) return 1;
    unsigned char *tile = (unsigned char *)calloc(1, (size_t)size);
    if (!tile) return 2;
    uint32_t index = 0;
    for (uint64_t top = 0; top < page->height; top += page->strile_height)
        for (uint64_t left = 0; left < page->width; left += page->strile_width, ++index) {
            if (TIFFReadEncodedTile(tiff, index, tile, size) != size) {
                free(tile);
                return 1;
            }
            uint64_t rows = page->height - top, columns = page->width - left;
            if (rows > page->strile_height) rows = page->strile_height;
            if (columns > page->strile_width) columns = page->strile_width;
            for (uint64_t row = 0; row < rows; ++row)
                memcpy(pixels + (top + row) * stride + left * bytes, tile + row * tile_stride, columns * bytes);
        }
    free(tile);
    return 0;
}
