// tests/support/documents_network.h: a network of nodes of kind `documents`, in virtual time.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "extensions/documents/collection_store.h"
#include "extensions/documents/kind.h"
#include "tests/support/local_network.h"

namespace spreadable::documents {

/// A LocalNetwork whose nodes keep documents on disks of their own, which outlive them.
class DocumentsNetwork {
 public:
  struct Options {
    Json collections{{"test", {{"pk", "id"}}}};
    bool has_open_permissions = true;
    Millis repair_interval{10'000};
  };

  DocumentsNetwork() : DocumentsNetwork(Options{}) {}
  explicit DocumentsNetwork(Options options)
      : options_(std::move(options)),
        network_({.configure = [this](NodeOptions& node) { configure(node); },
                  .equip =
                      [this](Environment& environment, const NodeOptions& node) {
                        equip(environment, node, {.disk = disk(node.port)});
                      }}) {}

  /// Starts `count` nodes and waits until they are one network.
  void form(std::size_t count) {
    network_.start(count);
    if (count == 1) return;  // in nobody's list
    REQUIRE(
        network_.run_until([&] { return network_.agrees_on(count); }, 40 * network_.interval()));
  }

  [[nodiscard]] LocalNetwork& network() { return network_; }
  [[nodiscard]] Documents& at(std::size_t index) {
    return *network_.node(index).services().find<Documents>();
  }
  [[nodiscard]] CollectionStore& store(std::size_t index, const std::string& name = "test") {
    return *at(index).store().find(name);
  }
  /// Nodes that are up and have the document with that pk.
  [[nodiscard]] std::size_t copies(const Json& pk, const std::string& name = "test") {
    std::size_t count = 0;
    for (std::size_t i = 0; i < network_.size(); ++i) {
      if (network_.alive(i) && store(i, name).find(pk)->has_value()) ++count;
    }
    return count;
  }

  /// A request of the program that runs node `index`.
  [[nodiscard]] Documents::Request request(const std::string& name = "test") {
    return {.collection = name,
            .deadline = Deadline::after(network_.clock(), std::chrono::seconds{10})};
  }
  Result<Json> add(std::size_t index, Json document, const std::string& name = "test") {
    auto asked = request(name);
    asked.document = std::move(document);
    return at(index).add(asked);
  }
  Result<Documents::Page> get(std::size_t index, Json actions = Json::object(),
                              const std::string& name = "test") {
    auto asked = request(name);
    asked.actions = std::move(actions);
    return at(index).get(asked);
  }
  Result<Json> get_by_pk(std::size_t index, Json pk, const std::string& name = "test") {
    auto asked = request(name);
    asked.pk = std::move(pk);
    return at(index).get_by_pk(asked);
  }

  /// What a node answers to a client, or to another node of the network.
  HttpResponse post(std::size_t index, std::string path, const Json& body, Headers headers = {}) {
    headers.add("content-type", "application/json");
    return network_.respond(LocalNetwork::address(index), {.method = Method::post,
                                                           .path = std::move(path),
                                                           .query = {},
                                                           .headers = std::move(headers),
                                                           .body = dump_json(body),
                                                           .remote_ip = IpAddress::loopback()});
  }
  /// Headers of a node that is not known to be one of ours.
  [[nodiscard]] Headers as_upstream(std::size_t index) {
    return {{"original-address", LocalNetwork::address(index).text()},
            {"node-version", "metastocle-0.3"},
            {"node-root", LocalNetwork::address(0).text()}};
  }

 private:
  void configure(NodeOptions& node) const {
    node.kind = kKind;
    REQUIRE(set_kind_options(node, {.collections = options_.collections,
                                    .has_open_permissions = options_.has_open_permissions,
                                    .repair_interval = options_.repair_interval}));
  }
  std::shared_ptr<MemoryDisk> disk(std::uint16_t port) {
    auto& disk = disks_[port];
    if (!disk) disk = std::make_shared<MemoryDisk>();
    return disk;
  }

  const Options options_;
  std::map<std::uint16_t, std::shared_ptr<MemoryDisk>> disks_;
  LocalNetwork network_;
};

}  // namespace spreadable::documents
