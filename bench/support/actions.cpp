#include "bench/support/actions.h"

#include "core/schema.h"

namespace spreadable::bench {
namespace {

Json record(std::string_view address, std::size_t number) {
  Json value{{"address", address}, {"number", number}, {"text", ""}};
  const std::size_t bytes = dump_json(value).size();
  std::string text;
  for (std::size_t i = 0; bytes + text.size() < kRecordBytes; ++i) text += char('a' + i % 26);
  value["text"] = std::move(text);
  return value;
}

}  // namespace

Json count_answer(std::string_view address, std::size_t count) {
  Json answer = Json::object();  // not at once: that makes a list of pairs first, and copies it
  answer["address"] = address;
  answer["count"] = count;
  return answer;
}

Json records_answer(std::string_view address, std::size_t count) {
  Json records = Json::array();
  for (std::size_t i = 0; i < count; ++i) records.push_back(record(address, i));
  return records;
}

void add_actions(Node& node) {
  const std::string address = node.address().text();
  node.add_action(std::string(kCountAction))
      .local([address](const Json&, CallContext&) { return count_answer(address, 1); })
      .merge([address](const std::vector<Reply>& replies, const Json&) {
        std::size_t count = 0;
        for (const Reply& reply : replies) count += reply.value.at("count").get<std::size_t>();
        return count_answer(address, count);
      });
  node.add_action(std::string(kRecordsAction))
      .check(schema::object({{"records", schema::integer({.min = 1, .max = kRecordsMax})}}))
      .local([address](const Json& query, CallContext&) {
        return records_answer(address, query["records"].get<std::size_t>());
      });
}

}  // namespace spreadable::bench
