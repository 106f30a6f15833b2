#include "edgec_kernels.h"

#include <string.h>

#define SHORT 8 /* bytes: below, calling memcpy costs more than it saves */

/// Gathers blocks of `block` bytes: block [r][c] of the output lies rows[r] + columns[c] bytes into
/// the input. This repeats `outer` times, with the input `step` bytes further on each time.
/// Cost: one pass over the bytes, some 10 instructions per block on top.
void edgec_gather(int32_t outer, int32_t step, int32_t row_count, const int32_t *rows,
                  int32_t column_count, const int32_t *columns, int32_t block, const void *input,
                  void *output)
{
    const unsigned char *from = (const unsigned char *)input;
    unsigned char *to = (unsigned char *)output;
    for (int32_t n = 0; n < outer; n++) {
        for (int32_t r = 0; r < row_count; r++) {
            const unsigned char *row = from + rows[r];
            for (int32_t c = 0; c < column_count; c++) {
                const unsigned char *next = row + columns[c];
                if (block < SHORT) {
                    for (int32_t i = 0; i < block; i++) {
                        *to++ = next[i];
                    }
                } else {
                    (void)memcpy(to, next, (size_t)block);
                    to += block;
                }
            }
        }
        from += step;
    }
}
