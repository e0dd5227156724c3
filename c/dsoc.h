/**
 * @file dsoc.h
 * @brief Runtime of the DeepSoC accelerator: loads a network, starts it, waits and reads the results.
 *
 * C99, freestanding, no allocation, no globals. One arena of the caller's holds everything that the accelerator
 * reads and writes: descriptor table, weights, tensors. The generated `model.h` describes one network; a port (see
 * dsoc_port_t) reaches the registers, the caches and the interrupt of the machine at hand.
 *
 * Use: dsoc_init(), dsoc_load_weights(), then for each inference dsoc_set_input(), dsoc_run(), dsoc_get_output().
 */
#ifndef DSOC_H
#define DSOC_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Alignment of the arena's bus address, in bytes. */
#define DSOC_ARENA_ALIGN 4096u

/** A time-out that never comes. */
#define DSOC_WAIT_FOREVER 0u

/** What a function reports. */
typedef enum {
    DSOC_OK = 0,
    DSOC_ERR_ARGUMENT,      /**< A null pointer. */
    DSOC_ERR_SIZE,          /**< A buffer or count that does not fit the network. */
    DSOC_ERR_ALIGNMENT,     /**< Arena's bus address not a multiple of DSOC_ARENA_ALIGN. */
    DSOC_ERR_VALUE,         /**< An input value outside the network's input bits. */
    DSOC_ERR_ID,            /**< No accelerator of this register map version answers. */
    DSOC_ERR_GEOMETRY,      /**< The accelerator has other rows, columns or bits than the network was made for. */
    DSOC_ERR_PARAMS,        /**< The accelerator was made of other parameters than the network was made for. */
    DSOC_ERR_STATE,         /**< Called too early: weights or input are missing, or nothing was started. */
    DSOC_ERR_BUSY,          /**< A run is going on. */
    DSOC_ERR_TIMEOUT,       /**< The run did not end in time; dsoc_info_t names the operation. */
    DSOC_ERR_COUNTERS,      /**< No counters in the hardware, or those of that operation are not kept. */
    DSOC_ERR_HW_DESCRIPTOR, /**< Hardware: magic number or checksum of a descriptor. */
    DSOC_ERR_HW_NET_ID,     /**< Hardware: descriptor of another network. */
    DSOC_ERR_HW_ORDER,      /**< Hardware: descriptor out of order. */
    DSOC_ERR_HW_AXI_READ,   /**< Hardware: AXI read error. */
    DSOC_ERR_HW_AXI_WRITE,  /**< Hardware: AXI write error. */
    DSOC_ERR_HW_WEIGHTS,    /**< Hardware: weights block disagrees with the descriptor. */
    DSOC_ERR_HW_EMPTY,      /**< Hardware: started with no operations. */
    DSOC_ERR_HW_ALIGNMENT,  /**< Hardware: arena or descriptor table not aligned. */
    DSOC_ERR_HW_LOCKED,     /**< Hardware: a register of the table was written during the run. */
    DSOC_ERR_HW_UNKNOWN     /**< Hardware: an error code that this runtime does not know. */
} dsoc_status_t;

/**
 * One tensor in the arena. `form` 0 (tensor): byte lines of packed rows, docs/architecture.md section 2; a matrix
 * (N, C) has n = 1, h = N, w = 1. `form` 1 (raw): slots of 32-bit words in the order t, n, l, wo, k.
 */
typedef struct {
    uint32_t offset;     /**< Bytes from the start of the arena. */
    uint32_t bytes;      /**< Size of the region. */
    uint32_t pitch;      /**< Tensor: bytes from line to line. */
    uint32_t n_pitch;    /**< Tensor: bytes from batch element to batch element. */
    uint32_t n, h, w, c; /**< Batch, rows, columns, channels. */
    uint32_t slot_bytes; /**< Raw: bytes from slot to slot. */
    uint32_t ch_per_t;   /**< Raw: channels an iteration. */
    uint8_t form;        /**< 0 tensor, 1 raw. */
    uint8_t bits;        /**< Bits of a value; 32 for raw. */
    int8_t frac;         /**< Real value = (integer - zero) * scale * 2^-frac. */
    int8_t zero;         /**< The integer of the real value 0. */
    float scale;         /**< 1 where a binary point alone is the scale. */
} dsoc_tensor_t;

/** One network, made at export as `dsoc_model` in model.h. */
typedef struct {
    const char *name;
    uint32_t net_id;             /**< Identity that every descriptor carries. */
    uint32_t n_ops;              /**< Operations, one descriptor each. */
    const uint32_t *descriptors; /**< n_ops * 64 words. */
    const char *const *op_names; /**< n_ops names. */
    const uint16_t *op_bundle;   /**< n_ops indices of the bundle that an operation belongs to. */
    uint32_t arena_bytes;        /**< Size of the arena. */
    uint32_t desc_offset;        /**< Arena offset of the descriptor table. */
    uint32_t weights_offset;     /**< Arena offset of the weights. */
    uint32_t weights_bytes;      /**< Size of the weights. */
    uint16_t rows, cols;         /**< Processing elements. */
    uint8_t x_bits, k_bits;      /**< Bits of activations and of weights. */
    uint8_t softmax;             /**< 0 none, 1 over the channels, 2 over all values of a batch element. */
    uint8_t map_version;         /**< Version of the register map. */
    uint16_t counters_depth;     /**< Operations whose performance counters the hardware keeps; 0: none. */
    uint32_t params_hash;        /**< Identity of the hardware that the network was made for. */
    dsoc_tensor_t input, output;
} dsoc_model_t;

/**
 * What the runtime needs of a machine. The struct is copied by dsoc_init().
 */
typedef struct {
    /** Passed to every function below. */
    void *user;
    /** Reads the register at byte `offset`. */
    uint32_t (*read32)(void *user, uint32_t offset);
    /** Writes the register at byte `offset`. */
    void (*write32)(void *user, uint32_t offset, uint32_t value);
    /** Makes the CPU's writes to [address, address + bytes) visible to the accelerator. NULL: memory is coherent. */
    void (*flush)(void *user, const void *address, uint32_t bytes);
    /** Makes the accelerator's writes to [address, address + bytes) visible to the CPU. NULL: memory is coherent. */
    void (*invalidate)(void *user, const void *address, uint32_t bytes);
    /** A free-running counter that may wrap: the unit of time-outs. NULL: looks at the status register are counted. */
    uint32_t (*ticks)(void *user);
    /**
     * Sleeps until the interrupt is raised or `ticks` have passed (DSOC_WAIT_FOREVER: no limit); may return early.
     * Returns 0 to look at the status again, anything else to give up at once. NULL: the status register is polled.
     */
    int (*wait_irq)(void *user, uint32_t ticks);
} dsoc_port_t;

/** State of one accelerator with one network. Owned by the caller; fields are private to the runtime. */
typedef struct {
    const dsoc_model_t *model;
    dsoc_port_t port;
    uint8_t *arena;
    uint64_t arena_bus;
    uint8_t has_weights;
    uint8_t new_weights; /* loaded since the last start */
    uint8_t has_input;
    uint8_t started;
    uint8_t has_run;
} dsoc_t;

/** Where a run ended, or where it hangs. */
typedef struct {
    uint32_t op_index;   /**< Row of the descriptor table. */
    const char *op_name; /**< Name of that operation. */
    uint32_t clocks;     /**< Accelerator clocks since the start. */
} dsoc_info_t;

/**
 * Performance counters of one operation (docs/architecture.md). Clocks are of the accelerator; `clocks` is the sum of
 * the others. Beats are transfers of the width of a memory port.
 */
typedef struct {
    uint32_t clocks;                    /**< From the end of the operation before to the last acknowledgement. */
    uint32_t start;                     /**< Until the first pixels are there. */
    uint32_t array;                     /**< In which the array makes a step. */
    uint32_t pixels, weights, operands; /**< In which it waits for them, */
    uint32_t results, outputs;          /**< for its results to leave, for the writer. */
    uint32_t end, writes;               /**< Behind the last step: results, then writes on their way. */
    uint32_t x_beats, k_beats, o_beats, y_beats; /**< Beats of pixels, weights, operands, outputs. */
} dsoc_performance_t;

/**
 * Names a status in a few words.
 * @param[in] status  any value
 * @return a constant string, never NULL
 */
const char *dsoc_status_string(dsoc_status_t status);

/**
 * Size of the arena that a network needs.
 * @param[in] model  the network
 * @return bytes
 */
uint32_t dsoc_arena_bytes(const dsoc_model_t *model);

/**
 * Number of input values of one run.
 * @param[in] model  the network
 * @return n * h * w * c; one byte each in dsoc_set_input()
 */
uint32_t dsoc_input_count(const dsoc_model_t *model);

/**
 * Number of output values of one run.
 * @param[in] model  the network
 * @return n * h * w * c
 */
uint32_t dsoc_output_count(const dsoc_model_t *model);

/**
 * Checks that the accelerator fits the network and is idle, clears what an earlier program left in its registers, and
 * writes the descriptor table into the arena. After DSOC_ERR_BUSY (a run that an earlier program left behind) the
 * context is good for dsoc_abort(); then call this again.
 * @param[out] ctx        context to fill
 * @param[in] model       the network; must outlive the context
 * @param[in] port        the machine; copied
 * @param[in] arena       the CPU's view of the arena
 * @param[in] arena_bus   the accelerator's address of the arena, a multiple of DSOC_ARENA_ALIGN
 * @param[in] arena_bytes size of the arena, at least dsoc_arena_bytes()
 * @return DSOC_OK, DSOC_ERR_ARGUMENT, DSOC_ERR_SIZE, DSOC_ERR_ALIGNMENT, DSOC_ERR_ID, DSOC_ERR_GEOMETRY,
 *         DSOC_ERR_PARAMS or DSOC_ERR_BUSY
 */
dsoc_status_t dsoc_init(dsoc_t *ctx, const dsoc_model_t *model, const dsoc_port_t *port, void *arena,
                        uint64_t arena_bus, uint32_t arena_bytes);

/**
 * Copies the weights into the arena. Needed once after dsoc_init().
 * @param[in] ctx    context
 * @param[in] data   contents of weights.bin; may be the place in the arena itself, then nothing is copied
 * @param[in] bytes  their size, model->weights_bytes
 * @return DSOC_OK, DSOC_ERR_ARGUMENT, DSOC_ERR_SIZE or DSOC_ERR_BUSY
 */
dsoc_status_t dsoc_load_weights(dsoc_t *ctx, const void *data, uint32_t bytes);

/**
 * Packs the input tensor into the arena. Must be repeated for every run: its memory may be reused.
 * @param[in] ctx     context
 * @param[in] values  integers in NHWC order (NC for matrices), one int8_t each, within the network's input bits
 * @param[in] bytes   their number, dsoc_input_count()
 * @return DSOC_OK, DSOC_ERR_ARGUMENT, DSOC_ERR_SIZE, DSOC_ERR_VALUE or DSOC_ERR_BUSY
 */
dsoc_status_t dsoc_set_input(dsoc_t *ctx, const int8_t *values, uint32_t bytes);

/**
 * Takes the input tensor as it lies in the arena, at model->input.offset in the accelerator's layout: the work of
 * dsoc_set_input() when a host, a DMA controller or another core has written it. Must be repeated for every run.
 * @param[in] ctx  context
 * @return DSOC_OK, DSOC_ERR_ARGUMENT or DSOC_ERR_BUSY
 */
dsoc_status_t dsoc_set_packed_input(dsoc_t *ctx);

/**
 * Starts the whole network and returns at once.
 * @param[in] ctx  context with weights and an input
 * @return DSOC_OK, DSOC_ERR_ARGUMENT, DSOC_ERR_STATE or DSOC_ERR_BUSY
 */
dsoc_status_t dsoc_start(dsoc_t *ctx);

/**
 * Waits for the end of the run, by interrupt or by polling as the port allows.
 * @param[in] ctx      context
 * @param[in] timeout  ticks of the port, or DSOC_WAIT_FOREVER
 * @param[out] info    where the run ended or hangs; may be NULL
 * @return DSOC_OK, DSOC_ERR_ARGUMENT, DSOC_ERR_STATE, DSOC_ERR_TIMEOUT (the run goes on: wait again or dsoc_abort()) or
 *         one of DSOC_ERR_HW_* (the run is over; the next one may start at once)
 */
dsoc_status_t dsoc_wait(dsoc_t *ctx, uint32_t timeout, dsoc_info_t *info);

/**
 * dsoc_start() and dsoc_wait() in one.
 * @param[in] ctx      context
 * @param[in] timeout  ticks of the port, or DSOC_WAIT_FOREVER
 * @param[out] info    where the run ended or hangs; may be NULL
 * @return as those two
 */
dsoc_status_t dsoc_run(dsoc_t *ctx, uint32_t timeout, dsoc_info_t *info);

/**
 * Abandons the run, if one is going on, and waits by polling until the accelerator has finished the bus transfers that
 * it began. After DSOC_OK memory is the caller's again and the next run may start: dsoc_set_input(), dsoc_run(). What
 * the abandoned run had written of its tensors is undefined.
 * @param[in] ctx      context that dsoc_init() has filled, whatever it returned for the hardware
 * @param[in] timeout  ticks of the port (looks at the status register, if it has none), or DSOC_WAIT_FOREVER
 * @return DSOC_OK, DSOC_ERR_ARGUMENT or DSOC_ERR_TIMEOUT (the memory does not answer: call again, or reset the
 *         accelerator and its interconnect)
 */
dsoc_status_t dsoc_abort(dsoc_t *ctx, uint32_t timeout);

/**
 * Reads the performance counters of an operation of the current or last run; legal at any time after dsoc_start(), and
 * stops nothing. Figures of the operation that runs are those so far.
 * @param[in] ctx        context
 * @param[in] operation  row of the descriptor table
 * @param[out] figures   what was counted
 * @return DSOC_OK, DSOC_ERR_ARGUMENT, DSOC_ERR_STATE (that operation has not begun) or DSOC_ERR_COUNTERS
 */
dsoc_status_t dsoc_performance(const dsoc_t *ctx, uint32_t operation, dsoc_performance_t *figures);

/**
 * Reads the network's output from the arena.
 * @param[in] ctx      context, after a run
 * @param[out] values  integers in NHWC order (NC for matrices); real values as dsoc_tensor_t says of model->output
 * @param[in] count    room in `values`, dsoc_output_count()
 * @return DSOC_OK, DSOC_ERR_ARGUMENT or DSOC_ERR_SIZE
 */
dsoc_status_t dsoc_get_output(dsoc_t *ctx, int32_t *values, uint32_t count);

/**
 * Softmax of an output, over its channels or (flattened outputs) over all values of a batch element, as model->softmax
 * says. Needs no C library; the absolute error of a probability is below 3e-7 for up to 1,000 classes.
 * @param[in] model           the network; one without softmax is treated as if it had one over the channels
 * @param[in] values          dsoc_output_count() integers in NHWC (NC) order
 * @param[out] probabilities  the same number and order; each group sums to 1. May not overlap `values`
 * @return DSOC_OK or DSOC_ERR_ARGUMENT
 */
dsoc_status_t dsoc_softmax(const dsoc_model_t *model, const int32_t *values, float *probabilities);

#ifdef __cplusplus
}
#endif

#endif /* DSOC_H */
