#include <errno.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <png.h>

// libpng reports errors by longjmp. Every jump starts and ends inside the C functions of this file; no
// Swift frame lies between. State that is changed after setjmp lives on the heap.

enum { boss_png_color_rgba = PNG_COLOR_TYPE_RGB_ALPHA };

enum {
    boss_png_ok = 0,
    boss_png_corrupt = 1,
    boss_png_truncated = 2,
    boss_png_changed = 3,
    boss_png_no_memory = 4,
    boss_png_unreadable = 5
};

typedef struct {
    uint32_t width, height;
    int bit_depth, color_type;
    int error_number;
    char message[120];
} boss_png_info;

typedef struct {
    jmp_buf jump;
    png_structp png;
    png_infop info;
    boss_png_info *facts;
    int status;
    int descriptor;
    size_t begin, end;
    unsigned char buffer[1 << 16];
} boss_png_reader;

static void boss_png_read_error(png_structp png, png_const_charp text) {
    boss_png_reader *reader = (boss_png_reader *)png_get_error_ptr(png);
    if (reader->status == boss_png_ok) {
        reader->status = boss_png_corrupt;
        strncpy(reader->facts->message, text ? text : "bad data", sizeof reader->facts->message - 1);
    }
    longjmp(reader->jump, 1);
}

static void boss_png_ignore(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void boss_png_read_bytes(png_structp png, png_bytep to, size_t count) {
    boss_png_reader *reader = (boss_png_reader *)png_get_io_ptr(png);
    while (count > 0) {
        if (reader->begin == reader->end) {
            ssize_t got = read(reader->descriptor, reader->buffer, sizeof reader->buffer);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) {
                reader->status = got == 0 ? boss_png_truncated : boss_png_unreadable;
                reader->facts->error_number = got == 0 ? 0 : errno;
                png_error(png, "the file ends early");
            }
            reader->begin = 0;
            reader->end = (size_t)got;
        }
        size_t part = reader->end - reader->begin;
        if (part > count) part = count;
        memcpy(to, reader->buffer + reader->begin, part);
        reader->begin += part;
        to += part;
        count -= part;
    }
}

// Reads an image from a descriptor that stands at its start. With `pixels` null only the header is
// read, into `facts`. Otherwise `facts` holds what the header said before, a grey image of 8 or 16 bits,
// and `pixels` has room for exactly that; 16-bit samples come out little-endian, values unchanged.
__attribute__((noinline, unused)) static int boss_png_read(
    int descriptor, boss_png_info *facts, unsigned char *pixels) {
    boss_png_reader *reader = (boss_png_reader *)calloc(1, sizeof *reader);
    if (!reader) return boss_png_no_memory;
    reader->facts = facts;
    reader->descriptor = descriptor;
    if (setjmp(reader->jump) == 0) {
        reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, boss_png_read_error, boss_png_ignore);
        if (reader->png) reader->info = png_create_info_struct(reader->png);
        if (!reader->info) {
            reader->status = boss_png_no_memory;
            longjmp(reader->jump, 1);
        }
        png_structp png = reader->png;
        png_set_read_fn(png, reader, boss_png_read_bytes);
        // Gamma, profiles, texts and the like change nothing here and may be huge: skip them all.
        png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
        png_set_benign_errors(png, 0);
        png_read_info(png, reader->info);
        uint32_t width = png_get_image_width(png, reader->info);
        uint32_t height = png_get_image_height(png, reader->info);
        int depth = png_get_bit_depth(png, reader->info);
        int color = png_get_color_type(png, reader->info);
        if (!pixels) {
            facts->width = width;
            facts->height = height;
            facts->bit_depth = depth;
            facts->color_type = color;
        } else if (width != facts->width || height != facts->height || depth != facts->bit_depth ||
                   color != facts->color_type || color != PNG_COLOR_TYPE_GRAY || depth < 8) {
            reader->status = boss_png_changed;
        } else {
            if (depth == 16) png_set_swap(png);
            int passes = png_set_interlace_handling(png);
            png_read_update_info(png, reader->info);
            size_t stride = (size_t)width * (size_t)(depth / 8);
            if (png_get_rowbytes(png, reader->info) != stride) png_error(png, "unexpected row length");
            for (int pass = 0; pass < passes; ++pass)
                for (uint32_t row = 0; row < height; ++row) png_read_row(png, pixels + row * stride, NULL);
            png_read_end(png, NULL);
        }
    }
    int status = reader->status;
    if (reader->png) png_destroy_read_struct(&reader->png, reader->info ? &reader->info : NULL, NULL);
    free(reader);
    return status;
}

// An encoded image; the caller frees `bytes`, also after a failure.
typedef struct {
    unsigned char *bytes;
    size_t byte_count, capacity;
} boss_png_output;

typedef struct {
    jmp_buf jump;
    png_structp png;
    png_infop info;
    boss_png_output *output;
    int failed;
} boss_png_writer;

static void boss_png_write_error(png_structp png, png_const_charp text) {
    (void)text;
    boss_png_writer *writer = (boss_png_writer *)png_get_error_ptr(png);
    writer->failed = 1;
    longjmp(writer->jump, 1);
}

static void boss_png_write_bytes(png_structp png, png_bytep from, size_t count) {
    boss_png_output *output = ((boss_png_writer *)png_get_io_ptr(png))->output;
    if (count > output->capacity - output->byte_count) {
        size_t capacity = output->capacity * 2 + count + 4096;
        unsigned char *bytes = (unsigned char *)realloc(output->bytes, capacity);
        if (!bytes) png_error(png, "out of memory");
        output->bytes = bytes;
        output->capacity = capacity;
    }
    memcpy(output->bytes + output->byte_count, from, count);
    output->byte_count += count;
}

static void boss_png_flush(png_structp png) { (void)png; }

// Writes an image; 16-bit samples are given little-endian. Returns 0, or 1 when memory ran out.
__attribute__((noinline, unused)) static int boss_png_encode(
    const unsigned char *pixels, uint32_t width, uint32_t height, int color_type, int bit_depth, size_t stride,
    int level, boss_png_output *output) {
    boss_png_writer *writer = (boss_png_writer *)calloc(1, sizeof *writer);
    if (!writer) return 1;
    writer->output = output;
    if (setjmp(writer->jump) == 0) {
        writer->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, boss_png_write_error, boss_png_ignore);
        if (writer->png) writer->info = png_create_info_struct(writer->png);
        if (!writer->info) {
            writer->failed = 1;
            longjmp(writer->jump, 1);
        }
        png_structp png = writer->png;
        png_set_write_fn(png, writer, boss_png_write_bytes, boss_png_flush);
        png_set_compression_level(png, level);
        png_set_IHDR(png, writer->info, width, height, bit_depth, color_type, PNG_INTERLACE_NONE,
                     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
        png_write_info(png, writer->info);
        if (bit_depth == 16) png_set_swap(png);
        for (uint32_t row = 0; row < height; ++row) png_write_row(png, pixels + row * stride);
        png_write_end(png, writer->info);
    }
    int failed = writer->failed;
    if (writer->png) png_destroy_write_struct(&writer->png, writer->info ? &writer->info : NULL);
    free(writer);
    return failed;
}
