// core/topology.h: who keeps lists and how long they are.
#pragma once

#include <cstddef>

namespace spreadable {

/// The shape of a network of n nodes. Pure: every node computes the same. Thread-safe.
class Topology {
 public:
  virtual ~Topology() = default;

  /// Most entries a list may hold once the network has settled. Requires: n >= 1.
  [[nodiscard]] virtual std::size_t list_limit(std::size_t n) const = 0;
  /// How many masters n nodes need when their lists are full. Requires: n >= 1.
  [[nodiscard]] virtual std::size_t masters_wanted(std::size_t n) const = 0;
  /// With more masters than this the smallest ones give up their lists. Requires: n >= 1.
  [[nodiscard]] virtual std::size_t masters_limit(std::size_t n) const = 0;
};

/// One level of masters: about √n of them with about √n slaves each, so that a traversal is wide
/// but never deep. list_limit is ⌊√n⌋ + 1, which peers check (protocol section 5.2).
class SquareRoot final : public Topology {
 public:
  [[nodiscard]] std::size_t list_limit(std::size_t n) const override;
  [[nodiscard]] std::size_t masters_wanted(std::size_t n) const override;
  /// A quarter above what is wanted, so that masters do not come and go with every node, but never
  /// above 1.5·√n (design.md, section 6).
  [[nodiscard]] std::size_t masters_limit(std::size_t n) const override;
};

}  // namespace spreadable
