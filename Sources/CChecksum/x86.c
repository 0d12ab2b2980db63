// CRC-32C on x86-64: three interleaved streams of the crc32 instruction, or folding with AVX-512.
//
// Sources: V. Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction", Intel, 2011;
// V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009.
//
// The constants are powers of x modulo the polynomial P = 0x11EDC6F41, their 32 bits reversed:
//   shift by n bytes:  x^(8n - 33) mod P           the crc32 instruction multiplies by x^33 again
//   fold over n bytes: x^(8n + 32) mod P, << 1     for the low 64 bits of a lane
//                      x^(8n - 32) mod P, << 1     for the high 64 bits

#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define WITH_SSE42 __attribute__((target("sse4.2,pclmul")))
#define WITH_AVX512 __attribute__((target("avx512f,avx512vl,vpclmulqdq,pclmul,sse4.2")))

static inline uint64_t load64(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    return word;
}

/// The register after the bytes of a shift constant more, all zero.
WITH_SSE42
static inline uint32_t shifted(uint64_t state, uint64_t constant) {
    __m128i product =
        _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)state), _mm_cvtsi64_si128((long long)constant), 0);
    return (uint32_t)_mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

/// Three neighbouring streams of `length` bytes each; the instruction has a latency of 3 and a throughput of 1.
WITH_SSE42
static inline uint32_t three_streams(
    uint32_t state, const uint8_t *bytes, size_t length, uint64_t shift_two, uint64_t shift_one) {
    uint64_t first = state, second = 0, third = 0;
    for (size_t i = 0; i < length; i += 8) {
        first = _mm_crc32_u64(first, load64(bytes + i));
        second = _mm_crc32_u64(second, load64(bytes + length + i));
        third = _mm_crc32_u64(third, load64(bytes + 2 * length + i));
    }
    return shifted(first, shift_two) ^ shifted(second, shift_one) ^ (uint32_t)third;
}

WITH_SSE42
uint32_t boss_crc_sse42(uint32_t state, const uint8_t *bytes, size_t count) {
    enum { long_stream = 2048, short_stream = 256 };
    for (; count >= 3 * long_stream; bytes += 3 * long_stream, count -= 3 * long_stream) {
        state = three_streams(state, bytes, long_stream, 0x82F89C77, 0xA51B6135);
    }
    for (; count >= 3 * short_stream; bytes += 3 * short_stream, count -= 3 * short_stream) {
        state = three_streams(state, bytes, short_stream, 0xDD7E3B0C, 0xB9E02B86);
    }
    for (; count >= 8; bytes += 8, count -= 8) {
        state = (uint32_t)_mm_crc32_u64(state, load64(bytes));
    }
    for (; count > 0; bytes++, count--) {
        state = _mm_crc32_u8(state, *bytes);
    }
    return state;
}

/// A lane moved over the distance of the constants, plus what lies there. 0x96 is the xor of three.
WITH_AVX512
static inline __m512i fold(__m512i lanes, __m512i constants, __m512i there) {
    return _mm512_ternarylogic_epi64(
        _mm512_clmulepi64_epi128(lanes, constants, 0x00), _mm512_clmulepi64_epi128(lanes, constants, 0x11),
        there, 0x96);
}

WITH_AVX512
uint32_t boss_crc_avx512(uint32_t state, const uint8_t *bytes, size_t count) {
    if (count < 256) {
        return boss_crc_sse42(state, bytes, count);
    }
    const __m512i fold256 = _mm512_broadcast_i32x4(_mm_set_epi64x(0xB9E02B86, 0xDCB17AA4));
    const __m512i fold64 = _mm512_broadcast_i32x4(_mm_set_epi64x(0x9E4ADDF8, 0x740EEF02));
    // The last lane stays where it is, the others move over 48, 32 and 16 bytes.
    const __m512i fold_lanes = _mm512_set_epi64(
        0, 0, 0x14CD00BD6, 0xF20C0DFE, 0xBA4FC28E, 0x1384AA63A, 0x1D82C63DA, 0x1C291D04);

    __m512i a = _mm512_loadu_si512(bytes), b = _mm512_loadu_si512(bytes + 64);
    __m512i c = _mm512_loadu_si512(bytes + 128), d = _mm512_loadu_si512(bytes + 192);
    a = _mm512_xor_si512(a, _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)state)));
    bytes += 256;
    count -= 256;
    for (; count >= 256; bytes += 256, count -= 256) {
        a = fold(a, fold256, _mm512_loadu_si512(bytes));
        b = fold(b, fold256, _mm512_loadu_si512(bytes + 64));
        c = fold(c, fold256, _mm512_loadu_si512(bytes + 128));
        d = fold(d, fold256, _mm512_loadu_si512(bytes + 192));
    }
    d = fold(fold(fold(a, fold64, b), fold64, c), fold64, d);
    for (; count >= 64; bytes += 64, count -= 64) {
        d = fold(d, fold64, _mm512_loadu_si512(bytes));
    }
    __m512i moved = fold(d, fold_lanes, _mm512_setzero_si512());
    __m128i sum = _mm_xor_si128(
        _mm_xor_si128(_mm512_castsi512_si128(moved), _mm512_extracti32x4_epi32(moved, 1)),
        _mm_xor_si128(_mm512_extracti32x4_epi32(moved, 2), _mm512_extracti32x4_epi32(d, 3)));
    uint64_t reduced = _mm_crc32_u64(0, (uint64_t)_mm_extract_epi64(sum, 0));
    reduced = _mm_crc32_u64(reduced, (uint64_t)_mm_extract_epi64(sum, 1));
    return boss_crc_sse42((uint32_t)reduced, bytes, count);
}
#endif
