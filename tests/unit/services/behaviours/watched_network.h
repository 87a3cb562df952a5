// tests/unit/services/behaviours/watched_network.h: networks whose nodes keep score of each other,
// and the ways in which some of them deserve it.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/wire.h"
#include "services/behaviours/audits.h"
#include "services/behaviours/behaviours.h"
#include "tests/support/local_network.h"

namespace spreadable {

/// Nodes with Behaviours and the kinds that all nodes watch, with an action `roll-call` whose
/// answer is the list of all addresses.
inline LocalNetwork::Options watched_network() {
  LocalNetwork::Options options;
  options.services = {[] { return std::make_unique<Behaviours>(); }};
  for (const auto& behaviour : default_behaviours()) {
    options.services.push_back([kind = behaviour->kind(), watched = behaviour->options()] {
      return std::make_unique<Behaviour>(kind, watched);
    });
  }
  options.prepare = [](Node& node) {
    node.add_action("roll-call")
        .local([&node](const Json&, CallContext&) { return Json::array({node.address().text()}); })
        .audit(audits::contains);
  };
  return options;
}

/// The same with audits, at the sync interval that nodes have by default.
inline LocalNetwork::Options audited_network(std::uint64_t seed) {
  LocalNetwork::Options options = watched_network();
  options.sync_interval = std::chrono::seconds{16};
  options.seed = seed;
  options.is_time_parallel = true;
  options.services.push_back([] { return std::make_unique<Audits>(); });
  return options;
}

inline Behaviours& behaviours_of(Node& node) {
  return *node.services().find<Behaviours>();
}

/// The node that an element of an answer is from, of `roll-call` or `network-map`.
inline Address sender_of(const Json& element) {
  const Json& text = element.is_object() ? element.at("address") : element;
  return *Address::parse(text.get_ref<const std::string&>());
}

inline bool is_master_part(const HttpRequest& request) {
  return request.path.starts_with(wire::kButlerRoute) ||
         request.path.starts_with(wire::kStandInRoute);
}

/// Stands before a node, lets it answer, and then changes what it says.
class FalseFace : public RequestHandler {
 public:
  explicit FalseFace(Node& node) : node_(node) {}

  WorkClass work_class(Method method, std::string_view path) const override {
    return node_.router().work_class(method, path);
  }
  HttpResponse handle(HttpRequest request) override {
    const HttpRequest asked = request;
    // What others have under the true tag they would not fetch again, and never hear the falsehood.
    request.headers.set(wire::kIfNoneMatch, "");
    HttpResponse response = node_.router().handle(std::move(request));
    if (response.status != 200 || asked.method != Method::post) return response;
    Json body = *parse_json(response.body);
    falsify(asked, body);
    response.body = dump_json(body);
    response.headers.set(wire::kTag, "\"" + std::to_string(++answers_) + "\"");
    return response;
  }

 protected:
  virtual void falsify(const HttpRequest& asked, Json& body) = 0;
  [[nodiscard]] Node& node() { return node_; }

 private:
  Node& node_;
  std::uint64_t answers_ = 0;
};

/// A network some of whose nodes are hostile from some moment on.
class HostileNetwork {
 public:
  explicit HostileNetwork(const LocalNetwork::Options& options) : network_(options) {}

  [[nodiscard]] LocalNetwork& network() { return network_; }
  [[nodiscard]] const std::set<Address>& hostile() const { return hostile_; }
  /// The longest that a traversal of completeness() has taken.
  [[nodiscard]] Duration slowest() const { return slowest_; }

  /// Starts `count` nodes and waits until they have settled.
  void form(std::size_t count) {
    network_.start(count);
    REQUIRE(network_.run_until([&] { return network_.agrees_on(count); }, 20 * interval()));
    network_.run_for(10 * interval());
  }
  [[nodiscard]] Duration interval() const { return network_.interval(); }
  [[nodiscard]] Node& node(const Address& address) {
    return network_.node(static_cast<std::size_t>(address.port()) -
                         LocalNetwork::address(0).port());
  }
  /// Puts a Face before the node, made with its further arguments.
  template <class Face, class... Args>
  void turn(const Address& address, const Args&... args) {
    faces_.push_back(std::make_unique<Face>(node(address), args...));
    network_.serve(address, *faces_.back());
    hostile_.insert(address);
  }
  void hang(const Address& address) {
    network_.hang(static_cast<std::size_t>(address.port()) - LocalNetwork::address(0).port());
    hostile_.insert(address);
  }
  /// A fifth of all masters, rounded up, at random.
  [[nodiscard]] std::vector<Address> fifth_of_masters() {
    std::vector<Address> masters = network_.masters();
    network_.random().shuffle(masters);
    masters.resize((masters.size() + 4) / 5);
    return masters;
  }
  /// Those that run, by number.
  [[nodiscard]] std::vector<std::size_t> honest() const {
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < network_.size(); ++i) {
      if (network_.alive(i) && !hostile_.contains(LocalNetwork::address(i))) numbers.push_back(i);
    }
    return numbers;
  }
  /// The share of honest nodes that a traversal of an honest node reaches, on average. Takes no
  /// time.
  [[nodiscard]] double completeness() {
    std::size_t reached = 0;
    const std::vector<std::size_t> numbers = honest();
    for (const std::size_t i : numbers) {
      const TimePoint begun = network_.clock().now();
      const auto result = network_.node(i).traverse("roll-call", Json::object());
      slowest_ = std::max(slowest_, network_.clock().now() - begun);
      network_.clock().advance(begun - network_.clock().now());
      REQUIRE(result);
      std::set<Address> seen;
      for (const Json& element : result->value) seen.insert(sender_of(element));
      for (const std::size_t j : numbers) {
        reached += seen.contains(LocalNetwork::address(j)) ? 1 : 0;
      }
    }
    return static_cast<double>(reached) / static_cast<double>(numbers.size() * numbers.size());
  }
  /// The share of honest nodes that have no hostile one in a list of theirs, and ask none. A slave
  /// that takes the list of a master which is behind refuses by itself whom it has banned.
  [[nodiscard]] double removed() {
    const std::vector<std::size_t> numbers = honest();
    const auto is_free = [&](std::size_t i) {
      Node& node = network_.node(i);
      const auto view = node.peers().view();
      return std::none_of(hostile_.begin(), hostile_.end(), [&](const Address& bad) {
        const bool is_asked = view->find_master(bad) && node.access().check_lists(bad).has_value();
        return is_asked || view->has_slave(bad) || view->backlink == bad;
      });
    };
    const auto count = std::count_if(numbers.begin(), numbers.end(), is_free);
    return static_cast<double>(count) / static_cast<double>(numbers.size());
  }
  /// How many times an honest node refuses an honest one.
  [[nodiscard]] std::size_t false_bans() {
    std::size_t count = 0;
    for (const std::size_t i : honest()) {
      for (const std::size_t j : honest()) {
        if (i != j && !network_.node(i).access().check_lists(LocalNetwork::address(j))) ++count;
      }
    }
    return count;
  }

 private:
  LocalNetwork network_;
  std::list<std::unique_ptr<RequestHandler>> faces_;
  std::set<Address> hostile_;
  Duration slowest_{};
};

}  // namespace spreadable
