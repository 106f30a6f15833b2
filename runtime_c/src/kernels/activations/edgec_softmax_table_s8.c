#include "edgec_kernels.h"
#include "support/fixed_point_exp.h"

#define SUM_SHIFT 12     /* sums of exponentials are Q12.19 */
#define HALF_OF_SUM 2048 /* in every entry of the table, so that cutting them for the sum rounds */
#define OUTPUT_BITS 8
#define LARGEST_SHIFT 31

static int32_t largest(const int8_t *row, int32_t size)
{
    int32_t max = row[0];
    for (int32_t i = 1; i < size; i++) {
        max = (row[i] > max) ? row[i] : max;
    }
    return max;
}

/// The bits above the highest one that is set; x is not 0.
static int32_t leading_zeros(uint32_t x)
{
    int32_t count = 0;
    while ((x & UINT32_C(0x80000000)) == 0) {
        x <<= 1;
        count++;
    }
    return count;
}

static void fill(int8_t *row, int32_t size, int8_t value)
{
    for (int32_t i = 0; i < size; i++) {
        row[i] = value;
    }
}

/// Softmax of rows of int8; the output has scale 1/256 and zero point -128. powers[255 - d] is
/// exp(-d steps) in Q0.31 plus 2048, 2048 alone where that counts as 0. size is at most 4096.
/// TFLite rounds inverse * power twice, by 31 and by `shift` bits, halves up since nothing is
/// negative; floors nest, so one shift of the product with both halves added is the same.
/// Cost: one table entry per element for the sum, one and a 64-bit product for the output.
void edgec_softmax_table_s8(const int8_t *input, int32_t rows, int32_t size, const uint32_t *powers,
                            int8_t *output)
{
    for (int32_t row = 0; row < rows; row++) {
        const int32_t top = 255 - largest(input, size);
        uint32_t total = 0; /* the largest element counts 2^19: never 0 */
        for (int32_t i = 0; i < size; i++) {
            total += powers[input[i] + top] >> SUM_SHIFT;
        }
        const int32_t headroom = leading_zeros(total);
        const int32_t shift = SUM_SHIFT - headroom + 31 - OUTPUT_BITS;
        if (shift > LARGEST_SHIFT) { /* all quotients are below 1/512 */
            fill(output, size, INT8_MIN);
        } else {
            const int32_t fraction = (int32_t)((total << headroom) - UINT32_C(0x80000000));
            const uint32_t inverse = (uint32_t)edgec_one_over_one_plus(fraction);
            const uint64_t halves = (UINT64_C(1) << 30) + (UINT64_C(1) << (shift + 30)) -
                                    (uint64_t)inverse * HALF_OF_SUM;
            for (int32_t i = 0; i < size; i++) {
                const uint64_t product = (uint64_t)inverse * powers[input[i] + top] + halves;
                const int32_t value = (int32_t)((uint32_t)(product >> 32) >> (shift - 1));
                output[i] = (int8_t)(((value > UINT8_MAX) ? UINT8_MAX : value) + INT8_MIN);
            }
        }
        input += size;
        output += size;
    }
}
