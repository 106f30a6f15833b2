/// The model's hook after each node: notes the time. Constant cost, measured by edgec_calibrate.
#include "edgec/port.h"
#include "protocol.h"

static uint64_t *node_marks;
static uint32_t node_limit;
static uint32_t nodes_finished;

static edgec_watch_t *watched;

void edgec_watch(edgec_watch_t *watch)
{
    watched = watch;
}

uint32_t edgec_profile_into(uint64_t *marks, uint32_t count)
{
    const uint32_t finished = nodes_finished;
    node_marks = marks;
    node_limit = count;
    nodes_finished = 0;
    return finished;
}

void edgec_on_node(uint32_t node)
{
    const uint64_t now = edgec_ticks();
    nodes_finished = node + 1;
    if (node < node_limit) {
        node_marks[node] = now;
    }
    if (watched != 0 && watched->node == node) {
        watched->crc = edgec_crc32(0, watched->start, watched->size);
    }
}
