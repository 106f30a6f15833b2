#include <string.h>

#include "edgec_kernels.h"

/// uint8 as the int8 that is 128 less, or int8 as the uint8 that is 128 more: the sign bit of each
/// byte is turned, a word at a time. The output may be the input. Cost: a few cycles per word.
void edgec_shift_128(const uint8_t *input, int32_t size, uint8_t *output)
{
    int32_t i = 0;
    for (; i + 4 <= size; i += 4) {
        uint32_t word;
        memcpy(&word, input + i, sizeof word);
        word ^= UINT32_C(0x80808080);
        memcpy(output + i, &word, sizeof word);
    }
    for (; i < size; i++) {
        output[i] = (uint8_t)(input[i] ^ 0x80);
    }
}
