#include "edgec_kernels.h"
#include "support/requantize.h"

/// One matrix product; a and b point to the first elements.
static void multiply(const edgec_matmul_t *size, const int8_t *a, const int8_t *b,
                     const edgec_product_t *product, int8_t *output)
{
    for (int32_t row = 0; row < size->rows; row++) {
        for (int32_t column = 0; column < size->columns; column++) {
            const int8_t *left = a + row * size->step_a_row;
            const int8_t *right = b + column * size->step_b_column;
            int32_t total = 0;
            for (int32_t k = 0; k < size->depth; k++) {
                total += (*left + product->offset_a) * (*right + product->offset_b);
                left += size->step_a_depth;
                right += size->step_b_depth;
            }
            total = edgec_requantize(total, product->scale.multiplier, product->scale.shift) +
                    product->offset_output;
            *output++ = (int8_t)edgec_clamp(total, product->clamp.min, product->clamp.max);
        }
    }
}

/// Products of int8 matrices a and b, for each place in `batches`; step_a and step_b are the
/// elements from one matrix to the next along each of its axes, 0 where it broadcasts. Matrices may
/// be stored either way round: size has the steps of their rows and columns.
/// Cost: batches * rows * columns * depth multiply-accumulates, one requantization per output.
void edgec_batch_matmul_s8(const edgec_dims_t *batches, const edgec_matmul_t *size,
                           const edgec_dims_t *step_a, const int8_t *a, const edgec_dims_t *step_b,
                           const int8_t *b, const edgec_product_t *product, int8_t *output)
{
    for (int32_t n = 0; n < batches->n; n++) {
        for (int32_t h = 0; h < batches->h; h++) {
            for (int32_t w = 0; w < batches->w; w++) {
                for (int32_t c = 0; c < batches->c; c++) {
                    const int32_t from_a =
                        n * step_a->n + h * step_a->h + w * step_a->w + c * step_a->c;
                    const int32_t from_b =
                        n * step_b->n + h * step_b->h + w * step_b->w + c * step_b->c;
                    multiply(size, a + from_a, b + from_b, product, output);
                    output += size->rows * size->columns;
                }
            }
        }
    }
}
