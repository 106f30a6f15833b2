#include "edgec_kernels.h"
#include "support/dot.h"
#include "support/requantize.h"

/// sums[0] += (input + offset) * a, sums[1] += (input + offset) * b, each over `depth` values.
EDGEC_APART void add_products(const int8_t *input, int32_t offset, const int8_t *a,
                              const int8_t *b, int32_t depth, int32_t *sums)
{
    int32_t first = sums[0];
    int32_t second = sums[1];
#ifdef __ARM_FEATURE_SIMD32
    const int16x2_t offsets = (int16x2_t)((uint32_t)(uint16_t)offset * 0x10001U);
    for (; depth >= 4; depth -= 4) {
        const int8x4_t x4 = edgec_word(input);
        const int8x4_t a4 = edgec_word(a);
        const int8x4_t b4 = edgec_word(b);
        const int16x2_t even = __sadd16(__sxtb16(x4), offsets);
        const int16x2_t odd = __sadd16(__sxtb16(x4 >> 8), offsets);
        first = __smlad(__sxtb16(a4), even, __smlad(__sxtb16(a4 >> 8), odd, first));
        second = __smlad(__sxtb16(b4), even, __smlad(__sxtb16(b4 >> 8), odd, second));
        input += 4;
        a += 4;
        b += 4;
    }
#endif
    for (; depth > 0; depth--) {
        const int32_t x = *input++ + offset;
        first += x * *a++;
        second += x * *b++;
    }
    sums[0] = first;
    sums[1] = second;
}

/// Fully connected layer, int8: rows of `depth` values times weights [outputs][depth], one multiplier
/// and shift per output. input_offset is minus the input's zero point; bias may be NULL. Two outputs
/// at a time share what is read of the input.
/// Cost: rows * outputs * depth multiply-accumulates, one requantization per output.
void edgec_fully_connected_per_channel_s8(int32_t rows, int32_t depth, const int8_t *input,
                                          const int8_t *weights, const int32_t *bias,
                                          const int32_t *multipliers, const int32_t *shifts,
                                          int32_t input_offset, int32_t output_offset,
                                          const edgec_clamp_t *clamp, int32_t outputs,
                                          int8_t *output)
{
    for (int32_t row = 0; row < rows; row++) {
        const int8_t *weight = weights;
        for (int32_t o = 0; o < outputs; o += 2) {
            const int32_t count = (o + 1 < outputs) ? 2 : 1;
            int32_t sums[2] = {0, 0};
            add_products(input, input_offset, weight, weight + (count - 1) * depth, depth, sums);
            for (int32_t i = 0; i < count; i++) {
                const int32_t total = sums[i] + ((bias != NULL) ? bias[o + i] : 0);
                const int32_t y = edgec_requantize(total, multipliers[o + i], shifts[o + i]);
                output[o + i] = (int8_t)edgec_clamp(y + output_offset, clamp->min, clamp->max);
            }
            weight += 2 * depth;
        }
        input += depth;
        output += outputs;
    }
}
