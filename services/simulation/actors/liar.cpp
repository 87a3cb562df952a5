#include "services/simulation/actors/liar.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "core/wire.h"

namespace spreadable {
namespace {

constexpr std::uint64_t kHuge = 1'000'000'000;
constexpr int kSwelling = 20;
constexpr int kInvented = 8;

void set_sizes(Json& masters, const std::function<Json(const Json&)>& change) {
  for (Json& master : masters) master["size"] = change(master["size"]);
}

void double_entries(Json& list) {
  const Json once = list;
  for (const Json& entry : once) list.push_back(entry);
}

/// Every other entry goes, always the same ones for the same list.
void halve(Json& list) {
  Json kept = Json::array();
  for (std::size_t i = 0; i < list.size(); i += 2) kept.push_back(list[i]);
  list = std::move(kept);
}

}  // namespace

void Liar::falsify(const HttpRequest& asked, Json& body) {
  if (!body.is_object()) return;
  if (is_structure(asked)) {
    lie_about_lists(asked, body);
  } else if (is_provide_registration(asked) && body.contains("networkSize")) {
    body["networkSize"] = kHuge;
  }
}

void Liar::lie_about_lists(const HttpRequest& asked, Json& body) {
  Json& masters = body["masters"];
  Json& slaves = body["slaves"];
  const Json own{{"address", node().address().text()}};
  switch (lie_) {
    case Lie::nothing_at_all:
      body = Json::object();
      return;
    case Lie::huge_sizes:
      return set_sizes(masters, [](const Json&) { return Json(kHuge); });
    case Lie::sizes_as_text:
      return set_sizes(masters, [](const Json&) { return Json("many"); });
    case Lie::swollen_sizes:
      return set_sizes(masters, [](const Json& size) { return Json(kSwelling * size.get<int>()); });
    case Lie::duplicates:
      double_entries(masters);
      return double_entries(slaves);
    case Lie::half_lists:
      halve(masters);
      return halve(slaves);
    case Lie::loops: {
      slaves.push_back(own);
      if (const auto asker = asked.headers.find(wire::kOriginalAddress)) {
        body["backlink"] = {{"address", *asker}};
        const Json entry{{"address", *asker}};
        if (std::find(slaves.begin(), slaves.end(), entry) == slaves.end()) slaves.push_back(entry);
      }
      return;
    }
    case Lie::invented_masters:
      for (int i = 0; i < kInvented; ++i) {
        const auto number = node().random().below(250);
        masters.push_back(
            {{"address", "9.9.9." + std::to_string(number) + ":" + std::to_string(1'000 + i)},
             {"size", 10}});
      }
      return;
  }
}

}  // namespace spreadable
