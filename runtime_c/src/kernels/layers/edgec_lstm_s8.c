#include <string.h>

#include "edgec_kernels.h"
#include "support/fixed_point_int16.h"

#define GATES 4 /* input, forget, cell, output */

/// Add the products of `count` values with a row of weights of each gate; the rows are so many
/// elements apart.
static void add_products(int32_t sums[GATES], const int8_t *values, const int8_t *weights,
                         int32_t count, int32_t apart)
{
    const int8_t *forget = weights + apart;
    const int8_t *cell = forget + apart;
    const int8_t *output = cell + apart;
    int32_t sum_input = sums[0];
    int32_t sum_forget = sums[1];
    int32_t sum_cell = sums[2];
    int32_t sum_output = sums[3];
    for (int32_t i = 0; i < count; i++) {
        const int32_t value = values[i];
        sum_input += value * weights[i];
        sum_forget += value * forget[i];
        sum_cell += value * cell[i];
        sum_output += value * output[i];
    }
    sums[0] = sum_input;
    sums[1] = sum_forget;
    sums[2] = sum_cell;
    sums[3] = sum_output;
}

/// The sums of all gates of one unit, Q3.12.
static void sum_gates(const edgec_lstm_t *layer, int32_t unit, const int8_t *input,
                      const int8_t *hidden, int32_t gates[GATES])
{
    const int32_t units = layer->units;
    int32_t recurrent[GATES];
    for (int32_t gate = 0; gate < GATES; gate++) {
        gates[gate] = layer->bias[gate * units + unit];
        recurrent[gate] = layer->recurrent_bias[gate * units + unit];
    }
    add_products(gates, input, layer->weights + unit * layer->depth, layer->depth,
                 units * layer->depth);
    add_products(recurrent, hidden, layer->recurrent + unit * units, units, units * units);
    for (int32_t gate = 0; gate < GATES; gate++) {
        int32_t x = edgec_requantize(gates[gate], layer->multipliers[gate], layer->shifts[gate]);
        int32_t h = edgec_requantize(recurrent[gate], layer->multipliers[GATES + gate],
                                     layer->shifts[GATES + gate]);
        x = edgec_clamp(x, INT16_MIN, INT16_MAX);
        h = edgec_clamp(h, 2 * INT16_MIN, 2 * INT16_MAX + 1); /* beyond, x changes nothing */
        gates[gate] = edgec_clamp(x + h, INT16_MIN, INT16_MAX);
    }
}

/// Update the cell of one unit by the sums of its gates; return its hidden state.
static int8_t update_unit(const edgec_lstm_t *layer, const int32_t gates[GATES], int16_t *cell)
{
    const int32_t added = edgec_logistic_q3(gates[0]) * edgec_tanh_q15(gates[2], 3);
    const int32_t kept = edgec_logistic_q3(gates[1]) * *cell;
    int32_t c = edgec_rounding_shift_q15(kept, 15) +
                edgec_rounding_shift_q15(added, 15 + layer->cell_bits);
    c = edgec_clamp(c, INT16_MIN, INT16_MAX);
    c = (layer->cell_clip > 0) ? edgec_clamp(c, -layer->cell_clip, layer->cell_clip) : c;
    *cell = (int16_t)c;
    const int32_t shown = edgec_logistic_q3(gates[3]) * edgec_tanh_q15(c, layer->cell_bits);
    const int32_t y =
        edgec_requantize(shown, layer->scale_output.multiplier, layer->scale_output.shift);
    return (int8_t)edgec_clamp(y + layer->offset_output, INT8_MIN, INT8_MAX);
}

/// LSTM over a sequence, int8 with int16 gates and cell. The next states may not overlap the states;
/// they are what the last step leaves.
/// Cost: batches * steps * 4 * units * (depth + units) multiply-accumulates, and five functions of
/// some hundred instructions for each unit and step.
void edgec_lstm_s8(const edgec_lstm_t *layer, const int8_t *input, const int8_t *hidden,
                   const int16_t *cell, int8_t *output, int8_t *next_hidden, int16_t *next_cell)
{
    const int32_t units = layer->units;
    (void)memcpy(next_hidden, hidden, (size_t)(layer->batches * units) * sizeof *hidden);
    (void)memcpy(next_cell, cell, (size_t)(layer->batches * units) * sizeof *cell);
    for (int32_t batch = 0; batch < layer->batches; batch++) {
        int8_t *h = next_hidden + batch * units;
        int16_t *c = next_cell + batch * units;
        for (int32_t step = 0; step < layer->steps; step++) {
            const int32_t row = batch * layer->rows_per_batch + step * layer->rows_per_step;
            int8_t *y = output + row * units;
            for (int32_t unit = 0; unit < units; unit++) {
                int32_t gates[GATES];
                sum_gates(layer, unit, input + row * layer->depth, h, gates);
                y[unit] = update_unit(layer, gates, c + unit);
            }
            (void)memcpy(h, y, (size_t)units);
        }
    }
}
