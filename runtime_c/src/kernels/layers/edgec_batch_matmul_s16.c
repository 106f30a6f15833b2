#include "edgec_kernels.h"
#include "support/dot_s16.h"
#include "support/requantize.h"
#include "support/requantize_wide.h"

/// `lines` lines of `depth` elements, side by side each: as they are stored, or copied.
static const int16_t *side_by_side(const int16_t *from, int32_t lines, int32_t line_step,
                                   int32_t depth, int32_t step, int16_t *to)
{
    if (step == 1) {
        return from;
    }
    for (int32_t line = 0; line < lines; line++) {
        for (int32_t k = 0; k < depth; k++) {
            to[line * depth + k] = from[line * line_step + k * step];
        }
    }
    return to;
}

/// All rows times `count` (1 or 2) columns.
static void multiply(const edgec_matmul_t *size, const int16_t *rows, const int16_t *columns,
                     int32_t count, const edgec_product_t *product, int16_t *output)
{
    const int16_t *other = columns + (count - 1) * size->depth;
    for (int32_t row = 0; row < size->rows; row++) {
        int64_t sums[2];
        edgec_dot_s16(rows, columns, other, size->depth, sums);
        for (int32_t j = 0; j < count; j++) {
            const int32_t value = edgec_requantize_wide(sums[j], product->scale.multiplier,
                                                        product->scale.shift);
            output[j] = (int16_t)edgec_clamp(value, product->clamp.min, product->clamp.max);
        }
        rows += size->depth;
        output += size->columns;
    }
}

/// One matrix product; a and b point to the first elements.
static void multiply_all(const edgec_matmul_t *size, const int16_t *a, const int16_t *b,
                         const edgec_product_t *product, int16_t *scratch, int16_t *output)
{
    const int16_t *rows = side_by_side(a, size->rows, size->step_a_row, size->depth,
                                       size->step_a_depth, scratch + 2 * size->depth);
    for (int32_t column = 0; column < size->columns; column += 2) {
        const int32_t count = (column + 1 < size->columns) ? 2 : 1;
        const int16_t *columns =
            side_by_side(b + column * size->step_b_column, count, size->step_b_column,
                         size->depth, size->step_b_depth, scratch);
        multiply(size, rows, columns, count, product, output + column);
    }
}

/// Products of int16 matrices a and b, for each place in `batches`; step_a and step_b are the
/// elements from one matrix to the next along each of its axes, 0 where it broadcasts. Matrices may
/// be stored either way round: size has the steps of their rows and columns. scratch holds two
/// columns of b, and behind them a, where they are not stored side by side.
/// Cost: batches * rows * columns * depth multiply-accumulates (64 bits), one requantization per output.
void edgec_batch_matmul_s16(const edgec_dims_t *batches, const edgec_matmul_t *size,
                            const edgec_dims_t *step_a, const int16_t *a,
                            const edgec_dims_t *step_b, const int16_t *b,
                            const edgec_product_t *product, int16_t *scratch, int16_t *output)
{
    for (int32_t n = 0; n < batches->n; n++) {
        for (int32_t h = 0; h < batches->h; h++) {
            for (int32_t w = 0; w < batches->w; w++) {
                for (int32_t c = 0; c < batches->c; c++) {
                    const int32_t from_a =
                        n * step_a->n + h * step_a->h + w * step_a->w + c * step_a->c;
                    const int32_t from_b =
                        n * step_b->n + h * step_b->h + w * step_b->w + c * step_b->c;
                    multiply_all(size, a + from_a, b + from_b, product, scratch, output);
                    output += size->rows * size->columns;
                }
            }
        }
    }
}
