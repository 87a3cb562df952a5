// tests/properties/generators.h: where the properties get their values from. Addresses and names
// come from small sets, so that the same one turns up in several places of one value.
#pragma once

#include <rapidcheck.h>

#include <ostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/peer_table.h"

namespace spreadable::generate {

/// One of `count` addresses.
inline rc::Gen<Address> address(std::uint16_t count = 12) {
  return rc::gen::map(rc::gen::inRange<std::uint16_t>(1, count + 1), [](std::uint16_t port) {
    return Address::from_parts("localhost", port).value();
  });
}

/// Different ones of `count` addresses.
inline rc::Gen<std::vector<Address>> addresses(std::uint16_t count = 12) {
  return rc::gen::unique<std::vector<Address>>(address(count));
}

/// A label as names of hosts have it.
inline rc::Gen<std::string> label() {
  return rc::gen::map(
      rc::gen::pair(rc::gen::inRange('a', '{'), rc::gen::container<std::string>(rc::gen::elementOf(
                                                    std::string("abcxyz0189-ABZ")))),
      [](const std::pair<char, std::string>& parts) {
        return parts.first + parts.second.substr(0, 40) + "yz9";
      });
}

/// A host of any kind that an address may have, without brackets.
inline rc::Gen<std::string> host() {
  const auto octet = rc::gen::map(rc::gen::arbitrary<std::uint8_t>(),
                                  [](std::uint8_t byte) { return std::to_string(byte); });
  const auto v4 = rc::gen::map(rc::gen::container<std::vector<std::string>>(4, octet),
                               [](const std::vector<std::string>& parts) {
                                 return parts[0] + "." + parts[1] + "." + parts[2] + "." + parts[3];
                               });
  const auto v6 = rc::gen::map(rc::gen::pair(rc::gen::inRange(0, 0xffff), rc::gen::inRange(0, 99)),
                               [](const std::pair<int, int>& parts) {
                                 return std::to_string(parts.second) +
                                        "::" + std::to_string(parts.first % 10'000);
                               });
  const auto name = rc::gen::map(rc::gen::pair(label(), rc::gen::element("com", "org", "co.uk")),
                                 [](const std::pair<std::string, const char*>& parts) {
                                   return parts.first + "." + parts.second;
                                 });
  return rc::gen::oneOf(rc::gen::just(std::string("localhost")), v4, v6, name);
}

inline rc::Gen<Json> scalar() {
  return rc::gen::oneOf(
      rc::gen::just(Json()),
      rc::gen::map(rc::gen::arbitrary<bool>(), [](bool v) { return Json(v); }),
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t v) { return Json(v); }),
      rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t v) { return Json(v); }),
      rc::gen::map(rc::gen::arbitrary<double>(), [](double v) { return Json(v); }),
      rc::gen::map(rc::gen::string<std::string>(),
                   [](const std::string& v) { return *parse_json(dump_json(v)); }));
}

/// Any JSON value whose parts nest at most `depth` levels.
inline rc::Gen<Json> json(int depth = 4) {
  if (depth == 0) return scalar();
  const auto inner = rc::gen::lazy([depth] { return json(depth - 1); });
  const auto key = rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab.\"é")));
  return rc::gen::oneOf(
      scalar(),
      rc::gen::map(rc::gen::scale(0.3, rc::gen::container<std::vector<Json>>(inner)),
                   [](const std::vector<Json>& items) { return Json(items); }),
      rc::gen::map(
          rc::gen::scale(0.3, rc::gen::container<std::vector<std::pair<std::string, Json>>>(
                                  rc::gen::pair(key, inner))),
          [](const std::vector<std::pair<std::string, Json>>& members) {
            Json object = Json::object();
            for (const auto& [name, value] : members) {
              object[parse_json(dump_json(name))->get<std::string>()] = value;
            }
            return object;
          }));
}

/// Masters as others tell them: in any order, named twice, empty, and this node among them.
inline rc::Gen<std::vector<MasterEntry>> told_masters(std::size_t size_max = 9) {
  return rc::gen::container<std::vector<MasterEntry>>(
      rc::gen::construct<MasterEntry>(address(), rc::gen::inRange<std::size_t>(0, size_max + 1)));
}

/// What a node may believe of the network.
inline rc::Gen<PeerView> view(std::size_t size_max = 9) {
  return rc::gen::map(
      rc::gen::tuple(address(), told_masters(size_max), addresses(40), rc::gen::arbitrary<bool>()),
      [](const std::tuple<Address, std::vector<MasterEntry>, std::vector<Address>, bool>& parts) {
        const auto& [self, masters, slaves, is_registered] = parts;
        PeerTable table(self);
        table.set_masters(masters);
        for (const Address& slave : slaves) {
          if (slave != self) table.add_slave(slave);
        }
        const Address other = Address::from_parts("localhost", 99).value();
        if (is_registered) table.set_backlink(other);
        return *table.view();
      });
}

}  // namespace spreadable::generate

// How values are printed when a claim does not hold. Without this one rapidcheck would take JSON
// for a text, which it converts to.
NLOHMANN_JSON_NAMESPACE_BEGIN
inline void showValue(const json& value, std::ostream& out) {
  out << value.dump();
}
NLOHMANN_JSON_NAMESPACE_END

namespace spreadable {

inline std::ostream& operator<<(std::ostream& out, const Address& address) {
  return out << address.text();
}
inline std::ostream& operator<<(std::ostream& out, const MasterEntry& entry) {
  return out << entry.address.text() << " with " << entry.size;
}
inline std::ostream& operator<<(std::ostream& out, const PeerView& view) {
  out << "node " << view.self.text() << ", masters";
  for (const MasterEntry& master : view.masters) out << ' ' << master;
  return out << ", " << view.slaves.size() << " slaves"
             << (view.is_registered() ? ", registered" : "");
}

}  // namespace spreadable
