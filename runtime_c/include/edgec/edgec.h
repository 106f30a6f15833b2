/// What generated models and their kernels share: status, quantization and shape types.
///
/// C99, no heap, no stdio, no mutable globals. Reference: docs/numerics.md in the edgec repository.
/// Kernels trust their arguments: the compiler that emitted the call checked them.
#ifndef EDGEC_EDGEC_H
#define EDGEC_EDGEC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    EDGEC_OK = 0,
    EDGEC_ERROR_ARENA_SIZE = 1,      ///< the arena is smaller than <MODEL>_ARENA_SIZE
    EDGEC_ERROR_ARENA_ALIGNMENT = 2, ///< the arena is not aligned to <MODEL>_ARENA_ALIGN
    EDGEC_ERROR_ARGUMENT = 3,        ///< a null pointer or an index out of range
    EDGEC_ERROR_KERNEL = 4,          ///< a kernel refused its arguments; see edgec_status_t.node
    EDGEC_ERROR_NOT_READY = 5        ///< the model was not initialized
} edgec_code_t;

/// Result of a call; `node` is the index of the node that failed, -1 where no node is involved.
typedef struct {
    edgec_code_t code;
    int32_t node;
} edgec_status_t;

/// Extent of a tensor, NHWC; for a convolution's weights: output channels, height, width, input channels.
typedef struct {
    int32_t n;
    int32_t h;
    int32_t w;
    int32_t c;
} edgec_dims_t;

/// Geometry of a sliding window. Padding is the rows above and the columns left of the input.
typedef struct {
    int32_t stride_h;
    int32_t stride_w;
    int32_t pad_h;
    int32_t pad_w;
    int32_t dilation_h;
    int32_t dilation_w;
} edgec_window_t;

/// A real factor in (0, 2^31): multiplier * 2^(shift - 31), multiplier in [2^30, 2^31) or 0.
typedef struct {
    int32_t multiplier;
    int32_t shift;
} edgec_scale_t;

/// Bounds of an output, inclusive, in its quantized type.
typedef struct {
    int32_t min;
    int32_t max;
} edgec_clamp_t;

/// From sums to outputs in an int16 layer: one multiplier and shift per output channel where
/// per_channel is 1, one in all where it is 0. bias may be NULL; is_wide is 1 for 64-bit sums that are
/// rounded once, 0 for 32-bit sums.
typedef struct {
    const int64_t *bias;
    const int32_t *multipliers;
    const int32_t *shifts;
    int32_t per_channel;
    int32_t is_wide;
    edgec_clamp_t clamp;
} edgec_layer_s16_t;

/// The kernel of support vectors: kind is 0 for x s, 1 for (gamma x s + offset)^degree, 2 for
/// exp(-gamma |x - s|^2), 3 for tanh(gamma x s + offset). Products of x and s are in units of 2^unit;
/// gamma and offset have exponents of their own, so have coefficients and their sums. Vectors are of
/// some classes.
typedef struct {
    int32_t kind;
    int32_t unit;
    int32_t gamma;
    int32_t gamma_exponent;
    int32_t offset;
    int32_t offset_exponent;
    int32_t degree;
    int32_t coefficient_unit;
    int32_t sum_unit;
    int32_t classes;
} edgec_kernel_t;

/// Up to six axes of a tensor, outermost first: extents, and the input's bytes from one to the next.
/// Unused axes stand in front with extent 1.
typedef struct {
    int32_t extent[6];
    int32_t stride[6];
} edgec_axes_t;

/// Up to 16 blocks to be laid side by side: where each starts, and how many bytes it has per row.
typedef struct {
    const void *data[16];
    int32_t bytes[16];
    int32_t count;
} edgec_pieces_t;

/// Quantization of a + sign * b: offsets are minus the zero points of a and b, plus the output's.
typedef struct {
    int32_t offset_a;
    int32_t offset_b;
    int32_t sign;
    edgec_scale_t scale_a;
    edgec_scale_t scale_b;
    edgec_scale_t scale_output;
    int32_t offset_output;
    edgec_clamp_t clamp;
} edgec_sum_t;

/// Quantization of a * b: offsets are minus the zero points of a and b, plus the output's.
typedef struct {
    int32_t offset_a;
    int32_t offset_b;
    edgec_scale_t scale;
    int32_t offset_output;
    edgec_clamp_t clamp;
} edgec_product_t;

/// Extents of a matrix product [rows][depth] x [depth][columns], and the elements from one to the
/// next along the axes of both operands.
typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t columns;
    int32_t step_a_row;
    int32_t step_a_depth;
    int32_t step_b_depth;
    int32_t step_b_column;
} edgec_matmul_t;

/// An LSTM layer. Four gates of `units` rows each: input, forget, cell, output. Biases hold what the
/// zero points contribute; scales lead from sums to Q3.12. Steps and batches are so many rows apart in
/// the sequence. The cell's scale is 2^(cell_bits - 15); it is limited to +-cell_clip where that is not 0.
typedef struct {
    const int8_t *weights;          ///< [4][units][depth]
    const int8_t *recurrent;        ///< [4][units][units]
    const int32_t *bias;            ///< [4][units]
    const int32_t *recurrent_bias;  ///< [4][units]
    const int32_t *multipliers;     ///< [2][4]: of inputs, of the hidden state
    const int32_t *shifts;          ///< [2][4]
    int32_t depth;
    int32_t units;
    int32_t batches;
    int32_t steps;
    int32_t rows_per_batch;
    int32_t rows_per_step;
    int32_t cell_bits;
    int32_t cell_clip;
    edgec_scale_t scale_output;
    int32_t offset_output;
} edgec_lstm_t;

/// Called after each node when the model is compiled with EDGEC_PROFILE; the firmware counts there.
#ifdef EDGEC_PROFILE
void edgec_on_node(uint32_t node);
#else
#define edgec_on_node(node) ((void)(node))
#endif

#ifdef __cplusplus
}
#endif

#endif
