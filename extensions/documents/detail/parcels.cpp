#include "extensions/documents/detail/parcels.h"

#include <algorithm>
#include <span>

#include "core/schema.h"
#include "core/wire.h"
#include "extensions/documents/detail/replication.h"
#include "extensions/documents/network_wire.h"

namespace spreadable::documents::detail {
namespace {

constexpr std::size_t kTombstoneBytes = 80;
/// Requests that are under way at a time.
constexpr std::size_t kGroupMax = 64;

const Schema& taken_schema() {
  static const Schema whole = schema::object({{"taken", schema::integer({.min = 0})}});
  return whole;
}

}  // namespace

Json& Parcels::body_for(const Address& to, std::size_t bytes) {
  std::vector<Parcel>& parcels = parcels_[to];
  if (parcels.empty() || parcels.back().bytes + bytes > Replication::kBatchBytesMax) {
    parcels.push_back(
        {{{"collection", collection_}, {"copies", Json::array()}, {"tombstones", Json::array()}}});
  }
  parcels.back().bytes += bytes;
  return parcels.back().body;
}

void Parcels::add(const Address& to, const Document& document) {
  Json copy = to_json(document);
  const std::size_t bytes = dump_json(copy).size();
  body_for(to, bytes)["copies"].push_back(std::move(copy));
}

void Parcels::add(const Address& to, const Tombstone& tombstone) {
  Json entry = Json::array({tombstone.key, tombstone.revision.time});
  body_for(to, kTombstoneBytes + tombstone.key.size())["tombstones"].push_back(std::move(entry));
}

std::size_t Parcels::send(Deadline deadline) {
  std::vector<PeerRequest> requests;
  for (auto& [to, parcels] : parcels_) {
    for (Parcel& parcel : parcels) {
      requests.push_back(
          {.to = to,
           .path = std::string(spreadable::wire::kNodeRoute) + std::string(wire::kPutCopies),
           .body = std::move(parcel.body),
           .schema = &taken_schema()});
    }
  }
  parcels_.clear();
  std::size_t taken = 0;
  for (std::size_t i = 0; i < requests.size(); i += kGroupMax) {
    const std::size_t count = std::min(kGroupMax, requests.size() - i);
    const auto replies = context_.node.outbound().request_group(
        std::span<const PeerRequest>(requests).subspan(i, count), deadline);
    for (const auto& reply : replies) {
      if (reply) taken += reply->body["taken"].get<std::size_t>();
    }
  }
  return taken;
}

}  // namespace spreadable::documents::detail
