// What jemalloc does in our programs with memory that nobody uses.

/// It goes back to the system at once: a few large answers would else be there once for each thread
/// of the server. Threads share two arenas, since those of a node mostly take turns, and each arena
/// has slabs of its own. MALLOC_CONF in the environment has precedence.
/// Source: jemalloc(3), "TUNING". The name is jemalloc's.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "narenas:2,dirty_decay_ms:0,muzzy_decay_ms:0";
}
