#include <string.h>

#include "edgec_kernels.h"
#include "support/fixed_point_int16.h"

#define GATES 4
#define NEW_CELL 2 /* the gate with tanh */

/// A bias and the products of `count` values with one row of weights.
static int32_t weighted_sum(int32_t bias, const int8_t *values, const int8_t *weights,
                            int32_t count)
{
    int32_t total = bias;
    for (int32_t i = 0; i < count; i++) {
        total += values[i] * weights[i];
    }
    return total;
}

/// All values of one gate, Q0.15.
static void compute_gate(const edgec_lstm_t *layer, int32_t gate, const int8_t *input,
                         const int8_t *hidden, int16_t *result)
{
    const int32_t units = layer->units;
    for (int32_t unit = 0; unit < units; unit++) {
        const int32_t row = gate * units + unit;
        int32_t x = weighted_sum(layer->bias[row], input, layer->weights + row * layer->depth,
                                 layer->depth);
        int32_t h = weighted_sum(layer->recurrent_bias[row], hidden,
                                 layer->recurrent + row * units, units);
        x = edgec_requantize(x, layer->multipliers[gate], layer->shifts[gate]);
        h = edgec_requantize(h, layer->multipliers[GATES + gate], layer->shifts[GATES + gate]);
        x = edgec_clamp(x, INT16_MIN, INT16_MAX);
        h = edgec_clamp(h, 2 * INT16_MIN, 2 * INT16_MAX + 1); /* beyond, x changes nothing */
        x = edgec_clamp(x + h, INT16_MIN, INT16_MAX);
        result[unit] =
            (int16_t)((gate == NEW_CELL) ? edgec_tanh_q15(x, 3) : edgec_logistic_q3(x));
    }
}

/// The next cell and hidden state of all units from the gates.
static void update_states(const edgec_lstm_t *layer, const int16_t *gates, int16_t *cell,
                          int8_t *hidden)
{
    const int32_t units = layer->units;
    const int32_t limit = layer->cell_clip;
    for (int32_t unit = 0; unit < units; unit++) {
        const int32_t added = gates[unit] * gates[NEW_CELL * units + unit];
        const int32_t kept = gates[units + unit] * cell[unit];
        int32_t c = edgec_rounding_right_shift(kept, 15) +
                    edgec_rounding_right_shift(added, 15 + layer->cell_bits);
        c = edgec_clamp(c, INT16_MIN, INT16_MAX);
        c = (limit > 0) ? edgec_clamp(c, -limit, limit) : c;
        cell[unit] = (int16_t)c;
        const int32_t shown = gates[3 * units + unit] * edgec_tanh_q15(c, layer->cell_bits);
        const int32_t y = edgec_requantize(shown, layer->scale_output.multiplier,
                                           layer->scale_output.shift);
        hidden[unit] = (int8_t)edgec_clamp(y + layer->offset_output, INT8_MIN, INT8_MAX);
    }
}

/// LSTM over a sequence, int8 with int16 gates and cell. The next states may not overlap the states;
/// they are what the last step leaves. gates holds 4 * units values.
/// Cost: batches * steps * 4 * units * (depth + units) multiply-accumulates.
void edgec_lstm_s8(const edgec_lstm_t *layer, const int8_t *input, const int8_t *hidden,
                   const int16_t *cell, int16_t *gates, int8_t *output, int8_t *next_hidden,
                   int16_t *next_cell)
{
    const int32_t units = layer->units;
    (void)memcpy(next_hidden, hidden, (size_t)(layer->batches * units) * sizeof *hidden);
    (void)memcpy(next_cell, cell, (size_t)(layer->batches * units) * sizeof *cell);
    for (int32_t batch = 0; batch < layer->batches; batch++) {
        int8_t *h = next_hidden + batch * units;
        for (int32_t step = 0; step < layer->steps; step++) {
            const int32_t row = batch * layer->rows_per_batch + step * layer->rows_per_step;
            for (int32_t gate = 0; gate < GATES; gate++) {
                compute_gate(layer, gate, input + row * layer->depth, h, gates + gate * units);
            }
            update_states(layer, gates, next_cell + batch * units, h);
            (void)memcpy(output + row * units, h, (size_t)units);
        }
    }
}
