// CRC-32C by lookup tables, eight bytes a step.
//
// Source: M. Kounavis, F. Berry, "A Systematic Approach to Building High Performance, Software-based,
// CRC Generators", ISCC 2005 (slicing-by-8).

#include "kernels.h"
#include <pthread.h>

/// The Castagnoli polynomial 0x1EDC6F41, its bits reversed because CRC-32C takes the lowest bit first.
static const uint32_t polynomial = 0x82F63B78;

/// `table[k][b]` is the register after byte `b` and `k` zero bytes.
static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void make_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t state = byte;
        for (int bit = 0; bit < 8; bit++) {
            state = state >> 1 ^ (state & 1 ? polynomial : 0);
        }
        table[0][byte] = state;
    }
    for (int zeros = 1; zeros < 8; zeros++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            uint32_t before = table[zeros - 1][byte];
            table[zeros][byte] = before >> 8 ^ table[0][before & 0xFF];
        }
    }
}

uint32_t boss_crc_tables(uint32_t state, const uint8_t *bytes, size_t count) {
    pthread_once(&table_once, make_table);
    for (; count >= 8; bytes += 8, count -= 8) {
        // Byte by byte, so that the order of bytes in the machine does not matter.
        uint32_t low = state ^ ((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                                (uint32_t)bytes[3] << 24);
        state = table[7][low & 0xFF] ^ table[6][low >> 8 & 0xFF] ^ table[5][low >> 16 & 0xFF] ^
                table[4][low >> 24] ^ table[3][bytes[4]] ^ table[2][bytes[5]] ^ table[1][bytes[6]] ^
                table[0][bytes[7]];
    }
    for (; count > 0; bytes++, count--) {
        state = state >> 8 ^ table[0][(state ^ *bytes) & 0xFF];
    }
    return state;
}
