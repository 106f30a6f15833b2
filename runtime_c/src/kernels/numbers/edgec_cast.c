#include "edgec_kernels.h"

#define CAST_BOOL 0
#define CAST_S8 1
#define CAST_S16 2
#define CAST_S32 3
#define CAST_S64 4
#define CAST_F32 5
#define CAST_U8 6

static int32_t whole_number(const void *input, int32_t index, int32_t kind)
{
    switch (kind) {
    case CAST_BOOL:
        return ((const uint8_t *)input)[index] != 0;
    case CAST_U8:
        return ((const uint8_t *)input)[index];
    case CAST_S8:
        return ((const int8_t *)input)[index];
    case CAST_S16:
        return ((const int16_t *)input)[index];
    case CAST_S32:
        return ((const int32_t *)input)[index];
    default:
        return (int32_t)(uint32_t)(uint64_t)((const int64_t *)input)[index];
    }
}

static void store(void *output, int32_t index, int32_t kind, int32_t value)
{
    switch (kind) {
    case CAST_BOOL:
        ((uint8_t *)output)[index] = (uint8_t)(value != 0);
        break;
    case CAST_U8:
        ((uint8_t *)output)[index] = (uint8_t)(uint32_t)value;
        break;
    case CAST_S8:
        ((int8_t *)output)[index] = (int8_t)(uint8_t)(uint32_t)value;
        break;
    case CAST_S16:
        ((int16_t *)output)[index] = (int16_t)(uint16_t)(uint32_t)value;
        break;
    case CAST_S32:
        ((int32_t *)output)[index] = value;
        break;
    default:
        ((float *)output)[index] = (float)value;
        break;
    }
}

/// x without what is behind the point, within [low, high]; 0 for NaN.
static int32_t truncated(float x, int32_t low, int32_t high)
{
    if (!(x == x)) {
        return 0;
    }
    if (x <= (float)low) {
        return low;
    }
    return (x >= (float)high) ? high : (int32_t)x;
}

static int32_t lowest(int32_t kind)
{
    if (kind == CAST_U8) {
        return 0;
    }
    return (kind == CAST_S8) ? INT8_MIN : (kind == CAST_S16) ? INT16_MIN : INT32_MIN;
}

static int32_t highest(int32_t kind)
{
    if (kind == CAST_U8) {
        return UINT8_MAX;
    }
    return (kind == CAST_S8) ? INT8_MAX : (kind == CAST_S16) ? INT16_MAX : INT32_MAX;
}

/// `count` numbers of one type in another: bool 0, int8 1, int16 2, int32 3, int64 4 (input only),
/// float32 5, uint8 6. Floats lose what is behind the point and saturate, NaN becomes 0; integers keep their
/// lowest bits; all but 0 is true. Cost: one conversion per element, float to integer one more
/// comparison.
void edgec_cast(int32_t count, int32_t from, const void *input, int32_t to, void *output)
{
    for (int32_t i = 0; i < count; i++) {
        if (from == CAST_F32) {
            const float x = ((const float *)input)[i];
            if (to == CAST_F32) {
                ((float *)output)[i] = x;
            } else {
                const int32_t whole = truncated(x, lowest(to), highest(to));
                store(output, i, to, (to == CAST_BOOL) ? (x != 0.0f) : whole);
            }
        } else if (from == CAST_S64 && to == CAST_BOOL) {
            ((uint8_t *)output)[i] = (uint8_t)(((const int64_t *)input)[i] != 0);
        } else {
            store(output, i, to, whole_number(input, i, from));
        }
    }
}
