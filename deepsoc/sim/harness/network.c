/* The exported network as the harness sees it: the only file that is compiled for each network. */
#include "dsoc.h"
#include "model.h"

const dsoc_model_t *dsoc_sim_model(void);

const dsoc_model_t *dsoc_sim_model(void) {
    return &dsoc_model;
}
