#include "core/network_map.h"

#include <algorithm>

#include "core/excerpt.h"
#include "core/schema.h"

namespace spreadable {
namespace {

const Schema& entry_schema() {
  static const Schema entry =
      schema::object({{"address", schema::address()},
                      {"backlink", schema::any_of({schema::null(), schema::address()})},
                      {"slaves", schema::integer({.min = 0})}});
  return entry;
}

}  // namespace

Json NetworkMapAction::local(const Json&, CallContext&) {
  const auto view = table_.view();
  Json entry{
      {"address", view->self.text()}, {"backlink", nullptr}, {"slaves", view->slaves.size()}};
  if (view->backlink) entry["backlink"] = view->backlink->text();
  return Json::array({std::move(entry)});
}

std::optional<bool> NetworkMapAction::leaves_room(const Json& merged, const Reply& reply,
                                                  const Json&) const {
  const auto names_sender = [&](const Json& value) {
    const auto entries = parse(value);
    return entries && std::any_of(entries->begin(), entries->end(), [&](const MapEntry& entry) {
             return entry.address == reply.from;
           });
  };
  if (!names_sender(reply.value)) return std::nullopt;  // it does not even speak for itself
  return names_sender(merged);
}

std::optional<MapEntry> NetworkMapAction::parse_entry(const Json& item) {
  if (!item.is_object() || !entry_schema().check(item)) return std::nullopt;
  MapEntry entry{.address = *Address::parse(item["address"].get_ref<const std::string&>()),
                 .backlink = {},
                 .slaves = item["slaves"].get<std::size_t>()};
  if (!item["backlink"].is_null()) {
    entry.backlink = *Address::parse(item["backlink"].get_ref<const std::string&>());
  }
  return entry;
}

Result<std::vector<MapEntry>> NetworkMapAction::parse(const Json& value) {
  if (!value.is_array()) {
    return Error{Errc::bad_response, "expected an array of nodes, got " + describe(value), {}};
  }
  std::vector<MapEntry> entries;
  for (const Json& item : value) {
    if (auto entry = parse_entry(item)) entries.push_back(std::move(*entry));
  }
  std::sort(entries.begin(), entries.end(),
            [](const MapEntry& a, const MapEntry& b) { return a.address < b.address; });
  return entries;
}

}  // namespace spreadable
