// Where a program lies in the memory of its processes: at a multiple of 8 MiB, else by chance.
namespace {

/// The kernel places a program by its largest alignment, so that this byte decides. Branch
/// predictors go by addresses: the processes of one machine, which run the same code, teach each
/// other only where the low bits of its addresses are the same in all of them. Chance still has 17
/// bits; libraries, heaps and stacks keep all of theirs. It takes 8 MiB of addresses, and of memory
/// one page.
alignas(8 << 20) [[maybe_unused, gnu::used]] char anchor[1];

}  // namespace
