#include "services/approvals/seat_report.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/assert.h"
#include "core/schema.h"
#include "core/transport.h"

namespace spreadable {
namespace {

constexpr std::size_t kWordBytes = 64;

std::string hex_sha256(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const int is_done =
      EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  SPREADABLE_ASSERT(is_done == 1);
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += kDigits[digest[i] >> 4];
    out += kDigits[digest[i] & 15];
  }
  return out;
}

const Schema& report_schema() {
  static const Schema schema = schema::object(
      {{"isWitness", schema::boolean()},
       {"reveals", schema::any()},
       {"members",
        schema::array(schema::object({{"address", schema::address()}, {"age", schema::integer()}}),
                      {.items_max = Transport::kGroupMax})}});
  return schema;
}

}  // namespace

bool is_beacon_word(std::string_view text) {
  return text.size() == kWordBytes && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string commitment_of(const Address& master, std::int64_t slot, const std::string& secret) {
  return hex_sha256(master.text() + '+' + std::to_string(slot) + '+' + secret);
}

Json to_json(const Reveals& reveals) {
  Json json = Json::object();
  for (const auto& [master, secret] : reveals) json[master.text()] = secret;
  return json;
}

Result<Reveals> parse_reveals(const Json& json) {
  const Error refusal{Errc::bad_response, "expected revealed words by address", {}};
  if (!json.is_object() || json.size() > Transport::kGroupMax) return refusal;
  Reveals reveals;
  for (const auto& [key, value] : json.items()) {
    const auto master = Address::parse(key);
    if (!master || !value.is_string()) return refusal;
    if (!is_beacon_word(value.get_ref<const std::string&>())) return refusal;
    reveals[*master] = value.get<std::string>();
  }
  return reveals;
}

Json SeatReport::json() const {
  Json list = Json::array();
  for (const Member& member : members) {
    list.push_back({{"address", member.address.text()}, {"age", member.age.count()}});
  }
  return {{"isWitness", is_witness}, {"reveals", to_json(reveals)}, {"members", std::move(list)}};
}

Result<SeatReport> SeatReport::parse(const Json& json) {
  if (const Result<void> passed = report_schema().check(json); !passed) {
    return Error{Errc::bad_response, passed.error().message, {}};
  }
  Result<Reveals> reveals = parse_reveals(json["reveals"]);
  if (!reveals) return reveals.error();
  SeatReport report{json["isWitness"].get<bool>(), std::move(*reveals), {}};
  std::set<Address> known;
  for (const Json& item : json["members"]) {
    const Address member = *Address::parse(item["address"].get_ref<const std::string&>());
    if (!known.insert(member).second) continue;
    report.members.push_back({member, Millis{static_cast<Millis::rep>(item["age"].get<double>())}});
  }
  return report;
}

std::optional<std::string> beacon_value(std::span<const SeatReport> reports) {
  std::map<std::pair<Address, std::string>, std::size_t> counts;
  std::size_t witnesses = 0;
  for (const SeatReport& report : reports) {
    if (!report.is_witness) continue;
    ++witnesses;
    for (const auto& reveal : report.reveals) ++counts[reveal];
  }
  std::string all = "beacon";
  std::size_t counted = 0;
  for (const auto& [reveal, count] : counts) {
    if (count * 2 <= witnesses) continue;
    all += '+' + reveal.first.text() + '+' + reveal.second;
    ++counted;
  }
  if (witnesses == 0 || counted * 2 < witnesses) return {};
  return hex_sha256(all);
}

std::vector<Address> senior_members(std::span<const SeatReport> reports, Millis full) {
  std::vector<Millis> oldest;
  for (const SeatReport& report : reports) {
    if (report.members.empty()) continue;
    oldest.push_back(std::max_element(report.members.begin(), report.members.end(),
                                      [](const auto& a, const auto& b) { return a.age < b.age; })
                         ->age);
  }
  if (oldest.empty()) return {};
  std::sort(oldest.begin(), oldest.end());
  const Millis network_age = oldest[(oldest.size() - 1) / 2];
  const bool is_newborn = network_age <= Millis::zero();
  const Millis needed = std::min(full, network_age / 2);
  std::set<Address> seniors;
  for (const SeatReport& report : reports) {
    for (const SeatReport::Member& member : report.members) {
      if (is_newborn || member.age >= needed) seniors.insert(member.address);
    }
  }
  return {seniors.begin(), seniors.end()};
}

}  // namespace spreadable
