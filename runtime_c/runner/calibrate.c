/// What counting costs: a run of nothing, and a call of the node hook.
#include "protocol.h"

static edgec_status_t no_node(void *context)
{
    (void)context;
    const edgec_status_t status = {EDGEC_OK, -1};
    return status;
}

static edgec_status_t one_node(void *context)
{
    (void)context;
    edgec_on_node(0);
    const edgec_status_t status = {EDGEC_OK, -1};
    return status;
}

static edgec_status_t nine_nodes(void *context)
{
    (void)context;
    edgec_on_node(0);
    edgec_on_node(0);
    edgec_on_node(0);
    edgec_on_node(0);
    edgec_on_node(0);
    edgec_on_node(0);
    edgec_on_node(0);
    edgec_on_node(0);
    edgec_on_node(0);
    const edgec_status_t status = {EDGEC_OK, -1};
    return status;
}

static uint32_t ticks_of(edgec_status_t (*run)(void *))
{
    uint64_t start = 0;
    uint64_t end = 0;
    (void)edgec_measure(run, 0, &start, &end);
    return (uint32_t)(end - start);
}

void edgec_calibrate(edgec_runner_t *runner)
{
    uint64_t mark = 0;
    (void)edgec_profile_into(&mark, 1);
    runner->empty_run_ticks = ticks_of(no_node);
    runner->node_hook_ticks = ticks_of(nine_nodes) - ticks_of(one_node);
    (void)edgec_profile_into(0, 0);
}
