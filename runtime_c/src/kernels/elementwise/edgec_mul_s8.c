#include "edgec_kernels.h"
#include "support/requantize.h"

static int8_t multiply(const edgec_product_t *product, int32_t a, int32_t b)
{
    const int32_t total =
        edgec_requantize((a + product->offset_a) * (b + product->offset_b),
                         product->scale.multiplier, product->scale.shift);
    return (int8_t)edgec_clamp(total + product->offset_output, product->clamp.min,
                               product->clamp.max);
}

/// a * b, int8 with broadcasting: dims is the output's extent, step_a and step_b the elements from
/// one to the next along each axis, 0 where it broadcasts.
/// Cost: one requantization per output.
void edgec_mul_s8(const edgec_dims_t *dims, const edgec_dims_t *step_a, const int8_t *a,
                  const edgec_dims_t *step_b, const int8_t *b, const edgec_product_t *product,
                  int8_t *output)
{
    for (int32_t n = 0; n < dims->n; n++) {
        for (int32_t h = 0; h < dims->h; h++) {
            for (int32_t w = 0; w < dims->w; w++) {
                const int8_t *row_a = a + n * step_a->n + h * step_a->h + w * step_a->w;
                const int8_t *row_b = b + n * step_b->n + h * step_b->h + w * step_b->w;
                for (int32_t c = 0; c < dims->c; c++) {
                    *output++ = multiply(product, row_a[c * step_a->c], row_b[c * step_b->c]);
                }
            }
        }
    }
}
