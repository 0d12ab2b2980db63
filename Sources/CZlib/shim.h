#include <stdio.h>
#include <zlib.h>

// inflateInit2 is a macro, which Swift does not see. 16 + MAX_WBITS: a gzip header and trailer, not zlib's.
static inline int boss_inflate_init(z_stream *stream) { return inflateInit2(stream, 16 + MAX_WBITS); }
