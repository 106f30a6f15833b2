#include "edgec_kernels.h"

#include <string.h>

/// Lays tensors side by side: each of the output's rows is made of one row of every piece.
/// Cost: one pass over the bytes, one memcpy per row and piece.
void edgec_concatenate(const edgec_pieces_t *pieces, int32_t rows, void *output)
{
    unsigned char *to = (unsigned char *)output;
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t i = 0; i < pieces->count; i++) {
            const unsigned char *from = (const unsigned char *)pieces->data[i];
            (void)memcpy(to, from + row * pieces->bytes[i], (size_t)pieces->bytes[i]);
            to += pieces->bytes[i];
        }
    }
}
