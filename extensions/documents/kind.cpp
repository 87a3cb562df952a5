#include "extensions/documents/kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/kind_options.h"
#include "core/units.h"
#include "extensions/documents/network_wire.h"
#include "extensions/documents/script.h"
#include "services/system/thread_time.h"

namespace spreadable::documents {
namespace {

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

void check(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

std::unique_ptr<DocumentStore> open_store(const Environment& environment,
                                          std::shared_ptr<MemoryDisk> disk) {
  DocumentStore::Ports ports{*environment.clock, *environment.random, *environment.logger};
  if (!disk && !environment.storage_folder.empty()) {
    ports.thread_time = thread_time;
    return value_or_throw(DocumentStore::open(environment.storage_folder, {}, ports));
  }
  if (!disk) disk = std::make_shared<MemoryDisk>();
  return value_or_throw(DocumentStore::open(std::move(disk), ports));
}

constexpr const char* kCollections = "collections";
constexpr const char* kOpenPermissions = "documents.openPermissions";
constexpr const char* kRepairInterval = "documents.repairInterval";
constexpr const char* kAdditionNodeTimeout = "request.documentAdditionNodeTimeout";

std::optional<std::string> accept_collections(Json& value) {
  const bool is_accepted =
      value.is_object() &&
      std::all_of(value.begin(), value.end(), [](const Json& one) { return one.is_object(); });
  if (is_accepted) return std::nullopt;
  return "an object of objects, by names of collections";
}

/// `config` with everything allowed that it does not say.
Json with_open_permissions(Json config) {
  Json& permissions = config["permissions"];
  if (permissions.is_null()) permissions = Json::object();
  if (!permissions.is_object()) return config;
  for (const char* doing : {"add", "update", "delete"}) {
    if (!permissions.contains(doing)) permissions[doing] = "anyone";
  }
  return config;
}

}  // namespace

void declare_options() {
  const KindOptions usual;
  spreadable::declare_options(
      {{.path = kCollections,
        .type = "object",
        .help = "of kind documents: options by name of the collection",
        .accept = accept_collections},
       boolean_option(kOpenPermissions, usual.has_open_permissions,
                      "everybody may change and delete documents, as with upstream"),
       time_option(kRepairInterval, usual.repair_interval,
                   {std::chrono::seconds{1}, std::chrono::days{1}},
                   "how often copies of documents are counted and compared, at most"),
       time_option(kAdditionNodeTimeout, usual.addition_node_timeout,
                   {Millis{1}, std::chrono::minutes{10}}, "for storing one copy of a document")});
}

KindOptions kind_options_of(const NodeOptions& options) {
  KindOptions own;
  const auto read_time = [&](const char* path, Millis& time) {
    const auto text = options.of_kind.find(path);
    if (text != options.of_kind.end()) time = *parse_duration(text->get_ref<const std::string&>());
  };
  own.collections = options.of_kind.value(kCollections, own.collections);
  own.has_open_permissions = options.of_kind.value(kOpenPermissions, own.has_open_permissions);
  read_time(kAdditionNodeTimeout, own.addition_node_timeout);
  read_time(kRepairInterval, own.repair_interval);
  return own;
}

void set_kind_options(NodeOptions& options, const KindOptions& own) {
  options.of_kind[kCollections] = own.collections;
  options.of_kind[kOpenPermissions] = own.has_open_permissions;
  options.of_kind[kAdditionNodeTimeout] = fmt::format("{}ms", own.addition_node_timeout.count());
  options.of_kind[kRepairInterval] = fmt::format("{}ms", own.repair_interval.count());
}

Result<std::map<std::string, CollectionOptions>> collections_of(const KindOptions& options) {
  std::map<std::string, CollectionOptions> collections;
  for (const auto& [name, config] : options.collections.items()) {
    const std::string where = "collections." + name;
    if (const Result<void> passed = Collection::check_name(name); !passed) {
      return Error{
          Errc::invalid_argument, "option \"" + where + "\": " + passed.error().message, {}};
    }
    auto parsed = CollectionOptions::parse(
        where, options.has_open_permissions ? with_open_permissions(config) : config);
    if (!parsed) return parsed.error();
    collections.emplace(name, std::move(*parsed));
  }
  return collections;
}

void equip(Environment& environment, const NodeOptions& options, Equipment equipment) {
  const KindOptions own = kind_options_of(options);
  auto collections = value_or_throw(collections_of(own));
  auto store = open_store(environment, std::move(equipment.disk));
  for (auto& [name, settings] : collections) {
    check(store->add(std::make_shared<const Collection>(name, std::move(settings))));
  }
  for (const auto& collection : equipment.collections) check(store->add(collection));
  environment.codename = wire::kCodename;
  environment.pages.push_back({"/documents.js", "text/javascript; charset=utf-8", script()});
  auto make = equipment.make ? std::move(equipment.make) : [](auto given, auto opened) {
    return std::make_unique<Documents>(given, std::move(opened));
  };
  // A factory can be copied, a store cannot; only one node is made with it.
  const auto held = std::make_shared<std::unique_ptr<DocumentStore>>(std::move(store));
  const Documents::Options given{.repair_interval = own.repair_interval,
                                 .addition_node_timeout = own.addition_node_timeout};
  environment.services.emplace_back(
      [held, given, make = std::move(make)]() -> std::unique_ptr<Service> {
        return make(given, std::move(*held));
      });
}

}  // namespace spreadable::documents
