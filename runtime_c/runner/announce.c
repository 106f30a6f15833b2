/// Lines of text for a person at a terminal. A zero byte ends each, so that the host skips them.
#include "edgec/board.h"
#include "edgec/port.h"
#include "protocol.h"

__attribute__((noinline)) void edgec_say(const char *text)
{
    uint32_t size = 0;
    while (text[size] != '\0') {
        size++;
    }
    edgec_console_write((const uint8_t *)text, size);
}

__attribute__((noinline)) void edgec_say_hex(const char *label, uint32_t value)
{
    uint8_t digits[8];
    for (uint32_t i = 0; i < 8; i++) {
        digits[i] = (uint8_t) "0123456789abcdef"[(value >> (28 - 4 * i)) & 15u];
    }
    edgec_say(label);
    edgec_console_write(digits, sizeof digits);
}

__attribute__((noinline)) void edgec_say_number(const char *label, uint32_t value)
{
    uint8_t digits[10];
    uint32_t first = sizeof digits;
    do {
        digits[--first] = (uint8_t)('0' + value % 10u);
        value /= 10u;
    } while (value != 0);
    edgec_say(label);
    edgec_console_write(digits + first, sizeof digits - first);
}

__attribute__((noinline)) void edgec_say_end(void)
{
    static const uint8_t end[3] = {'\r', '\n', 0};
    edgec_console_write(end, sizeof end);
}

void edgec_announce(const edgec_runner_model_t *model)
{
    if (!EDGEC_CONSOLE_IS_SERIAL || model->self_test == 0) {
        return;
    }
    const edgec_self_test_result_t found = edgec_self_test_run(model);
    const bool checked = (found.verdict & EDGEC_VERDICT_CODE_CHECKED) != 0;
    const bool code = !checked || (found.verdict & EDGEC_VERDICT_CODE_OK) != 0;
    const bool weights = (found.verdict & EDGEC_VERDICT_WEIGHTS_OK) != 0;
    const bool ran = (found.verdict & EDGEC_VERDICT_RAN) != 0;
    const bool outputs = !ran || (found.verdict & EDGEC_VERDICT_OUTPUTS_OK) != 0;
    const bool pass = code && weights && outputs;
    edgec_say(pass ? "\r\nedgec self-test: PASS" : "\r\nedgec self-test: FAIL");
    edgec_say(!checked ? ", code not compared" : code ? ", code right" : ", code WRONG");
    edgec_say_hex(" (crc ", found.code_crc);
    edgec_say(weights ? "), weights right" : "), weights WRONG");
    edgec_say_hex(" (crc ", found.weights_crc);
    edgec_say(!ran ? "), no run" : outputs ? "), outputs right" : "), outputs WRONG");
    edgec_say_hex(" (crc ", found.output_crc);
    edgec_say_number("), ticks ", (uint32_t)found.ticks);
    edgec_say_end();
}
