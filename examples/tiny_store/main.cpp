// tiny_store PORT INITIAL_ADDRESS: a store for notes that a whole network keeps, two copies of
// each. docs/extending.md builds it step by step. Try it:
//   spreadable request add-note '{"note":{"text":"hello"}}' --address localhost:4001
//   spreadable request find-notes '{"word":"hello"}' --address localhost:4002
#include <algorithm>
#include <iostream>
#include <map>
#include <mutex>
#include <set>

#include "core/wire.h"
#include "services/spreadable.h"

using namespace spreadable;

/// What one node keeps: notes by their ids.
class Notes {
 public:
  void put(const std::string& id, const Json& note) {
    const std::scoped_lock lock(mutex_);
    notes_[id] = note;
  }
  Json find(const std::string& word) const {
    const std::scoped_lock lock(mutex_);
    Json found = Json::array();
    for (const auto& [id, note] : notes_) {
      const bool is_match = note["text"].get<std::string>().find(word) != std::string::npos;
      if (is_match) found.push_back({{"id", id}, {"note", note}});
    }
    return found;
  }
  std::size_t count() const {
    const std::scoped_lock lock(mutex_);
    return notes_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Json> notes_;
};

/// Asks every node for notes with a word in them; copies of one note are shown once.
class FindNotes : public NetworkAction {
 public:
  explicit FindNotes(const Notes& notes) : NetworkAction("find-notes"), notes_(notes) {}

  Result<void> check(const Json& query) const override {
    static const Schema whole = schema::object({{"word", schema::string()}});
    return whole.check(query);
  }
  Json local(const Json& query, CallContext&) override { return notes_.find(query["word"]); }
  Json merge(const std::vector<Reply>& replies, const Json&) const override {
    std::map<std::string, Json> once;
    for (const Reply& reply : replies) {
      if (!reply.value.is_array()) continue;
      for (const Json& item : reply.value) {
        if (item.is_object()) once.emplace(item.value("id", ""), item);
      }
    }
    Json all = Json::array();
    for (const auto& [id, item] : once) all.push_back(item);
    return all;
  }

 private:
  const Notes& notes_;
};

/// The service: actions, a route for clients, and one by which nodes hand each other copies.
class TinyStore : public Service {
 public:
  static constexpr std::size_t kCopies = 2;

  TinyStore() : Service("tiny-store") {}

  void declare_actions() override {
    node().add_action(std::make_unique<FindNotes>(notes_));
    node().add_action("note-room").internal().local([this](const Json&, CallContext&) {
      return Json{{"address", node().address().text()}, {"count", notes_.count()}};
    });
  }
  void declare_routes(Router& router) override {
    router.add(Method::post, "/client/add-note", WorkClass::client,
               [this](CallContext& call) { return add(call); });
    router.add(Method::post, kStoreRoute, WorkClass::leaf,
               [this](CallContext& call) { return store(call); });
  }
  void describe(Json& status) const override { status["notes"] = notes_.count(); }

 private:
  static constexpr const char* kStoreRoute = "/api/node/store-note";

  static Result<void> check(const Json& body) {
    static const Schema note = schema::object({{"text", schema::string({.bytes_max = 10'000})}});
    static const Schema whole = schema::object({{"note", note}});
    return whole.check(body);
  }

  /// As coordinator: sends the note to those nodes that have fewest.
  Result<Json> add(CallContext& call) {
    if (Result<void> passed = check(call.body); !passed) return passed.error();
    const auto rooms = node().traverse("note-room", Json::object(), call.deadline);
    if (!rooms) return rooms.error();
    std::multimap<std::size_t, Address> by_count;
    for (const Json& room : rooms->value) {
      if (!room.is_object() || !room.value("count", Json()).is_number_unsigned()) continue;
      const auto address = Address::parse(room.value("address", ""));
      if (address) by_count.emplace(room["count"].get<std::size_t>(), *address);
    }
    const std::string id = std::to_string(node().random().next());
    std::vector<PeerRequest> requests;
    for (const auto& [count, address] : by_count) {
      if (requests.size() == kCopies) break;
      requests.push_back(
          {.to = address, .path = kStoreRoute, .body = {{"id", id}, {"note", call.body["note"]}}});
    }
    const auto replies = node().outbound().request_group(requests, call.deadline);
    const auto copies = std::count_if(replies.begin(), replies.end(),
                                      [](const auto& reply) { return reply.has_value(); });
    if (copies == 0) return Error{Errc::overloaded, "no node has taken the note", ""};
    return Json{{"id", id}, {"copies", copies}};
  }

  Result<Json> store(CallContext& call) {
    if (Result<void> passed = check(call.body); !passed) return passed.error();
    notes_.put(call.body.value("id", ""), call.body["note"]);
    return Json::object();
  }

  Notes notes_;
};

int main(int argc, char** argv) try {
  if (argc < 3) throw std::invalid_argument("usage: tiny_store PORT INITIAL_ADDRESS");
  const auto options = parse_options({{"port", std::atoi(argv[1])},
                                      {"hostname", "localhost"},
                                      {"initialNetworkAddress", argv[2]},
                                      {"storage.path", Runtime::kNoStorage}});
  if (!options) throw std::invalid_argument(options.error().message);
  StopSignals signals;
  Runtime runtime;
  Node node(*options, runtime.environment(*options));
  node.services().add(std::make_unique<TinyStore>());
  if (const auto started = node.start(); !started)
    throw std::runtime_error(started.error().message);
  signals.wait();
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
