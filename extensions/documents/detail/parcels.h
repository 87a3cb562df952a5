// extensions/documents/detail/parcels.h: copies and tombstones on their way to other nodes.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "core/outbound.h"
#include "extensions/documents/detail/context.h"

namespace spreadable::documents::detail {

/// Gathers what is to go to which node, and sends it in as few requests as bodies allow. For one
/// thread.
class Parcels {
 public:
  Parcels(const Context& context, std::string collection)
      : context_(context), collection_(std::move(collection)) {}

  void add(const Address& to, const Document& document);
  void add(const Address& to, const Tombstone& tombstone);
  /// Sends everything; how many copies and tombstones have been taken.
  [[nodiscard]] std::size_t send(Deadline deadline);

 private:
  struct Parcel {
    Json body;
    std::size_t bytes = 0;
  };

  [[nodiscard]] Json& body_for(const Address& to, std::size_t bytes);

  const Context context_;
  const std::string collection_;
  std::map<Address, std::vector<Parcel>> parcels_;
};

}  // namespace spreadable::documents::detail
