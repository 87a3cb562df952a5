// services/fibers/stack_slabs.h: stacks for many fibers.
#pragma once

#include <boost/context/stack_context.hpp>
#include <cstddef>
#include <vector>

namespace spreadable::detail {

/// Gives out stacks of one size and takes them back for reuse. A stack costs address space at once
/// and memory only as deep as it has been used. Below each lies a page that can't be touched, so
/// that an overflow ends the process instead of spoiling a neighbour; past kGuardedMax stacks the
/// system's limit of mappings forbids more of them. For one thread.
class StackSlabs {
 public:
  static constexpr std::size_t kStackBytes = std::size_t{256} << 10;
  static constexpr std::size_t kGuardedMax = 8192;

  /// `stack_bytes`: whole pages, the one that can't be touched among them.
  explicit StackSlabs(std::size_t stack_bytes = kStackBytes) : stack_bytes_(stack_bytes) {}
  ~StackSlabs();
  StackSlabs(const StackSlabs&) = delete;
  StackSlabs& operator=(const StackSlabs&) = delete;

  /// Throws std::bad_alloc when there is no address space left.
  [[nodiscard]] boost::context::stack_context take();
  void give_back(const boost::context::stack_context& stack);

 private:
  static constexpr std::size_t kStacksPerSlab = 64;

  void add_slab();

  const std::size_t stack_bytes_;
  std::vector<void*> slabs_;
  std::vector<void*> free_;  ///< lowest bytes of stacks; the last one given back goes first
};

}  // namespace spreadable::detail
