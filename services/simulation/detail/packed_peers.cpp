#include "services/simulation/detail/packed_peers.h"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace spreadable::detail {
namespace {

/// Before each address; after it, when the flag says so, the moment.
struct Head {
  enum Flag : std::uint8_t { master = 1, slave = 2, backlink = 4, other_moment = 8 };
  std::uint8_t flags = 0;
  std::uint16_t length = 0;

  static constexpr std::size_t kBytes = sizeof(flags) + sizeof(length);
};

template <typename Value>
void put(std::string& bytes, const Value& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename Value>
void take(std::string_view& bytes, Value& value) {
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
}

}  // namespace

PackedPeers::PackedPeers(const std::vector<PeerRecord>& peers) {
  std::size_t length = 0;
  WallTime moment{};  // most have that of the one before them
  for (const PeerRecord& peer : peers) {
    length += Head::kBytes + peer.address.text().size();
    if (peer.seen_at != moment) length += sizeof moment;
    moment = peer.seen_at;
  }
  bytes_.reserve(length);
  moment = {};
  for (const PeerRecord& peer : peers) {
    const std::string& address = peer.address.text();
    const bool is_other = peer.seen_at != moment;
    unsigned flags = 0;
    if (peer.is_master) flags |= Head::master;
    if (peer.is_slave) flags |= Head::slave;
    if (peer.is_backlink) flags |= Head::backlink;
    if (is_other) flags |= Head::other_moment;
    put(bytes_, static_cast<std::uint8_t>(flags));
    put(bytes_, static_cast<std::uint16_t>(address.size()));
    bytes_ += address;
    moment = peer.seen_at;
    if (is_other) put(bytes_, moment);
  }
}

std::vector<PeerRecord> PackedPeers::unpack() const {
  std::vector<PeerRecord> peers;
  WallTime moment{};
  for (std::string_view left = bytes_; !left.empty();) {
    Head head;
    take(left, head.flags);
    take(left, head.length);
    const std::string_view address = left.substr(0, head.length);
    left.remove_prefix(head.length);
    if ((head.flags & Head::other_moment) != 0) take(left, moment);
    peers.push_back({.address = head.length == 0 ? Address() : *Address::parse(address),
                     .is_master = (head.flags & Head::master) != 0,
                     .is_slave = (head.flags & Head::slave) != 0,
                     .is_backlink = (head.flags & Head::backlink) != 0,
                     .seen_at = moment});
  }
  return peers;
}

}  // namespace spreadable::detail
