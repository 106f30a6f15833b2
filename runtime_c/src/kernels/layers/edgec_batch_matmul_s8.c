#include "edgec_kernels.h"
#include "support/dot.h"
#include "support/requantize.h"

/// Matrix a with the elements of each row side by side.
static const int8_t *by_rows(const edgec_matmul_t *size, const int8_t *a, int8_t *rows)
{
    if (size->step_a_depth == 1) {
        return a;
    }
    for (int32_t row = 0; row < size->rows; row++) {
        for (int32_t k = 0; k < size->depth; k++) {
            rows[row * size->depth + k] = a[row * size->step_a_row + k * size->step_a_depth];
        }
    }
    return rows;
}

/// Copies a column of b, arranged for edgec_dot; returns the sum of its elements. All have the
/// offset added.
static int32_t load_column(const edgec_matmul_t *size, const int8_t *b, int32_t offset,
                           int16_t *column)
{
    if (size->step_b_depth == 1) {
        edgec_widen(b, size->depth, offset, 1, column);
    } else {
        for (int32_t k = 0; k < size->depth; k++) {
            column[k] = (int16_t)(*b + offset);
            b += size->step_b_depth;
        }
        edgec_arrange(column, size->depth);
    }
    int32_t sum = 0;
    for (int32_t k = 0; k < size->depth; k++) {
        sum += column[k];
    }
    return sum;
}

static int8_t finish(const edgec_product_t *product, int32_t total)
{
    const int32_t value = edgec_requantize(total, product->scale.multiplier, product->scale.shift);
    return (int8_t)edgec_clamp(value + product->offset_output, product->clamp.min,
                               product->clamp.max);
}

/// All rows times `count` (1 or 2) columns; start is what the offset of a adds to each sum.
static void multiply(const edgec_matmul_t *size, const int8_t *rows, const int16_t *columns,
                     int32_t count, const int32_t *start, const edgec_product_t *product,
                     int8_t *output)
{
    const int16_t *other = columns + (count - 1) * size->depth;
    for (int32_t row = 0; row < size->rows; row += 2) {
        const int32_t pair = (row + 1 < size->rows) ? 2 : 1;
        int32_t sums[4];
        if (pair == 2) {
            edgec_dot(rows, rows + size->depth, columns, other, size->depth, sums);
        } else {
            edgec_dot_row(rows, columns, other, size->depth, sums);
        }
        for (int32_t i = 0; i < pair; i++) {
            for (int32_t j = 0; j < count; j++) {
                output[i * size->columns + j] = finish(product, sums[2 * i + j] + start[j]);
            }
        }
        rows += 2 * size->depth;
        output += 2 * size->columns;
    }
}

/// One matrix product; a and b point to the first elements.
static void multiply_all(const edgec_matmul_t *size, const int8_t *a, const int8_t *b,
                         const edgec_product_t *product, int16_t *scratch, int8_t *output)
{
    const int8_t *rows = by_rows(size, a, (int8_t *)(scratch + 2 * size->depth));
    for (int32_t column = 0; column < size->columns; column += 2) {
        const int32_t count = (column + 1 < size->columns) ? 2 : 1;
        int32_t start[2];
        for (int32_t j = 0; j < count; j++) {
            start[j] = product->offset_a * load_column(size, b + (column + j) * size->step_b_column,
                                                       product->offset_b, scratch + j * size->depth);
        }
        multiply(size, rows, scratch, count, start, product, output + column);
    }
}

/// Products of int8 matrices a and b, for each place in `batches`; step_a and step_b are the
/// elements from one matrix to the next along each of its axes, 0 where it broadcasts. Matrices may
/// be stored either way round: size has the steps of their rows and columns. scratch holds two
/// columns of b in int16, and behind them a where its rows are not stored side by side.
/// Cost: batches * rows * columns * depth multiply-accumulates, one requantization per output.
void edgec_batch_matmul_s8(const edgec_dims_t *batches, const edgec_matmul_t *size,
                           const edgec_dims_t *step_a, const int8_t *a, const edgec_dims_t *step_b,
                           const int8_t *b, const edgec_product_t *product, int16_t *scratch,
                           int8_t *output)
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
